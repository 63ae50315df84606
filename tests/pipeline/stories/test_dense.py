"""Vectors of what articles say, and the pair score that looks at them."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Article, Embedding
from pipeline.stories.dense import dense_cosine, halves, quantised, texts_of
from pipeline.stories.similarity import (
    DENSE_TERMS,
    TERMS,
    PairModel,
    dense_measures,
    pair_parts,
    pair_score,
    shipped_model,
)
from pipeline.stories.vectors import Weighed, features, frequencies
from tests.pipeline.stories.material import BRIDGE, OTHERS

DENSE = shipped_model(dense=True)
NUMBERS = st.lists(st.floats(-1, 1), min_size=8, max_size=8)


def embedded(article: Article, *values: float, model: str = "m/2") -> Article:
    vector = quantised(values)
    return replace(article, embedding=Embedding(model, vector + vector))


def pair(one: Article, other: Article) -> tuple[Weighed, Weighed]:
    seen = frequencies("en")
    found = [features(article, seen) for article in (one, other)]
    for single in found:
        seen.learn(single)
    return Weighed(found[0], seen), Weighed(found[1], seen)


@given(NUMBERS, NUMBERS)
def test_a_byte_for_a_number_keeps_the_cosine(one: list[float], other: list[float]) -> None:
    lengths = math.hypot(*one) * math.hypot(*other)
    if lengths < 1e-6:
        return
    exact = math.fsum(a * b for a, b in zip(one, other, strict=True)) / lengths
    assert dense_cosine(quantised(one), quantised(other)) == pytest.approx(exact, abs=0.03)


def test_a_vector_of_nothing_is_like_nothing() -> None:
    assert dense_cosine(quantised([0, 0]), quantised([1, 0])) == 0
    assert dense_cosine(quantised([0.5, -1]), quantised([0.5, -1])) == pytest.approx(1)
    assert dense_cosine(quantised([0.5, -1]), quantised([-0.5, 1])) == pytest.approx(-1)


def test_two_vectors_lie_end_to_end() -> None:
    one, two = quantised([1, 0, 0.5]), quantised([0, 1, -0.5])
    assert halves(one + two) == (one, two)


def test_what_is_embedded_is_the_title_without_its_outlet_and_the_opening() -> None:
    long = replace(BRIDGE[0], text="word " * 500, title=f"{BRIDGE[0].title} | One")
    whole, title = texts_of(replace(long, provider_name="One"))
    assert title == BRIDGE[0].title
    assert whole == f"{title}. {' '.join(['word'] * 80)}"


def test_likeness_of_meaning_raises_the_score_and_is_told_as_terms() -> None:
    near = pair(embedded(BRIDGE[0], 1, 0), embedded(OTHERS[0], 1, 0.1))
    far = pair(embedded(BRIDGE[0], 1, 0), embedded(OTHERS[0], 0, 1))
    assert pair_score(*near, DENSE) > pair_score(*far, DENSE)
    assert [part.name for part in pair_parts(*near, DENSE)] == ["bias", *TERMS, *DENSE_TERMS]


@pytest.mark.parametrize(
    "other", [BRIDGE[1], embedded(BRIDGE[1], 1, 0, model="another/2")], ids=["none", "another"]
)
def test_without_vectors_of_one_model_words_alone_judge(other: Article) -> None:
    given = pair(embedded(BRIDGE[0], 1, 0), other)
    sparse = shipped_model()
    assert dense_measures(*given) is None
    scaled = min(1, pair_score(*given, sparse) * DENSE.threshold / sparse.threshold)
    assert pair_score(*given, DENSE) == pytest.approx(scaled)
    assert [part.name for part in pair_parts(*given, DENSE)] == ["bias", *TERMS]


def test_the_sparse_model_never_looks_at_vectors() -> None:
    bare = pair(BRIDGE[0], BRIDGE[1])
    given = pair(embedded(BRIDGE[0], 1, 0), embedded(BRIDGE[1], 0, 1))
    assert pair_score(*given, shipped_model()) == pair_score(*bare, shipped_model())


def test_every_weight_of_meaning_speaks_for_likeness() -> None:
    model: PairModel = DENSE
    assert set(model.weights) == {*TERMS, *DENSE_TERMS}
    assert all(model.weights[term] > 0 for term in DENSE_TERMS)
