"""Pure: the dates that feeds write -> aware UTC, or None when they mean nothing.

feedparser's own parsed dates turn 30 February into 1 March, so the raw text is read here:
RFC 3339 (Atom, JSON Feed, Dublin Core) and RFC 822 / 2822 (RSS) by the standard library, odd
forms by dateutil with a fixed table of zones, and never by guessing which number is the month.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from dateutil import parser as dateutil_parser

#: Longer than any date, and short enough that no parser can be led astray.
_LONGEST = 64
#: Feeds are younger; what claims to be older is a default value of some program.
_EARLIEST = 1990
#: Clocks differ; a date further ahead than this is wrong rather than early.
_AHEAD = timedelta(hours=1)
#: Zone names that feeds use although RFC 2822 retired them, in hours east of UTC.
_ZONES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 1, "WEST": 1, "IST": 5.5, "CET": 1,
    "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4,
    "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "JST": 9, "KST": 9,
    "SGT": 8, "HKT": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
#: 03/04/2026 is March in one country and April in another: not read.
_AMBIGUOUS = re.compile(r"^\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b")


def feed_date(text: str, *, now: datetime) -> datetime | None:
    """Return the time that `text` says, UTC to the second; None when it says none.

    None as well for years before 1990 and for times more than an hour after `now`.
    """
    if not text or len(text) > _LONGEST:
        return None
    moment = _read(text.strip())
    if moment is None:
        return None
    try:
        utc = moment.replace(microsecond=0).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return utc if utc.year >= _EARLIEST and utc <= now + _AHEAD else None


def _read(text: str) -> datetime | None:
    """Return what `text` says, aware; a time without a zone is UTC."""
    for reader in (_rfc3339, _rfc2822, _odd):
        try:
            moment = reader(text)
        except (ValueError, OverflowError, TypeError, AttributeError, IndexError):
            continue
        if moment is not None:
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _rfc3339(text: str) -> datetime:
    """Read ISO 8601 in the profile of RFC 3339, and a bare day."""
    return datetime.fromisoformat(text)


def _rfc2822(text: str) -> datetime:
    """Read an RSS date whose zone is a number, GMT or one of the table."""
    words = text.split()
    hours = _ZONES.get(words[-1].upper())
    if hours is None:
        return parsedate_to_datetime(text)
    bare = parsedate_to_datetime(" ".join([*words[:-1], "+0000"]))
    return bare - timedelta(hours=hours)


def _odd(text: str) -> datetime | None:
    """Read other spellings that name their month or begin with the year."""
    if _AMBIGUOUS.match(text) or not any(character.isdigit() for character in text):
        return None
    zones = {name: int(hours * 3600) for name, hours in _ZONES.items()}
    # The default supplies nothing but a time of day: a text without day, month and year differs
    # between two defaults and is no date.
    first, second = (
        dateutil_parser.parse(text, tzinfos=zones, default=default)
        for default in (datetime(2000, 1, 1), datetime(2001, 2, 2))  # noqa: DTZ001 -- a blank form
    )
    return first if first == second else None
