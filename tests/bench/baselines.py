"""What simpler clusterers reach on labelled articles: the ends of the ablation table.

    python -m tests.bench.baselines --articles days.jsonl --labels days.tsv [...]

Each places the articles as they arrive, by cosines over the same words with the same weights, and
gets the threshold that suits it best on these very labels (which flatters it). `centroid` compares
with the mean of a story's members (Allan et al., 1998), `average` with each member, `best` with the
nearest, `link` with half of both. Figures are pairwise F1 / B-Cubed F1.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.cli.evaluate_stories import read_sets
from pipeline.records import ArticleId, StoryId
from pipeline.stories.replay import WINDOW
from pipeline.stories.scoring import score
from pipeline.stories.training import LabelledSet
from pipeline.stories.vectors import Weighed, Weights, cosine, frequencies, length
from pipeline.stories.window import Window

_THRESHOLDS = [step / 50 for step in range(2, 31)]
#: Likeness of an article to a story's members, given their cosines and the sum of their vectors.
Likeness = Callable[[Weighed, Sequence[Weighed]], float]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=Path, action="append", required=True)
    parser.add_argument("--labels", type=Path, action="append", required=True)
    given = parser.parse_args()
    table = Table(box=None)
    for column in ("", *(file.stem for file in given.articles)):
        table.add_column(column, justify="right")
    sets = read_sets(given.articles, given.labels, None)
    for name, likeness in METHODS.items():
        table.add_row(name, *(_best(one, likeness) for one in sets))
    Console().print(table)


def _best(given: LabelledSet, likeness: Likeness) -> str:
    figures = [
        score(_placed(given, likeness, threshold), given.labels) for threshold in _THRESHOLDS
    ]
    best = max(figures, key=lambda one: one.pair_f1 + one.b3_f1)
    return f"{best.pair_f1:.3f} / {best.b3_f1:.3f}"


def _placed(
    given: LabelledSet, likeness: Likeness, threshold: float
) -> Mapping[ArticleId, StoryId]:
    """Place the articles one after the other, each where it is most alike."""
    around = Window(WINDOW, frequencies("en"))
    members: dict[StoryId, list[Weighed]] = {}
    placed: dict[ArticleId, StoryId] = {}
    for article in sorted(given.articles, key=lambda one: (one.published_at, one.id)):
        found = around.read(article)
        asking = around.weighed(found)
        oldest = article.published_at - WINDOW
        scores = {
            story: likeness(asking, near)
            for story, told in members.items()
            if (near := [one for one in told if one.found.published_at >= oldest])
        }
        story = max(scores, key=lambda name: (scores[name], name), default=StoryId(""))
        if not scores or scores[story] < threshold:
            story = StoryId(article.id)
        around.add(article, found, story)
        members.setdefault(story, []).append(asking)
        placed[article.id] = story
    return placed


def _cosines(asking: Weighed, told: Sequence[Weighed]) -> list[float]:
    return [cosine(asking.body, one.body, asking.length * one.length) for one in told]


def _average(asking: Weighed, told: Sequence[Weighed]) -> float:
    return math.fsum(_cosines(asking, told)) / len(told)


def _nearest(asking: Weighed, told: Sequence[Weighed]) -> float:
    return max(_cosines(asking, told))


def _link(asking: Weighed, told: Sequence[Weighed]) -> float:
    cosines = _cosines(asking, told)
    return (max(cosines) + math.fsum(cosines) / len(cosines)) / 2


def _centroid(asking: Weighed, told: Sequence[Weighed]) -> float:
    total: Counter[int] = Counter()
    for one in told:
        total.update({word: weight / one.length for word, weight in one.body.items()})
    centre: Weights = dict(total)
    return cosine(asking.body, centre, asking.length * length(centre))


METHODS: Mapping[str, Likeness] = {
    "centroid": _centroid,
    "average": _average,
    "best": _nearest,
    "link": _link,
}

if __name__ == "__main__":
    main()
