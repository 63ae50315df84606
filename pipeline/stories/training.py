"""Pure: labelled articles -> the weights and the threshold of the pair model.

A logistic regression by Newton's method with a ridge, on pairs as the stream would meet them:
each article against the live ones. The same input gives the same weights.
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from pipeline.records import Article, ArticleId, StoryId
from pipeline.stories.refine import Live, Ties, regrouped
from pipeline.stories.scoring import score
from pipeline.stories.similarity import (
    DENSE_TERMS,
    TERMS,
    PairModel,
    dense_measures,
    measures,
)
from pipeline.stories.vectors import Weighed, frequencies
from pipeline.stories.vetoes import veto_of
from pipeline.stories.window import Window

#: Pairs further apart are no training pairs: the window is three days.
_REACH: Final = timedelta(days=3.5)
#: Pairs with less in common than this (ln of the shared weight) are told apart by anything.
_LEAST_SHARED: Final = 1.6
#: Strength of the pull towards 0, per weight in units of its term's spread.
_RIDGE: Final = 3.0
_STEPS: Final = 25
#: The sum of the words' terms, as one term beside those of the meaning.
_WORDS: Final = "words"
#: Thresholds tried: 0.16 to 0.5.
_GRID: Final = tuple(step / 50 for step in range(8, 26))

Labels = Mapping[ArticleId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSet:
    """Articles of one kind of days with the story of each; lone articles have a story each."""

    articles: Sequence[Article]
    labels: Labels
    #: What its pairs count beside those of other sets.
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One pair with what it measures."""

    one: ArticleId
    other: ArticleId
    values: tuple[float, ...]
    is_same: bool
    #: A story of n weighs as n - 1 pairs' root: a large one does not drown the rest.
    weight: float


def examples(given: LabelledSet) -> list[Example]:
    """Return the pairs of a labelled set, by the age of the later article."""
    sizes = Counter(given.labels.values())
    ordered = sorted(given.articles, key=lambda one: (one.published_at, one.id))
    around = Window(_REACH, frequencies("".join(one.language for one in ordered[:1])))
    live: list[Article] = []
    answer = []
    for article in ordered:
        around.forget(article.published_at - _REACH)
        live = [one for one in live if article.published_at - one.published_at <= _REACH]
        found = around.read(article)
        asking = around.weighed(found)
        for other in live:
            against = around.weighed(around.features_of(other.id))
            is_same = given.labels[article.id] == given.labels[other.id]
            example = _example(asking, against, is_same=is_same)
            if example:
                weight = given.weight
                if is_same:
                    weight /= math.sqrt(max(1, sizes[given.labels[article.id]] - 1))
                answer.append(replace(example, weight=weight))
        around.add(article, found, StoryId(article.id))
        live.append(article)
    return answer


def _example(asking: Weighed, against: Weighed, *, is_same: bool) -> Example | None:
    values = (*measures(asking, against), *(dense_measures(asking, against) or ()))
    if values[TERMS.index("shared")] < _LEAST_SHARED and not is_same:
        return None
    if veto_of(asking, against):
        return None
    return Example(
        one=asking.found.id, other=against.found.id, values=values, is_same=is_same, weight=1.0
    )


def fitted(
    pairs: Sequence[Example], model: PairModel, *, without: Collection[str] = ()
) -> PairModel:
    """Return `model` with weights and bias fitted to the pairs; its threshold stays.

    The terms in `without` get no weight, nor does one that would speak against likeness because
    the others say all that it says. A model with embeddings wants pairs of articles that have them
    all; it keeps what the words weigh beside each other, and learns what their sum weighs beside
    the meaning. (Fitted together, the meaning takes most of the weight of headline and letters, and
    stories that no fold has seen are found less well: docs/clustering.md.)
    """
    values = [pair.values[: len(TERMS)] for pair in pairs]
    weights, bias = _fitted(TERMS, values, pairs, without)
    if model.sparse is not None:
        words = [bias + math.fsum(map(operator.mul, weights.values(), one)) for one in values]
        stacked = [
            (word, *pair.values[len(TERMS) :]) for word, pair in zip(words, pairs, strict=True)
        ]
        above, offset = _fitted((_WORDS, *DENSE_TERMS), stacked, pairs, without)
        scale = above.pop(_WORDS)
        weights = {term: scale * weight for term, weight in weights.items()} | above
        bias = scale * bias + offset
    rounded = {term: round(weight, 2) for term, weight in weights.items()}
    return replace(model, weights=rounded, bias=round(bias, 2))


