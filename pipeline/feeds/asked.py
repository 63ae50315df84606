"""Pure: how long a server asks us to stay away.

Retry-After is RFC 9110, section 10.2.3; max-age and Expires are RFC 9111, sections 5.2 and 5.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

#: No server is obeyed for longer.
LONGEST_ASKED = timedelta(hours=24)


def hints_from_headers(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long a server asks us to stay away: Retry-After, else max-age, else Expires.

    Header names are lower case. Nonsense is no hint; nothing asks for more than a day.
    """
    retry = retry_after(headers.get("retry-after", ""), now)
    if retry is not None:
        return retry
    directives = headers.get("cache-control", "").lower().replace(" ", "").split(",")
    if "no-cache" in directives or "no-store" in directives:
        return None
    for directive in directives:
        name, _, value = directive.partition("=")
        if name == "max-age" and value.isdecimal():
            return _bounded(_seconds(value) - _seconds(headers.get("age", "")))
    # The server's own clock, where it tells it (RFC 9111, section 4.2.1).
    return _until(headers.get("expires", ""), _http_date(headers.get("date", "")) or now)


def retry_after(value: str, now: datetime) -> timedelta | None:
    """Return the wait that a Retry-After header names, in seconds or as a date."""
    return _bounded(_seconds(value)) if value.strip().isdecimal() else _until(value, now)


def _seconds(value: str) -> timedelta:
    """Read a number of seconds, none for anything else; a day is as good as a century."""
    digits = value.strip()
    return timedelta(seconds=int(digits[:9])) if digits.isdecimal() else timedelta(0)


def _until(value: str, now: datetime) -> timedelta | None:
    """Return the time from `now` to an HTTP date in the future."""
    moment = _http_date(value)
    return _bounded(moment - now) if moment else None


def _http_date(value: str) -> datetime | None:
    """Read an HTTP date (RFC 9110, section 5.6.7)."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bounded(wait: timedelta) -> timedelta | None:
    """Cap a wait at a day; none is no hint."""
    return min(wait, LONGEST_ASKED) if wait > timedelta(0) else None
