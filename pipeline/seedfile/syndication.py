"""Pure: a site's own feeds: JSON Feed 1.1 (jsonfeed.org) and Atom 1.0 (RFC 4287).

An entry's id is made of the story's, which is never reused: readers see a story once, whatever
becomes of its title or its lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from config.catalogue import Site
from pipeline.seedfile.canonical import canonical
from pipeline.seedfile.listing import ListedImage, Listing, newest_first, page_url, site_url
from pipeline.seedfile.xmltext import document_bytes

#: Readers poll several times a day; no site publishes more in between.
ENTRIES = 50
_JSON_VERSION = "https://jsonfeed.org/version/1.1"
_ATOM = "http://www.w3.org/2005/Atom"
#: Media RSS: an Atom enclosure would need the picture's media type, which nobody has told us.
_MEDIA = "http://search.yahoo.com/mrss/"
#: Atom demands a time even of a feed without entries, and any later one would change.
_NEVER = "1970-01-01T00:00:00Z"


def feed_json(listings: Sequence[Listing], *, site: Site) -> bytes:
    """Return feed.json: the 50 newest of the published stories, which come in any order."""
    feed = {
        "version": _JSON_VERSION,
        "title": site.name,
        "home_page_url": site_url(site, "/"),
        "feed_url": site_url(site, "/feed.json"),
        "language": site.language,
        "items": [_json_entry(one, site) for one in newest_first(listings)[:ENTRIES]],
    }
    return canonical(_without_gaps(feed))


def _json_entry(listing: Listing, site: Site) -> dict[str, Any]:
    """Return one entry; `external_url` is the article where `url` is the story's page."""
    url = page_url(listing, site)
    return _without_gaps(
        {
            "id": _urn(listing),
            "url": url,
            "external_url": listing.url if listing.url != url else None,
            "title": listing.title,
            # The standard demands a content, which the excerpt is all we have of.
            "content_text": listing.excerpt,
            "summary": listing.excerpt,
            "image": listing.image.url if listing.image else None,
            "date_published": listing.published_at,
            "date_modified": listing.updated_at,
            "tags": list(listing.topics),
            "authors": [
                _without_gaps({"name": listing.provider_name, "avatar": _logo(listing, site)})
            ],
        }
    )


def feed_atom(listings: Sequence[Listing], *, site: Site) -> bytes:
    """Return feed.atom: the 50 newest of the published stories, which come in any order."""
    newest = newest_first(listings)[:ENTRIES]
    feed = Element("feed", {"xmlns": _ATOM, "xmlns:media": _MEDIA, "xml:lang": site.language})
    SubElement(feed, "id").text = f"urn:newsloom:site:{site.name}"
    SubElement(feed, "title").text = site.name
    SubElement(feed, "updated").text = max((one.updated_at for one in newest), default=_NEVER)
    _add_author(feed, site.name)
    _add_link(feed, "self", site_url(site, "/feed.atom"), type="application/atom+xml")
    _add_link(feed, "alternate", site_url(site, "/"), type="text/html")
    for listing in newest:
        _add_entry(feed, listing, site)
    return document_bytes(feed)


def _add_entry(feed: Element, listing: Listing, site: Site) -> None:
    """Add one story; the link `via` is the article where `alternate` is the story's page."""
    url = page_url(listing, site)
    entry = SubElement(feed, "entry")
    SubElement(entry, "id").text = _urn(listing)
    SubElement(entry, "title").text = listing.title
    SubElement(entry, "published").text = listing.published_at
    SubElement(entry, "updated").text = listing.updated_at
    _add_author(entry, listing.provider_name)
    _add_link(entry, "alternate", url, type="text/html")
    _add_link(entry, "via", listing.url if listing.url != url else None, type="text/html")
    if listing.image:
        _add_image(entry, listing.image)
    SubElement(entry, "summary").text = listing.excerpt
    for topic in listing.topics:
        SubElement(entry, "category", {"term": topic})


def _add_author(parent: Element, name: str) -> None:
    """Add whose words they are."""
    SubElement(SubElement(parent, "author"), "name").text = name


def _add_link(parent: Element, rel: str, url: str | None, **attributes: str) -> None:
    """Add a link that there is."""
    if url:
        SubElement(parent, "link", {"rel": rel, "href": url, **attributes})


def _add_image(entry: Element, image: ListedImage) -> None:
    """Add the story's picture."""
    size = {"width": str(image.width), "height": str(image.height)}
    SubElement(entry, "media:content", {"url": image.url, "medium": "image", **size})


def _urn(listing: Listing) -> str:
    """Return the name of a story in feeds, for good."""
    return f"urn:newsloom:{listing.story_id}"


def _logo(listing: Listing, site: Site) -> str | None:
    """Return the provider's picture as an absolute address."""
    logo = listing.provider_logo
    return site_url(site, logo) if logo and logo.startswith("/") else logo


def _without_gaps(record: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is None: JSON Feed knows no null."""
    return {key: value for key, value in record.items() if value is not None}
