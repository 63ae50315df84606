import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Article, ArticleId, StoryId
from pipeline.stories.cluster import LiveArticle, story_id
from pipeline.stories.refine import STORY_CAP, Pair, Refinement, refine
from tests.pipeline.stories.material import BRIDGE, NOON, OTHERS, WINDOW, make, nothing_taken

EVERYTHING = [*BRIDGE, *OTHERS]


def live(articles: list[Article], *stories: str) -> list[LiveArticle]:
    """Put articles in stories, one name for each."""
    return [
        LiveArticle(article=article, story_id=StoryId(story))
        for article, story in zip(articles, stories, strict=True)
    ]


def again(
    members: list[LiveArticle], must: list[Pair] | None = None, cannot: list[Pair] | None = None
) -> Refinement:
    return refine(
        members, window=WINDOW, is_taken=nothing_taken, must=must or [], cannot=cannot or []
    )


def pair(one: str, other: str) -> Pair:
    return ArticleId(one), ArticleId(other)


def test_stories_as_they_should_be_stay_as_they_are() -> None:
    found = again(live(EVERYTHING, "b", "b", "b", "b", "c", "r", "o"))
    assert (found.moves, found.memberships, found.warnings) == ((), (), ())
    assert not found.aliases
    assert not found.splits


def test_two_stories_on_one_event_merge_and_the_smaller_becomes_an_alias() -> None:
    found = again(live(BRIDGE, "few", "many", "many", "many"))
    assert set(found.story_of.values()) == {"many"}
    assert found.aliases == {"few": "many"}
    assert [(move.article_id, move.old, move.new) for move in found.moves] == [
        ("bridge1", "few", "many")
    ]
    assert not found.splits


def test_of_equal_stories_the_smaller_id_stays() -> None:
    found = again(live(BRIDGE, "b", "a", "b", "a"))
    assert set(found.story_of.values()) == {"a"}
    assert found.aliases == {"b": "a"}


def test_what_never_belonged_together_parts_and_the_founder_names_the_part() -> None:
    found = again(live([*BRIDGE, OTHERS[0]], "b", "b", "b", "b", "b"))
    split = story_id(OTHERS[0].id)
    assert found.story_of[OTHERS[0].id] == split
    assert found.splits == {split: "b"}
    assert [one.article_id for one in found.memberships if one.nearest is None] == [
        "bridge1",
        OTHERS[0].id,
    ]


def test_a_part_whose_id_is_taken_gets_a_counter() -> None:
    first = story_id(OTHERS[0].id)
    found = refine(
        live([*BRIDGE, OTHERS[0]], "b", "b", "b", "b", "b"),
        window=WINDOW,
        is_taken=lambda name: name == first,
    )
    assert found.story_of[OTHERS[0].id] == story_id(OTHERS[0].id, 1)


def test_a_moved_article_says_why_it_stands_there() -> None:
    found = again(live(BRIDGE, "few", "many", "many", "many"))
    reasons = {one.article_id: one for one in found.memberships}
    assert reasons.keys() == {article.id for article in BRIDGE}
    second = reasons[BRIDGE[1].id]
    assert second.nearest is not None
    link = sum(part.value for part in second.parts if part.name.startswith("link."))
    assert abs(link - second.score) < 1e-9


ROUNDUP = make("roundup", " ".join(one.title for one in OTHERS), "Read more below.", hours=6)


def test_what_is_like_three_stories_that_share_nothing_stands_alone() -> None:
    found = again(live([*OTHERS, ROUNDUP], "c", "c", "c", "c"))
    assert len(set(found.story_of.values())) == 4


def test_so_does_each_of_two_outlets_that_print_it() -> None:
    words = " ".join(one.excerpt for one in OTHERS)
    prints = [
        replace(ROUNDUP, id=ArticleId(name), title=title, excerpt=words, text=words)
        for name, title in (("first", ROUNDUP.title), ("second", f"Today: {ROUNDUP.title}"))
    ]
    found = again(live([*OTHERS, *prints], "c", "c", "c", "c", "c"))
    assert len({found.story_of[one.id] for one in OTHERS}) == 3


def test_what_an_operator_joined_is_no_roundup() -> None:
    members = live([*OTHERS, ROUNDUP], "c", "r", "o", "x")
    found = again(members, must=[pair("roundup", "cinema")])
    assert found.story_of[ROUNDUP.id] == found.story_of[ArticleId("cinema")]


def test_it_is_told_that_work_goes_on_while_roundups_are_sought() -> None:
    told: list[None] = []
    members = live([*OTHERS, ROUNDUP], "c", "c", "c", "c")
    refine(members, window=WINDOW, is_taken=nothing_taken, alive=lambda: told.append(None))
    # Once when an article is read, when its candidates are sought and when its group stands.
    assert len(told) > 3 * len(members)


