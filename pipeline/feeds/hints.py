"""Pure: what a feed says about how often to look at it."""

from __future__ import annotations

import re
from datetime import timedelta

from pipeline.records import PollHints

#: RSS 1.0's syndication module: the length of each period.
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: The head of a feed is short; what stands later is not looked for.
_HEAD = 20_000
_FIRST_ENTRY = re.compile(r"<(?:item|entry)[\s>]", re.IGNORECASE)
#: RSS 2.0: at most 24 hours and 7 days, so a longer list is no list.
_SKIPPED = re.compile(r"<skip(hours|days)[^<>]*>(.{0,2000}?)</skip", re.IGNORECASE | re.DOTALL)
_MEMBER = re.compile(r"<(?:hour|day)>\s*(\w{1,9})\s*<", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\s*([0-9]{1,6})\s*", re.ASCII)


def poll_hints(xml: str, *, ttl: str, period: str, frequency: str) -> PollHints:
    """Return the hints of a feed: its text for skipHours and skipDays, the rest by value.

    `ttl` in minutes; `period` and `frequency` are RSS 1.0's ``sy:updatePeriod`` and
    ``sy:updateFrequency``. The longer wait of the two counts. Nonsense is no hint.
    """
    waits = [timedelta(minutes=_number(ttl)), _period(period, frequency)]
    lists = {kind.lower(): _MEMBER.findall(text) for kind, text in _SKIPPED.findall(_head(xml))}
    return PollHints(
        ttl=max(waits) or None,
        # RSS 0.91 counts to 24, RSS 2.0 from 0.
        skip_hours=frozenset(
            int(hour) % 24
            for hour in lists.get("hours", ())
            if hour.isdigit() and int(hour) <= 24  # noqa: PLR2004 -- hours
        ),
        skip_days=frozenset(
            _DAYS.index(day[:3].lower())
            for day in lists.get("days", ())
            if day[:3].lower() in _DAYS
        ),
    )


def _head(xml: str) -> str:
    """Return what a feed says before its first entry."""
    head = xml[:_HEAD]
    first = _FIRST_ENTRY.search(head)
    return head[: first.start()] if first else head


def _period(name: str, frequency: str) -> timedelta:
    """Return the time between two updates; none for a period that does not exist."""
    length = _PERIODS.get(name.strip().lower(), timedelta(0))
    return length / max(_number(frequency), 1)


def _number(text: str) -> int:
    """Return a small number, 0 for anything that is none."""
    match = _NUMBER.fullmatch(text)
    return int(match[1]) if match else 0
