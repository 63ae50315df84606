"""Topics whose stories are told apart by a threshold or a window of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from config.catalogue import Topic
from pipeline.records import Article
from pipeline.stories.cluster import LiveArticle, assign
from pipeline.stories.refine import refine
from pipeline.stories.strictness import Rule, no_rule, rules_of, stricter
from tests.pipeline.stories.material import BRIDGE, WINDOW, nothing_taken

HOUR = timedelta(hours=1)
#: BRIDGE is about one bridge; its words are the topic's.
WORDS = ("bridge", "bridges")


def topic(**rule: object) -> tuple[Topic, ...]:
    return (Topic.model_validate({"name": "Bridges", "keywords": WORDS, **rule}),)


def stories(articles: Sequence[Article], topics: Sequence[Topic] = ()) -> int:
    """Return how many stories they make, as they arrive and after looking again."""
    placed = assign(articles, [], window=WINDOW, is_taken=nothing_taken, rule_of=rules_of(topics))
    found = {one.article_id: one.story_id for one in placed}
    again = refine(
        [LiveArticle(article=one, story_id=found[one.id]) for one in articles],
        window=WINDOW,
        is_taken=nothing_taken,
        rule_of=rules_of(topics),
    )
    arrived, refined = len(set(found.values())), len(set(again.story_of.values()))
    assert arrived == refined
    return arrived


def test_a_stricter_topic_makes_more_stories_of_the_same_articles() -> None:
    assert stories(BRIDGE) == 1
    assert stories(BRIDGE, topic(threshold=0.28)) == 1
    assert stories(BRIDGE, topic(threshold=0.999999)) == len(BRIDGE)


def test_a_window_of_a_topic_keeps_those_further_apart_from_each_other() -> None:
    gaps = [b.published_at - a.published_at for a, b in pairwise(BRIDGE)]
    assert max(gaps) > HOUR
    assert stories(BRIDGE, topic(window=HOUR)) > 1
    assert stories(BRIDGE, topic(window=timedelta(days=3))) == 1


def test_other_topics_are_as_before() -> None:
    other = (Topic(name="Owls", keywords=("owl",), threshold=0.99),)
    assert stories(BRIDGE, other) == 1
    assert rules_of((Topic(name="Owls", keywords=("owl",)),)) is no_rule


def test_the_reason_names_the_rule() -> None:
    placed = assign(
        BRIDGE,
        [],
        window=WINDOW,
        is_taken=nothing_taken,
        rule_of=rules_of(topic(threshold=0.3, window="24h")),
    )
    rules = [
        part.detail for one in placed for part in one.membership.parts if part.name == "topic-rule"
    ]
    assert rules
    assert set(rules) == {"threshold 0.3, window 1 day, 0:00:00"}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (None, None, None),
        (Rule(threshold=0.4), None, Rule(threshold=0.4)),
        (Rule(threshold=0.4), Rule(threshold=0.5), Rule(threshold=0.5)),
        (Rule(window=HOUR), Rule(window=2 * HOUR), Rule(window=HOUR)),
        (Rule(threshold=0.4), Rule(window=HOUR), Rule(threshold=0.4, window=HOUR)),
    ],
)
def test_of_two_rules_the_stricter_holds(
    one: Rule | None, other: Rule | None, expected: Rule | None
) -> None:
    assert stricter(one, other) == expected
    assert stricter(other, one) == expected
