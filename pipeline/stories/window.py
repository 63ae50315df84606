"""Pure: the live window, the articles that can still attract new ones, indexed by their words.

Building it is linear in the articles; asking it is bounded by the limits below, however many
articles are live and however alike they are.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right, insort
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from pipeline.records import Article, ArticleId, StoryId
from pipeline.stories.duplicates import ALIAS_WITHIN, headline_key
from pipeline.stories.vectors import Features, Frequencies, features

#: Heaviest words of an article that fetch candidates; the rest adds little to a cosine.
_QUERY_WORDS: Final = 12
#: Newest articles looked at for one word: a word with more says little.
_POSTINGS: Final = 300
#: Articles whose stories are compared.
_CANDIDATES: Final = 20

#: Sorts articles by age, equal times by id: a total order.
AgeKey = tuple[datetime, ArticleId]


class Window:
    """The live articles of one partition; grows as articles are placed."""

    def __init__(self, reach: timedelta, seen: Frequencies) -> None:
        """Start empty; articles further apart than `reach` do not attract each other."""
        self._reach = reach
        self._seen = seen
        self.features: dict[ArticleId, Features] = {}
        self.story_of: dict[ArticleId, StoryId] = {}
        self._members: dict[StoryId, list[AgeKey]] = defaultdict(list)
        self._postings: dict[str, list[ArticleId]] = defaultdict(list)
        self._headlines: dict[tuple[str, str], list[AgeKey]] = defaultdict(list)

    def read(self, article: Article) -> Features:
        """Return the features of an article that enters now."""
        return features(article, self._seen)

    def add(self, article: Article, found: Features, story_id: StoryId) -> None:
        """Make an article a member of its story, to be found from now on."""
        age = (article.published_at, article.id)
        self.features[article.id] = found
        self.story_of[article.id] = story_id
        insort(self._members[story_id], age)
        for word in found.everything:
            self._postings[word].append(article.id)
        if key := headline_key(article):
            insort(self._headlines[key], age)

    def has_story(self, story_id: StoryId) -> bool:
        """Tell whether a live story bears this id."""
        return story_id in self._members

    def alias_target(self, article: Article) -> ArticleId | None:
        """Return the oldest member that is this very article under another address."""
        key = headline_key(article)
        for published_at, member in self._headlines.get(key, ()) if key else ():
            if abs(article.published_at - published_at) <= ALIAS_WITHIN:
                return member
        return None

    def candidates(self, found: Features) -> list[ArticleId]:
        """Return the live articles most alike by their heaviest words, best first."""
        words = heapq.nsmallest(
            _QUERY_WORDS,
            found.everything,
            key=lambda word: (-found.everything[word], word),
        )
        likeness: dict[ArticleId, float] = defaultdict(float)
        for word in words:
            weight = found.everything[word]
            for other in self._postings.get(word, ())[-_POSTINGS:]:
                likeness[other] += weight * self.features[other].everything[word]
        near = [other for other in likeness if self._within_reach(found, other)]
        return heapq.nsmallest(_CANDIDATES, near, key=lambda other: (-likeness[other], other))

    def newest_members(self, story_id: StoryId, found: Features, limit: int) -> list[ArticleId]:
        """Return the newest members of a story within reach of an article, oldest first."""
        members = self._members[story_id]
        # No id sorts after this one: members of the very last moment count.
        last = (found.published_at + self._reach, ArticleId("\U0010ffff"))
        end = bisect_right(members, last)
        newest = members[max(0, end - limit) : end]
        return [member for _, member in newest if self._within_reach(found, member)]

    def _within_reach(self, found: Features, other: ArticleId) -> bool:
        gap = found.published_at - self.features[other].published_at
        return abs(gap) <= self._reach
