"""Pure: one article -> its features, once; what words weigh is asked of the live window.

Features say which words an article holds and where. How much a word tells depends on how many
live articles hold it, so weights are not kept: they are made for a comparison from the
frequencies of that moment. Two windows with the same live articles weigh alike, however they
came to hold them; in a stream about one subject the subject's own words soon weigh little.
"""

from __future__ import annotations

import json
import math
import operator
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib import resources
from sys import intern
from typing import Final
from zlib import crc32

from pipeline.records import Article, ArticleId, Embedding
from pipeline.stories import duplicates, tokens
from pipeline.stories.headlines import HeadlineForm, form_of
from pipeline.stories.strictness import Rule

#: Documents we pretend to have seen, so that the first words of a language weigh something.
_PRIOR_DOCUMENTS: Final = 50
#: What a document of the shipped background counts beside a live one: the window knows what its
#: own subject's common words are, the background only helps while it is small.
_BACKGROUND_SHARE: Final = 0.05
#: A word of the title counts so often beside one of the opening: the title names the event.
_TITLE_COUNT: Final = 2
#: Without a background of its language a word needs so many letters: the shorter ones are
#: articles, pronouns and prepositions in most languages of Europe.
_SHORTEST_UNKNOWN: Final = 4
#: Letter runs are counted in so many drawers; two runs seldom share one (about 20,000 occur).
_DRAWERS: Final = 1 << 16
#: Counts above tell nothing new and need a second byte.
_LARGEST_COUNT: Final = 255
#: 1 + ln of every count a byte can hold (0: the word is in the address alone).
_DAMPED: Final = (0.0, *(1 + math.log(count) for count in range(1, _LARGEST_COUNT + 1)))


#: Where a word of an article stands and how it is written, bits of one byte (an IntFlag costs
#: more than the rest of a comparison).
_TITLE: Final = 1
_OPENING: Final = 2
#: In the words of the address.
_ADDRESS: Final = 4
#: Capitalised within a sentence of this article.
_NAME: Final = 8
#: Within a sentence of the opening, capitalised or not: how the word is usually written.
_UPPER: Final = 16
_LOWER: Final = 32
#: A word of the headline, spoken or in the address.
_HEAD: Final = _TITLE | _ADDRESS
#: A word of the article itself.
_BODY: Final = _TITLE | _OPENING


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """What the comparison of articles sees of one: about 1 KB."""

    id: ArticleId
    published_at: datetime
    form: HeadlineForm
    #: Ids of its words, each once; `marks` and `counts` run beside them.
    words: array[int]
    marks: bytes
    #: How often, a word of the title counted twice.
    counts: bytes
    #: Drawers of the headline's letter runs, each once, and how often.
    runs: array[int]
    run_counts: bytes
    #: Hashes of the opening's word sequences, sorted, to recognise one text.
    shingles: array[int]
    #: How strictly it is compared, where that is not as usual.
    rule: Rule | None = None
    embedding: Embedding | None = None


class Frequencies:
    """In how many documents each word is: the background's, and those learnt."""

    def __init__(self, counts: Mapping[str, int], documents: int, *, shortest_word: int) -> None:
        """Start from `counts` over `documents`."""
        self._background = counts
        self._documents = documents * _BACKGROUND_SHARE + _PRIOR_DOCUMENTS
        self._learnt = 0
        self._ids: dict[str, int] = {}
        self._seen = array("d")
        self._upper = array("I")
        self._lower = array("I")
        self._runs = array("I", bytes(4 * _DRAWERS))
        self.words: list[str] = []
        self.shortest_word = shortest_word

    def id_of(self, word: str) -> int:
        """Return the number that stands for a word here."""
        known = self._ids.get(word)
        if known is not None:
            return known
        self._ids[word] = len(self.words)
        self.words.append(word)
        self._seen.append(self._background.get(word, 0) * _BACKGROUND_SHARE)
        self._upper.append(0)
        self._lower.append(0)
        return len(self.words) - 1

    def learn(self, found: Features) -> None:
        """Count one more document."""
        self._count(found, 1)

    def forget(self, found: Features) -> None:
        """Take back what was learnt from a document."""
        self._count(found, -1)

    def _count(self, found: Features, step: int) -> None:
        self._learnt += step
        for word, mark in zip(found.words, found.marks, strict=True):
            if mark & _BODY:
                self._seen[word] += step
            if mark & _UPPER:
                self._upper[word] += step
            if mark & _LOWER:
                self._lower[word] += step
        for run in found.runs:
            self._runs[run] += step

    def idf(self, word: int) -> float:
        """Return a word's weight: the rarer, the heavier; never negative."""
        return self.idfs((word,))[0]

    def idfs(self, words: Iterable[int]) -> list[float]:
        """Return the weights of words."""
        total, seen, log = self._documents + self._learnt, self._seen, math.log
        return [log(1 + total / (seen[word] + 0.5)) for word in words]

    def run_idfs(self, runs: Iterable[int]) -> list[float]:
        """Return the weights of a headline's letter runs."""
        total, seen, log = _PRIOR_DOCUMENTS + self._learnt, self._runs, math.log
        return [log(1 + total / (seen[run] + 0.5)) for run in runs]

    def names(self, found: Features) -> list[int]:
        """Return the words of an article that are names: so written here, or nearly always."""
        upper, lower = self._upper, self._lower
        return [
            word
            for word, mark in zip(found.words, found.marks, strict=True)
            if mark & _BODY
            and (upper[word] >= lower[word] if mark & _NAME else upper[word] > 2 * lower[word])
        ]


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


