"""Pure: what the bare clusterer would have made of articles that people joined or parted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipeline.records import Article, StoryId
from pipeline.stories.refine import Live, Pair, Ties, regrouped
from pipeline.stories.similarity import PairModel
from pipeline.stories.strictness import RuleOf, no_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Two articles that somebody joined (must) or parted (cannot), and what was found."""

    pair: Pair
    #: must | cannot.
    kind: str
    #: Of the pair alone; None when the two are further apart than the window.
    score: float | None
    is_together: bool

    @property
    def is_right(self) -> bool:
        """Say whether the clusterer did by itself what people had to tell it."""
        return self.is_together == (self.kind == "must")

    @property
    def wrongness(self) -> float:
        """Return how sure it is of a mistake, 0 to 1."""
        score = self.score or 0.0
        return 1.0 - score if self.kind == "must" else score


def judge(
    articles: Iterable[Article],
    pairs: Sequence[tuple[Pair, str]],
    *,
    window: timedelta,
    model: PairModel,
    rule_of: RuleOf = no_rule,
) -> list[Judged]:
    """Group articles of one language as if nobody had said anything, and look at pairs of them.

    `articles` are those of the pairs and all around them; pairs with others are left out.
    """
    given = list(articles)
    # Each in a story of its own: where people put them is what the clusterer is not to know.
    own = {article.id: StoryId(article.id) for article in given}
    live = Live(given, window, model, own, rule_of=rule_of)
    groups = regrouped(live, Ties(live), model)
    group_of = {article: number for number, group in enumerate(groups) for article in group}
    return [
        Judged(
            pair=pair,
            kind=kind,
            score=live.score(live.number[pair[0]], live.number[pair[1]]),
            is_together=group_of[pair[0]] == group_of[pair[1]],
        )
        for pair, kind in pairs
        if pair[0] in group_of and pair[1] in group_of
    ]
