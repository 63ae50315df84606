"""The publishing check stops faults and lets news pass."""

from __future__ import annotations

from pipeline.records import StoryId
from pipeline.seedfile.gate import Shown, judge

GOOD = Shown(published=True, has_excerpt=True, has_image=True)
BARE = Shown(published=True, has_excerpt=False, has_image=True)
HIDDEN = Shown(published=False, has_excerpt=True, has_image=True)


def _set(count: int, shown: Shown = GOOD, start: int = 0) -> dict[StoryId, Shown]:
    return {StoryId(f"s{n}"): shown for n in range(start, start + count)}


def test_growth_and_quiet_days_pass() -> None:
    assert judge({}, {}) == ()
    assert judge(_set(50), _set(50)) == ()
    assert judge({}, _set(500)) == ()


def test_a_few_stories_less_pass_and_many_do_not() -> None:
    assert judge(_set(50), _set(40)) == ()
    assert judge(_set(50), _set(39)) == ("11 of 50 published stories would vanish",)
    assert judge(_set(1000), _set(900)) == (), "a tenth is not a fifth"


def test_hidden_documents_are_not_counted() -> None:
    after = _set(50) | _set(30, HIDDEN)

    assert judge(_set(50), after) == ("30 of 50 published stories would vanish",)


def test_operators_withdrawals_are_not_counted() -> None:
    assert judge(_set(50), _set(20), withdrawn=25) == ()


def test_lost_excerpts_or_pictures_stop_it() -> None:
    after = _set(30) | _set(20, BARE, start=30)

    assert judge(_set(50), after) == ("documents with excerpt would fall from 100% to 60%",)
    assert judge(_set(10), _set(10, BARE)) == (), "ten documents say nothing"