def features(article: Article, seen: Frequencies, rule: Rule | None = None) -> Features:
    """Return the features of `article`; its words get their numbers from `seen`."""
    read = _read(
        tokens.clean_title(article.title, (article.provider_name, article.provider)),
        tokens.opening(article.text or article.excerpt),
        article.url,
        seen.shortest_word,
    )
    return Features(
        id=article.id,
        published_at=article.published_at,
        form=form_of(article.title),
        words=array("I", map(seen.id_of, read.words)),
        marks=read.marks,
        counts=read.counts,
        runs=read.runs,
        run_counts=read.run_counts,
        shingles=read.shingles,
        rule=rule,
        embedding=article.embedding,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What a text holds, whoever else is live."""

    words: tuple[str, ...]
    marks: bytes
    counts: bytes
    runs: array[int]
    run_counts: bytes
    shingles: array[int]


#: Texts whose words are remembered, 2 KB each: live stories are grouped anew every round, those of
#: a backfill every hour of the past, and reading their texts again was a third of that.
_TEXTS: Final = 2_000


@lru_cache(maxsize=_TEXTS)
def _read(title: str, opening: str, url: str, shortest: int) -> _Read:
    """Take a text to pieces; nobody may change what is returned."""
    title_words = tokens.words(title, shortest=shortest)
    opening_words = tokens.words(opening, shortest=shortest)
    marks: dict[str, int] = {}
    capitals, others = tokens.cases(opening)
    names = tokens.names(title) | tokens.names(opening)
    for mark, words in (
        (_TITLE, title_words),
        (_OPENING, opening_words),
        (_ADDRESS, tokens.address_words(url)),
    ):
        _mark(marks, mark, words)
    _mark(marks, _NAME, names & marks.keys())
    _mark(marks, _UPPER, marks.keys() & capitals)
    _mark(marks, _LOWER, marks.keys() & others)
    counts = Counter(title_words * _TITLE_COUNT + opening_words)
    runs = Counter(crc32(run.encode()) % _DRAWERS for run in tokens.letter_runs(title))
    return _Read(
        words=tuple(map(intern, marks)),  # one string for a word, however many articles hold it
        marks=bytes(marks.values()),
        counts=bytes(min(counts[word], _LARGEST_COUNT) for word in marks),
        runs=array("I", runs),
        run_counts=bytes(min(count, _LARGEST_COUNT) for count in runs.values()),
        shingles=array("I", sorted(duplicates.shingles(tokens.plain_words(opening)))),
    )


def _mark(marks: dict[str, int], mark: int, words: Iterable[str]) -> None:
    for word in words:
        marks[word] = marks.get(word, 0) | mark


#: Words or runs with their weights.
Weights = dict[int, float]


class Weighed:
    """An article's features with what they weigh at one moment."""

    __slots__ = ("body", "found", "head", "head_sum", "idf", "length", "names", "names_length",
                 "runs", "runs_length", "title")  # fmt: skip

    def __init__(self, found: Features, seen: Frequencies) -> None:
        """Weigh `found` by `seen`."""
        words, marks = found.words, found.marks
        idfs = seen.idfs(words)
        self.found = found
        self.idf: Weights = dict(zip(words, idfs, strict=True))
        #: Words of the article with (1 + ln count) x idf.
        self.body: Weights = {
            word: _DAMPED[count] * idf
            for word, idf, count in zip(words, idfs, found.counts, strict=True)
            if count
        }
        self.head = [word for word, mark in zip(words, marks, strict=True) if mark & _HEAD]
        self.title = {word for word, mark in zip(words, marks, strict=True) if mark & _TITLE}
        self.names: Weights = {word: self.idf[word] for word in seen.names(found)}
        self.runs: Weights = {
            run: _DAMPED[count] * idf
            for run, count, idf in zip(
                found.runs, found.run_counts, seen.run_idfs(found.runs), strict=True
            )
        }
        self.head_sum = math.fsum([self.idf[word] for word in self.head])
        self.length = length(self.body)
        self.names_length = length(self.names)
        self.runs_length = length(self.runs)


def length(weights: Weights) -> float:
    """Return the Euclidean length of a vector."""
    values = weights.values()
    return math.sqrt(math.fsum(map(operator.mul, values, values)))


def cosine(one: Weights, other: Weights, lengths: float) -> float:
    """Return how much two vectors share: 0 nothing, 1 the same words in the same measure.

    `lengths`: the product of the lengths of the two.
    """
    dot = math.fsum([one[word] * other[word] for word in one.keys() & other.keys()])
    return dot / lengths if dot else 0.0
