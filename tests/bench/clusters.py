"""What placing one article costs, by the number of live ones, beside a plain TF-IDF scan.

    python -m tests.bench.clusters [--live 1000 10000 100000] [--asked 100] [--matches 200]

Synthetic articles: an event has words of its own, the rest is drawn as words of a language are
(Zipf); three articles tell one event. `place` is the clusterer itself, on a window of so many live
articles; `scan` is the cosine with every live article that shares a word, in the same run and over
the same words. Memory is what the window holds for one article. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import gc
import math
import random
import statistics
import sys
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate

from rich.console import Console
from rich.table import Table

from pipeline.records import Article, ArticleId, ArticleType, PageId, StoryId
from pipeline.stories import tokens
from pipeline.stories.cluster import place
from pipeline.stories.replay import WINDOW
from pipeline.stories.similarity import pair_score, shipped_model
from pipeline.stories.vectors import frequencies
from pipeline.stories.window import Window

#: At 100,000 live no more than so many times the cost at 1,000.
GROWTH = 3.0
#: A scan of 10,000 costs at least so many times as much as placing among them.
SCAN = 5.0
#: Bytes of the window for one live article.
MEMORY = 4096
#: Share of articles whose best match is that of comparing with every live one.
SAME_MATCH = 0.995
#: Below this score nothing is a match: all are equally strange.
_NO_MATCH = 0.05
_START = datetime(2026, 3, 2, tzinfo=UTC)
_VOCABULARY = 30_000
#: Memory is told for so many live: with few the vocabulary is most of it, with more it takes long.
_WEIGHED_AT = 10_000
_TELLINGS = 3


@dataclass
class _Result:
    live: int
    place_ms: float
    scan_ms: float
    bytes_each: float | None


class Stream:
    """Articles of invented words, the same in every run."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._words = [self._word() for _ in range(_VOCABULARY)]
        self._shares = list(accumulate(1 / (rank + 10) for rank in range(_VOCABULARY)))

    def _word(self) -> str:
        syllables = self._chance.randint(2, 4)
        return "".join(
            self._chance.choice("bdfgklmnprstvz") + self._chance.choice("aeiou")
            for _ in range(syllables)
        )

    def articles(self, count: int) -> list[Article]:
        """Return articles in the order of time, all within two days."""
        found: list[Article] = []
        while len(found) < count:
            own = self._chance.sample(self._words[500:], 14)
            found += [self._article(own) for _ in range(_TELLINGS)]
        self._chance.shuffle(found)
        step = timedelta(days=2) / count
        return [
            _dated(article, number, _START + number * step)
            for number, article in enumerate(found[:count])
        ]

    def _article(self, own: list[str]) -> Article:
        title = self._chance.sample(own, 6) + self._common(4)
        text = self._chance.sample(own, 10) + self._common(60)
        self._chance.shuffle(text)
        return Article(
            id=ArticleId(""),
            page_id=PageId(""),
            url="",
            title=" ".join(title).capitalize(),
            excerpt=" ".join(text).capitalize(),
            text="",
            published_at=_START,
            language="en",
            type=ArticleType.ARTICLE,
            provider="",
            provider_name="",
        )

    def _common(self, count: int) -> list[str]:
        return self._chance.choices(self._words, cum_weights=self._shares, k=count)


def _dated(article: Article, number: int, published_at: datetime) -> Article:
    name = f"{number:064x}"
    return Article(
        id=ArticleId(name),
        page_id=PageId(name),
        url=f"https://{number % 500}.example/{number}",
        title=article.title,
        excerpt=article.excerpt,
        text="",
        published_at=published_at,
        language="en",
        type=ArticleType.ARTICLE,
        provider=f"{number % 500}.example",
        provider_name="",
    )


class Scan:
    """A plain TF-IDF: the cosine with every live article that shares a word."""

    def __init__(self, articles: list[Article]) -> None:
        counts = [Counter(_words(article)) for article in articles]
        self._seen = Counter(word for one in counts for word in one)
        self._total = len(articles)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, one in enumerate(counts):
            for word, weight in self._vector(one).items():
                self._postings[word].append((number, weight))

    def _vector(self, counts: Counter[str]) -> dict[str, float]:
        weights = {
            word: (1 + math.log(count)) * math.log(1 + self._total / (self._seen[word] + 0.5))
            for word, count in counts.items()
        }
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {word: weight / length for word, weight in weights.items()}

    def best(self, article: Article) -> int:
        """Return the number of the most alike article."""
        likeness: dict[int, float] = defaultdict(float)
        for word, weight in self._vector(Counter(_words(article))).items():
            for number, other in self._postings.get(word, ()):
                likeness[number] += weight * other
        return max(likeness, key=lambda number: likeness[number])


