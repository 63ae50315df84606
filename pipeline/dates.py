"""Pure: the dates that feeds write -> aware UTC, or None when they mean nothing.

feedparser's own parsed dates turn 30 February into 1 March, so the raw text is read here. The two
standards, RFC 3339 (Atom, JSON Feed, Dublin Core) and RFC 2822 (RSS), are read to the letter and a
little beyond; other spellings by dateutil, but only those in which no number could be either the
day or the month.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from dateutil import parser as dateutil_parser

#: Longer than any date (JavaScript's, with the zone spelt out), short enough for any parser.
_LONGEST = 100
#: Feeds are younger; what claims to be older is a default value of some program.
_EARLIEST = 1990
#: Clocks differ; a date further ahead than this is wrong rather than early.
_AHEAD = timedelta(hours=1)
#: Zones reach from -12 to +14 hours; what lies beyond is a misprint.
_WIDEST_ZONE = timedelta(hours=14)
#: Two-digit years from here on are of the last century (RFC 2822, section 4.3).
_LAST_CENTURY = 50
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Zone names that feeds use although RFC 2822 retired them, in hours east of UTC. Of several
#: meanings the RFC's, else the one of most feeds. Others count as UTC, as the RFC has it.
_ZONES = {
    "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "SAST": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "TRT": 3, "PKT": 5, "IST": 5.5, "WIB": 7, "ICT": 7, "SGT": 8, "HKT": 8,
    "MYT": 8, "PHT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "ACDT": 10.5, "AEST": 10,
    "AEDT": 11, "NZST": 12, "NZDT": 13, "BRT": -3, "ART": -3, "AST": -4, "ADT": -3, "EST": -5,
    "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9,
    "AKDT": -8, "HST": -10,
}  # fmt: skip
_CLOCK = r"(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,][0-9]+)?)?"
_ZONE = r"(?: ?(?P<zone>[+-][0-9]{1,2}(?::?[0-9]{2})?|[A-Z]{1,5}))?"
_STANDARD = (
    re.compile(
        r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
        rf"(?:[T ]{_CLOCK}{_ZONE})?",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:[a-z]{3,9}\.?,? ?)?(?P<day>[0-9]{1,2})[ -](?P<name>[a-z]{3,9})\.?,?[ -]"
        rf"(?P<year>[0-9]{{4}}|[0-9]{{2}})(?:,?[T ]{_CLOCK}{_ZONE})?",
        re.IGNORECASE,
    ),
)
#: What dateutil may read: the month by its name, the year first, or a day beyond any month.
_PLAIN = re.compile(
    rf"(?:19|20)[0-9]{{2}}(?:[/.]|[0-9]{{4}}(?:T|\Z))|(?=.*\b(?:19|20)[0-9]{{2}}\b)"
    rf"(?:.*(?:{'|'.join(_MONTHS)})"
    r"|(?:1[3-9]|2[0-9]|3[01])[/.-][0-9]{1,2}[/.-]|[0-9]{1,2}[/.-](?:1[3-9]|2[0-9]|3[01])[/.-])",
    re.IGNORECASE,
)
_SPACES = re.compile(r"\s+")
#: ``GMT+0100 (Central European Time)``: neither the GMT nor the remark adds anything.
_REMARK = re.compile(r" \([^()]*\)$|\b(?:GMT|UTC|UT) ?(?=[+-][0-9])", re.IGNORECASE)


def feed_date(text: str, *, now: datetime) -> datetime | None:
    """Return the time that `text` says, UTC to the second; None when it says none.

    None as well for years before 1990 and for times more than an hour after `now`. A time without
    a zone is UTC, a day without a time its first second.
    """
    if not text or len(text) > _LONGEST:
        return None
    try:
        utc = _read(_REMARK.sub("", _SPACES.sub(" ", text.strip())))
    except (ValueError, OverflowError, TypeError, ArithmeticError):
        return None  # no such day, no such zone, or nothing that dateutil makes sense of
    return utc if utc and utc.year >= _EARLIEST and utc <= now + _AHEAD else None


def _read(text: str) -> datetime | None:
    """Return what `text` says, in UTC. Raise ValueError and the like for what no calendar has."""
    matches = (form.fullmatch(text) for form in _STANDARD)
    match = next(filter(None, matches), None)
    if match:
        moment = _from_parts(match.groupdict(default=""))
    elif _PLAIN.match(text):
        moment = _from_dateutil(text)
    else:
        return None
    offset = moment.utcoffset()
    if offset is None or abs(offset) > _WIDEST_ZONE:
        return None
    return moment.astimezone(UTC).replace(microsecond=0)


def _from_parts(parts: dict[str, str]) -> datetime:
    """Return the time that the parts of a standard form make. Raise ValueError for nonsense."""
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    month = int(parts["month"]) if parts.get("month") else _month(parts["name"])
    midnight = datetime(_year(parts["year"]), month, int(parts["day"]), tzinfo=_zone(parts["zone"]))
    if (hour, minute, second) == (24, 0, 0):
        return midnight + timedelta(days=1)  # ISO 8601's name for the end of a day
    # A leap second is told as the second before it: datetime has none.
    return midnight.replace(hour=hour, minute=minute, second=59 if second == 60 else second)  # noqa: PLR2004 -- the leap second


def _year(digits: str) -> int:
    """Return the year that two or four digits stand for."""
    year = int(digits)
    if len(digits) == 4:  # noqa: PLR2004 -- as they are
        return year
    return year + (1900 if year >= _LAST_CENTURY else 2000)


def _month(name: str) -> int:
    """Return the number of a month by the first letters of its English name."""
    return _MONTHS.index(name[:3].lower()) + 1


def _zone(text: str) -> tzinfo:
    """Return the zone of an offset or a name; UTC for none and for a name that means nothing."""
    if text[:1] not in ("+", "-"):
        return timezone(timedelta(hours=_ZONES.get(text.upper(), 0)))
    digits = text[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")  # noqa: PLR2004 -- hours alone
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if text[0] == "-" else offset)


def _from_dateutil(text: str) -> datetime:
    """Read another spelling. Raise ValueError when it lacks a day, a month or a year."""
    # The default supplies nothing but a time of day: two defaults must make no difference.
    first, second = (
        dateutil_parser.parse(text, tzinfos=_dateutil_zone, default=default)
        for default in (datetime(2000, 1, 1), datetime(2001, 2, 2))  # noqa: DTZ001 -- a blank form
    )
    if first != second:
        raise ValueError("not a whole date")
    return first if first.tzinfo else first.replace(tzinfo=UTC)


def _dateutil_zone(name: str | None, offset: int | None) -> tzinfo:
    """Return the zone that dateutil found in a text: seconds east of UTC, else a name."""
    return timezone(timedelta(seconds=offset)) if offset is not None else _zone(name or "")
