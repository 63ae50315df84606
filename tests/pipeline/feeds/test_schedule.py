"""When to look at a source again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.feeds.asked import hints_from_headers
from pipeline.feeds.schedule import (
    LONGEST,
    PollKind,
    PollOutcome,
    alarms,
    classify_failure,
    next_poll,
)
from pipeline.records import Memory, PollHints, PollState, Rhythm, Validators

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)  # a Sunday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SUCCESS = PollOutcome(kind=PollKind.SUCCESS)
#: Polled before, with nothing learned from it.
SEEN = PollState(last_success_at=NOW)
FAILURES = (PollKind.HARD, PollKind.SOFT, PollKind.TEMPORARY)


def _next(
    outcome: PollOutcome,
    state: PollState | None = None,
    *,
    override: timedelta | None = None,
    jitter: float = 0.0,
) -> tuple[PollState, timedelta, str]:
    after, why = next_poll(
        state or SEEN,
        outcome,
        now=NOW,
        override=override,
        default=30 * MINUTE,
        jitter=jitter,
    )
    assert after.next_fetch_at is not None
    return after, after.next_fetch_at - NOW, why


def test_a_source_without_rhythm_has_the_default_interval() -> None:
    _, wait, why = _next(SUCCESS)

    assert wait == 30 * MINUTE
    assert why == "every 30 min: poll_interval, its rhythm is unknown"


def test_a_source_with_a_rhythm_follows_it() -> None:
    state = replace(SEEN, memory=Memory(rhythm=Rhythm(entries=20.0, hours=40.0, shown=30)))
    after, wait, why = _next(replace(SUCCESS, new=(NOW,), known=29), state)

    assert 30 * MINUTE < wait < 60 * MINUTE
    assert "something new every" in why
    assert after.memory.rhythm.entries > 20
    assert after.memory.rhythm.last_new_at == NOW


def test_the_second_polls_of_many_sources_are_spread_over_their_intervals() -> None:
    waits = [_next(SUCCESS, PollState(), jitter=step / 100)[1] for step in range(101)]

    assert waits[0] == 5 * MINUTE
    assert waits == sorted(waits)
    assert waits[-1] <= 33 * MINUTE


def test_what_a_feed_asks_for_outlives_the_polls_that_do_not_repeat_it() -> None:
    asked = replace(SUCCESS, hints=PollHints(ttl=3 * HOUR))
    after, _, _ = _next(asked)

    assert _next(PollOutcome(kind=PollKind.NOT_MODIFIED), after)[1] == 3 * HOUR
    assert _next(replace(SUCCESS, hints=PollHints()), after)[1] == 30 * MINUTE


def test_the_servers_wish_is_a_floor_of_at_most_a_day() -> None:
    asked = replace(SUCCESS, server_hint=2 * HOUR)

    assert _next(asked)[1] == 2 * HOUR
    assert _next(asked)[2] == "every 2 h: the server asks for it"
    assert _next(replace(SUCCESS, hints=PollHints(ttl=3 * HOUR)))[1] == 3 * HOUR
    assert _next(replace(SUCCESS, server_hint=MINUTE))[1] == 30 * MINUTE
    assert _next(replace(SUCCESS, server_hint=90 * DAY))[1] == LONGEST


def test_the_operator_wins_over_rhythm_server_and_feed() -> None:
    hints = PollHints(ttl=3 * HOUR, skip_days=frozenset({6}))
    outcome = replace(SUCCESS, server_hint=2 * HOUR, hints=hints, published=(NOW, NOW - HOUR))

    for wish in (10 * MINUTE, 7 * DAY):
        assert _next(outcome, override=wish)[1] == wish


def test_hours_and_days_ruled_out_are_left_out_without_marching_in_step() -> None:
    hints = PollHints(skip_hours=frozenset({12, 13}))
    _, wait, why = _next(replace(SUCCESS, hints=hints))

    assert NOW + wait == NOW.replace(hour=14, minute=30)
    assert "rules some hours out" in why
    sunday = PollHints(skip_days=frozenset({6}))
    assert _next(replace(SUCCESS, hints=sunday))[1] == 12 * HOUR + 30 * MINUTE


def test_a_feed_that_rules_everything_out_is_polled_all_the_same() -> None:
    whole_week = PollHints(skip_days=frozenset(range(7)))

    assert _next(replace(SUCCESS, hints=whole_week))[1] == 30 * MINUTE


def test_failures_wait_longer_each_time_and_never_for_ever() -> None:
    state, waits = SEEN, []
    for _ in range(200):
        state, wait, _ = _next(PollOutcome(kind=PollKind.HARD), state)
        waits.append(wait)

    assert waits[:3] == [30 * MINUTE, HOUR, 90 * MINUTE]
    assert waits == sorted(waits)
    assert waits[29] == 15 * HOUR
    assert waits[31] == 2 * DAY
    assert waits[-1] == 30 * DAY
    assert _next(SUCCESS, state)[0].failures == 0


def test_failures_weigh_by_the_hope_they_leave() -> None:
    weights = [_next(PollOutcome(kind=kind))[0].failures for kind in FAILURES]

    assert weights == [1.0, 0.5, 0.25]


def test_a_failing_server_may_ask_for_time_as_well() -> None:
    busy = PollOutcome(kind=PollKind.TEMPORARY, server_hint=3 * HOUR)

    assert _next(busy)[1] == 3 * HOUR


def test_an_interval_of_days_is_not_shortened_by_a_failure() -> None:
    assert _next(PollOutcome(kind=PollKind.SOFT), override=7 * DAY)[1] == 7 * DAY


def test_validators_come_from_a_success_alone() -> None:
    state = replace(SEEN, validators=Validators(etag='"a"'))
    new = Validators(etag='"b"')

    for kind in (PollKind.SUCCESS, PollKind.NOT_MODIFIED):  # equal bytes may have a new name
        assert _next(PollOutcome(kind=kind, validators=new), state)[0].validators == new
        assert _next(PollOutcome(kind=kind), state)[0].validators == state.validators
    for kind in FAILURES:
        after = _next(PollOutcome(kind=kind, validators=new), state)[0]
        assert after.validators == state.validators


def test_only_a_poll_without_validators_counts_as_unconditional() -> None:
    before = PollState(last_unconditional_at=NOW - HOUR)

    assert _next(SUCCESS, before)[0].last_unconditional_at == NOW
    conditional = replace(SUCCESS, unconditional=False)
    assert _next(conditional, before)[0].last_unconditional_at == NOW - HOUR


rhythms = st.builds(
    Rhythm,
    entries=st.floats(0, 5000),
    hours=st.floats(0, 2000),
    by_hour=st.just(()) | st.lists(st.floats(0, 100), min_size=24, max_size=24).map(tuple),
    shown=st.integers(0, 2000),
    haste=st.floats(0.25, 1),
    last_new_at=st.none() | st.just(NOW - 9 * DAY),
    last_gap=st.none() | st.floats(0.001, 1000),
)


@given(
    kind=st.sampled_from(list(PollKind)),
    failures=st.floats(0, 1000),
    hint=st.none() | st.timedeltas(timedelta(0), 100 * DAY),
    rhythm=rhythms,
    seen=st.none() | st.timedeltas(timedelta(0), 100 * DAY),
    skipped=st.frozensets(st.integers(0, 23)),
    jitter=st.floats(0, 1),
)
def test_the_next_poll_is_always_ahead_and_within_its_bounds(
    *,
    kind: PollKind,
    failures: float,
    hint: timedelta | None,
    rhythm: Rhythm,
    seen: timedelta | None,
    skipped: frozenset[int],
    jitter: float,
) -> None:
    outcome = PollOutcome(kind=kind, server_hint=hint, hints=PollHints(skip_hours=skipped))
    state = PollState(
        failures=failures,
        memory=Memory(rhythm=rhythm),
        last_success_at=None if seen is None else NOW - seen,
    )
    after, wait, why = _next(outcome, state, jitter=jitter)

    longest = 30 * DAY if kind in FAILURES and failures > 28 else LONGEST
    assert timedelta(minutes=2) <= wait <= longest * 1.1
    assert why
    assert all(one.partition(": ")[1] for one in alarms(after, NOW))


@given(jitter=st.floats(0, 1), kind=st.sampled_from(list(PollKind)))
def test_jitter_adds_up_to_a_tenth(jitter: float, kind: PollKind) -> None:
    plain, spread = (_next(PollOutcome(kind=kind), jitter=value)[1] for value in (0.0, jitter))

    assert plain <= spread <= plain * 1.1 + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("reason", "status", "kind"),
    [
        ("http-410", 410, PollKind.HARD),
        ("blocked-address", None, PollKind.HARD),
        ("http-404", 404, PollKind.SOFT),
        ("http-500", 500, PollKind.SOFT),
        ("not-a-feed", None, PollKind.SOFT),
        ("tls", None, PollKind.SOFT),
        ("http-429", 429, PollKind.TEMPORARY),
        ("http-503", 503, PollKind.TEMPORARY),
        ("deadline", None, PollKind.TEMPORARY),
    ],
)
def test_failures_are_told_apart(reason: str, status: int | None, kind: PollKind) -> None:
    assert classify_failure(reason, status) is kind


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "120"}, 2 * MINUTE),
        ({"retry-after": "120", "cache-control": "max-age=900"}, 2 * MINUTE),
        ({"retry-after": "Sun, 01 Mar 2026 12:10:00 GMT"}, 10 * MINUTE),
        ({"retry-after": "99999999"}, LONGEST),
        ({"retry-after": "9" * 5000}, LONGEST),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, None),
        ({"cache-control": "public, max-age=900"}, 15 * MINUTE),
        ({"cache-control": "max-age=900", "age": "300"}, 10 * MINUTE),
        ({"cache-control": "max-age=900", "age": "1000"}, None),
        ({"cache-control": "no-cache, max-age=900"}, None),
        ({"cache-control": "max-age=banana"}, None),
        ({"cache-control": "max-age=0", "expires": "Sun, 01 Mar 2026 13:00:00 GMT"}, None),
        ({"expires": "Sun, 01 Mar 2026 13:00:00 GMT"}, HOUR),
        (
            {
                "expires": "Sun, 01 Mar 2026 13:00:00 GMT",
                "date": "Sun, 01 Mar 2026 12:50:00 GMT",
            },
            10 * MINUTE,
        ),
        ({"expires": "0"}, None),
        ({}, None),
    ],
)
def test_headers_ask_for_time(headers: dict[str, str], expected: timedelta | None) -> None:
    assert hints_from_headers(headers, NOW) == expected


@given(
    st.dictionaries(st.sampled_from(["retry-after", "cache-control", "expires", "age"]), st.text())
)
def test_no_header_whatever_raises_or_asks_for_more_than_a_day(headers: dict[str, str]) -> None:
    hint = hints_from_headers(headers, NOW)

    assert hint is None or timedelta(0) < hint <= LONGEST


# --- feeds that move, go or fall silent --------------------------------------------------------


def _polls(
    outcome: PollOutcome, *, count: int, every: timedelta, state: PollState = SEEN
) -> list[PollState]:
    """Poll in a row, each time with the same outcome; return the states."""
    states = []
    for step in range(count):
        now = NOW + step * every
        state, _ = next_poll(state, outcome, now=now, override=HOUR, default=HOUR, jitter=0.0)
        states.append(state)
    return states


def test_a_redirect_is_followed_for_good_after_ten_polls_and_three_days() -> None:
    moved = replace(SUCCESS, moved_to="https://two.example/feed", known=5)

    slow = [one.moved_to for one in _polls(moved, count=12, every=8 * HOUR)]
    assert slow == [None] * 9 + ["https://two.example/feed"] * 3
    fast = [one.moved_to for one in _polls(moved, count=80, every=HOUR)]
    assert fast.index("https://two.example/feed") == 72
    assert any("moved: to https://two.example" in one for one in alarms(_last(moved), NOW))


def _last(outcome: PollOutcome) -> PollState:
    return _polls(outcome, count=12, every=8 * HOUR)[-1]


def test_a_redirect_to_other_entries_or_one_that_ends_is_not_followed() -> None:
    strange = replace(SUCCESS, moved_to="https://two.example/feed", new=(NOW,), known=0)
    assert _last(strange).moved_to is None

    moved = replace(strange, known=5)
    state = _polls(moved, count=9, every=DAY)[-1]
    [state] = _polls(SUCCESS, count=1, every=DAY, state=state)
    assert state.memory.move is None
    assert _polls(moved, count=5, every=DAY, state=state)[-1].moved_to is None


def test_two_days_of_410_are_the_end_and_an_answer_brings_it_back() -> None:
    gone = PollOutcome(kind=PollKind.HARD, gone=True)
    once = _polls(gone, count=5, every=HOUR)[-1]
    assert not once.memory.is_gone

    state, wait = next_poll(once, gone, now=NOW + DAY, override=None, default=HOUR, jitter=0.0)
    assert state.memory.is_gone
    assert state.next_fetch_at == NOW + 31 * DAY
    assert wait
    assert alarms(state, NOW)[0].startswith("gone: 410 since 2026-03-01")
    back, _ = next_poll(state, SUCCESS, now=NOW + 9 * DAY, override=None, default=HOUR, jitter=0)
    assert back.memory.gone_since is None
    assert not back.memory.is_gone


def test_alarms_tell_of_silence_gaps_and_failures() -> None:
    quiet = Rhythm(entries=30.0, hours=60.0, last_new_at=NOW - 9 * DAY, last_gap=2.0)
    gaps = Rhythm(entries=30.0, hours=60.0, last_new_at=NOW, last_gap=2.0, gaps=0.25)

    assert alarms(replace(SEEN, memory=Memory(rhythm=quiet)), NOW)[0].startswith(
        "quiet: nothing new since 2026-02-20, and it was every 2 h"
    )
    assert alarms(replace(SEEN, memory=Memory(rhythm=gaps)), NOW)[0].startswith("missing: 25%")
    assert alarms(replace(SEEN, failures=3.0), NOW)[0].startswith("failing: 3 failures")
    assert alarms(SEEN, NOW) == ()
