from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.articles.timestamps import is_midnight, offset_of, parse_time

AT = datetime(2020, 1, 23, 15, 31, tzinfo=UTC)
SAME = [
    "2020-01-23T15:31:00Z",
    "2020-01-23T15:31:00+00:00",
    "2020-01-23T16:31:00+01:00",
    "2020-01-23T10:31:00-0500",
    "2020-01-23T16:31+01",
    "2020-01-23T15:31:00.000Z",
    "2020-01-23T15:31:00.123456789Z",
    "2020-01-23 15:31:00",
    "2020-01-23 15:31",
    "2020-01-23 15:31:00 +0000 UTC",
    "2020-01-23, 15:31 GMT",
    "2020/01/23 15:31:00",
    "20200123T153100Z",
    "Thu, 23 Jan 2020 15:31:00 GMT",
    "Thu, 23 Jan 2020 10:31:00 EST",
    "Thu, 23 Jan 2020 16:31:00 +0100",
    "1579793460",
    "1579793460000",
    "  2020-01-23T15:31:00Z  ",
]


@pytest.mark.parametrize("text", SAME)
def test_every_spelling_is_the_same_time(text: str) -> None:
    found = parse_time(text)
    assert found is not None
    assert found.replace(microsecond=0) == AT
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "01/02/2020",
        "23.01.2020",
        "2020",
        "2020-02-30",
        "2020-13-01T00:00:00Z",
        "2020-01-23T25:00:00Z",
        "2020-01-23T15:31:00+99:00",
        "0000-00-00",
        "9" * 100_000,
        "Thu, 99 Jan 2020 99:00",
        "12345",
        "-1",
    ],
)
def test_what_is_no_time_or_could_be_two_gives_nothing(text: str) -> None:
    assert parse_time(text) is None


def test_a_bare_time_is_in_the_pages_own_zone() -> None:
    zone = timezone(timedelta(hours=2))
    assert parse_time("2020-01-23T17:31:00", zone) == AT
    assert parse_time("2020-01-23T15:31:00Z", zone) == AT


def test_an_offset_is_told() -> None:
    assert offset_of("2020-01-23T15:31:00-03:30") == timezone(-timedelta(hours=3, minutes=30))
    assert offset_of("2020-01-23T15:31:00Z") is None
    assert offset_of("2020-01-23") is None


@pytest.mark.parametrize(
    ("text", "midnight"),
    [
        ("2020-01-23", True),
        ("2020-01-23T00:00:00+02:00", True),
        ("2020-01-23T00:00:00Z", True),
        ("2020-01-23T00:00:01Z", False),
        ("2020-01-23T15:31:00Z", False),
    ],
)
def test_a_day_is_told_from_a_time(text: str, *, midnight: bool) -> None:
    at = parse_time(text)
    assert at is not None
    assert is_midnight(text, at, None) is midnight


@given(st.text(max_size=70))
def test_no_text_raises(text: str) -> None:
    found = parse_time(text)
    assert found is None or found.tzinfo is UTC


@given(
    st.from_regex(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?([+-]\d{2}:?\d{2}|Z)?", fullmatch=True)
)
def test_no_likely_text_raises(text: str) -> None:
    found = parse_time(text)
    assert found is None or found.tzinfo is UTC
