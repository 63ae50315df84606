"""Pure: how likely two articles tell one story, as a sum of readable terms.

A logistic model over a few sparse likenesses and the time between the two. Its weights lie beside
this module (``weights.json``) in words; every term is one `Part` of the answer.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Any, Final

from pipeline.records import ArticleId, Part
from pipeline.stories.dense import dense_cosine, halves
from pipeline.stories.strictness import Rule, stricter
from pipeline.stories.vectors import Weighed, cosine
from pipeline.stories.vetoes import VETOES, veto_of

_DAY: Final = timedelta(days=1)
#: exp(-45) is no probability worth telling from 0; beyond 700 math.exp overflows.
_LOGIT_LIMIT: Final = 45.0

_ABOUT: Final = (
    "Logistic pair score: log-odds for a full likeness (shared: for each ln of the shared weight;"
    " time: for the same moment). Fitted by `newsloom stories train` on hand-labelled news of 2020"
    " and 2021, pairs within 3.5 days, a pair of a story of n weighing 1/sqrt(n - 1)."
)

#: What the terms measure, in the order of `measures`.
TERMS: Final = ("everything", "shared", "headline", "letters", "names", "time")
#: What embeddings add: the mean of two cosines, that of title with opening and that of the titles.
DENSE_TERMS: Final = ("meaning",)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairModel:
    """Weights of the pair score and the rule by which pairs make a story."""

    #: Term -> weight, in log-odds for a full cosine.
    weights: Mapping[str, float]
    bias: float
    #: Story score from which an article joins.
    threshold: float
    #: Share of the mean over the story's newest members; the rest is the best pair's.
    mean_share: float
    #: Members that the mean looks at, newest first.
    newest: int
    #: Names of the vetoes that hold.
    vetoes: tuple[str, ...] = tuple(VETOES)
    #: Judges the pairs of which one has no embedding; None in a model that needs none.
    sparse: PairModel | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """Return the names of its terms, in the order of their values."""
        return (*TERMS, *DENSE_TERMS) if self.sparse else TERMS


@cache
def shipped_model(*, dense: bool = False) -> PairModel:
    """Return the shipped model: ``weights.json``, or the one for articles with embeddings."""
    folder = resources.files("pipeline.stories")
    name = "weights_dense.json" if dense else "weights.json"
    sparse = shipped_model() if dense else None
    return model_of(json.loads(folder.joinpath(name).read_text("utf-8")), sparse=sparse)


def model_of(data: Mapping[str, Any], *, sparse: PairModel | None = None) -> PairModel:
    """Return the model that `as_json` told of.

    Raises KeyError or ValueError where something is missing or no number.
    """
    terms = (*TERMS, *DENSE_TERMS) if sparse else TERMS
    return PairModel(
        weights={term: float(data["weights"][term]) for term in terms},
        bias=float(data["bias"]),
        threshold=float(data["threshold"]),
        mean_share=float(data["mean_share"]),
        newest=int(data["newest"]),
        sparse=sparse,
    )


def as_json(model: PairModel) -> dict[str, Any]:
    """Return what `model_of` reads."""
    return {
        "about": _ABOUT,
        "weights": dict(model.weights),
        "bias": model.bias,
        "threshold": model.threshold,
        "mean_share": model.mean_share,
        "newest": model.newest,
    }


def measures(one: Weighed, other: Weighed) -> tuple[float, ...]:
    """Return the value of each of `TERMS` for a pair: 0 to 1, `shared` 0 to about 6."""
    common = one.body.keys() & other.body.keys()
    gap = abs(one.found.published_at - other.found.published_at) / _DAY
    return (
        cosine(one.body, other.body, one.length * other.length),
        # How much is shared, however long the texts are; its root-like growth tells nothing from
        # little, and much from very much no more.
        math.log1p(math.fsum([one.idf[word] for word in common])),
        (_headline_found(one, other) + _headline_found(other, one)) / 2,
        cosine(one.runs, other.runs, one.runs_length * other.runs_length),
        cosine(one.names, other.names, one.names_length * other.names_length),
        math.exp(-gap),
    )


def dense_measures(one: Weighed, other: Weighed) -> tuple[float, ...] | None:
    """Return the value of each of `DENSE_TERMS`: -1 to 1; None unless one model embedded both."""
    mine, others = one.found.embedding, other.found.embedding
    if mine is None or others is None or mine.model != others.model:
        return None
    cosines = tuple(map(dense_cosine, halves(mine.vectors), halves(others.vectors)))
    return (math.fsum(cosines) / len(cosines),)


def _headline_found(one: Weighed, other: Weighed) -> float:
    """Return the share of one's headline and address, by weight, that the other article holds."""
    found = math.fsum([one.idf[word] for word in one.head if word in other.idf])
    return found / one.head_sum if found else 0.0


