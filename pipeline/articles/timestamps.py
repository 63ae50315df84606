"""One declared time, as text -> UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

#: A day, a time with seconds or not, an offset or not, in the spellings of ISO 8601, RFC 3339 and
#: of the programs that nearly keep to them: ``2020-01-23 15:31:00 +0000 UTC``, ``20200123T1531Z``.
_ISO = re.compile(
    r"(?P<year>\d{4})[-/.]?(?P<month>\d{2})[-/.]?(?P<day>\d{2})"
    r"(?:[T ,]{1,3}(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?(?:[.,]\d{1,9})?"
    r" ?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?")
#: What JavaScript makes of a time (ECMA-262, Date.prototype.toString), which pages rendered by it
#: leave in their <time> elements: ``Tue Sep 08 2026 06:40:12 GMT+0000 (Coordinated ...``.
_SCRIPTED = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2} \d{2} \d{4} \d{2}:\d{2}:\d{2}) GMT([+-]\d{4})"
)
#: Seconds or milliseconds since 1970.
_EPOCH = re.compile(r"(\d{10})(?:\d{3})?")
_LONGEST_DATE = 60


def parse_time(text: str, zone: tzinfo | None = None) -> datetime | None:
    """Return a declared time in UTC, None when it is none; `zone` is that of bare local times.

    Reads ISO 8601 and its neighbours, RFC 2822, JavaScript's own, and seconds since 1970. Nothing
    is guessed: a day-first or month-first number is not a date here.
    """
    text = text.strip()[:_LONGEST_DATE]
    try:
        at = _parsed(text)
        if at is None:
            return None
        return at.replace(tzinfo=at.tzinfo or zone or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parsed(text: str) -> datetime | None:
    """Return the time, bare when it names no zone; raise ValueError when there is no such time."""
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    if iso := _ISO.match(text):
        fields = (
            int(iso[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")
        )
        return datetime(*fields, tzinfo=_offset(iso["zone"]))  # type: ignore[arg-type,misc]  # six integers
    if scripted := _SCRIPTED.match(text):
        return datetime.strptime(" ".join(scripted.groups()), "%b %d %Y %H:%M:%S %z")
    if "," in text and ":" in text:
        return parsedate_to_datetime(text)
    return None


def _offset(zone: str | None) -> tzinfo | None:
    """Return the zone of an ISO offset."""
    if zone is None:
        return None
    found = _OFFSET.fullmatch(zone)
    if found is None:
        return UTC
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-ahead if found[1] == "-" else ahead)


def offset_of(text: str) -> tzinfo | None:
    """Return the zone that a time names by an offset, None when it names none."""
    iso = _ISO.match(text.strip()[:_LONGEST_DATE])
    if iso and iso["zone"] and _OFFSET.fullmatch(iso["zone"]):
        return _offset(iso["zone"])
    return None


def midnight(at: datetime) -> datetime:
    """Return the start of the day of `at` in its own zone."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def is_midnight(text: str, at: datetime, zone: tzinfo | None) -> bool:
    """Say whether the time `at`, read from `text`, is the start of a day where it was written."""
    iso = _ISO.match(text.strip()[:_LONGEST_DATE])
    local = at.astimezone((_offset(iso["zone"]) if iso else None) or zone or UTC)
    return local == midnight(local)
