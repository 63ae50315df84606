"""The time that an address names, and what it must not be taken for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.history.periods import Period, page_period, sitemap_period
from tests.pipeline.history.material import SITE, SPAN


def _said(period: Period | None) -> str:
    return f"{period.start:%F} {period.end:%F}" if period else ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sitemap-2025-03.xml", "2025-03-01 2025-04-01"),
        ("sitemap_202512.xml.gz", "2025-12-01 2026-01-01"),
        ("sitemaps/2025/03/14/news.xml", "2025-03-14 2025-03-15"),
        ("news-20250314.xml", "2025-03-14 2025-03-15"),
        ("sitemap.xml?yyyy=2025&mm=3&dd=4", "2025-03-04 2025-03-05"),
        ("sitemap.xml?year=2025&month=03", "2025-03-01 2025-04-01"),
        ("sitemap-2025.xml", "2025-01-01 2026-01-01"),
        # As often a third part as a month.
        ("sitemap-2025-3.xml", "2025-01-01 2026-01-01"),
        ("sitemap-20250231.xml", ""),
        ("post-sitemap12.xml", ""),
        ("sitemap-120250314.xml", ""),
        ("sitemap.xml", ""),
    ],
)
def test_a_sitemap_is_named_after_a_day_a_month_or_a_year(name: str, said: str) -> None:
    assert _said(sitemap_period(f"{SITE}/{name}")) == said


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("2025/03/14/pier", "2025-03-14 2025-03-15"),
        ("news/2025-03-14-pier", "2025-03-14 2025-03-15"),
        ("news/20250314/pier", "2025-03-14 2025-03-15"),
        ("2025/03/pier-reopens", "2025-03-01 2025-04-01"),
        ("2025/pier", ""),
        ("news/202503", ""),
        ("news/2025031412", ""),
        ("best-of-2019-10-films", ""),
        ("pier?date=/2025/03/14/", ""),
    ],
)
def test_a_page_names_its_day_or_month_where_a_segment_begins(path: str, said: str) -> None:
    assert _said(page_period(f"{SITE}/{path}")) == said


def test_a_host_that_looks_like_a_date_names_none() -> None:
    assert sitemap_period("https://2025-03.example/sitemap.xml") is None
    assert page_period("https://2025/03/14") is None


def test_a_day_at_either_edge_may_belong_to_another_zone() -> None:
    edge = {day: sitemap_period(f"{SITE}/{day}.xml") for day in ("2025-02-27", "2025-02-28")}
    later = {day: sitemap_period(f"{SITE}/{day}.xml") for day in ("2025-04-01", "2025-04-02")}

    assert [one is not None and one.is_before(SPAN) for one in edge.values()] == [True, False]
    assert [one is not None and one.is_after(SPAN) for one in later.values()] == [False, True]


@given(st.text(alphabet="0123456789/-_.?=&ymd", max_size=30))
def test_no_address_raises_and_what_is_before_is_not_after(name: str) -> None:
    for period in (sitemap_period(f"{SITE}/{name}"), page_period(f"{SITE}/{name}")):
        if period:
            assert period.start < period.end
            assert (period.is_before(SPAN), period.meets(SPAN), period.is_after(SPAN)).count(
                True
            ) == 1


def test_no_year_is_taken_out_of_the_calendar() -> None:
    assert sitemap_period(f"{SITE}/sitemap-2099-12.xml") == Period(
        start=datetime(2099, 12, 1, tzinfo=UTC), end=datetime(2100, 1, 1, tzinfo=UTC)
    )
