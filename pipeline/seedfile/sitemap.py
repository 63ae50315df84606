"""Pure: the Google News sitemap of a site.

Form and limits: https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, SubElement

from config.catalogue import Site
from pipeline.seedfile.listing import Listing, newest_first, page_url, time_text
from pipeline.seedfile.xmltext import document_bytes

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
#: Google wants nothing older ("created in the last two days") ...
_WINDOW = timedelta(hours=48)
#: ... and no more than this in one file.
_LIMIT = 1_000


def news_sitemap(listings: Sequence[Listing], *, site: Site, now: datetime) -> bytes:
    """Return news-sitemap.xml: the published stories of the last 48 hours, newest first.

    The hours are counted back from the full hour before `now`, so the bytes change once an hour
    at most unless a story does. `listings` are the published ones, in any order.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    oldest = time_text(hour - _WINDOW)
    recent = [one for one in newest_first(listings) if one.published_at >= oldest]
    root = Element("urlset", {"xmlns": _SITEMAP, "xmlns:news": _NEWS})
    for listing in recent[:_LIMIT]:
        _add(root, listing, site)
    return document_bytes(root)


def _add(root: Element, listing: Listing, site: Site) -> None:
    """Add one story."""
    url = SubElement(root, "url")
    SubElement(url, "loc").text = page_url(listing, site)
    news = SubElement(url, "news:news")
    publication = SubElement(news, "news:publication")
    SubElement(publication, "news:name").text = site.name
    SubElement(publication, "news:language").text = site.language
    SubElement(news, "news:publication_date").text = listing.published_at
    SubElement(news, "news:title").text = listing.title
