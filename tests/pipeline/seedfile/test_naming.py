"""Names of files: readable, safe on every file system, never another story's."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.seedfile.naming import file_name, slug
from tests.pipeline.seedfile.world import HOSTILE

MOMENT = datetime(2020, 1, 23, 15, 31, tzinfo=UTC)
_NAME = re.compile(r"\d{4}-\d\d-\d\d-[a-z0-9]+(-[a-z0-9]+)*\.md")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Twitter demands AI company stops 'collecting faces'",
         "twitter-demands-ai-company-stops-collecting-faces"),
        ("A.I. & Ethics: What's next?", "ai-ethics-whats-next"),
        ("Crème brûlée – à la carte", "creme-brulee-a-la-carte"),
        ("Surprise !! 🎉", "surprise"),
        ("Trade mark™ stays", "trade-mark-stays"),
        ("under_score", "underscore"),
        ("- - -", ""),
        ("日本", ""),
        ("../../etc/passwd", "etcpasswd"),
        ("-rf", "rf"),
        (".", ""),
        ("..", ""),
        ("a:b", "ab"),
        ("a\\b/c", "abc"),
        ("nul.txt", "nultxt"),
        ("%2e%2e%2f", "2e2e2f"),
        ("x.md\n---", "xmd"),
        ("İstanbul ıssız", "istanbul-ssz"),
        ("Ünïcödé", "unicode"),
        ("U\u0308ni\u0308code", "unicode"),
        ("é" * 200, "e" * 150),
        ("Сбер", ""),
        ("x" * 149 + " word", "x" * 149),
        ("x" * 150 + " word", "x" * 150),
        ("x" * 148 + " word", "x" * 148),
        ("word " * 60, "-".join(["word"] * 30)),
        ("x" * 300, "x" * 150),
    ],
)  # fmt: skip
def test_slugs(title: str, expected: str) -> None:
    assert slug(title) == expected


def _free(_name: str) -> bool:
    return False


def test_the_date_is_utc() -> None:
    late = datetime(2020, 1, 23, 23, 30, tzinfo=timezone(timedelta(hours=-7)))

    assert file_name(late, "Title", "s", _free) == "2020-01-24-title.md"


def test_a_name_that_is_taken_gets_a_number() -> None:
    taken = {"2020-01-23-title.md", "2020-01-23-title-2.md"}

    assert file_name(MOMENT, "Title", "s", taken.__contains__) == "2020-01-23-title-3.md"


@pytest.mark.parametrize("title", ["Con", "NUL", "com1", "LPT9", "aux!"])
def test_words_that_windows_reserves_are_never_the_whole_slug(title: str) -> None:
    name = file_name(MOMENT, title, "s", _free)

    assert name.startswith(f"2020-01-23-story-{slug(title)}-")


def test_titles_that_differ_in_case_or_form_get_names_that_differ() -> None:
    names: set[str] = set()
    for title in ("Über uns", "über UNS", "U\u0308ber uns", "Uber uns 🎉"):
        names.add(file_name(MOMENT, title, "s", names.__contains__))

    assert sorted(names) == [
        "2020-01-23-uber-uns-2.md",
        "2020-01-23-uber-uns-3.md",
        "2020-01-23-uber-uns-4.md",
        "2020-01-23-uber-uns.md",
    ]
    assert len({name.casefold() for name in names}) == 4


def test_titles_without_letters_differ_by_story() -> None:
    names = {file_name(MOMENT, "日本", story, _free) for story in ("one", "two")}

    assert len(names) == 2


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=400)), st.text(max_size=20))
def test_no_title_whatever_makes_an_unsafe_name(title: str, story: str) -> None:
    name = file_name(MOMENT, title, story.encode(errors="replace").decode(), _free)

    assert _NAME.fullmatch(name)
    assert len(name.encode()) <= 200