def _fitted(
    terms: Sequence[str],
    values: Sequence[tuple[float, ...]],
    pairs: Sequence[Example],
    without: Collection[str],
) -> tuple[dict[str, float], float]:
    """Return the weights of `terms` that suit the pairs best, none below 0, and the bias.

    `values`: of each pair, one a term.
    """
    used = [number for number, term in enumerate(terms) if term not in without]
    spread = [_spread([one[term] for one in values]) for term in used]
    rows = [
        (*(one[term] / scale for term, scale in zip(used, spread, strict=True)), 1.0)
        for one in values
    ]
    targets = [(float(pair.is_same), pair.weight) for pair in pairs]
    beta = [0.0] * (len(used) + 1)
    for _ in range(_STEPS):
        step = _newton_step(rows, targets, beta)
        beta = [value - change for value, change in zip(beta, step, strict=True)]
        if max(map(abs, step)) < 1e-6:  # noqa: PLR2004 -- far below what the weights are rounded to
            break
    weights = dict.fromkeys(terms, 0.0)
    for term, value, scale in zip(used, beta, spread, strict=False):
        weights[terms[term]] = value / scale
    worst = min(terms, key=lambda term: weights[term])
    if weights[worst] < 0:
        return _fitted(terms, values, pairs, [*without, worst])
    return weights, beta[-1]


def _newton_step(
    rows: Sequence[tuple[float, ...]],
    targets: Sequence[tuple[float, float]],
    beta: Sequence[float],
) -> list[float]:
    """Return the inverse Hessian times the gradient of the ridged log-loss."""
    size = len(beta)
    # The last column is the bias, which is not pulled.
    pull = [_RIDGE] * (size - 1) + [0.0]
    gradient = [force * value for force, value in zip(pull, beta, strict=True)]
    hessian = [[pull[i] if i == j else 0.0 for j in range(size)] for i in range(size)]
    for row, (target, weight) in zip(rows, targets, strict=True):
        logit = max(-40.0, min(40.0, sum(map(operator.mul, row, beta))))
        chance = 1 / (1 + math.exp(-logit))
        error = weight * (chance - target)
        bend = weight * max(chance * (1 - chance), 1e-9)
        for i, value in enumerate(row):
            gradient[i] += error * value
            line, scaled = hessian[i], bend * value
            for j in range(i + 1):
                line[j] += scaled * row[j]
    for i in range(size):
        for j in range(i):
            hessian[j][i] = hessian[i][j]
    return _solved(hessian, gradient)


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solve a positive definite system by Gaussian elimination."""
    size = len(right)
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for i in range(size):
        for k in range(i + 1, size):
            factor = rows[k][i] / rows[i][i]
            rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i], strict=True)]
    answer = [0.0] * size
    for i in reversed(range(size)):
        known = sum(rows[i][j] * answer[j] for j in range(i + 1, size))
        answer[i] = (rows[i][size] - known) / rows[i][i]
    return answer


def _spread(values: Sequence[float]) -> float:
    mean = math.fsum(values) / max(1, len(values))
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / max(1, len(values)))
    return spread or 1.0


def with_threshold(
    model: PairModel, sets: Iterable[LabelledSet], *, window: timedelta
) -> PairModel:
    """Return `model` with the threshold that groups the sets best.

    Best: the greatest sum of pairwise and B-Cubed F1, each threshold judged with its neighbours so
    that a lucky one does not win.
    """
    totals = [0.0] * len(_GRID)
    for given in sets:
        alone = {one.id: StoryId(one.id) for one in given.articles}
        live = Live(given.articles, window, model, alone)
        for place, threshold in enumerate(_GRID):
            groups = regrouped(live, Ties(live), replace(model, threshold=threshold))
            found = {one: group[0] for group in groups for one in group}
            figures = score(found, given.labels)
            totals[place] += given.weight * (figures.pair_f1 + figures.b3_f1)
    smooth = [
        math.fsum(totals[max(0, i - 1) : i + 2]) / len(totals[max(0, i - 1) : i + 2])
        for i in range(len(_GRID))
    ]
    best = max(range(len(_GRID)), key=lambda place: (smooth[place], -place))
    return replace(model, threshold=_GRID[best])
