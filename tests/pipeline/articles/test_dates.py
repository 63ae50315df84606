from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.articles.dates import DAY, SECOND, Moment, published, updated
from pipeline.articles.markup import parse_markup
from pipeline.records import EntryFacts
from tests.pipeline.articles.pages import NOW, declared, json_ld, markup, meta

AT = datetime(2020, 1, 23, 15, 31, tzinfo=UTC)
TEXT = AT.isoformat()


def moment(head: str = "", body: str | None = None, *, feed: datetime | None = None) -> Moment:
    html = markup(head, body)
    facts = EntryFacts(published_at=feed, first_seen_at=NOW - timedelta(hours=1))
    tree = parse_markup(html.encode(), "").tree
    return published(declared(html), facts, tree, now=NOW, search=True)


@pytest.mark.parametrize(
    ("head", "body", "origin"),
    [
        (
            json_ld(datePublished=TEXT) + meta("article:published_time", "2020-01-22T08:00:00Z"),
            "",
            "jsonld",
        ),
        (meta("article:published_time", TEXT), "", "article:published_time"),
        (meta("parsely-pub-date", TEXT), "", "parsely-pub-date"),
        ("", f'<span itemprop="datePublished" content="{TEXT}">today</span>', "datepublished"),
        ("", f'<time class="publish-date" datetime="{TEXT}">today</time>', "time"),
        (json_ld(dateCreated=TEXT), "", "jsonld"),
    ],
)
def test_a_declared_time_is_taken_to_the_second(head: str, body: str, origin: str) -> None:
    assert moment(head, body) == Moment(AT, SECOND, origin)


def test_a_feed_that_agrees_with_the_page_is_believed() -> None:
    head = meta("article:published_time", "2020-01-22T23:00:00Z")
    assert moment(head, feed=AT) == Moment(AT, SECOND, "feed")


def test_a_feed_that_disagrees_is_not() -> None:
    head = meta("article:published_time", TEXT)
    assert moment(head, feed=AT - timedelta(hours=37)).origin == "article:published_time"


def test_a_feed_that_knows_only_the_day_gives_way_to_the_pages_time() -> None:
    feed = AT.replace(hour=0, minute=0)
    assert moment(meta("article:published_time", TEXT), feed=feed).at == AT
    assert moment(feed=feed) == Moment(feed, DAY, "feed")


def test_a_declared_day_gives_way_to_a_time_near_it() -> None:
    head = json_ld(datePublished="2020-01-23") + meta("parsely-pub-date", TEXT)
    assert moment(head) == Moment(AT, SECOND, "parsely-pub-date")
    assert moment(json_ld(datePublished="2020-01-23")).precision == DAY


def test_a_bare_time_is_read_in_the_zone_of_the_pages_other_times() -> None:
    head = json_ld(datePublished="2020-01-23T16:31:00", dateModified="2020-01-23T16:40:00+01:00")
    assert moment(head).at == AT


def test_a_time_a_little_ahead_is_now_and_one_far_ahead_is_none() -> None:
    assert moment(meta("article:published_time", "2020-01-24T10:00:00Z")).at == NOW
    assert moment(meta("article:published_time", "2021-01-24T10:00:00Z")).origin == "first seen"
    assert moment(feed=NOW + timedelta(hours=2)) == Moment(NOW, SECOND, "feed")
    assert moment(feed=NOW + timedelta(days=900)).origin == "first seen"


def test_a_time_before_the_web_is_none() -> None:
    assert moment(meta("article:published_time", "1970-01-01T00:00:00Z")).origin == "first seen"


def test_the_day_is_searched_on_a_page_that_declares_none() -> None:
    body = '<div class="post-meta"><span class="date">January 21, 2020</span></div><p>Words.</p>'
    assert moment("", body) == Moment(datetime(2020, 1, 21, tzinfo=UTC), DAY, "htmldate")


def test_a_day_that_closes_the_title_is_taken() -> None:
    found = moment("<title>Gezeitenmühle dreht sich | HP | 21.01.2020</title>")
    assert found == Moment(datetime(2020, 1, 21, tzinfo=UTC), DAY, "title")


def test_without_any_date_it_is_when_we_first_saw_it() -> None:
    assert moment("", "") == Moment(NOW - timedelta(hours=1), SECOND, "first seen")


def test_the_search_is_left_out_when_told_so() -> None:
    html = markup("", '<span class="date">January 21, 2020</span>')
    tree = parse_markup(html.encode(), "").tree
    found = published(declared(html), EntryFacts(), tree, now=NOW, search=False)
    assert found == Moment(NOW, SECOND, "fetch")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-01-23T16:00:00Z", datetime(2020, 1, 23, 16, tzinfo=UTC)),
        ("2020-01-23T15:00:00Z", None),
        ("2020-01-24T15:00:00Z", None),
        ("soon", None),
    ],
)
def test_an_update_lies_between_publication_and_now(text: str, expected: datetime | None) -> None:
    found = updated(declared(markup(meta("article:modified_time", text))), after=AT, now=NOW)
    assert (found.at if found else None) == expected
