"""Pure: topics whose stories are told apart more strictly, or more loosely, than others.

The threshold follows the live window by itself (`vectors.Frequencies`); this is for the stream it
does not suit. A topic's `threshold` takes the model's place, its `window` bounds how far apart two
articles may be; where two articles differ, the stricter rule holds for the pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from config.catalogue import Topic
from pipeline.records import Article
from pipeline.stories.topics import topics_of


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for the pairs of an article; None: what holds for all."""

    #: Story score from which articles are one story.
    threshold: float | None = None
    #: Articles further apart do not attract each other.
    window: timedelta | None = None


#: Returns the rule of an article, None for most.
RuleOf = Callable[[Article], Rule | None]


def no_rule(_: Article) -> Rule | None:
    """Let every article be as all."""
    return None


def rules_of(topics: Sequence[Topic]) -> RuleOf:
    """Return the rules of a catalogue: for each article the strictest of its topics."""
    ruled = {topic.name: topic for topic in topics if topic.threshold or topic.window}
    if not ruled:
        return no_rule

    def rule_of(article: Article) -> Rule | None:
        found = topics_of(
            article.title, article.excerpt, topics, url=article.url, provider=article.provider
        )
        mine = [ruled[name] for name in found.names if name in ruled]
        if not mine:
            return None
        return Rule(
            threshold=max((one.threshold for one in mine if one.threshold), default=None),
            window=min((one.window for one in mine if one.window), default=None),
        )

    return rule_of


def stricter(one: Rule | None, other: Rule | None) -> Rule | None:
    """Return what holds for a pair."""
    if one is None or other is None or one == other:
        return one or other
    return Rule(
        threshold=max(filter(None, (one.threshold, other.threshold)), default=None),
        window=min(filter(None, (one.window, other.window)), default=None),
    )
