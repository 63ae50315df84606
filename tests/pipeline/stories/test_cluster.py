import math
import random
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Article, ArticleId, StoryId
from pipeline.stories.cluster import Assignment, LiveArticle, assign, story_id
from pipeline.stories.cluster import place as cluster_place
from pipeline.stories.similarity import TERMS, shipped_model
from pipeline.stories.strictness import Rule
from pipeline.stories.vectors import frequencies
from pipeline.stories.window import Window
from tests.pipeline.stories.material import (
    BRIDGE,
    NOON,
    OTHERS,
    WINDOW,
    groups,
    make,
    place,
)


def ids(articles: list[Article]) -> frozenset[str]:
    return frozenset(article.id for article in articles)


def live_after(articles: list[Article], assignments: list[Assignment]) -> list[LiveArticle]:
    stories = {one.article_id: one.story_id for one in assignments}
    return [LiveArticle(article=one, story_id=stories[one.id]) for one in articles]


def test_paraphrased_coverage_of_one_event_joins_and_other_events_stay_alone() -> None:
    found = groups(place([*BRIDGE, *OTHERS]))
    assert found == {ids(BRIDGE), *(ids([other]) for other in OTHERS)}


def test_the_first_article_founds_the_story_that_the_others_join() -> None:
    assignments = place(BRIDGE)
    assert [one.founded for one in assignments] == [True, False, False, False]
    assert {one.story_id for one in assignments} == {story_id(BRIDGE[0].id)}


@settings(max_examples=25, deadline=None)
@given(st.permutations([*BRIDGE, *OTHERS]))
def test_the_order_of_the_arguments_changes_nothing(shuffled: list[Article]) -> None:
    assert place(shuffled) == place([*BRIDGE, *OTHERS])


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_live_articles_changes_nothing(chance: random.Random) -> None:
    live = live_after([*BRIDGE[:2], *OTHERS], place([*BRIDGE[:2], *OTHERS]))
    expected = place(BRIDGE[2:], live)
    chance.shuffle(live)
    assert place(BRIDGE[2:], live) == expected


def test_equal_times_are_taken_in_the_order_of_ids() -> None:
    at_once = [replace(article, published_at=NOON) for article in reversed(BRIDGE)]
    assert [one.article_id for one in place(at_once)] == sorted(ids(BRIDGE))


