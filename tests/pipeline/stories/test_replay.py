import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import ArticleId
from pipeline.stories.replay import replay
from tests.pipeline.stories.material import BRIDGE, NOON, OTHERS

EVERYTHING = [*BRIDGE, *OTHERS]


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_stories(chance: random.Random) -> None:
    shuffled = EVERYTHING.copy()
    chance.shuffle(shuffled)
    assert replay(shuffled) == replay(EVERYTHING)


def test_articles_of_one_event_end_together_and_each_once() -> None:
    found = replay(EVERYTHING).story_of
    assert len({found[one.id] for one in BRIDGE}) == 1
    assert len(set(found.values())) == 1 + len(OTHERS)
    assert found.keys() == {one.id for one in EVERYTHING}


def test_languages_do_not_mix() -> None:
    twin = replace(BRIDGE[0], id=ArticleId("twin"), language="nl")
    found = replay([BRIDGE[0], twin]).story_of
    assert found[twin.id] != found[BRIDGE[0].id]


def test_the_same_headline_a_year_apart_is_two_stories() -> None:
    later = replace(BRIDGE[0], id=ArticleId("later"), published_at=NOON + timedelta(days=365))
    found = replay([*BRIDGE, later]).story_of
    assert found[later.id] != found[BRIDGE[0].id]


def test_two_feeds_of_one_outlet_give_one_article() -> None:
    again = replace(BRIDGE[0], id=ArticleId("again"), url="https://bridge1.example/again")
    found = replay([*EVERYTHING, again]).story_of
    assert found[again.id] == found[BRIDGE[0].id]


def test_equal_and_future_times_are_placed_like_others() -> None:
    future = NOON + timedelta(days=4000)
    found = replay([replace(one, published_at=future) for one in EVERYTHING]).story_of
    assert len({found[one.id] for one in BRIDGE}) == 1


def test_without_refinement_nothing_moves() -> None:
    assert replay(EVERYTHING, refine_every=None).churn == 0


def test_nothing_gives_nothing() -> None:
    assert replay([]).story_of == {}
