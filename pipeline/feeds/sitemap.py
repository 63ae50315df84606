"""Pure: news sitemaps (sitemaps.org with Google's news namespace), feeds under another name.

A sitemap without news lists every page of a site and is refused; so is an index, which names the
sitemap to take instead.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pipeline.entries import RawEntry, clean_entries, language_of, plain_text
from pipeline.errors import NotAFeed
from pipeline.records import ParsedFeed, SkippedEntry
from pipeline.safexml import child_text, children, local_name, parse_xml, root_name
from pipeline.sitemaps import INDEX, ChildSitemap, child_sitemap, news_entry

_DIALECT = "news-sitemap"
#: Google takes 1,000 entries; more are read, but not without end.
_READ_LIMIT = 5_000


def parse_sitemap(text: str, *, final_url: str, now: datetime) -> ParsedFeed:
    """Return the entries of a news sitemap.

    Raise NotAFeed: `sitemap-index` with the sitemap to take instead, `not-a-feed` for a sitemap
    without news, `unreadable-feed`.
    """
    root = parse_xml(text, recover=True)
    if local_name(root) == INDEX:
        newest = next(iter(_listed(root, final_url, now)), None)
        raise NotAFeed("sitemap-index", f"take {newest.url}" if newest else "it lists nothing")
    pages = list(children(root, "url"))
    news = [(page, about) for page in pages for about in children(page, "news")]
    if pages and not news:
        raise NotAFeed("not-a-feed", "a sitemap without news")
    cleaned = clean_entries(
        [_raw(page, about) for page, about in news[:_READ_LIMIT]],
        base=final_url,
        now=now,
        missing=max(len(news) - _READ_LIMIT, 0),
    )
    others = len(pages) - len(news)
    told = (SkippedEntry(reason="entry-without-news", label=f"{others} pages"),) if others else ()
    publication = next((one for _, about in news for one in children(about, "publication")), None)
    return ParsedFeed(
        dialect=_DIALECT,
        parser="sitemap",
        title=plain_text(child_text(publication, "name")),
        entries=cleaned.entries,
        skipped=(*cleaned.skipped, *told),
        language=language_of(child_text(publication, "language")),
    )


def child_sitemaps(text: str, *, final_url: str, now: datetime) -> list[ChildSitemap]:
    """Return the sitemaps of an index: those called news first, and of each kind the newest first.

    None for a text that is no index. Raise NotAFeed: `unreadable-feed`.
    """
    if root_name(text) != INDEX:
        return []
    return _listed(parse_xml(text, recover=True), final_url, now)


def _listed(root: Any, base: str, now: datetime) -> list[ChildSitemap]:
    """Return what an index lists, best first."""
    oldest = datetime.min.replace(tzinfo=UTC)
    listed = (child_sitemap(one, base=base, now=now) for one in children(root, "sitemap"))
    found = [one for one in listed if one]
    return sorted(
        found, key=lambda one: ("news" in one.url.lower(), one.changed_at or oldest), reverse=True
    )


def _raw(page: Any, about: Any) -> RawEntry:
    """Read one of its entries; polled as it comes, what changed has hardly been out for longer."""
    raw = news_entry(page, about)
    return replace(raw, published=(*raw.published, *raw.updated))
