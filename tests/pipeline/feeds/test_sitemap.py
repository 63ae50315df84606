"""News sitemaps: the same records as any feed, and nothing that XML can be made to do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import NotAFeed
from pipeline.feeds.keys import key_kind
from pipeline.feeds.parse import parse_feed, parse_plain_feed
from pipeline.feeds.sitemap import child_sitemaps
from pipeline.records import EntryKeyKind, FeedDocument, ParsedFeed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESS = "https://outlet.example/news-sitemap.xml"
HEAD = (
    "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
    "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9' "
    "xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'>"
)
PIER = (
    "<url><loc>https://outlet.example/pier?a=1&b=2</loc><lastmod>2026-03-01T10:00:00Z</lastmod>"
    "<news:news><news:publication><news:name>The Outlet</news:name>"
    "<news:language>en</news:language></news:publication>"
    "<news:publication_date>2026-03-01T09:30:00+01:00</news:publication_date>"
    "<news:title>Pier &amp; ferries</news:title></news:news>"
    "<image:image><image:loc>https://outlet.example/pier.jpg</image:loc></image:image></url>"
)
PLAIN = "<url><loc>https://outlet.example/imprint</loc></url>"


def _document(text: str) -> FeedDocument:
    return FeedDocument(final_url=ADDRESS, body=text.encode(), content_type="application/xml")


def _parse(text: str) -> ParsedFeed:
    return parse_feed(_document(text), now=NOW)


def test_a_news_sitemap_is_read_like_a_feed() -> None:
    parsed = _parse(f"<?xml version='1.0'?>{HEAD}{PIER}</urlset>")

    [entry] = parsed.entries
    assert (parsed.dialect, parsed.title, parsed.language) == ("news-sitemap", "The Outlet", "en")
    assert entry.url == "https://outlet.example/pier?a=1&b=2"
    assert entry.title == "Pier & ferries"
    assert entry.published_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    assert entry.updated_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert [one.url for one in entry.media] == ["https://outlet.example/pier.jpg"]


def test_its_entries_go_by_their_links() -> None:
    entries = _parse(f"{HEAD}{PIER}</urlset>").entries

    assert key_kind(entries, EntryKeyKind.GUID) is EntryKeyKind.LINK


def test_pages_without_news_are_counted_not_taken() -> None:
    parsed = _parse(f"{HEAD}{PLAIN}{PIER}{PLAIN}</urlset>")

    assert len(parsed.entries) == 1
    assert [(one.reason, one.label) for one in parsed.skipped] == [
        ("entry-without-news", "2 pages")
    ]


def test_an_empty_news_sitemap_is_a_quiet_feed() -> None:
    assert _parse(f"{HEAD}</urlset>").entries == ()


def test_a_sitemap_of_all_pages_is_no_feed() -> None:
    with pytest.raises(NotAFeed, match="a sitemap without news"):
        _parse(f"{HEAD}{PLAIN}</urlset>")


def test_an_index_names_the_newest_news_sitemap() -> None:
    index = (
        "<sitemapindex>"
        "<sitemap><loc>/sitemap-pages.xml</loc><lastmod>2026-03-01</lastmod></sitemap>"
        "<sitemap><loc>/news-1.xml</loc><lastmod>2026-02-01</lastmod></sitemap>"
        "<sitemap><loc>/news-2.xml</loc><lastmod>2026-02-28</lastmod></sitemap>"
        "<sitemap><loc>javascript:alert(1)</loc></sitemap></sitemapindex>"
    )
    with pytest.raises(NotAFeed, match=r"sitemap-index: take https://outlet.example/news-2.xml"):
        _parse(index)
    listed = child_sitemaps(index, final_url=ADDRESS, now=NOW)

    names = [one.url.rpartition("/")[2] for one in listed]
    assert names == ["news-2.xml", "news-1.xml", "sitemap-pages.xml"]


def test_entities_of_a_doctype_are_text_and_no_file_is_read() -> None:
    parsed = _parse(
        "<!DOCTYPE urlset [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>"
        "<!ENTITY x SYSTEM 'file:///etc/hostname'>]>"
        + f"{HEAD}{PIER}</urlset>".replace("Pier &amp; ferries", "&b; &x; pier")
    )

    assert parsed.entries[0].title == "&b; &x; pier"


def test_a_broken_sitemap_gives_what_can_be_read() -> None:
    parsed = _parse(f"{HEAD}{PIER}<url><loc>https://outlet.example/cut")

    assert [one.title for one in parsed.entries] == ["Pier & ferries"]


def test_only_so_many_entries_are_kept() -> None:
    many = "".join(PIER.replace("/pier?", f"/{number}?") for number in range(5_100))
    parsed = _parse(f"{HEAD}{many}</urlset>")

    assert len(parsed.entries) == 2_000
    assert [(one.reason, one.label) for one in parsed.skipped] == [
        ("truncated-feed", "3100 older entries")
    ]


def test_a_deeply_nested_sitemap_ends_as_a_reason_or_as_nothing() -> None:
    try:
        assert _parse(HEAD + "<url>" * 50_000).entries == ()
    except NotAFeed as error:
        assert error.reason in ("unreadable-feed", "not-a-feed")  # noqa: PT017 -- either will do


def test_sitemaps_are_left_to_the_children() -> None:
    assert parse_plain_feed(_document(f"{HEAD}{PIER}</urlset>"), now=NOW) is None


@given(st.text(alphabet="<>/urlset:newsi& '\"!-?[]xmndp", max_size=200))
def test_no_text_after_the_head_breaks_it(text: str) -> None:
    try:
        parsed = _parse(HEAD + text)
    except NotAFeed as error:
        assert error.reason in ("unreadable-feed", "not-a-feed")  # noqa: PT017 -- either will do
    else:
        assert all(one.url.startswith("http") for one in parsed.entries)
