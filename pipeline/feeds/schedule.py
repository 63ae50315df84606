"""Pure: when to look at a source again, and why.

`next_poll` is a function of what was known, what happened and the time; the sentence it returns
is what `newsloom sources list` shows. Sources of the rules: RFC 9110 section 10.2.3
(Retry-After), RFC 9111 sections 5.2 and 5.3 (max-age, Expires), Media Cloud's rss-fetcher
(weights of failures), miniflux and CommaFeed (rate prior).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from itertools import pairwise

from pipeline.records import PollHints, PollState, Validators

#: No source is left alone for longer, whatever it hints or however it fails; only its operator can
#: want that.
LONGEST = timedelta(hours=24)
#: Bounds of what may be learned from a feed's own rhythm.
_FASTEST_LEARNED = timedelta(minutes=15)
_SLOWEST_LEARNED = timedelta(hours=6)
#: Entries the rhythm is read from; older ones tell of other times.
_RATE_ENTRIES = 20
#: Polls are spread by up to a tenth of the interval, so that sources do not march in step.
_SPREAD = 0.1


class PollKind(StrEnum):
    """How a poll ended; failures by how little hope they leave."""

    SUCCESS = "success"
    NOT_MODIFIED = "not-modified"
    #: The feed is gone or is something else.
    HARD = "hard"
    #: It may be an accident: 404, 403, 500, TLS, HTML in place of a feed do come back.
    SOFT = "soft"
    #: It passes: time-outs, 429, 502 to 504.
    TEMPORARY = "temporary"


#: What each failure counts (Media Cloud's weights).
_WEIGHTS = {PollKind.HARD: 1.0, PollKind.SOFT: 0.5, PollKind.TEMPORARY: 0.25}
_HOPELESS = frozenset({"bad-url", "blocked-address", "blocked-port"})
_PASSING = frozenset({"deadline", "connect", "dns", "proxy", "truncated", "bad-response"})
#: The server is there, but not ready. Any other 5xx may be a fault that stays.
_BUSY = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOutcome:
    """What one poll showed."""

    kind: PollKind
    #: How long the server asks us to stay away (Retry-After, max-age, Expires).
    server_hint: timedelta | None = None
    hints: PollHints = field(default_factory=PollHints)
    #: Publication times of the feed's entries, any order.
    published: tuple[datetime, ...] = ()
    validators: Validators | None = None
    body_hash: str | None = None
    unconditional: bool = True


def next_poll(
    state: PollState,
    outcome: PollOutcome,
    *,
    now: datetime,
    override: timedelta | None,
    default: timedelta,
    jitter: float,
) -> tuple[PollState, str]:
    """Return the state after a poll, and in words why the next one is when it is.

    `override` is the operator's interval, `default` the one of a source that shows no rhythm;
    `jitter` from 0 to 1 places the poll within the spread.
    """
    spread = 1 + _SPREAD * jitter
    if outcome.kind in _WEIGHTS:
        usual = override or state.interval or default
        return _after_failure(state, outcome, now=now, usual=usual, spread=spread)
    learned = _rhythm(outcome.published) or state.interval
    interval, why = _interval(override, learned, default)
    floor = _floor(outcome)
    if override is None and floor > interval:
        interval, why = floor, f"the server asks for {_words(floor)}"
    wanted = at = now + interval * spread
    if override is None:
        at = _allowed(wanted, outcome.hints, latest=now + LONGEST)
    if at != wanted:
        why = f"{why}, and it rules some hours out"
    fresh = outcome.kind is PollKind.SUCCESS
    after = replace(
        state,
        validators=outcome.validators if fresh and outcome.validators else state.validators,
        body_hash=outcome.body_hash or state.body_hash,
        interval=learned,
        failures=0.0,
        last_success_at=now,
        last_unconditional_at=now if outcome.unconditional else state.last_unconditional_at,
        next_fetch_at=at,
    )
    return after, f"every {_words(interval)}: {why}"


def _interval(
    override: timedelta | None, learned: timedelta | None, default: timedelta
) -> tuple[timedelta, str]:
    """Choose the interval and say whose word it is."""
    if override is not None:
        return override, "the operator's word"
    if learned is not None:
        return learned, "half the usual gap between its entries"
    return default, "poll_interval, until it shows a rhythm"


def _after_failure(
    state: PollState, outcome: PollOutcome, *, now: datetime, usual: timedelta, spread: float
) -> tuple[PollState, str]:
    """Wait in proportion to the failures in a row, and never for good.

    At most a day, unless the operator's own interval is longer.
    """
    failures = state.failures + _WEIGHTS[outcome.kind]
    asked = max(usual * max(1.0, failures), outcome.server_hint or timedelta(0))
    wait = min(asked, max(LONGEST, usual))
    after = replace(state, failures=failures, next_fetch_at=now + wait * spread)
    return after, f"in {_words(wait)}: {failures:g} failures in a row, the last {outcome.kind}"


def _rhythm(published: Sequence[datetime]) -> timedelta | None:
    """Return half the median gap between the newest entries, within bounds; None for too few."""
    newest = sorted(set(published), reverse=True)[:_RATE_ENTRIES]
    gaps = [(later - earlier).total_seconds() for later, earlier in pairwise(newest)]
    if len(gaps) < 2:  # noqa: PLR2004 -- one gap is an accident
        return None
    half = timedelta(seconds=statistics.median(gaps) / 2)
    return min(max(half, _FASTEST_LEARNED), _SLOWEST_LEARNED)


def _floor(outcome: PollOutcome) -> timedelta:
    """Return the longest wait that server or feed ask for, at most a day."""
    asked = [hint for hint in (outcome.server_hint, outcome.hints.ttl) if hint]
    return min(max(asked, default=timedelta(0)), LONGEST)


def _allowed(at: datetime, hints: PollHints, *, latest: datetime) -> datetime:
    """Move a poll by whole hours to one that the feed does not rule out (skipHours, skipDays).

    It stays where it is when there is none until `latest`.
    """
    later = at
    while later <= latest:
        if later.hour not in hints.skip_hours and later.weekday() not in hints.skip_days:
            return later
        later += timedelta(hours=1)
    return at


def classify_failure(reason: str, status: int | None) -> PollKind:
    """Say how little hope a failure leaves."""
    if status == HTTPStatus.GONE or reason in _HOPELESS:
        return PollKind.HARD
    return PollKind.TEMPORARY if status in _BUSY or reason in _PASSING else PollKind.SOFT


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
    return min(wait, LONGEST) if wait > timedelta(0) else None


def _words(wait: timedelta) -> str:
    """Say a duration briefly."""
    minutes = wait.total_seconds() / 60
    return f"{minutes:g} min" if minutes < 60 else f"{minutes / 60:.3g} h"  # noqa: PLR2004 -- an hour
