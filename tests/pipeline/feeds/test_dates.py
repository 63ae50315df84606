"""Dates: what they mean, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.feeds.dates import feed_date

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 23 Jan 2020 15:31:00 GMT", "2020-01-23T15:31:00"),
        ("Thu, 23 Jan 2020 10:31:00 EST", "2020-01-23T15:31:00"),
        ("Thu, 23 Jan 2020 16:31:00 MEZ", "2020-01-23T15:31:00"),
        ("Thu, 23 Jan 2020 15:31:00 +0530", "2020-01-23T10:01:00"),
        ("23 Jan 20 15:31 +0100", "2020-01-23T14:31:00"),
        ("2020-01-23T15:31:00Z", "2020-01-23T15:31:00"),
        ("2020-01-23T15:31:00.987654+02:00", "2020-01-23T13:31:00"),
        ("2020-01-23 15:31:00", "2020-01-23T15:31:00"),
        ("2020-01-23", "2020-01-23T00:00:00"),
        ("23 January 2020 15:31", "2020-01-23T15:31:00"),
        ("January 23, 2020", "2020-01-23T00:00:00"),
    ],
)
def test_what_feeds_write_is_read(text: str, expected: str) -> None:
    assert feed_date(text, now=NOW) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2020-02-30", "Sun, 30 Feb 2020 10:00:00 GMT", "0000-00-00",
        "0000-00-00T00:00:00Z", "-0001-11-30T00:00:00Z", "9999-12-31", "2020-01-23T15:31:00+9999",
        "1e400", "9" * 100_000, "1970-01-01T00:00:00Z", "03/04/2020", "2028-03-01T00:00:00Z",
        "12:30", "Thursday", "\x00",
    ],
)  # fmt: skip
def test_what_means_nothing_is_no_date(text: str) -> None:
    assert feed_date(text, now=NOW) is None


def test_an_hour_ahead_is_a_clock_and_more_is_an_error() -> None:
    assert feed_date((NOW + timedelta(minutes=59)).isoformat(), now=NOW) is not None
    assert feed_date((NOW + timedelta(minutes=61)).isoformat(), now=NOW) is None


@given(st.text(max_size=70))
def test_no_text_raises(text: str) -> None:
    moment = feed_date(text, now=NOW)

    assert moment is None or (moment.tzinfo is UTC and 1990 <= moment.year <= 2026)


@given(st.integers(min_value=0, max_value=36 * 365 * 24 * 3600))
def test_standard_forms_are_read_to_the_second(seconds: int) -> None:
    aware = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    assert feed_date(aware.isoformat(), now=NOW) == aware
    assert feed_date(f"{aware:%a, %d %b %Y %H:%M:%S} GMT", now=NOW) == aware