def pair_score(one: Weighed, other: Weighed, model: PairModel) -> float:
    """Return the probability that two articles tell one story; 0 under a veto.

    Under a rule of their topics it is scaled, so that the model's threshold stands for the rule's.
    """
    if veto_of(one, other, model.vetoes):
        return 0.0
    own, values = _judged(one, other, model)
    score = _probability(own.bias + math.fsum(map(operator.mul, _weights(own), values)))
    if own is not model:
        score = min(score * model.threshold / own.threshold, 1.0)
    rule = stricter(one.found.rule, other.found.rule)
    return score if rule is None or not score else _ruled(score, rule, one, other, model)


def _judged(one: Weighed, other: Weighed, model: PairModel) -> tuple[PairModel, tuple[float, ...]]:
    """Return the model that judges a pair and the values of its terms."""
    values = measures(one, other)
    if model.sparse is None:
        return model, values
    dense = dense_measures(one, other)
    return (model.sparse, values) if dense is None else (model, (*values, *dense))


def _ruled(score: float, rule: Rule, one: Weighed, other: Weighed, model: PairModel) -> float:
    """Return a pair's score as the rule of its topics wants it."""
    gap = abs(one.found.published_at - other.found.published_at)
    if rule.window is not None and gap > rule.window:
        return 0.0
    return min(score * model.threshold / rule.threshold, 1.0) if rule.threshold else score


def pair_parts(one: Weighed, other: Weighed, model: PairModel) -> tuple[Part, ...]:
    """Return the terms of a pair's log-odds, the model's bias first."""
    own, values = _judged(one, other, model)
    terms = [
        Part(name=term, value=weight * value, detail=f"{weight:.1f} x {value:.2f}")
        for term, weight, value in zip(own.terms, _weights(own), values, strict=True)
    ]
    return (Part(name="bias", value=own.bias), *terms)


def shared_words(
    one: Weighed, other: Weighed, words: Sequence[str], *, limit: int = 5
) -> list[str]:
    """Return the words that most make two articles alike, heaviest first.

    `words`: what the numbers of the features stand for.
    """
    common = one.body.keys() & other.body.keys()
    weights = {words[word]: one.body[word] * other.body[word] for word in common}
    return sorted(weights, key=lambda word: (-weights[word], word))[:limit]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryScore:
    """How well an article fits a story."""

    value: float
    best: float
    mean: float
    #: The member it is closest to.
    nearest: ArticleId


def story_score(
    pairs: Mapping[ArticleId, float],
    newest: Sequence[ArticleId],
    model: PairModel,
) -> StoryScore:
    """Weigh the best pair and the mean over the newest members.

    `pairs`: pair score of each member compared, in order of age; `newest` are among them. The
    mean alone splits long stories, the best alone chains them together.
    """
    nearest = max(pairs, key=lambda member: pairs[member])
    mean = math.fsum(pairs[member] for member in newest) / len(newest) if newest else 0.0
    best = pairs[nearest]
    value = model.mean_share * mean + (1 - model.mean_share) * best
    return StoryScore(value=value, best=best, mean=mean, nearest=nearest)


def _weights(model: PairModel) -> tuple[float, ...]:
    return tuple(model.weights.values())


def _probability(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-_LOGIT_LIMIT, min(_LOGIT_LIMIT, logit))))
