"""Pure: figures for stories that neither weights nor threshold have seen.

The labelled stories fall into folds. For each fold the model is fitted, and its threshold chosen,
without the fold's articles; all articles are then replayed and the fold's stories are counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from zlib import crc32

from pipeline.records import ArticleId, StoryId
from pipeline.stories.replay import REFINE_EVERY, WINDOW, replay
from pipeline.stories.scoring import Counts, counts_of
from pipeline.stories.similarity import DENSE_TERMS, TERMS, PairModel
from pipeline.stories.training import Example, LabelledSet, fitted, with_threshold

#: What can be left out besides a term.
VETOES_PART: Final = "vetoes"
REFINEMENT_PART: Final = "refinement"
#: What follows the title: all else is as it is.
OPENING_PART: Final = "opening"
PARTS: Final = (*TERMS, *DENSE_TERMS, OPENING_PART, VETOES_PART, REFINEMENT_PART)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One fold's model and what it found."""

    model: PairModel
    #: Every article of the set -> its story; only the fold's stories are in `counts`.
    found: Mapping[ArticleId, StoryId]
    counts: Mapping[str, Counts]
    churn: float


def cross_fitted(
    sets: Sequence[LabelledSet],
    pairs: Sequence[Sequence[Example]],
    chosen: int,
    model: PairModel,
    *,
    folds: int,
    without: Collection[str] = (),
    window: timedelta = WINDOW,
) -> Iterator[Fold]:
    """Yield the folds of the set at index `chosen`; the other sets always help to fit.

    `pairs`: the examples of each set.
    `without`: some of `PARTS`, left out in fitting and placing alike.
    """
    if VETOES_PART in without:
        model = replace(model, vetoes=())
    for fold in range(folds):
        given = _without_fold(sets[chosen], fold, folds)
        seen = {article.id for article in given.articles}
        kept: list[Example] = []
        for number, some in enumerate(pairs):
            kept += (
                [pair for pair in some if pair.one in seen and pair.other in seen]
                if number == chosen
                else some
            )
        others = [given if number == chosen else one for number, one in enumerate(sets)]
        own = with_threshold(fitted(kept, model, without=without), others, window=window)
        refine_every = None if REFINEMENT_PART in without else REFINE_EVERY
        replayed = replay(
            sets[chosen].articles, model=own, refine_every=refine_every, window=window
        )
        counts = counts_of(replayed.story_of, sets[chosen].labels)
        mine = {story: one for story, one in counts.items() if _fold_of(story, folds) == fold}
        yield Fold(model=own, found=replayed.story_of, counts=mine, churn=replayed.churn)


def _fold_of(story: str, folds: int) -> int:
    return crc32(story.encode()) % folds


def _without_fold(given: LabelledSet, fold: int, folds: int) -> LabelledSet:
    """Return a set without the stories of one fold."""
    labels = {
        article: story for article, story in given.labels.items() if _fold_of(story, folds) != fold
    }
    kept = [article for article in given.articles if article.id in labels]
    return replace(given, articles=kept, labels=labels)