def test_hash_seeds_change_nothing() -> None:
    script = (
        "from tests.pipeline.stories.material import *\n"
        "print([(a.story_id, a.membership) for a in place([*BRIDGE, *OTHERS])])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1


def test_ticks_place_articles_as_one_batch_does() -> None:
    everything = sorted([*BRIDGE, *OTHERS], key=lambda article: article.published_at)
    live: list[LiveArticle] = []
    for article in everything:
        live += live_after([article], place([article], live))
    assert {member.article.id: member.story_id for member in live} == {
        one.article_id: one.story_id for one in place(everything)
    }


def test_a_decision_does_not_depend_on_later_articles() -> None:
    early = [one for one in [*BRIDGE, *OTHERS] if one.published_at < NOON + timedelta(hours=4)]
    assert place([*BRIDGE, *OTHERS])[: len(early)] == place(early)


def test_a_late_article_joins_the_story_it_belongs_to() -> None:
    live = live_after(BRIDGE[1:], place(BRIDGE[1:]))
    late = place([replace(BRIDGE[0], published_at=NOON - timedelta(hours=4))], live)
    assert late[0].story_id == live[0].story_id


def test_beyond_the_window_the_same_words_found_a_new_story() -> None:
    live = live_after(BRIDGE[:1], place(BRIDGE[:1]))
    year_later = replace(BRIDGE[1], published_at=NOON + timedelta(days=365))
    assert place([year_later], live)[0].founded


def test_live_articles_are_not_placed_again() -> None:
    live = live_after(BRIDGE, place(BRIDGE))
    assert place([*BRIDGE, OTHERS[0]], live) == place([OTHERS[0]], live)


def test_nothing_new_gives_nothing() -> None:
    assert place([]) == []
    assert place([], live_after(BRIDGE, place(BRIDGE))) == []


def test_releases_set_from_one_template_stay_apart() -> None:
    goods = ["Speech Recognition", "Garden Furniture", "Machine Tools", "Dental Lasers"]
    releases = [
        make(
            f"release{number}",
            f"Global {good} Market Size, Share and Growth Forecast to 2031",
            f"The global {good} market is expected to grow at a healthy rate over the forecast"
            " period. The study covers key players, segments and regions in detail.",
            hours=number,
        )
        for number, good in enumerate(goods)
    ]
    assert len(groups(place(releases))) == len(goods)


def test_the_same_kind_of_event_about_another_subject_is_another_story() -> None:
    first = make(
        "fund1",
        "Chip startup Quillon raises $40 million in round led by Farrow",
        "The chip startup Quillon has raised 40 million dollars in a round led by Farrow Capital,"
        " the company said. It designs chips for cameras. Investors such as Farrow like cameras.",
    )
    second = make(
        "fund2",
        "Chip startup Zembra raises $55 million in round led by Pellworth",
        "The chip startup Zembra has raised 55 million dollars in a round led by Pellworth, the"
        " company said. It designs chips for hearing aids. The money of Pellworth buys machines.",
        hours=1,
    )
    assert len(groups(place([first, second]))) == 2


def test_daily_tallies_of_different_days_stay_apart() -> None:
    tallies = [
        make(
            f"tally{day}",
            f"Norvale reservoir level on March {day}",
            f"The Norvale reservoir stood at {60 + day} per cent on March {day}, the water board"
            " said in its daily bulletin for the region.",
            hours=24 * day,
        )
        for day in range(2, 5)
    ]
    assert len(groups(place(tallies))) == 3


def test_live_pages_do_not_join_the_story_they_touch() -> None:
    page = make(
        "live",
        "Live updates: Norvale harbour bridge closed, cinema reopens in Eastmere",
        "All the news of the day: the harbour bridge in Norvale is closed after a crack was found"
        " in its pylon, and the Lantern cinema in Eastmere reopens.",
        hours=7,
    )
    assert ids([page]) in groups(place([*BRIDGE, *OTHERS, page]))


def test_an_article_without_words_stands_alone() -> None:
    silent = [
        make("empty1", ""),
        make("empty2", ""),
        make("emoji1", "🎉🎉"),
        make("emoji2", "🎉🎉", hours=1),
    ]
    assert len(groups(place([*silent, *BRIDGE]))) == len(silent) + 1


def test_a_headline_alone_is_enough_to_join() -> None:
    bare = make("bare", "Norvale harbour bridge closed after crack found in pylon", hours=3)
    assert {*ids(BRIDGE), "bare"} in groups(place([*BRIDGE, bare]))


def test_other_scripts_without_spaces_stand_alone() -> None:
    titles = ["大橋が閉鎖された", "映画館が再開した", "สะพานปิดให้บริการ", "川にカワウソが戻った"]
    articles = [make(f"s{n}", title, language="ja") for n, title in enumerate(titles)]
    assert len(groups(place(articles))) == len(titles)


def test_a_language_without_background_groups_by_its_own_rare_words() -> None:
    bridge = [
        make(
            "de1",
            "Riss im Pfeiler: Hafenbrücke in Nordtal gesperrt",
            "Die Hafenbrücke in Nordtal ist nach dem Fund eines Risses im Pfeiler gesperrt.",
            language="de",
        ),
        make(
            "de2",
            "Nordtal: Hafenbrücke bleibt nach Riss im Pfeiler gesperrt",
            "Nach einem Riss im Pfeiler bleibt die Hafenbrücke von Nordtal zwei Wochen gesperrt.",
            hours=2,
            language="de",
        ),
    ]
    other = make(
        "de3",
        "Das alte Kino in Ostsee wird mit der Woche des Stummfilms wieder eröffnet",
        "Die Türen des Kinos sind nach der Renovierung wieder auf, und das ist ein Fest.",
        hours=1,
        language="de",
    )
    assert groups(place([*bridge, other])) == {ids(bridge), ids([other])}


def test_a_page_stuffed_with_every_story_does_not_chain_them() -> None:
    stuffed = make(
        "stuffed",
        "Bridge crack cinema otters rates",
        " ".join(article.excerpt for article in [*BRIDGE, *OTHERS]),
        hours=8,
    )
    after = make("cinema2", "Eastmere cinema opens again with silent films", hours=9)
    found = groups(place([*BRIDGE, *OTHERS, stuffed, after]))
    assert len(found) >= len(OTHERS) + 1
    assert not any({"cinema", "bridge1"} <= members for members in found)


def test_among_ten_thousand_equal_titles_an_article_is_compared_with_few() -> None:
    flood = [
        make(f"f{n:05}", "Norvale harbour bridge closed", hours=n / 600) for n in range(10_000)
    ]
    around = Window(WINDOW, frequencies("en"))
    for article in flood:
        around.add(article, around.read(article), StoryId("flood"))
    late = make("late", "Norvale harbour bridge closed", hours=17)
    assert len(around.candidates(around.weighed(around.read(late)))) == 20
    placed = cluster_place(late, around, lambda _: False, shipped_model())
    assert placed.story_id == "flood"


def test_a_very_long_text_is_read_to_its_opening_only() -> None:
    long = replace(BRIDGE[0], id=ArticleId("long"), text=BRIDGE[0].excerpt + " filler" * 20_000)
    assert {"long", "bridge2"} <= next(m for m in groups(place([*BRIDGE, long])) if "long" in m)


def joins_among(others: int, rule: Rule | None = None) -> bool:
    """Tell whether a pair that scores a little above the threshold joins among so many."""
    model = replace(shipped_model(), weights=dict.fromkeys(TERMS, 0.0), bias=-0.7)
    assert model.threshold < 1 / (1 + math.exp(0.7)) < 1.3 * model.threshold
    around = Window(WINDOW, frequencies("en"), lambda _: rule)
    for number in range(others):
        article = make(f"o{number}", f"Ulmhaven market sells {number}kg of {number}berries")
        around.add(article, around.read(article), StoryId(article.id))
    placed = [cluster_place(one, around, lambda _: False, model) for one in BRIDGE[:2]]
    return placed[0].story_id == placed[1].story_id


def test_while_the_window_is_young_an_article_must_be_more_alike_to_join() -> None:
    assert not joins_among(0)
    assert joins_among(600)


def test_where_an_operator_has_said_how_strictly_the_age_of_the_window_says_nothing() -> None:
    assert joins_among(0, Rule(threshold=shipped_model().threshold))
    assert not joins_among(0, Rule(window=WINDOW))


def test_a_story_id_that_is_taken_gets_a_counter() -> None:
    article = OTHERS[0]
    first = story_id(article.id)
    taken = assign([article], [], window=WINDOW, is_taken=lambda name: name == first)
    assert taken[0].story_id == story_id(article.id, 1) != first


def test_story_ids_are_sixteen_lower_case_characters_and_never_change() -> None:
    assert story_id(ArticleId("bridge1")) == "uqkhjw5rbp3rhzaa"
    assert all(len(story_id(ArticleId(str(n)))) == 16 for n in range(50))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=80)), max_size=8))
def test_any_text_is_placed_once(texts: list[tuple[str, str]]) -> None:
    articles = [make(f"a{n}", title, text, hours=n) for n, (title, text) in enumerate(texts)]
    placed = place(articles)
    assert [one.article_id for one in placed] == [article.id for article in articles]
    assert all(one.founded != (one.membership.nearest is not None) for one in placed)


def test_only_a_founding_asks_whether_its_id_is_taken() -> None:
    asked: list[StoryId] = []

    def is_taken(name: StoryId) -> bool:
        asked.append(name)
        return False

    assign(BRIDGE, [], window=WINDOW, is_taken=is_taken)
    assert asked == [story_id(BRIDGE[0].id)]
