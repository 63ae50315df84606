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
from itertools import pairwise

from pipeline.records import PollHints, PollState, Validators

#: No source is left alone for longer, whatever it hints or however it fails.
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
    #: It may be an accident: 404, 403, TLS, HTML in place of a feed do come back.
    SOFT = "soft"
    #: It passes: time-outs, 429, 5xx.
    TEMPORARY = "temporary"


#: What each failure counts (Media Cloud's weights).
_WEIGHTS = {PollKind.HARD: 1.0, PollKind.SOFT: 0.5, PollKind.TEMPORARY: 0.25}
_PASSING = frozenset({"deadline", "connect", "dns", "truncated", "bad-response"})


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
    if outcome.kind in _WEIGHTS:
        return _after_failure(state, outcome, now=now, usual=override or state.interval or default)
    learned = _rhythm(outcome.published) or state.interval
    interval, why = _interval(override, learned, default)
    floor = _floor(outcome)
    if override is None and floor > interval:
        interval, why = floor, f"the server asks for {_words(floor)}"
    interval = min(interval, LONGEST)
    at = _allowed(now + interval * (1 + _SPREAD * jitter), outcome.hints)
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
    state: PollState, outcome: PollOutcome, *, now: datetime, usual: timedelta
) -> tuple[PollState, str]:
    """Wait in proportion to the failures in a row: linear, at most a day, never for good."""
    failures = state.failures + _WEIGHTS[outcome.kind]
    wait = min(max(usual * max(1.0, failures), outcome.server_hint or timedelta(0)), LONGEST)
    after = replace(state, failures=failures, next_fetch_at=now + wait)
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


def _allowed(at: datetime, hints: PollHints) -> datetime:
    """Move a poll out of the hours and days that the feed rules out (RSS skipHours, skipDays)."""
    for _ in range(8 * 24):
        if at.hour not in hints.skip_hours and at.weekday() not in hints.skip_days:
            return at
        at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at  # it rules out the whole week: not meant


def classify_failure(reason: str, status: int | None) -> PollKind:
    """Say how little hope a failure leaves."""
    if status == 410 or reason in ("bad-url", "blocked-address", "blocked-port"):  # noqa: PLR2004 -- Gone
        return PollKind.HARD
    if status == 429 or (status or 0) >= 500 or reason in _PASSING:  # noqa: PLR2004 -- HTTP statuses
        return PollKind.TEMPORARY
    return PollKind.SOFT


def hints_from_headers(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long a server asks us to stay away: Retry-After, else max-age, else Expires.

    Header names are lower case. Nonsense is no hint; nothing asks for more than a day.
    """
    retry = _retry_after(headers.get("retry-after", ""), now)
    if retry is not None:
        return retry
    directives = headers.get("cache-control", "").lower().replace(" ", "").split(",")
    if "no-cache" in directives or "no-store" in directives:
        return None
    for directive in directives:
        name, _, value = directive.partition("=")
        if name == "max-age" and value.isdecimal():
            return _bounded(timedelta(seconds=min(int(value[:9]), 10**8)))
    return _until(headers.get("expires", ""), now)


def _retry_after(value: str, now: datetime) -> timedelta | None:
    """Read seconds or a date."""
    if value.strip().isdecimal():
        return _bounded(timedelta(seconds=min(int(value.strip()[:9]), 10**8)))
    return _until(value, now)


def _until(value: str, now: datetime) -> timedelta | None:
    """Return the time from `now` to an HTTP date in the future."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _bounded(aware - now) if aware > now else None


def _bounded(wait: timedelta) -> timedelta | None:
    """Cap a wait at a day; none is no hint."""
    return min(wait, LONGEST) if wait > timedelta(0) else None


def _words(wait: timedelta) -> str:
    """Say a duration briefly."""
    minutes = wait.total_seconds() / 60
    return f"{minutes:g} min" if minutes < 60 else f"{minutes / 60:.3g} h"  # noqa: PLR2004 -- an hour
