import random
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Article, ArticleId, StoryId
from pipeline.stories.vectors import frequencies
from pipeline.stories.window import Window
from tests.pipeline.stories.material import BRIDGE, NOON, OTHERS, WINDOW, make


def filled(articles: list[Article]) -> Window:
    window = Window(WINDOW, frequencies("en"))
    for article in articles:
        window.add(article, window.read(article), StoryId(article.id))
    return window


def asked(window: Window, article: Article) -> list[str]:
    return [one.id for one in window.candidates(window.weighed(window.read(article)))]


def test_the_most_alike_come_first_and_the_unlike_not_at_all() -> None:
    window = filled([*BRIDGE[1:], *OTHERS])
    assert set(asked(window, BRIDGE[0])[:3]) == {one.id for one in BRIDGE[1:]}
    assert asked(window, make("new", "Xylophone quartet")) == []


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_what_it_answers_does_not_depend_on_the_order_of_adding(chance: random.Random) -> None:
    articles = [*BRIDGE[1:], *OTHERS]
    expected = asked(filled(articles), BRIDGE[0])
    chance.shuffle(articles)
    assert asked(filled(articles), BRIDGE[0]) == expected


def test_a_window_that_forgot_is_as_one_that_never_knew() -> None:
    old = [
        make(f"old{n}", f"Norvale harbour {n}", "Bridge and pylon.", hours=-200 - n)
        for n in range(9)
    ]
    window = filled([*old, *BRIDGE[1:], *OTHERS])
    window.forget(NOON - timedelta(hours=100))
    fresh = filled([*BRIDGE[1:], *OTHERS])
    assert len(window) == len(fresh)
    for one in (window, fresh):
        assert one.seen.idf(one.seen.id_of("norval")) == fresh.seen.idf(fresh.seen.id_of("norval"))
    assert asked(window, BRIDGE[0]) == asked(fresh, BRIDGE[0])
    assert not window.has_story(StoryId("old1"))
    assert window.alias_target(old[0]) is None


def test_articles_move_to_the_stories_they_are_found_to_belong_to() -> None:
    window = filled(BRIDGE)
    window.settle({BRIDGE[1].id: StoryId("bridge1"), ArticleId("gone"): StoryId("x")})
    found = window.read(BRIDGE[3])
    members = window.newest_members(StoryId("bridge1"), found, 20)
    assert [one.id for one in members] == ["bridge1", "bridge2"]
    assert not window.has_story(StoryId("bridge2"))
