"""Finding feeds on a web that is a plain function, through the guarded door and real children."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.feeds.duplicates import pages_of
from pipeline.io.web import WebRequest
from pipeline.records import Access, Source, SourceId
from pipeline.stages.discover import discover, rediscover
from pipeline.stages.looks import look, look_at_pages
from tests.world import HARBOUR, NOW, FakeWeb, Item, catalogue, feed, opened, page

HOME = "https://outlet.example/"
ITEMS = [
    Item(url=f"https://outlet.example/{name}", title=f"The {name} reopens", text=HARBOUR)
    for name in ("pier", "tramway", "orchard", "quarry", "ferry")
]
OTHERS = [replace(item, url=item.url + "-2") for item in ITEMS]
SITEMAP = (
    "<urlset xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'>"
    "<url><loc>https://outlet.example/late</loc><n:news><n:title>Late</n:title></n:news></url>"
    "</urlset>"
)


@pytest.fixture
def web() -> FakeWeb:
    return FakeWeb()


@pytest.fixture
def ctx(tmp_path: Path, web: FakeWeb) -> Iterator[Context]:
    with opened(tmp_path, catalogue([]), web) as context:
        yield context


def _home(*links: str) -> str:
    return f"<html><head><title>Outlet</title></head><body>{''.join(links)}</body></html>"


def _declared(href: str, title: str = "") -> str:
    return f"<link rel=alternate type=application/rss+xml title='{title}' href='{href}'>"


def test_the_feeds_a_page_declares_are_read(ctx: Context, web: FakeWeb) -> None:
    web.answers[HOME] = _home(_declared("/all.xml", "All"), _declared("/gone.xml"))
    web.answers[f"{HOME}all.xml"] = feed(ITEMS, "The Outlet")

    found = discover(ctx, "outlet.example")

    [one] = found.feeds
    assert not found.is_feed
    assert one.feed is not None
    assert (one.url, one.feed.title, len(one.feed.entries)) == (
        f"{HOME}all.xml",
        "The Outlet",
        5,
    )
    assert [c.seen.problem.split()[0] for c in found.candidates if not c.feed] == ["http-404"]
    assert not any(url.endswith("/feed") for url in web.asked)


def test_the_usual_places_are_tried_only_when_nothing_is_declared(
    ctx: Context, web: FakeWeb
) -> None:
    web.answers[HOME] = _home()
    web.answers[f"{HOME}rss.xml"] = feed(ITEMS)

    found = discover(ctx, HOME)

    assert [one.url for one in found.feeds] == [f"{HOME}rss.xml"]
    assert len(found.candidates) == 1, "a guess that failed is nobody's fault"


def test_a_site_whose_home_page_refuses_us_may_still_have_feeds(ctx: Context, web: FakeWeb) -> None:
    web.answers[HOME] = 403
    web.answers[f"{HOME}feed"] = feed(ITEMS)

    found = discover(ctx, HOME)

    assert found.problem == "http-403"
    assert [one.url for one in found.feeds] == [f"{HOME}feed"]


def test_an_address_that_is_a_feed_says_so(ctx: Context, web: FakeWeb) -> None:
    web.answers[f"{HOME}all.xml"] = feed(ITEMS)

    found = discover(ctx, f"{HOME}all.xml")

    assert found.is_feed
    assert web.asked == [f"{HOME}all.xml"]


def test_a_news_sitemap_is_found_by_robots_txt_through_its_index(
    ctx: Context, web: FakeWeb
) -> None:
    web.answers[HOME] = _home(_declared("/all.xml"))
    web.answers[f"{HOME}all.xml"] = feed(ITEMS)
    web.answers[f"{HOME}robots.txt"] = f"Sitemap: {HOME}sitemap.xml"
    web.answers[f"{HOME}sitemap.xml"] = (
        f"<sitemapindex><sitemap><loc>{HOME}pages.xml</loc></sitemap>"
        f"<sitemap><loc>{HOME}news.xml</loc></sitemap></sitemapindex>"
    )
    web.answers[f"{HOME}news.xml"] = SITEMAP

    found = discover(ctx, HOME)

    assert [(one.url, one.link.found) for one in found.feeds] == [
        (f"{HOME}all.xml", "declared"),
        (f"{HOME}news.xml", "robots"),
    ]
    assert f"{HOME}pages.xml" not in web.asked


def test_one_feed_under_two_addresses_is_told_once(ctx: Context, web: FakeWeb) -> None:
    web.answers[HOME] = _home(_declared("/all.xml"), _declared("/atom.xml"), _declared("/2.xml"))
    web.answers[f"{HOME}all.xml"] = web.answers[f"{HOME}atom.xml"] = feed(ITEMS)
    web.answers[f"{HOME}2.xml"] = feed(OTHERS)

    found = discover(ctx, HOME)

    assert [one.url for one in found.feeds] == [f"{HOME}all.xml", f"{HOME}2.xml"]
    assert [one.same_as for one in found.candidates if one.same_as] == [f"{HOME}all.xml"]


def test_a_declared_private_address_is_refused_by_the_guard(ctx: Context, web: FakeWeb) -> None:
    web.answers[HOME] = _home(_declared("http://169.254.169.254/feed"))

    [one] = discover(ctx, HOME).candidates

    assert one.seen.problem.startswith("blocked-address")
    assert "http://169.254.169.254/feed" not in web.asked


def test_what_is_no_address_is_a_usage_error(ctx: Context) -> None:
    with pytest.raises(UsageError, match="not a web address"):
        discover(ctx, "ftp://outlet.example/")


def _source(url: str, title: str = "The Outlet") -> Source:
    return Source(id=SourceId("outlet"), feed_url=url, provider="outlet.example", title=title)


def _entries(ctx: Context, web: FakeWeb, items: list[Item]) -> frozenset[str]:
    """Return the pages a source has led to when it showed these items."""
    url = "https://elsewhere.example/feed.xml"
    web.answers[url] = feed(items)
    [seen] = look(ctx, [WebRequest(url=url, kind="feed")])
    assert seen.feed is not None
    return pages_of(seen.feed.entries)


def test_a_lost_feed_is_found_by_the_entries_it_shares(ctx: Context, web: FakeWeb) -> None:
    known = _entries(ctx, web, ITEMS)
    web.answers[HOME] = _home(_declared("/sport.xml"), _declared("/new.xml"))
    web.answers[f"{HOME}sport.xml"] = feed(OTHERS, "Sport")
    web.answers[f"{HOME}new.xml"] = feed(ITEMS[2:], "Renamed")

    found = rediscover(ctx, _source(f"{HOME}old.xml"), known)

    assert found.now.problem == "http-404"
    assert [(one.candidate.url, one.shared, one.is_safe) for one in found.offers] == [
        (f"{HOME}new.xml", 3, True),
        (f"{HOME}sport.xml", 0, False),
    ]


def test_a_lost_feed_is_found_by_its_title(ctx: Context, web: FakeWeb) -> None:
    web.answers[HOME] = _home(_declared("/new.xml"))
    web.answers[f"{HOME}new.xml"] = feed(OTHERS, "THE OUTLET")

    [offer] = rediscover(ctx, _source(f"{HOME}old.xml"), frozenset()).offers

    assert (offer.shared, offer.same_title, offer.is_safe) == (0, True, True)


def test_a_feed_that_works_is_left_alone(ctx: Context, web: FakeWeb) -> None:
    web.answers[f"{HOME}old.xml"] = feed(ITEMS)

    found = rediscover(ctx, _source(f"{HOME}old.xml"), frozenset())

    assert found.now.feed is not None
    assert found.offers == ()
    assert web.asked == [f"{HOME}old.xml"]


def test_a_feed_that_only_its_key_opens_is_not_offered_itself(ctx: Context, web: FakeWeb) -> None:
    web.answers[HOME] = _home(_declared("/old.xml"))
    web.answers[f"{HOME}old.xml"] = feed(ITEMS, "The Outlet")
    access = Access(headers={"Authorization": "env:NOT_SET_ANYWHERE"})
    source = replace(_source(f"{HOME}old.xml"), access=access)

    found = rediscover(ctx, source, frozenset())

    assert found.now.problem.startswith("no-secret")
    assert found.offers == ()


@pytest.mark.parametrize(("status", "offered"), [(301, ["new.xml"]), (308, ["new.xml"]), (302, [])])
def test_only_a_lasting_redirect_offers_its_target(
    ctx: Context, web: FakeWeb, status: int, offered: list[str]
) -> None:
    web.answers[f"{HOME}old.xml"] = lambda _: httpx.Response(
        status, headers={"location": "/new.xml"}
    )
    web.answers[f"{HOME}new.xml"] = feed(ITEMS)

    found = rediscover(ctx, _source(f"{HOME}old.xml"), frozenset())

    assert [one.candidate.url for one in found.offers] == [f"{HOME}{name}" for name in offered]


def test_one_host_is_asked_for_one_feed_at_a_time(ctx: Context, web: FakeWeb) -> None:
    urls = [f"{HOME}{number}.xml" for number in range(3)] + ["https://two.example/feed.xml"]
    for number, url in enumerate(urls):
        web.answers[url] = feed(ITEMS, f"Feed {number}")

    looks = look(ctx, [WebRequest(url=url, kind="feed") for url in urls])

    titles = [seen.feed.title for seen in looks if seen.feed]
    assert titles == ["Feed 0", "Feed 1", "Feed 2", "Feed 3"]
    assert web.asked.index(urls[3]) < web.asked.index(urls[1])


def test_pages_are_read_as_far_as_robots_txt_allows(ctx: Context, web: FakeWeb) -> None:
    web.answers["https://two.example/robots.txt"] = "User-agent: *\nDisallow: /"
    web.answers[ITEMS[0].url] = page(replace(ITEMS[0], published=NOW))
    urls = ["https://two.example/pier", ITEMS[0].url, "https://three.example/gone"]

    read = look_at_pages(ctx, urls)

    assert str(read[0]) == "robots-disallowed"
    assert getattr(read[1], "title", None) == "The pier reopens"
    assert str(read[2]) == "http-404"
    assert urls[0] not in web.asked
