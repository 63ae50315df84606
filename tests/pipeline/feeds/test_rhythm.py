"""How often a feed brings something new, and when the next of it is looked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.feeds.rhythm import (
    FASTEST,
    SLOWEST,
    first_rhythm,
    is_quiet,
    learn,
    learned_interval,
    next_look,
)
from pipeline.records import Rhythm

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def steady(gap: timedelta, count: int = 30) -> Rhythm:
    return first_rhythm([NOW - n * gap for n in range(count)], count, NOW)


def interval(rhythm: Rhythm) -> timedelta:
    found = learned_interval(rhythm)
    assert found is not None
    return found


def test_the_first_look_takes_the_feeds_own_times() -> None:
    assert 0.9 < steady(HOUR).hours / steady(HOUR).entries < 1.1
    assert steady(DAY).entries == 20
    assert (steady(10 * DAY, 30).entries, steady(10 * DAY, 30).hours) == (4, 720)  # of a month
    assert steady(HOUR, 5).hours == 4  # a feed that shows five entries is not a slow one


def test_too_few_times_and_times_ahead_tell_nothing() -> None:
    assert learned_interval(first_rhythm([], 5, NOW)) is None
    assert learned_interval(first_rhythm([NOW] * 9, 9, NOW)) is None
    assert learned_interval(first_rhythm([NOW + n * HOUR for n in range(1, 9)], 9, NOW)) is None
    assert interval(first_rhythm([NOW - n * 300 * DAY for n in range(1, 9)], 9, NOW)) == SLOWEST


def test_the_interval_grows_less_than_the_gap() -> None:
    hourly, daily = interval(steady(HOUR)), interval(steady(DAY))

    assert 25 < hourly / timedelta(minutes=1) < 35
    assert 8 < daily / hourly < 14
    assert interval(steady(timedelta(seconds=30))) == FASTEST


def test_a_feed_that_shows_little_is_looked_at_before_it_rolls_over() -> None:
    rhythm = replace(steady(timedelta(minutes=30)), shown=2)

    assert interval(rhythm) <= 0.35 * 2 * timedelta(minutes=31)


def test_polls_without_news_lengthen_the_interval_and_news_shorten_it() -> None:
    rhythm, waits = steady(HOUR), []
    now = NOW
    for _ in range(200):
        now += 2 * HOUR
        rhythm = learn(rhythm, new=[], known=30, since=now - 2 * HOUR, now=now)
        waits.append(interval(rhythm))
    assert waits == sorted(waits)
    assert waits[-1] > 12 * HOUR

    for _ in range(48):
        now += HOUR
        rhythm = learn(rhythm, new=[now] * 4, known=26, since=now - HOUR, now=now)
    assert interval(rhythm) < 40 * timedelta(minutes=1)


def test_a_poll_that_knows_no_entry_makes_haste_for_a_while() -> None:
    rhythm = steady(HOUR)
    lost = learn(rhythm, new=[NOW] * 30, known=0, since=NOW - 2 * HOUR, now=NOW)

    assert lost.haste == 0.5
    assert lost.gaps > 0
    again = lost
    for step in range(1, 12):
        now = NOW + step * HOUR
        again = learn(again, new=[now], known=29, since=now - HOUR, now=now)
    assert again.haste == 1.0
    assert 0 < again.gaps < lost.gaps


def test_busy_hours_are_looked_at_more_often_and_the_day_keeps_its_polls() -> None:
    by_hour = tuple(10.0 if 8 <= hour < 18 else 0.0 for hour in range(24))
    rhythm = Rhythm(entries=100.0, hours=240.0, by_hour=by_hour, shown=50)
    at, polls = NOW.replace(hour=0), []
    while at < NOW.replace(hour=0) + DAY:
        at = next_look(rhythm, HOUR, at)
        polls.append(at.hour)

    assert 22 <= len(polls) <= 26
    day = sum(8 <= hour < 18 for hour in polls)
    assert day / 10 > 2 * (len(polls) - day) / 14


def test_silence_is_told_by_the_feeds_own_measure() -> None:
    rhythm = steady(HOUR)

    assert not is_quiet(rhythm, NOW + 3 * DAY)
    assert is_quiet(rhythm, NOW + 5 * DAY)
    weekly = replace(rhythm, last_gap=7 * 24.0)
    assert not is_quiet(weekly, NOW + 60 * DAY)
    assert is_quiet(weekly, NOW + 71 * DAY)
    assert not is_quiet(Rhythm(), NOW)


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 50), st.timedeltas(timedelta(0), 40 * DAY)),
        max_size=30,
    ),
    st.lists(st.timedeltas(-DAY, 400 * DAY), max_size=30),
)
def test_no_history_leads_out_of_bounds(
    polls: list[tuple[int, int, timedelta]], ages: list[timedelta]
) -> None:
    rhythm = first_rhythm([NOW - age for age in ages], len(ages), NOW)
    now = NOW
    for new, known, elapsed in polls:
        since, now = now, now + elapsed
        rhythm = learn(rhythm, new=[now] * new, known=known, since=since, now=now)
        wait = learned_interval(rhythm)
        assert wait is None or FASTEST <= wait <= SLOWEST
        if wait is not None:
            assert now < next_look(rhythm, wait, now) <= now + SLOWEST
        assert 0.25 <= rhythm.haste <= 1
        assert 0 <= rhythm.gaps <= 1
