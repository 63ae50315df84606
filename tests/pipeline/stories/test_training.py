from dataclasses import replace

import pytest

from pipeline.records import Article, ArticleId, Embedding
from pipeline.stories.crossfit import cross_fitted
from pipeline.stories.dense import quantised
from pipeline.stories.replay import WINDOW
from pipeline.stories.similarity import TERMS, shipped_model
from pipeline.stories.training import LabelledSet, examples, fitted, with_threshold
from tests.pipeline.stories.material import BRIDGE, OTHERS, make

PLACES = ("Norvale", "Eastmere", "Tessaly", "Quillon", "Farrow", "Linden")
HAPPENED = (
    ("flood", "river rose over its banks and families left their cellars for the school"),
    ("strike", "drivers stopped work over wages and no tram left the depot in the morning"),
    ("fair", "growers brought apples and cheese and the band played until the lights went out"),
)


def days() -> LabelledSet:
    """Make eighteen events, each told twice in other words."""
    articles, labels = [], {}
    for place_number, place in enumerate(PLACES):
        for number, (what, text) in enumerate(HAPPENED):
            story = f"{place}-{what}"
            hours = 4.0 * place_number + number
            for telling, (title, body) in enumerate(
                [
                    (f"{place} {what}: what we know", f"In {place} the {text}."),
                    (f"The {what} of {place} in words", f"People of {place} say the {text}."),
                ]
            ):
                one = make(f"{story}{telling}", title, body, hours=hours + telling)
                articles.append(one)
                labels[one.id] = story
    return LabelledSet(articles=articles, labels=labels)


def labelled(articles: list[Article], *stories: str) -> LabelledSet:
    names = zip(articles, stories, strict=True)
    return LabelledSet(articles=articles, labels={one.id: story for one, story in names})


def test_every_pair_within_reach_that_shares_something_is_an_example() -> None:
    found = examples(labelled([*BRIDGE, OTHERS[0]], *"bbbbc"))
    same = [pair for pair in found if pair.is_same]
    assert len(same) == 6
    assert [pair.weight for pair in same] == pytest.approx([3**-0.5] * 6)
    assert all(len(pair.values) == len(TERMS) for pair in found)
    assert {ArticleId("cinema")}.isdisjoint(
        {name for pair in same for name in (pair.one, pair.other)}
    )


def test_pairs_beyond_reach_and_vetoed_pairs_are_none() -> None:
    far = make("far", BRIDGE[0].title, BRIDGE[0].excerpt, hours=24 * 4)
    live = make("live", f"Live: {BRIDGE[0].title}", BRIDGE[0].excerpt, hours=1)
    assert examples(labelled([BRIDGE[0], far, live], *"bbb")) == []


def test_fitting_finds_weights_that_speak_for_likeness_and_the_same_each_time() -> None:
    pairs = examples(days())
    model = fitted(pairs, shipped_model())
    assert model.weights["everything"] > 0
    assert model.bias < 0
    assert fitted(pairs, shipped_model()) == model


def test_the_order_of_the_articles_changes_no_weight() -> None:
    given = days()
    turned = LabelledSet(articles=given.articles[::-1], labels=given.labels)
    assert fitted(examples(turned), shipped_model()) == fitted(examples(given), shipped_model())


def test_a_term_left_out_has_no_weight() -> None:
    model = fitted(examples(days()), shipped_model(), without=["names", "time"])
    assert model.weights["names"] == model.weights["time"] == 0
    assert model.weights["everything"] > 0


def test_beside_the_meaning_the_words_keep_what_they_weigh_beside_each_other() -> None:
    given = days()
    events = sorted(set(given.labels.values()))
    articles = [
        replace(
            one,
            embedding=Embedding("m/18", 2 * quantised(near(events.index(given.labels[one.id])))),
        )
        for one in given.articles
    ]
    pairs = examples(replace(given, articles=articles))
    dense = shipped_model(dense=True)

    words, both = fitted(pairs, shipped_model()), fitted(pairs, dense)

    assert both.weights["meaning"] > 0
    heaviest = max(TERMS, key=lambda term: words.weights[term])
    scale = both.weights[heaviest] / words.weights[heaviest]
    assert 0 < scale < 1
    assert [both.weights[term] for term in TERMS] == pytest.approx(
        [scale * words.weights[term] for term in TERMS], abs=0.02
    )
    assert fitted(pairs, dense, without=["meaning"]).weights["meaning"] == 0


def near(event: int) -> list[float]:
    """Make the vector of an event: one of its own, with a part of the next one's."""
    return [{event: 1.0, event + 1: 0.6}.get(place, 0.0) for place in range(19)]


def test_the_threshold_is_one_that_groups_the_labelled_days_well() -> None:
    given = days()
    model = with_threshold(shipped_model(), [given], window=WINDOW)
    assert 0 < model.threshold < 1


def test_every_story_is_counted_in_one_fold() -> None:
    given = days()
    done = list(cross_fitted([given], [examples(given)], 0, shipped_model(), folds=3))
    stories = [story for fold in done for story in fold.counts]
    assert sorted(stories) == sorted(set(given.labels.values()))
    assert len({tuple(fold.model.weights.items()) for fold in done}) == 3


def test_what_is_left_out_is_left_out_of_every_fold() -> None:
    given = days()
    pairs = [examples(given)]
    left_out = ["vetoes", "letters"]
    done = list(cross_fitted([given], pairs, 0, shipped_model(), folds=2, without=left_out))
    assert [fold.model.vetoes for fold in done] == [(), ()]
    assert [fold.model.weights["letters"] for fold in done] == [0, 0]
