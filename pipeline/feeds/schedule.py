"""Pure: when to look at a source again, and why.

`next_poll` is a function of what was known, what happened and the time; the sentence it returns
is what `newsloom sources why` shows. What a feed's own rhythm asks for is in
`pipeline.feeds.rhythm`, what its server does in `pipeline.feeds.asked`. Failures weigh as in Media
Cloud's rss-fetcher.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from pipeline.feeds.asked import LONGEST_ASKED
from pipeline.feeds.rhythm import (
    FASTEST,
    first_rhythm,
    is_quiet,
    learn,
    learned_interval,
    next_look,
    usual_gap,
)
from pipeline.records import Memory, Move, PollHints, PollState, Validators

#: No source that answers is left alone for longer; only its operator can want that.
LONGEST = LONGEST_ASKED
#: Polls are spread by up to a tenth of the interval, so that sources do not march in step.
_SPREAD = 0.1
#: Weighted failures from which a source is asked still less often, a day more for each ...
_HOPELESS_FROM = 30
#: ... but never given up: feeds do come back.
_LONGEST_HOPELESS = timedelta(days=30)
#: A redirect is believed when it was met so often, for so long, and leads to the same entries.
_MOVE_POLLS = 10
_MOVE_LASTS = timedelta(days=3)
#: Share of polls without overlap from which an operator is told.
_MISSING = 0.1


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
_PASSING = frozenset(
    {"deadline", "connect", "dns", "proxy", "truncated", "bad-response", "host-busy"}
)
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
    #: What the feed asks for; None when no feed was read.
    hints: PollHints | None = None
    #: Publication times of the feed's entries, any order, as far as they have one.
    published: tuple[datetime, ...] = ()
    #: Times of the entries that were not known, the poll's own where an entry has none.
    new: tuple[datetime, ...] = ()
    #: How many of its entries were known.
    known: int = 0
    validators: Validators | None = None
    body_hash: str | None = None
    unconditional: bool = True
    #: Where nothing but permanent redirects (301, 308) led.
    moved_to: str | None = None
    #: The server says that it is gone (410).
    gone: bool = False


def next_poll(
    state: PollState,
    outcome: PollOutcome,
    *,
    now: datetime,
    override: timedelta | None,
    default: timedelta,
    jitter: float,
    eagerness: float = 1.0,
) -> tuple[PollState, str]:
    """Return the state after a poll, and in words why the next one is when it is.

    `override` is the operator's interval, `default` the one of a source whose rhythm is unknown;
    `jitter` from 0 to 1 places the poll within the spread, `eagerness` shortens what is learned.
    """
    learned = learned_interval(state.memory.rhythm, eagerness)
    if outcome.kind in _WEIGHTS:
        usual = override or learned or default
        return _after_failure(state, outcome, now=now, usual=usual, jitter=jitter)
    memory = _learn(state, outcome, now)
    moved_to, memory = _followed(state.moved_to, memory, now)
    after = replace(
        state,
        validators=outcome.validators or state.validators,
        body_hash=outcome.body_hash or state.body_hash,
        memory=memory,
        moved_to=moved_to,
        failures=0.0,
        last_success_at=now,
        last_unconditional_at=now if outcome.unconditional else state.last_unconditional_at,
    )
    learned = learned_interval(memory.rhythm, eagerness)
    at, why = _next_time(
        after, outcome, now=now, override=override, learned=learned, default=default
    )
    first = state.last_success_at is None and override is None
    at += (at - now) * _SPREAD * jitter
    if first:  # many sources come at once: from their second poll on they are spread evenly
        at = now + max((at - now) * jitter, min(FASTEST, at - now))
    return replace(after, next_fetch_at=at), why


def _learn(state: PollState, outcome: PollOutcome, now: datetime) -> Memory:
    """Return what is known after a poll that succeeded."""
    memory = state.memory
    rhythm = memory.rhythm
    if state.last_success_at is None:
        rhythm = first_rhythm(outcome.published, len(outcome.new) + outcome.known, now)
    else:
        read_feed = outcome.kind is PollKind.SUCCESS
        rhythm = learn(
            rhythm,
            new=outcome.new,
            known=outcome.known if read_feed else rhythm.shown,
            since=state.last_success_at,
            now=now,
        )
    return Memory(
        rhythm=rhythm,
        hints=memory.hints if outcome.hints is None else outcome.hints,
        move=_met_again(memory.move, outcome, now),
    )


def _met_again(move: Move | None, outcome: PollOutcome, now: datetime) -> Move | None:
    """Return the permanent redirect after one more poll; None when the last met none."""
    if outcome.moved_to is None:
        return None
    if move is None or move.url != outcome.moved_to:
        move = Move(url=outcome.moved_to, polls=0, since=now)
    same = outcome.known > 0 or outcome.kind is PollKind.NOT_MODIFIED
    return replace(move, polls=move.polls + 1, shares_entries=move.shares_entries or same)


def _followed(moved_to: str | None, memory: Memory, now: datetime) -> tuple[str | None, Memory]:
    """Return where the feed is from now on, once a redirect is to be believed."""
    move = memory.move
    if move is None or not move.shares_entries:
        return moved_to, memory
    if move.polls < _MOVE_POLLS or now - move.since < _MOVE_LASTS:
        return moved_to, memory
    return move.url, replace(memory, move=None)


def _next_time(
    state: PollState,
    outcome: PollOutcome,
    *,
    now: datetime,
    override: timedelta | None,
    learned: timedelta | None,
    default: timedelta,
) -> tuple[datetime, str]:
    """Return when to look again after a success, before any spread."""
    if override is not None:
        return now + override, f"every {words(override)}: the operator's word"
    rhythm, hints = state.memory.rhythm, state.memory.hints
    floor = min(max(outcome.server_hint or timedelta(0), hints.ttl or timedelta(0)), LONGEST)
    interval = learned or default
    if floor > interval:
        at, why = now + floor, f"every {words(floor)}: the server asks for it"
    elif learned is None:
        at, why = now + default, f"every {words(default)}: poll_interval, its rhythm is unknown"
    else:
        gap = words(usual_gap(rhythm))
        # Half the spread off, so that with it the interval is what was learned.
        at = max(next_look(rhythm, learned * (1 - _SPREAD / 2), now), now + floor)
        why = f"every {words(learned)}: something new every {gap}"
    allowed = _allowed(at, hints, latest=now + LONGEST)
    return (at, why) if allowed == at else (allowed, f"{why}, and it rules some hours out")


def _after_failure(
    state: PollState, outcome: PollOutcome, *, now: datetime, usual: timedelta, jitter: float
) -> tuple[PollState, str]:
    """Wait in proportion to the failures in a row, and never for good.

    At most a day, unless the operator's own interval is longer; up to a month where there is
    hardly any hope.
    """
    failures = state.failures + _WEIGHTS[outcome.kind]
    memory = _gone(state.memory, now) if outcome.gone else state.memory
    asked = max(usual * max(1.0, failures), outcome.server_hint or timedelta(0))
    wait = min(asked, max(LONGEST, usual))
    if memory.is_gone:
        wait = _LONGEST_HOPELESS
    elif failures > _HOPELESS_FROM:
        wait = max(wait, min(LONGEST * (failures - _HOPELESS_FROM), _LONGEST_HOPELESS))
    at = now + wait * (1 + _SPREAD * jitter)
    after = replace(state, failures=failures, memory=memory, next_fetch_at=at)
    return after, f"in {words(wait)}: {failures:g} failures in a row, the last {outcome.kind}"


def _gone(memory: Memory, now: datetime) -> Memory:
    """Note a 410; a second one on another day is believed."""
    if memory.gone_since is None:
        return replace(memory, gone_since=now)
    return replace(memory, is_gone=memory.is_gone or now.date() != memory.gone_since.date())


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


def alarms(state: PollState, now: datetime) -> tuple[str, ...]:
    """Return what an operator should look at: a code and a sentence each."""
    memory, rhythm = state.memory, state.memory.rhythm
    found = []
    if memory.is_gone:
        found.append(f"gone: 410 since {memory.gone_since:%F}; disable it, or find its new address")
    elif state.failures >= _FAILING:
        found.append(
            f"failing: {state.failures:g} failures in a row; try `newsloom sources rediscover`"
        )
    elif is_quiet(rhythm, now) and rhythm.last_new_at is not None:
        usual = words(timedelta(hours=rhythm.last_gap or 0.0))
        found.append(f"quiet: nothing new since {rhythm.last_new_at:%F}, and it was every {usual}")
    if rhythm.gaps >= _MISSING:
        found.append(
            f"missing: {rhythm.gaps:.0%} of the polls knew no entry, so some were missed; "
            "give it a shorter interval"
        )
    if state.moved_to:
        found.append(f"moved: to {state.moved_to}; write that into the catalogue")
    return tuple(found)


#: Weighted failures in a row that are no accident any more: a feed that is gone for three polls.
_FAILING = 3.0


def classify_failure(reason: str, status: int | None) -> PollKind:
    """Say how little hope a failure leaves."""
    if status == HTTPStatus.GONE or reason in _HOPELESS:
        return PollKind.HARD
    return PollKind.TEMPORARY if status in _BUSY or reason in _PASSING else PollKind.SOFT


def words(wait: timedelta) -> str:
    """Say a length of time briefly."""
    minutes = wait.total_seconds() / 60
    if minutes < 60:  # noqa: PLR2004 -- an hour
        return f"{minutes:.3g} min"
    hours = minutes / 60
    return f"{hours:.3g} h" if hours < 48 else f"{hours / 24:.3g} days"  # noqa: PLR2004 -- two days