def _words(article: Article) -> list[str]:
    return 2 * tokens.words(article.title) + tokens.words(tokens.opening(article.excerpt))


def filled(articles: list[Article]) -> Window:
    """Return a window with every article in a story of its own."""
    window = Window(WINDOW, frequencies("en"))
    for article in articles:
        window.add(article, window.read(article), StoryId(article.id))
    return window


def measure(live: int, asked: int) -> _Result:
    """Measure placing and scanning among `live` articles."""
    articles = Stream(live).articles(live + asked)
    articles, new = articles[:live], articles[live:]
    held = _held_bytes(articles) / live if live == _WEIGHED_AT else None
    window = filled(articles)
    model = shipped_model()
    place_ms = _mean_ms(partial(place, one, window, lambda _: False, model) for one in new)
    scan = Scan(articles)
    scan_ms = _mean_ms(partial(scan.best, one) for one in new[: max(10, asked // 5)])
    return _Result(live, place_ms, scan_ms, held)


def _held_bytes(articles: list[Article]) -> int:
    """Return the bytes that a window with these articles holds, the articles themselves aside."""
    gc.collect()
    tracemalloc.start()
    window = filled(articles)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del window
    return held


def _mean_ms(calls: Iterable[Callable[[], object]]) -> float:
    times = []
    for call in calls:
        start = time.process_time()
        call()
        times.append(1000 * (time.process_time() - start))
    return statistics.mean(times)


def same_matches(live: int, asked: int) -> float:
    """Return the share of articles whose best match is that of comparing with every live one."""
    articles = Stream(7).articles(live + asked)
    window = filled(articles[:live])
    model = shipped_model()
    everyone = [window.weighed(window.features_of(one.id)) for one in articles[:live]]
    same = 0
    for article in articles[live:]:
        asking = window.weighed(window.read(article))
        near = {one.found.id: one for one in everyone if one.body.keys() & asking.body.keys()}
        best = max(pair_score(asking, one, model) for one in near.values())
        found = [near[one.id] for one in window.candidates(asking)]
        mine = max((pair_score(asking, one, model) for one in found), default=0.0)
        same += mine == best or best < _NO_MATCH
    return same / asked


def main() -> None:
    """Print the table, and say whether the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--live", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--asked", type=int, default=100)
    parser.add_argument("--matches", type=int, default=200)
    given = parser.parse_args()
    results = [measure(live, given.asked) for live in given.live]
    same = same_matches(10_000, given.matches)
    table = Table(box=None)
    for column in ("live", "place ms", "scan ms", "scan / place", "bytes an article"):
        table.add_column(column, justify="right")
    for one in results:
        table.add_row(
            f"{one.live:,}",
            f"{one.place_ms:.2f}",
            f"{one.scan_ms:.2f}",
            f"{one.scan_ms / one.place_ms:.1f}",
            f"{one.bytes_each:.0f}" if one.bytes_each else "",
        )
    console = Console()
    console.print(table)
    console.print(f"same best match among 10,000: {same:.4f} of {given.matches}")
    missed = _missed(results, same)
    console.print(f"missed: {', '.join(missed)}" if missed else "every goal is met")
    sys.exit(1 if missed else 0)


def _missed(results: list[_Result], same: float) -> list[str]:
    by_live = {one.live: one for one in results}
    missed = []
    if {1000, 100_000} <= by_live.keys():
        growth = by_live[100_000].place_ms / by_live[1000].place_ms
        if growth > GROWTH:
            missed.append(f"100,000 cost {growth:.1f} times 1,000")
    if 10_000 in by_live and by_live[10_000].scan_ms < SCAN * by_live[10_000].place_ms:
        missed.append("scan of 10,000")
    missed += [f"memory at {one.live}" for one in results if (one.bytes_each or 0) > MEMORY]
    if same < SAME_MATCH:
        missed.append("same best match")
    return missed


if __name__ == "__main__":
    main()
