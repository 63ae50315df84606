"""Pure: articles as the stream they were, tick by tick, through the real clusterer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from pipeline.records import Article, ArticleId, StoryId
from pipeline.stories.cluster import LiveArticle, place
from pipeline.stories.duplicates import ALIAS_WITHIN
from pipeline.stories.refine import SMALL, refine
from pipeline.stories.similarity import PairModel, shipped_model
from pipeline.stories.vectors import frequencies
from pipeline.stories.window import Window

TICK: Final = timedelta(minutes=15)
REFINE_EVERY: Final = timedelta(hours=6)
WINDOW: Final = timedelta(hours=72)
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Where every article ended."""

    story_of: Mapping[ArticleId, StoryId]
    #: Share of the articles whose story is another than after their tick, when they could first be
    #: published; a story that merely became an alias counts as another.
    churn: float


def replay(
    articles: Iterable[Article],
    *,
    model: PairModel | None = None,
    refine_every: timedelta | None = REFINE_EVERY,
    window: timedelta = WINDOW,
) -> Replayed:
    """Place articles in ticks by the time of publication, each language by itself.

    Their stories are grouped anew as in service: with every tick while few are live, every
    `refine_every` beyond, and in the end. `refine_every` None: as placed on arrival.
    """
    model = model or shipped_model()
    partitions: dict[str, list[Article]] = defaultdict(list)
    for article in articles:
        partitions[article.language].append(article)
    streams = []
    for language, members in sorted(partitions.items()):
        stream = _Stream(language, model, window)
        stream.run(members, refine_every)
        streams.append(stream)
    story_of = {article: story for one in streams for article, story in one.story_of.items()}
    arrived = {article: story for one in streams for article, story in one.arrived.items()}
    moved = sum(story_of[article] != arrived[article] for article in arrived)
    return Replayed(story_of=story_of, churn=moved / len(arrived) if arrived else 0.0)


class _Stream:
    """One language as it goes by."""

    def __init__(self, language: str, model: PairModel, reach: timedelta) -> None:
        self._model = model
        self._reach = reach
        self._around = Window(reach, frequencies(language))
        self._articles: dict[ArticleId, Article] = {}
        #: Articles that are another's under another address -> that one.
        self._aliases: dict[ArticleId, ArticleId] = {}
        self._taken: set[StoryId] = set()
        self.story_of: dict[ArticleId, StoryId] = {}
        self.arrived: dict[ArticleId, StoryId] = {}

    def run(self, articles: Sequence[Article], refine_every: timedelta | None) -> None:
        """Place everything."""
        ordered = sorted(articles, key=lambda one: (one.published_at, one.id))
        refined_at: datetime | None = None
        now = _START
        for number, tick in groupby(ordered, key=lambda one: (one.published_at - _START) // TICK):
            now = _START + (number + 1) * TICK
            self._around.forget(now - max(self._reach, ALIAS_WITHIN))
            fresh = list(tick)
            self._place(fresh)
            refined_at = refined_at or now
            if refine_every and (self._is_small(now) or now - refined_at >= refine_every):
                self._refine(now)
                refined_at = now
            self.arrived.update((one.id, self.story_of[one.id]) for one in fresh)
        if refine_every:
            self._refine(now)
        for article, original in self._aliases.items():
            self.story_of[article] = self.story_of[original]

    def _place(self, tick: Sequence[Article]) -> None:
        for article in tick:
            placed = place(article, self._around, self._taken.__contains__, self._model)
            self._taken.add(placed.story_id)
            if placed.alias_of:
                self._aliases[article.id] = placed.alias_of
            else:
                self._articles[article.id] = article
            self.story_of[article.id] = placed.story_id

    def _is_small(self, now: datetime) -> bool:
        """Tell whether few articles are live."""
        since = now - self._reach
        return sum(one.published_at >= since for one in self._articles.values()) <= SMALL

    def _refine(self, now: datetime) -> None:
        """Group all members of the stories that have an article in the window anew."""
        live = {
            self.story_of[article.id]
            for article in self._articles.values()
            if article.published_at >= now - self._reach
        }
        members = [
            LiveArticle(article=article, story_id=self.story_of[article.id])
            for article in self._articles.values()
            if self.story_of[article.id] in live
        ]
        found = refine(
            members, window=self._reach, is_taken=self._taken.__contains__, model=self._model
        )
        self.story_of.update(found.story_of)
        self._taken.update(found.story_of.values())
        self._around.settle(found.story_of)
