"""Quality floors on pages written for this project, as content systems of many kinds make them.

    newsloom evaluate pages tests/quality/pages --show-wrong

A floor is what was reached: it is raised when more is reached, and never lowered.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from pipeline.articles.page import read_page
from pipeline.articles.scoring import (
    ExpectedPage,
    FieldScore,
    Verdict,
    f1_of,
    overlap_of,
    scores_of,
    verdicts_of,
)
from pipeline.errors import NotAnArticle, Rejected
from pipeline.io.children import Children
from pipeline.records import EntryFacts, ExtractedArticle, Page, PageId

FOLDER = Path(__file__).parent / "pages"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
PAGES = TypeAdapter(list[ExpectedPage]).validate_json((FOLDER / "expected.json").read_bytes())
#: Right answers among the pages where the field is expected.
FLOORS = {
    "title": 1.0,
    "title, loose": 1.0,
    "day": 1.0,
    "minute": 1.0,
    "excerpt": 1.0,
    "excerpt, exact": 1.0,
    "image declared": 1.0,
    "image taken": 1.0,
    "language": 1.0,
    "amp": 1.0,
    "canonical": 1.0,
    "opening": 1.0,
    "refusal": 1.0,
}
TEXT_F1_FLOOR = 0.984


def record(expected: ExpectedPage) -> Page:
    return Page(
        id=PageId("0"),
        url=expected.url,
        final_url=expected.url,
        body=(FOLDER / expected.file).read_bytes(),
        content_type="text/html",
        fetched_at=NOW,
    )


def reading(expected: ExpectedPage) -> ExtractedArticle | NotAnArticle:
    try:
        return read_page(record(expected), EntryFacts(), now=NOW)
    except NotAnArticle as refusal:
        return refusal


@pytest.fixture(scope="module")
def found() -> dict[str, ExtractedArticle | NotAnArticle]:
    return {one.file: reading(one) for one in PAGES}


@pytest.fixture(scope="module")
def scores(found: dict[str, ExtractedArticle | NotAnArticle]) -> dict[str, FieldScore]:
    verdicts: list[Verdict] = []
    for one in PAGES:
        answer = found[one.file]
        if isinstance(answer, NotAnArticle):
            verdicts += verdicts_of(one, None, refused=answer.reason)
        else:
            verdicts += verdicts_of(one, answer)
    return scores_of(verdicts)


def test_the_set_is_as_large_as_it_was_and_whole() -> None:
    assert len(PAGES) == 41
    assert {one.file for one in PAGES} == {file.name for file in FOLDER.glob("*.html")}


def test_every_text_has_an_excerpt_to_the_letter() -> None:
    assert [one.file for one in PAGES if one.body and not one.excerpt] == []


def test_nothing_found_where_nothing_is_expected_is_not_wrong(
    scores: dict[str, FieldScore],
) -> None:
    score = scores["excerpt, exact"]
    assert (score.answered, score.right, score.wrong) == (score.pages - 1, score.pages, 0)


def test_every_field_has_a_floor(scores: dict[str, FieldScore]) -> None:
    assert scores.keys() == FLOORS.keys()


@pytest.mark.parametrize("field", sorted(FLOORS))
def test_a_field_keeps_its_floor(field: str, scores: dict[str, FieldScore]) -> None:
    assert scores[field].share >= FLOORS[field]


def test_the_text_keeps_its_floor(found: dict[str, ExtractedArticle | NotAnArticle]) -> None:
    overlaps = []
    for one in PAGES:
        answer = found[one.file]
        overlaps.append(overlap_of(one, answer if isinstance(answer, ExtractedArticle) else None))
    assert f1_of([overlap for overlap in overlaps if overlap]) >= TEXT_F1_FLOOR


def test_a_page_gives_the_same_article_whatever_was_read_before_it(
    found: dict[str, ExtractedArticle | NotAnArticle],
) -> None:
    for seed in range(2):
        order = random.Random(seed).sample(PAGES, len(PAGES))
        again = {one.file: reading(one) for one in order}
        for name, answer in found.items():
            assert str(again[name]) == str(answer), name


def test_a_page_gives_the_same_article_in_any_process(
    found: dict[str, ExtractedArticle | NotAnArticle],
) -> None:
    children = Children(size=2, cpu_seconds=20, memory_mb=1024, wall_seconds=60)
    try:
        answers = children.read_pages(
            [(record(one), EntryFacts()) for one in reversed(PAGES)], extractors={}
        )
    finally:
        children.close()
    for one, answer in zip(reversed(PAGES), answers, strict=True):
        here = found[one.file]
        if isinstance(answer, Rejected):
            assert str(answer) == str(here)
        else:
            assert answer == here
