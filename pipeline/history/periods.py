"""Pure: the time that an address names: ``/sitemap-2025-03.xml``, ``/2025/03/14/pier-reopens``.

Sites write their own zone's dates, so a period is taken a day wider on both sides. A number that
may be something else (``2025-3`` is as often a third part as a month) names its year alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.history.lookup import Span

_YEAR = r"(?P<year>(?:19[89]|20[0-9])[0-9])"
_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = r"(?P<day>0[1-9]|[12][0-9]|3[01])"
_SEPARATOR = r"[-_/.]?"
#: In the name of a sitemap, best first.
_NAMES = (
    re.compile(
        r"\b(?:yyyy|year)=" + _YEAR + r"(?:&(?:mm|month)=(?P<month>[0-9]{1,2}))?"
        r"(?:&(?:dd|day)=(?P<day>[0-9]{1,2}))?(?![0-9])"
    ),
    re.compile(rf"(?<![0-9]){_YEAR}{_SEPARATOR}{_MONTH}{_SEPARATOR}{_DAY}(?![0-9])"),
    re.compile(rf"(?<![0-9]){_YEAR}{_SEPARATOR}{_MONTH}(?![0-9])"),
    re.compile(rf"(?<![0-9]){_YEAR}(?![0-9])"),
)
#: In the path of a page: only where a segment begins, never a year alone, never a number of six.
_PATHS = (
    re.compile(rf"/{_YEAR}{_MONTH}{_DAY}(?![0-9])"),
    re.compile(rf"/{_YEAR}([/-]){_MONTH}(?:\2{_DAY})?(?![0-9])"),
)
_MARGIN = timedelta(days=1)
_DECEMBER = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A day, a month or a year, half-open, without its margin."""

    start: datetime
    end: datetime

    def is_before(self, span: Span) -> bool:
        """Say whether it ended before the span began."""
        return self.end + _MARGIN <= span.since

    def is_after(self, span: Span) -> bool:
        """Say whether it began after the span had ended."""
        return self.start - _MARGIN >= span.until

    def meets(self, span: Span) -> bool:
        """Say whether it shares a moment with the span."""
        return not self.is_before(span) and not self.is_after(span)


def sitemap_period(url: str) -> Period | None:
    """Return the time that the name of a sitemap says, None when it says none."""
    name = _without_host(url).lower()
    for pattern in _NAMES:
        if (match := pattern.search(name)) and (period := _period(match)):
            return period
    return None


def page_period(url: str) -> Period | None:
    """Return the time that the path of a page says, None when it says none."""
    path = _without_host(url).partition("?")[0]
    match = next(filter(None, (pattern.search(path) for pattern in _PATHS)), None)
    return _period(match) if match else None


def _without_host(url: str) -> str:
    """Return path and query of an address."""
    return f"/{url.partition('://')[2].partition('/')[2]}"


def _period(match: re.Match[str]) -> Period | None:
    """Return what the numbers of a match name; None when no calendar has it."""
    said = match.groupdict()
    year, month, day = (int(said.get(name) or 0) for name in ("year", "month", "day"))
    return _calendar(year, month, day)


def _calendar(year: int, month: int, day: int) -> Period | None:
    """Return a day, a month (no day) or a year (no month)."""
    try:
        start = datetime(year, month or 1, day or 1, tzinfo=UTC)
    except ValueError:
        return None
    if day:
        return Period(start=start, end=start + timedelta(days=1))
    if month == _DECEMBER or not month:
        return Period(start=start, end=datetime(year + 1, 1, 1, tzinfo=UTC))
    return Period(start=start, end=datetime(year, month + 1, 1, tzinfo=UTC))
