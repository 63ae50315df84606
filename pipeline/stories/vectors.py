"""Pure: one article -> its features, once; words weigh what they tell (TF-IDF).

Document frequencies start from a shipped background and learn from every article that enters the
window: in a stream about one subject the subject's own words soon weigh little. An article's
vectors are made when it enters and stay: a decision never depends on what comes later.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Final

from pipeline.records import Article, ArticleId
from pipeline.stories import duplicates, tokens
from pipeline.stories.headlines import HeadlineForm, form_of

#: Words with their weights, of length 1 (or empty).
Vector = Mapping[str, float]

#: Documents we pretend to have seen, so that the first words of a language weigh something.
_PRIOR_DOCUMENTS: Final = 50
#: A word of the title counts so often beside one of the opening: the title names the event.
_TITLE_COUNT: Final = 2
#: Without a background of its language a word needs so many letters: the shorter ones are
#: articles, pronouns and prepositions in most languages of Europe.
_SHORTEST_UNKNOWN: Final = 4


class Frequencies:
    """In how many documents each word was seen: the background's, then the window's."""

    def __init__(self, counts: Mapping[str, int], documents: int, *, shortest_word: int) -> None:
        """Start from `counts` over `documents`."""
        self._background = counts
        self._learnt: Counter[str] = Counter()
        self._documents = documents + _PRIOR_DOCUMENTS
        self.shortest_word = shortest_word

    def learn(self, words: Iterable[str]) -> None:
        """Count one more document that holds these words."""
        self._documents += 1
        self._learnt.update(set(words))

    def idf(self, word: str) -> float:
        """Return the word's weight: the rarer, the heavier; never negative."""
        seen = self._background.get(word, 0) + self._learnt[word]
        return math.log(1 + self._documents / (seen + 0.5))


@cache
def _background() -> tuple[str, int, Mapping[str, int]]:
    """Read the shipped counts: (language, documents, word -> documents that hold it)."""
    text = resources.files("pipeline.stories").joinpath("background.json").read_text("utf-8")
    data = json.loads(text)
    return data["language"], data["documents"], data["words"]


def frequencies(language: str) -> Frequencies:
    """Return fresh frequencies for articles in `language` (``en``, ``en-GB`` ...)."""
    known, documents, words = _background()
    if language.partition("-")[0] == known:
        return Frequencies(words, documents, shortest_word=2)
    return Frequencies({}, 0, shortest_word=_SHORTEST_UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """What the comparison of articles sees of one."""

    id: ArticleId
    published_at: datetime
    form: HeadlineForm
    #: Title (twice) and opening together.
    everything: Vector
    title: Vector
    opening: Vector
    #: Capitalised words within sentences.
    names: Vector
    #: Hashes of the opening's word sequences, to recognise one text.
    shingles: frozenset[int]


def features(article: Article, seen: Frequencies) -> Features:
    """Return the features of `article`, and let `seen` learn its words."""
    title = tokens.clean_title(article.title, (article.provider_name, article.provider))
    opening = tokens.opening(article.text or article.excerpt)
    title_words = tokens.words(title, shortest=seen.shortest_word)
    opening_words = tokens.words(opening, shortest=seen.shortest_word)
    seen.learn(title_words + opening_words)
    return Features(
        id=article.id,
        published_at=article.published_at,
        form=form_of(article.title),
        everything=_vector(title_words * _TITLE_COUNT + opening_words, seen),
        title=_vector(title_words, seen),
        opening=_vector(opening_words, seen),
        names=_vector(sorted(tokens.names(title) | tokens.names(opening)), seen),
        shingles=duplicates.shingles(tokens.plain_words(opening)),
    )


def _vector(words: Iterable[str], seen: Frequencies) -> Vector:
    """Weigh each word by (1 + ln count) x idf and scale to length 1."""
    weights = {
        word: (1 + math.log(count)) * seen.idf(word) for word, count in Counter(words).items()
    }
    length = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
    return {word: weight / length for word, weight in weights.items()}


def cosine(one: Vector, other: Vector) -> float:
    """Return how much two vectors share: 0 nothing, 1 the same words in the same measure."""
    if len(one) > len(other):
        one, other = other, one
    return math.fsum(weight * other[word] for word, weight in one.items() if word in other)
