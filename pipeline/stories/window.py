"""Pure: the live window, the articles that can still attract new ones, indexed by their words.

What it answers depends on the articles it holds, not on the order in which they came. Adding is
linear in the article's words; asking is bounded by the limits below, however many articles are
live and however alike they are.
"""

from __future__ import annotations

import heapq
import math
from array import array
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from pipeline.records import Article, ArticleId, StoryId
from pipeline.stories.duplicates import ALIAS_WITHIN, headline_key
from pipeline.stories.strictness import RuleOf, no_rule
from pipeline.stories.vectors import Features, Frequencies, Weighed, features

#: Heaviest words of an article that fetch candidates; the rest adds little to a likeness.
_QUERY_WORDS: Final = 16
#: Newest articles looked at for one word: a word with more says little.
_POSTINGS: Final = 500
#: Articles whose stories are compared.
_CANDIDATES: Final = 20

#: Sorts articles by age, equal times by id: a total order.
AgeKey = tuple[datetime, ArticleId]


class Window:
    """The live articles of one partition; grows as articles are placed."""

    def __init__(self, reach: timedelta, seen: Frequencies, rule_of: RuleOf = no_rule) -> None:
        """Start empty; articles further apart than `reach` do not attract each other."""
        self._reach = reach
        self._rule_of = rule_of
        self.seen = seen
        self._features: dict[ArticleId, Features] = {}
        self.story_of: dict[ArticleId, StoryId] = {}
        self._members: dict[StoryId, list[AgeKey]] = {}
        #: Word -> slots of the articles that hold it, by age.
        self._postings: dict[int, array[int]] = {}
        #: Slot -> article: four bytes in the postings stand for an id of sixty-four.
        self._slots: dict[int, Features] = {}
        self._next_slot = 0
        self._headlines: dict[tuple[str, str], list[AgeKey]] = {}

    def __len__(self) -> int:
        """Return how many articles are live."""
        return len(self._features)

    def read(self, article: Article) -> Features:
        """Return the features of an article, to be compared and added."""
        return features(article, self.seen, self._rule_of(article))

    def weighed(self, found: Features) -> Weighed:
        """Weigh an article by what is live now."""
        return Weighed(found, self.seen)

    def features_of(self, article_id: ArticleId) -> Features:
        """Return the features of a live article."""
        return self._features[article_id]

    def add(self, article: Article, found: Features, story_id: StoryId) -> None:
        """Make an article a member of its story, to be found from now on."""
        slot = self._next_slot
        self._next_slot += 1
        self._slots[slot] = found
        self._features[found.id] = found
        self.story_of[found.id] = story_id
        age = _age(found)
        insort(self._members.setdefault(story_id, []), age)
        for word in found.words:
            postings = self._postings.setdefault(word, array("I"))
            if postings and age < self._age_of_slot(postings[-1]):
                insort(postings, slot, key=self._age_of_slot)
            else:
                postings.append(slot)
        if key := headline_key(article):
            insort(self._headlines.setdefault(key, []), age)
        self.seen.learn(found)

    def settle(self, story_of: Mapping[ArticleId, StoryId]) -> None:
        """Move live articles to the stories that a refinement found."""
        for article_id, story_id in story_of.items():
            old = self.story_of.get(article_id)
            if old in (None, story_id):
                continue
            self._leave(self._features[article_id], old)
            self.story_of[article_id] = story_id
            insort(self._members.setdefault(story_id, []), _age(self._features[article_id]))

    def __contains__(self, article_id: ArticleId) -> bool:
        """Tell whether an article is live."""
        return article_id in self._features

    def forget(self, before: datetime) -> None:
        """Drop the articles older than `before` and what was learnt from them."""
        self.drop({found.id for found in self._slots.values() if found.published_at < before})

    def drop(self, ids: Collection[ArticleId]) -> None:
        """Drop articles and what was learnt from them; those that are not live are left out."""
        old = {slot: found for slot, found in self._slots.items() if found.id in ids} if ids else {}
        for slot, found in old.items():
            for word in found.words:
                self._postings[word].remove(slot)
                if not self._postings[word]:
                    del self._postings[word]
            self._leave(found, self.story_of.pop(found.id))
            self.seen.forget(found)
            del self._features[found.id], self._slots[slot]
        gone = {found.id for found in old.values()}
        for key, ages in list(self._headlines.items()) if gone else ():
            kept = [age for age in ages if age[1] not in gone]
            if not kept:
                del self._headlines[key]
            elif len(kept) < len(ages):
                self._headlines[key] = kept

    def _leave(self, found: Features, story_id: StoryId) -> None:
        members = self._members[story_id]
        members.remove(_age(found))
        if not members:
            del self._members[story_id]

    def _age_of_slot(self, slot: int) -> AgeKey:
        return _age(self._slots[slot])

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

    def candidates(self, asking: Weighed, limit: int = _CANDIDATES) -> list[Features]:
        """Return the live articles most alike by their heaviest words, best first."""
        words = heapq.nsmallest(
            _QUERY_WORDS,
            asking.body,
            key=lambda word: (-asking.body[word], self.seen.words[word]),
        )
        likeness: dict[int, float] = defaultdict(float)
        for word in words:
            # The other's weight of the word is not known; its idf is the same.
            weight = asking.body[word] * asking.idf[word]
            for slot in self._postings.get(word, ())[-_POSTINGS:]:
                likeness[slot] += weight
        near = [
            (-value / math.sqrt(len(other.words)), other.id, other)
            for slot, value in likeness.items()
            if self.within_reach(asking.found, other := self._slots[slot])
            and other.id != asking.found.id
        ]
        return [other for _, _, other in heapq.nsmallest(limit, near, key=lambda one: one[:2])]

    def newest_members(self, story_id: StoryId, found: Features, limit: int) -> list[Features]:
        """Return the newest members of a story within reach of an article, oldest first."""
        members = self._members[story_id]
        first = bisect_left(members, (found.published_at - self._reach, ArticleId("")))
        # No id sorts after this one: members of the very last moment count.
        end = bisect_right(members, (found.published_at + self._reach, ArticleId("\U0010ffff")))
        return [self._features[member] for _, member in members[max(first, end - limit) : end]]

    def within_reach(self, found: Features, other: Features) -> bool:
        """Tell whether two articles are near enough in time to attract each other."""
        return abs(found.published_at - other.published_at) <= self._reach


def _age(found: Features) -> AgeKey:
    return (found.published_at, found.id)
