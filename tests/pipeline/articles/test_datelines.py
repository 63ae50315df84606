from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.articles.datelines import visible_day
from pipeline.articles.markup import parse_markup
from tests.pipeline.articles.pages import BODY, article, markup, read

DAY = datetime(2020, 1, 12, tzinfo=UTC)


def day(body: str, *titles: str) -> datetime | None:
    return visible_day(parse_markup(markup(body=body).encode(), "text/html").tree, titles)


@pytest.mark.parametrize(
    "line",
    [
        "2020-01-12",
        "2020/1/12 10:31",
        "2020.01.12. 10:31",
        "2020年01月12日",
        "2020년 1월 12일",
        "Veröffentlicht am 12.01.2020, 10:31 Uhr",
        "12. 1. 2020",
        "12 January 2020",
        "Sun, 12 Jan 2020, 22:11 GMT+10",
        "12th Jan. 2020",
        "Published January 12, 2020 at 10:31 am",
    ],
)
def test_a_date_behind_the_headline_is_read(line: str) -> None:
    assert day(f"<h1>Mill turns</h1><span>{line}</span><p>Later, 2 May 2019.</p>") == DAY
    assert day(f"<h1>Mill turns</h1><p>Harbour Desk<br>{line}</p>") == DAY


@pytest.mark.parametrize(
    "line",
    [
        "01/12/2020",
        "11-12 January 2020",
        "2020/1/11-12",
        "2020-01-42",
        "31.02.2020",
        "January 2020",
        "mill 12.01.20",
        "The mill on the quay had been standing still until 12 January 2020.",
    ],
)
def test_what_reads_two_ways_or_is_no_day_of_the_page_is_left(line: str) -> None:
    assert day(f"<h1>Mill turns</h1><p>{line}</p>") is None


def test_todays_date_above_the_headline_and_dates_far_below_are_not_the_articles() -> None:
    above = "<div class='date'>Mon, 13 Jan 2020</div>"
    assert day(f"{above}<h1>Mill turns</h1><p>12 Jan 2020</p>") == DAY
    assert day(f"{above}<h1>Mill turns</h1>") is None
    assert day(f"<h1>Mill turns</h1>{'<p>It turned.</p>' * 60}<p>12 Jan 2020</p>") is None


def test_a_page_without_h1_has_its_headline_where_its_title_stands() -> None:
    body = "<h2>Other news</h2><p>3 Jan 2020</p><h2>Mill turns</h2><p>12 Jan 2020</p>"
    assert day(body, "Mill Turns!") == DAY
    assert day(body) is None


def test_a_page_that_declares_no_date_is_dated_by_the_day_it_shows() -> None:
    found = read(article(before="<p>12 January 2020, 10:31</p>", lines=BODY))
    assert (found.published_at, found.published_precision) == (DAY, "day")
    assert found.origins["published_at"] == "headline"


def test_a_day_of_the_future_is_not_a_publication() -> None:
    found = read(article(before="<p>12 January 2031</p>"))
    assert found.origins["published_at"] != "headline"
