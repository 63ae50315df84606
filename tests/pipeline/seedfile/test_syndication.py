"""The site's own feeds, read back by the reader that polls others'."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.catalogue import Site
from pipeline.entries import plain_text
from pipeline.feeds.parse import parse_feed
from pipeline.records import FeedDocument, ParsedFeed
from pipeline.seedfile.listing import Listing
from pipeline.seedfile.syndication import feed_atom, feed_json
from tests.pipeline.seedfile.listings import BASE, LISTING, hostile, numbered
from tests.pipeline.seedfile.world import MOMENT, site

Feed = Callable[..., bytes]
FEEDS = {"feed.json": feed_json, "feed.atom": feed_atom}
ATOM = "{http://www.w3.org/2005/Atom}"
both = pytest.mark.parametrize("name", FEEDS)


def _read(name: str, listings: list[Listing], on: Site) -> ParsedFeed:
    body = FEEDS[name](listings, site=on)
    return parse_feed(FeedDocument(final_url=f"{BASE}/{name}", body=body), now=MOMENT)


@both
@pytest.mark.parametrize("base_url", [None, BASE])
def test_our_own_reader_reads_what_was_meant(name: str, base_url: str | None) -> None:
    title = "Fish & chips: “half” the <1% 'price'"
    listings = [
        replace(LISTING, title=title, updated_at="2020-01-23T15:40:00Z"),
        numbered(1),
        numbered(2),
    ]
    feed = _read(name, listings, site(base_url=base_url))

    assert feed.dialect == ("json11" if name.endswith("json") else "atom10")
    assert (feed.title, feed.skipped) == ("ai", ())
    assert [entry.title for entry in feed.entries] == [one.title for one in listings]
    assert [entry.guid for entry in feed.entries] == [
        "urn:newsloom:k3v9", "urn:newsloom:s1", "urn:newsloom:s2",
    ]  # fmt: skip
    first = feed.entries[0]
    page = f"{BASE}/news/2020/01/23/a-headline/"
    assert first.url == (page if base_url else "https://one.example/a")
    assert first.published_at == MOMENT
    assert first.updated_at == datetime.fromisoformat("2020-01-23T15:40:00+00:00")
    assert (first.summary, first.authors) == ("An excerpt.", ("One",))
    assert [medium.url for medium in first.media] == ["https://one.example/a.png"]


@both
def test_a_feed_holds_the_fifty_newest(name: str) -> None:
    listings = [numbered(number) for number in range(51)]
    feed = _read(name, listings[::-1], site())

    assert [entry.title for entry in feed.entries] == [one.title for one in listings[:50]]


@both
def test_a_feed_without_stories_is_a_feed(name: str) -> None:
    assert _read(name, [], site(base_url=BASE)).entries == ()


def test_the_json_feed_has_the_keys_of_its_standard_and_no_null() -> None:
    feed = json.loads(feed_json([LISTING], site=site(base_url=BASE)))
    (entry,) = feed.pop("items")

    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "ai",
        "home_page_url": f"{BASE}/",
        "feed_url": f"{BASE}/feed.json",
        "language": "en",
    }
    assert entry["external_url"] == "https://one.example/a"
    assert entry["tags"] == ["AI"]
    assert entry["authors"] == [{"name": "One", "avatar": f"{BASE}/assets/one.jpg"}]
    bare = feed_json([replace(LISTING, image=None)], site=site())
    assert b"null" not in bare
    assert b"avatar" not in bare
    assert b"external_url" not in bare


def test_the_atom_feed_has_what_its_standard_demands() -> None:
    feed = fromstring(feed_atom([LISTING, numbered(1)], site=site(base_url=BASE)))
    links = {one.get("rel"): one.get("href") for one in feed.iterfind(f"{ATOM}link")}

    assert feed.tag == f"{ATOM}feed"
    assert links == {"self": f"{BASE}/feed.atom", "alternate": f"{BASE}/"}
    for parent in (feed, *feed.iterfind(f"{ATOM}entry")):
        for name in ("id", "title", "updated", "author/name"):
            path = "/".join(f"{ATOM}{part}" for part in name.split("/"))
            assert len(found := parent.findall(path)) == 1
            assert found[0].text
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    rels = {one.get("rel"): one.get("href") for one in entry.iterfind(f"{ATOM}link")}
    assert rels["via"] == "https://one.example/a"
    assert [one.get("term") for one in entry.iterfind(f"{ATOM}category")] == ["AI"]


def test_the_feed_is_as_new_as_its_newest_story() -> None:
    updated = replace(numbered(9), updated_at="2020-01-24T00:00:00Z")
    feed = fromstring(feed_atom([LISTING, updated], site=site()))

    assert feed.findtext(f"{ATOM}updated") == "2020-01-24T00:00:00Z"
    assert fromstring(feed_atom([], site=site())).findtext(f"{ATOM}updated") is not None


def _mended(text: str) -> str:
    """Return `text` as feedparser reads it, which takes "Â¡" for a "¡" that was encoded twice."""
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text


@both
@given(orders=hostile().flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
@settings(max_examples=60, deadline=None)
def test_any_order_gives_the_same_feed_and_hostile_texts_leave_it_whole(
    name: str, orders: tuple[list[Listing], list[Listing]]
) -> None:
    given_order, other_order = orders
    on = site(base_url=BASE)

    assert FEEDS[name](given_order, site=on) == FEEDS[name](other_order, site=on)
    read = {entry.guid: entry for entry in _read(name, given_order, on).entries}
    assert len(read) == len(given_order)
    for one in given_order:
        title = _mended(one.title) if name == "feed.atom" else one.title
        assert read[f"urn:newsloom:{one.story_id}"].title == plain_text(title)
