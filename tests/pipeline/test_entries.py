"""The cutting of texts; all else that entries go through stands in test_parse."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.entries import RawEntry, clean_entry, language_of, plain_text, shorten
from pipeline.records import Entry

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
WAVE = "\U0001f44b\U0001f3fd"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("short", "short"),
        ("exactly ten", "exactly"),
        ("ten letter word", "ten letter"),
        ("a bcdefghijklm", "a bcdefghi"),
        ("東京で新しい駅が開業しました", "東京で新しい駅が開業"),
        ("abcdefghie\u0301", "abcdefghi"),
        (f"abcdefgh{FAMILY}", "abcdefgh"),
        (f"abcdefghi{WAVE}", "abcdefghi"),
    ],
)
def test_texts_are_cut_at_a_space_or_between_whole_characters(text: str, short: str) -> None:
    assert shorten(text, 10) == short


def test_a_tower_of_marks_is_cut_all_the_same() -> None:
    assert len(shorten("a" + "\u0301" * 1000, 100)) == 100


@given(text=st.text(max_size=200), limit=st.integers(40, 100))
def test_what_is_cut_is_a_beginning_within_the_limit(text: str, limit: int) -> None:
    short = shorten(text, limit)

    assert text.startswith(short)
    assert len(short) <= limit
    assert short == text or len(text) > limit


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en", "en"),
        (" en-GB", "en"),
        ("pt_BR", "pt"),
        ("DE", "de"),
        ("fil", "fil"),
        ("English", None),
        ("e", None),
        ("", None),
    ],
)
def test_language_codes_are_read_from_tags(text: str, code: str | None) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>word</p> " * 20_000, ("word " * 100).strip()),
        ("<p></p>" * 5_000 + "late", "late"),
        (f"<!--{'x' * 20_000}-->late", "late"),
        ("<b>few</b> " + "<i></i>" * 3_000 + "late", "few late"),
        (f"<img src='data:{'x' * 20_000}'>late", "late"),
        ("e\u0301 " * 20_000, ("é " * 250).strip()),
    ],
    ids=["much text", "elements first", "a comment first", "text on both sides", "data", "accents"],
)
def test_long_markup_gives_the_text_of_all_of_it(markup: str, text: str) -> None:
    assert plain_text(markup) == text


def _guid(text: str) -> str:
    """Return what becomes of a guid."""
    raw = RawEntry(
        guid=text,
        links=("https://outlet.example/a",),
        title="",
        summaries=(),
        published=(),
        updated=(),
        authors=(),
        media=(),
    )
    entry = clean_entry(raw, base="", now=datetime(2020, 1, 24, tzinfo=UTC))
    assert isinstance(entry, Entry)
    return entry.guid


def test_a_long_guid_is_named_by_its_hash() -> None:
    guids = {_guid(f"{number}{'g' * 5_000}\ud800") for number in range(3)}

    assert len(guids) == 3
    assert all(guid.startswith("sha256:") for guid in guids)
    assert _guid("g" * 2_000) == "g" * 2_000