def test_joined_articles_stand_together_however_unlike() -> None:
    found = again(live(EVERYTHING, *"bbbbcro"), must=[pair("cinema", "bridge1")])
    assert found.story_of[ArticleId("cinema")] == found.story_of[ArticleId("bridge1")] == "b"


def test_parted_articles_stand_apart_however_alike() -> None:
    twin = replace(BRIDGE[0], id=ArticleId("twin"))
    found = again(live([BRIDGE[0], twin], "b", "b"), cannot=[pair("twin", "bridge1")])
    assert found.story_of[twin.id] != found.story_of[BRIDGE[0].id]


def test_a_contradiction_is_told_and_joining_wins() -> None:
    found = again(
        live(BRIDGE[:2], "a", "b"),
        must=[pair("bridge1", "bridge2")],
        cannot=[pair("bridge2", "bridge1")],
    )
    assert len(set(found.story_of.values())) == 1
    assert found.warnings == ("articles bridge2 and bridge1 are both joined and parted: joined",)


def test_pairs_with_articles_not_given_are_left_out() -> None:
    found = again(live(OTHERS, *"cro"), must=[pair("cinema", "gone")], cannot=[pair("gone", "x")])
    assert not found.moves


def test_nothing_gives_nothing() -> None:
    assert again([]).story_of == {}


def test_the_same_headline_a_year_apart_is_two_stories() -> None:
    later = replace(BRIDGE[0], id=ArticleId("later"), published_at=NOON + timedelta(days=365))
    found = again(live([BRIDGE[0], later], "b", "b"))
    assert len(set(found.story_of.values())) == 2


def test_a_story_that_goes_on_for_a_week_stays_one() -> None:
    days = [
        replace(BRIDGE[n % 4], id=ArticleId(f"day{n}"), published_at=NOON + timedelta(days=n))
        for n in range(8)
    ]
    found = again(live(days, *["b"] * 8))
    assert set(found.story_of.values()) == {"b"}


def test_ten_thousand_equal_articles_are_one_story_with_a_warning() -> None:
    flood = [
        replace(BRIDGE[0], id=ArticleId(f"f{n}"), published_at=NOON + timedelta(seconds=n))
        for n in range(10_000)
    ]
    found = again(live([*flood, OTHERS[0]], *["b"] * 10_000, "c"))
    assert set(found.story_of.values()) == {"b", "c"}
    assert found.warnings == (f"story b has 10000 articles, more than {STORY_CAP}",)


def test_an_article_that_an_operator_joined_against_a_veto_says_which_ones_it_passed() -> None:
    live_page = replace(BRIDGE[1], id=ArticleId("live"), title=f"LIVE: {BRIDGE[1].title}")
    story = [*BRIDGE, live_page]
    joined = again(live(story, *["b"] * 4, "l"), [(BRIDGE[0].id, live_page.id)])
    parts = {
        part.name: part.detail
        for one in joined.memberships
        if one.article_id == "live"
        for part in one.parts
    }
    assert parts["vetoes"] == "market-report, other-instalment, other-subject"


ARTICLES = st.lists(
    st.sampled_from([article.id for article in EVERYTHING]), min_size=2, max_size=2, unique=True
).map(lambda names: (names[0], names[1]))


@settings(max_examples=60, deadline=None)
@given(
    stories=st.lists(st.sampled_from("wxyz"), min_size=7, max_size=7),
    must=st.lists(ARTICLES, max_size=2),
    cannot=st.lists(ARTICLES, max_size=3),
    chance=st.randoms(use_true_random=False),
)
def test_any_order_gives_the_same_and_constraints_hold(
    stories: list[str], must: list[Pair], cannot: list[Pair], chance: random.Random
) -> None:
    members = live(EVERYTHING, *stories)
    found = again(members, must, cannot)
    for one, other in must:
        assert found.story_of[one] == found.story_of[other]
    contradicted = len(found.warnings)
    broken = sum(found.story_of[one] == found.story_of[other] for one, other in cannot)
    assert broken == contradicted
    kept = set(found.story_of.values())
    assert set(stories) <= kept | found.aliases.keys()
    assert set(found.aliases.values()) <= kept
    assert found.story_of.keys() == {article.id for article in EVERYTHING}
    for some in (members, must, cannot):
        chance.shuffle(some)
    shuffled = again(members, must, cannot)
    assert (shuffled.story_of, shuffled.aliases) == (found.story_of, found.aliases)


@settings(max_examples=20, deadline=None)
@given(stories=st.lists(st.sampled_from("wxyz"), min_size=7, max_size=7))
def test_looking_twice_changes_nothing_more(stories: list[str]) -> None:
    first = again(live(EVERYTHING, *stories))
    second = again(live(EVERYTHING, *(first.story_of[one.id] for one in EVERYTHING)))
    assert second.moves == ()
