"""Pure: what the files beside the documents tell of one document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from config.catalogue import Site
from pipeline.plaintext import clean_line
from pipeline.seedfile.document import SeedDocument, SeedImage

#: A document's name: its day and its slug.
_DATED = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})-(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedImage:
    """The document's picture."""

    url: str
    width: int
    height: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One document for lists, feeds and sitemaps; times as the format writes them."""

    story_id: str
    #: Below the site's folder.
    path: str
    title: str
    excerpt: str
    published_at: str
    #: When the newest of its articles was published: the same whenever it is written.
    updated_at: str
    url: str
    amp_url: str | None
    cdn_amp_url: str | None
    type: str
    heat: int
    quality: int
    provider_name: str
    provider_domain: str
    provider_logo: str | None
    topics: tuple[str, ...]
    image: ListedImage | None
    #: How many related articles the story has; the document lists at most the site's limit.
    related: int


def listing_of(
    document: SeedDocument, *, story_id: str, path: str, related: int | None = None
) -> Listing:
    """Return what lists tell of a document at `path`, every text one clean line.

    `related`: how many related articles the story has, where that is known to be more than listed.
    """
    title = clean_line(document.title)
    moments = [document.published_at, *(one.published_at for one in document.related)]
    logos = document.provider.images
    return Listing(
        story_id=story_id,
        path=path,
        title=title,
        excerpt=clean_line(document.excerpt),
        published_at=time_text(document.published_at),
        updated_at=time_text(max(moments)),
        url=document.url or document.original_url or "",
        amp_url=document.amp.url if document.amp else None,
        cdn_amp_url=document.amp.cdn_url if document.amp else None,
        type=document.type,
        heat=document.heat,
        quality=document.score.quality if document.score else 0,
        provider_name=clean_line(document.provider.name) or document.provider.domain,
        provider_domain=document.provider.domain,
        provider_logo=logos[0].url if logos else None,
        topics=tuple(dict.fromkeys(filter(None, map(clean_line, document.topics)))),
        image=_image(document.images[0], title) if document.images else None,
        related=max(related or 0, len(document.related)),
    )


def _image(image: SeedImage, title: str) -> ListedImage:
    """Return a picture, named as the article where it has no title."""
    return ListedImage(
        url=image.url,
        width=image.width,
        height=image.height,
        title=clean_line(image.title or "") or title,
    )


def time_text(moment: datetime) -> str:
    """Return a time as the format writes it: UTC to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def to_json(listing: Listing) -> dict[str, Any]:
    """Return a listing as JSON holds it, for the database."""
    return asdict(listing)


def from_json(values: Mapping[str, Any]) -> Listing:
    """Return the listing that `to_json` wrote. Raise TypeError for other values."""
    image = values.get("image")
    given = dict(values) | {
        "topics": tuple(values.get("topics", ())),
        "image": ListedImage(**image) if image else None,
    }
    return Listing(**given)


def newest_first(listings: Iterable[Listing]) -> list[Listing]:
    """Return the newest first, of one second the hottest, then by path."""
    by_rank = sorted(listings, key=lambda one: (-one.heat, one.path))
    return sorted(by_rank, key=lambda one: one.published_at, reverse=True)


def page_path(path: str) -> str:
    """Return where a document's page stands on a site: under its day, by its slug.

    A name without a day, which we do not give but may take over, stands under /news/ itself.
    """
    name = path.rpartition("/")[2].removesuffix(".md")
    dated = _DATED.fullmatch(name)
    return f"/news/{quote('/'.join(dated.groups()) if dated else name)}/"


def site_url(site: Site, path: str) -> str | None:
    """Return the address of a path of the site; None for a site without an address."""
    return site.base_url.rstrip("/") + path if site.base_url else None


def page_url(listing: Listing, site: Site) -> str:
    """Return where readers find a story: its page, or the article on a site without an address."""
    return site_url(site, page_path(listing.path)) or listing.url
