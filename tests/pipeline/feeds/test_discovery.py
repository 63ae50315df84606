"""Where the feeds of a site are: what its page declares, what it links, what robots.txt names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.feeds.discovery import feed_links, home_pages, robots_sitemaps, usual_places
from pipeline.records import FeedDocument

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOME = "https://www.outlet.example/en/"


def _found(page: str | bytes, url: str = HOME) -> list[tuple[str, str]]:
    body = page if isinstance(page, bytes) else page.encode()
    links = feed_links(FeedDocument(final_url=url, body=body, content_type="text/html"), now=NOW)
    return [(link.found, link.url) for link in links]


@pytest.mark.parametrize(
    "kind",
    [
        "application/rss+xml",
        "application/atom+xml; charset=utf-8",
        "APPLICATION/FEED+JSON",
        "application/rdf+xml",
    ],
)
def test_declared_feeds_of_every_type_are_found(kind: str) -> None:
    page = f"<head><link rel='alternate' type='{kind}' title='All' href='../all'></head>"

    assert _found(page) == [("declared", "https://www.outlet.example/all")]


def test_a_feed_keeps_the_title_it_is_declared_with() -> None:
    page = "<link rel=alternate type=application/rss+xml title='All\n news &amp; more' href=/f>"
    document = FeedDocument(final_url=HOME, body=page.encode())

    assert [link.title for link in feed_links(document, now=NOW)] == ["All news & more"]


@pytest.mark.parametrize(
    "link",
    [
        "<link rel='alternate' hreflang='de' href='/de/feed'>",
        "<link rel='stylesheet' type='application/rss+xml' href='/feed'>",
        "<link rel='alternate' type='application/json' href='/wp-json/wp/v2/pages/2'>",
        "<link rel='alternate' type='application/rss+xml' href='/comments/feed/'>",
        "<link rel='alternate' type='application/rss+xml' href='javascript:alert(1)'>",
        "<link rel='alternate' type='application/rss+xml' href=''>",
        "<a href='/feedback'>Feedback</a>",
        "<a href='/topics/rss-readers-compared'>Which reader?</a>",
        "<a href='https://reader.example/'>Read our RSS with this reader</a>",
        "<a href='/img/rss.png'>RSS</a>",
    ],
)
def test_what_is_no_feed_of_articles_is_left_out(link: str) -> None:
    assert _found(link) == []


def test_links_that_look_like_feeds_come_after_declared_ones() -> None:
    page = (
        "<a href='/rss/world.xml'>World</a><a href='/latest'>RSS</a>"
        "<a href='feed:https://outlet.example/atom'>Follow</a>"
        "<a href='https://feeds.feedburner.com/outlet'>Subscribe</a>"
        "<link rel=alternate type=application/rss+xml href='/rss/all.xml'>"
        "<a href='/rss/all.xml#top'>All</a>"
    )

    assert _found(page) == [
        ("declared", "https://www.outlet.example/rss/all.xml"),
        ("linked", "https://www.outlet.example/rss/world.xml"),
        ("linked", "https://www.outlet.example/latest"),
        ("linked", "https://outlet.example/atom"),
        ("linked", "https://feeds.feedburner.com/outlet"),
    ]


def test_the_pages_own_base_counts() -> None:
    page = "<base href='https://cdn.outlet.example/x/'><a href='feed.xml'>news</a>"

    assert _found(page) == [("linked", "https://cdn.outlet.example/x/feed.xml")]


def test_a_directory_of_feeds_is_cut() -> None:
    page = "".join(f"<a href='/rss/{number}.xml'>x</a>" for number in range(500))

    assert len(_found(page)) == 12


@pytest.mark.parametrize(
    "page", [b"", b"\0\0<\0", b"plain words", b"<!-- -->", b"<" * 9, b"\xff<a"]
)
def test_a_page_without_markup_has_no_feeds(page: bytes) -> None:
    assert _found(page) == []


@given(st.binary(max_size=300))
def test_no_page_breaks_it(page: bytes) -> None:
    assert all(url.startswith("http") for _, url in _found(b"<a href='/feed'>" + page))


def test_of_a_page_of_links_without_end_the_first_are_read() -> None:
    page = "<a href='/about'>x</a>" * 5_000 + "<a href='/rss.xml'>x</a>"

    assert _found("<a href='/atom.xml'>x</a>" + page) == [
        ("linked", "https://www.outlet.example/atom.xml")
    ]


def test_a_page_nested_without_end_is_read() -> None:
    page = "<a href='/rss.xml'>" + "<div>" * 100_000

    assert _found(page) == [("linked", "https://www.outlet.example/rss.xml")]


def test_an_index_of_sitemaps_leads_to_the_newest_of_news() -> None:
    index = (
        "<?xml version='1.0'?><sitemapindex><sitemap><loc>/pages.xml</loc></sitemap>"
        "<sitemap><loc>/news.xml</loc></sitemap></sitemapindex>"
    )

    assert [url for _, url in _found(index)] == [
        "https://www.outlet.example/news.xml",
        "https://www.outlet.example/pages.xml",
    ]


def test_robots_txt_names_sitemaps_news_first() -> None:
    text = (
        "User-agent: *\nDisallow: /search\n"
        "Sitemap: https://outlet.example/sitemap.xml\n"
        "sitemap:/sitemaps/news.xml\n"
        "Sitemap: ftp://outlet.example/x.xml\n# Sitemap: /old.xml\n"
    )
    found = robots_sitemaps(text, url="https://outlet.example/robots.txt")

    assert [link.url for link in found] == [
        "https://outlet.example/sitemaps/news.xml",
        "https://outlet.example/sitemap.xml",
    ]


def test_the_usual_places_are_below_the_host() -> None:
    places = {link.url for link in usual_places(HOME)}

    assert {"https://www.outlet.example/feed", "https://www.outlet.example/atom.xml"} < places
    assert all(link.startswith("https://www.outlet.example/") for link in places)


@pytest.mark.parametrize(
    ("provider", "feed", "pages"),
    [
        ("outlet.example", "https://outlet.example/rss", ["https://outlet.example/"]),
        (
            "outlet.example",
            "https://feeds.outlet.example/rss",
            ["https://outlet.example/", "https://feeds.outlet.example/"],
        ),
        ("outlet.example", "https://burner.example/outlet", ["https://outlet.example/"]),
        ("127.0.0.1", "http://127.0.0.1:8080/rss", ["http://127.0.0.1:8080/"]),
    ],
)
def test_a_lost_feed_is_looked_for_at_home(provider: str, feed: str, pages: list[str]) -> None:
    assert list(home_pages(provider=provider, feed=feed)) == pages
