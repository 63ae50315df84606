"""Dates: what they mean, or nothing."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dates import feed_date

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EARLIEST = datetime(1990, 1, 2, tzinfo=UTC)
MOMENTS = st.integers(0, int((NOW - EARLIEST).total_seconds()) - 86_400).map(
    lambda seconds: EARLIEST + timedelta(seconds=seconds)
)
OFFSETS = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timedelta(minutes=15 * quarters))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 23 Jan 2020 15:31:00 GMT", "2020-01-23T15:31:00"),
        ("Thu, 23 Jan 2020 10:31:00 EST", "2020-01-23T15:31:00"),
        ("Thu, 23 Jan 2020 16:31:00 MEZ", "2020-01-23T15:31:00"),
        ("Thu, 23 Jan 2020 15:31:00 +0530", "2020-01-23T10:01:00"),
        ("Thu, 23 Jan 2020 15:31:00 +01:00", "2020-01-23T14:31:00"),
        ("Thu, 23 Jan 2020 15:31:00 +1", "2020-01-23T14:31:00"),
        ("Thu, 23 Jan 2020 15:31:00 GMT+1", "2020-01-23T14:31:00"),
        ("Thu, 23 Jan 2020 15:31:00 +0000 (UTC)", "2020-01-23T15:31:00"),
        ("Thu, 23 Jan 2020 15:31:00 XYZ", "2020-01-23T15:31:00"),
        ("Thursday,23-January-2020 15:31", "2020-01-23T15:31:00"),
        ("23 Jan 20 15:31 +0100", "2020-01-23T14:31:00"),
        ("23 Jan 98 15:31 GMT", "1998-01-23T15:31:00"),
        ("2020-01-23T15:31:00Z", "2020-01-23T15:31:00"),
        ("2020-01-23t15:31:00z", "2020-01-23T15:31:00"),
        ("2020-01-23T15:31:00.987654+02:00", "2020-01-23T13:31:00"),
        ("2020-01-23T15:31:00 +01:00", "2020-01-23T14:31:00"),
        ("2020-01-23T15:31:00-1130", "2020-01-24T03:01:00"),
        ("2020-01-23 15:31:00", "2020-01-23T15:31:00"),
        ("2020-1-5", "2020-01-05T00:00:00"),
        ("20200123T153100Z", "2020-01-23T15:31:00"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59"),
        ("2020-01-23T24:00:00Z", "2020-01-24T00:00:00"),
        ("\n  2020-01-23\t", "2020-01-23T00:00:00"),
        ("23 January 2020 15:31", "2020-01-23T15:31:00"),
        ("January 23, 2020", "2020-01-23T00:00:00"),
        ("Jan 23, 2020 3:31 PM EST", "2020-01-23T20:31:00"),
        ("Thu Jan 23 15:31:00 PST 2020", "2020-01-23T23:31:00"),
        ("Thu Jan 23 2020 15:31:00 GMT+0100 (Central European Time)", "2020-01-23T14:31:00"),
        ("2020/01/23 15:31", "2020-01-23T15:31:00"),
        ("23.01.2020 15:31", "2020-01-23T15:31:00"),
        ("01/23/2020", "2020-01-23T00:00:00"),
    ],
)
def test_what_feeds_write_is_read(text: str, expected: str) -> None:
    assert feed_date(text, now=NOW) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2020-02-30", "2020-02-30T10:00:00Z", "Sun, 30 Feb 2020 10:00:00 GMT",
        "Feb 30, 2020", "0000-00-00", "0000-00-00T00:00:00Z", "-0001-11-30T00:00:00Z",
        "Mon, 01 Jan 0001 00:00:00 +0000", "9999-12-31", "2020-01-23T15:31:00+9999",
        "Thu, 23 Jan 2020 15:31:00 +1800", "2020-01-23T25:00:00Z", "2020-01-23T24:01:00Z", "1e400",
        "9" * 100_000, "1970-01-01T00:00:00Z", "03/04/2020", "03.04.2020", "2028-03-01T00:00:00Z",
        "12:30", "Thursday", "Jan 2020", "2020", "2020-01", "1579793460", "1203150830", "\x00",
        "٢٠٢٠-٠١-٢٣", "23 Xyz 2020 10:00", "Thu, 23 Jan 2020 at about half past three", "May",
    ],
)  # fmt: skip
def test_what_means_nothing_is_no_date(text: str) -> None:
    assert feed_date(text, now=NOW) is None


def test_an_hour_ahead_is_a_clock_and_more_is_an_error() -> None:
    assert feed_date((NOW + timedelta(minutes=60)).isoformat(), now=NOW) is not None
    assert feed_date((NOW + timedelta(minutes=61)).isoformat(), now=NOW) is None


@given(st.text(max_size=70) | st.from_regex(r"[0-9JanFeb:/.,+\-TZ ]{1,30}", fullmatch=True))
def test_no_text_raises_or_leaves_the_bounds(text: str) -> None:
    moment = feed_date(text, now=NOW)

    assert moment is None or (moment.tzinfo is UTC and 1990 <= moment.year <= 2026)


@given(moment=MOMENTS, offset=OFFSETS)
def test_the_standards_are_read_to_the_second_in_every_zone(
    moment: datetime, offset: timedelta
) -> None:
    local = moment.astimezone(timezone(offset))

    for text in (local.isoformat(), local.isoformat(" "), format_datetime(local)):
        assert feed_date(text, now=NOW) == moment


@given(moment=MOMENTS, month=st.booleans())
def test_named_months_are_never_swapped_with_days(moment: datetime, month: bool) -> None:
    name = (calendar.month_name if month else calendar.month_abbr)[moment.month]

    for text in (f"{name} {moment.day}, {moment.year}", f"{moment.day} {name} {moment.year}"):
        assert feed_date(text, now=NOW) == moment.replace(hour=0, minute=0, second=0)


@given(year=st.integers(1990, 2025), month=st.integers(1, 12), day=st.integers(29, 31))
def test_days_that_no_month_has_are_no_dates(year: int, month: int, day: int) -> None:
    exists = day <= calendar.monthrange(year, month)[1]
    texts = (f"{year}-{month:02}-{day}", f"{day} {calendar.month_abbr[month]} {year} 10:00:00 GMT")

    assert all((feed_date(text, now=NOW) is not None) is exists for text in texts)
