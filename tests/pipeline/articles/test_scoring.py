from __future__ import annotations

from typing import Any

import pytest

from pipeline.articles.scoring import (
    ExpectedPage,
    FieldScore,
    Overlap,
    Verdict,
    f1_of,
    overlap_of,
    scores_of,
    verdicts_of,
)
from pipeline.records import ExtractedArticle
from tests.pipeline.articles.pages import BODY, URL, article, json_ld, meta, read

PICTURE = "https://www.harbour-post.example/mill.jpg"
HEAD = (
    json_ld(headline="Tide mill turns again", datePublished="2020-01-23T00:31:00+02:00")
    + meta("og:image", "/mill.jpg")
    + f'<link rel="canonical" href="{URL}"><link rel="amphtml" href="{URL}?amp">'
)


@pytest.fixture
def found() -> ExtractedArticle:
    return read(article(HEAD))


def judged(found: ExtractedArticle | None, **expected: Any) -> dict[str, bool]:
    page = ExpectedPage(file="a.html", url=URL, **expected)
    return {verdict.field: verdict.right for verdict in verdicts_of(page, found)}


def test_what_is_not_expected_is_not_judged(found: ExtractedArticle) -> None:
    assert judged(found) == {}


@pytest.mark.parametrize(
    ("expected", "exact", "loose"),
    [
        ("“Tide Mill” turns again", True, True),
        ("Tide mill turns again – after ninety years", False, True),
        ("The tide mill turns, again, at last", False, True),
        ("Flour from the quay", False, False),
    ],
)
def test_a_title_is_right_or_nearly_right(
    found: ExtractedArticle, expected: str, exact: bool, loose: bool
) -> None:
    assert judged(found, title=expected) == {"title": exact, "title, loose": loose}


@pytest.mark.parametrize(
    ("expected", "day", "minute"),
    [
        ({"day": "2020-01-22"}, True, None),
        ({"day": "2020-01-23"}, False, None),
        ({"day": "2020-01-23", "published": "2020-01-23T00:31:40+02:00"}, True, True),
        ({"day": "2020-01-23", "published": "2020-01-23T00:41:00+02:00"}, False, False),
        ({"published": "2020-01-22T00:00:00+00:00", "published_by": "annotated-day"}, None, None),
    ],
)
def test_a_time_is_right_to_the_day_and_to_the_minute(
    found: ExtractedArticle, expected: dict[str, str], day: bool | None, minute: bool | None
) -> None:
    verdicts = judged(found, **expected)
    assert (verdicts.get("day"), verdicts.get("minute")) == (day, minute)


def test_the_picture_taken_is_judged_by_the_sizes_that_measuring_would_find(
    found: ExtractedArticle,
) -> None:
    assert judged(found, images=(PICTURE,), image_sizes={PICTURE: (1200, 630)}) == {
        "image declared": True,
        "image taken": True,
    }
    assert judged(found, images=(PICTURE,), image_sizes={PICTURE: (1, 1)}) == {
        "image declared": True
    }
    other = "https://www.harbour-post.example/wheel.jpg"
    sizes = {other: (1200, 630), PICTURE: (1200, 630)}
    assert judged(found, images=(other,), image_sizes=sizes) == {
        "image declared": False,
        "image taken": False,
    }


def test_addresses_and_language_are_compared(found: ExtractedArticle) -> None:
    right = judged(found, lang="en", amp=f"{URL}?amp", canonical=f"{URL}/")
    assert right == {"language": True, "amp": True, "canonical": True}
    wrong = judged(found, lang="de", amp="https://www.harbour-post.example/amp", canonical="-")
    assert wrong == {"language": False, "amp": False, "canonical": False}


def test_the_text_is_measured_by_its_opening_and_by_shingles(found: ExtractedArticle) -> None:
    whole = ExpectedPage(file="a.html", url=URL, body="\n\n".join(BODY))
    assert overlap_of(whole, found) == Overlap(1.0, 1.0)
    assert judged(found, body=whole.body)["opening"]
    half = ExpectedPage(file="a.html", url=URL, body=BODY[1])
    measured = overlap_of(half, found)
    assert measured is not None
    assert measured.recall == 1.0
    assert 0 < measured.precision < 1
    assert overlap_of(whole, None) == Overlap(0.0, 0.0)
    assert overlap_of(ExpectedPage(file="a.html", url=URL), found) is None
    assert f1_of([Overlap(1.0, 0.5), Overlap(0.5, 1.0)]) == pytest.approx(0.75)


def test_a_refused_page_answers_nothing() -> None:
    page = ExpectedPage(
        file="a.html",
        url=URL,
        title="Tide mill turns again",
        published="2020-01-22T22:31:00+00:00",
        day="2020-01-22",
        images=(PICTURE,),
        image_sizes={PICTURE: (1200, 630)},
        lang="en",
        amp=f"{URL}?amp",
        canonical=URL,
        body=BODY[0],
    )
    verdicts = list(verdicts_of(page, None))
    assert len(verdicts) == 11
    assert not any(verdict.found or verdict.right for verdict in verdicts)


def test_scores_count_what_is_right_answered_and_wrong() -> None:
    verdicts = [
        Verdict("day", "a", "a", right=True),
        Verdict("day", "a", "b", right=False),
        Verdict("day", "a", "", right=False),
        Verdict("title", "a", "a", right=True),
    ]
    scores = scores_of(verdicts)
    assert scores == {"day": FieldScore(3, 2, 1, 1), "title": FieldScore(1, 1, 1, 0)}
    assert scores["day"].share == pytest.approx(1 / 3)
