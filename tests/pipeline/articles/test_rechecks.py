"""When a page is looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.articles.rechecks import GONE_APART, is_gone, next_recheck

READ = datetime(2026, 3, 1, 12, tzinfo=UTC)
AFTER = tuple(timedelta(hours=hours) for hours in (1, 6, 24))


def hours(number: float) -> datetime:
    return READ + timedelta(hours=number)


def test_looks_follow_each_other() -> None:
    assert next_recheck(READ, AFTER, now=READ) == hours(1)
    assert next_recheck(READ, AFTER, now=hours(1)) == hours(6)
    assert next_recheck(READ, AFTER, now=hours(6.1)) == hours(24)
    assert next_recheck(READ, AFTER, now=hours(24)) is None
    assert next_recheck(READ, (), now=READ) is None


def test_missed_looks_are_not_made_up_for() -> None:
    assert next_recheck(READ, AFTER, now=hours(10)) == hours(24)


def test_a_missing_page_is_asked_for_a_day_later_even_after_the_last_look() -> None:
    assert next_recheck(READ, AFTER, now=hours(24), gone_since=hours(24)) == hours(48)
    assert next_recheck(READ, AFTER, now=hours(60), gone_since=hours(24)) == hours(61)


@given(now=st.floats(0, 200), since=st.none() | st.floats(0, 200))
def test_the_next_look_always_lies_ahead(now: float, since: float | None) -> None:
    gone_since = None if since is None else hours(min(since, now))
    when = next_recheck(READ, AFTER, now=hours(now), gone_since=gone_since)
    assert when is None or when > hours(now)


def test_gone_means_missing_twice_a_day_apart() -> None:
    assert not is_gone(None, now=READ)
    assert not is_gone(READ, now=READ + GONE_APART - timedelta(seconds=1))
    assert is_gone(READ, now=READ + GONE_APART)
