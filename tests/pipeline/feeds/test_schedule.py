"""When to look at a source again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.feeds.schedule import (
    LONGEST,
    PollKind,
    PollOutcome,
    classify_failure,
    hints_from_headers,
    next_poll,
)
from pipeline.records import PollHints, PollState, Validators

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)  # a Sunday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SUCCESS = PollOutcome(kind=PollKind.SUCCESS)
FAILURES = (PollKind.HARD, PollKind.SOFT, PollKind.TEMPORARY)


def _next(
    outcome: PollOutcome,
    state: PollState | None = None,
    *,
    override: timedelta | None = None,
    jitter: float = 0.0,
) -> tuple[PollState, timedelta, str]:
    after, why = next_poll(
        state or PollState(),
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
    assert why == "every 30 min: poll_interval, until it shows a rhythm"


@pytest.mark.parametrize(
    ("gap", "expected"),
    [(2 * HOUR, HOUR), (MINUTE, 15 * MINUTE), (7 * DAY, 6 * HOUR)],
    ids=["half the usual gap", "not below 15 minutes", "not above 6 hours"],
)
def test_the_rhythm_is_half_the_usual_gap_within_bounds(
    gap: timedelta, expected: timedelta
) -> None:
    state, wait, why = _next(replace(SUCCESS, published=tuple(NOW - n * gap for n in range(10))))

    assert wait == state.interval == expected
    assert "half the usual gap" in why


def test_old_entries_and_entries_of_one_moment_do_not_shape_the_rhythm() -> None:
    recent = [NOW - n * 2 * HOUR for n in range(20)]
    times = (*recent, *recent, *(NOW - n * 90 * DAY for n in range(1, 90)))

    assert _next(replace(SUCCESS, published=times))[1] == HOUR
    assert _next(replace(SUCCESS, published=(NOW, NOW, NOW - HOUR)))[1] == 30 * MINUTE


def test_what_was_learned_outlives_a_poll_without_news() -> None:
    state = PollState(interval=2 * HOUR, failures=3.0)
    after, wait, _ = _next(PollOutcome(kind=PollKind.NOT_MODIFIED), state)

    assert (wait, after.interval, after.failures) == (2 * HOUR, 2 * HOUR, 0.0)
    assert after.last_success_at == NOW


def test_the_servers_wish_is_a_floor_of_at_most_a_day() -> None:
    asked = replace(SUCCESS, server_hint=2 * HOUR)

    assert _next(asked)[1] == 2 * HOUR
    assert "server asks for 2 h" in _next(asked)[2]
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
    state, waits = PollState(), []
    for _ in range(200):
        state, wait, _ = _next(PollOutcome(kind=PollKind.HARD), state)
        waits.append(wait)

    assert waits[:3] == [30 * MINUTE, HOUR, 90 * MINUTE]
    assert waits[-1] == LONGEST
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
    state = PollState(validators=Validators(etag='"a"'))
    new = Validators(etag='"b"')

    assert _next(replace(SUCCESS, validators=new), state)[0].validators == new
    for kind in (PollKind.NOT_MODIFIED, *FAILURES):
        after = _next(PollOutcome(kind=kind, validators=new), state)[0]
        assert after.validators == state.validators


def test_only_a_poll_without_validators_counts_as_unconditional() -> None:
    before = PollState(last_unconditional_at=NOW - HOUR)

    assert _next(SUCCESS, before)[0].last_unconditional_at == NOW
    conditional = replace(SUCCESS, unconditional=False)
    assert _next(conditional, before)[0].last_unconditional_at == NOW - HOUR


@given(
    kind=st.sampled_from(list(PollKind)),
    failures=st.floats(0, 1000),
    hint=st.none() | st.timedeltas(timedelta(0), 100 * DAY),
    learned=st.none() | st.timedeltas(15 * MINUTE, 6 * HOUR),
    skipped=st.frozensets(st.integers(0, 23)),
    jitter=st.floats(0, 1),
)
def test_the_next_poll_is_always_ahead_and_within_a_day_and_its_spread(
    *,
    kind: PollKind,
    failures: float,
    hint: timedelta | None,
    learned: timedelta | None,
    skipped: frozenset[int],
    jitter: float,
) -> None:
    outcome = PollOutcome(kind=kind, server_hint=hint, hints=PollHints(skip_hours=skipped))
    state = PollState(failures=failures, interval=learned)
    _, wait, _ = _next(outcome, state, jitter=jitter)

    assert 15 * MINUTE <= wait <= LONGEST * 1.1


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
