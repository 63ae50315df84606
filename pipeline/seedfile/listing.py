"""Pure: what the files beside the documents tell of one document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.seedfile.document import SeedDocument

_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedImage:
    """The document's picture."""

    url: str
    width: int
    height: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One document for lists, feeds and sitemaps."""

    story_id: str
    #: Below the site's folder.
    path: str
    title: str
    excerpt: str
    published_at: datetime
    #: When the newest of its articles was published: the same whenever it is written.
    updated_at: datetime
    url: str
    amp_url: str
    cdn_amp_url: str
    type: str
    heat: int
    quality: int
    provider_name: str
    provider_domain: str
    provider_logo: str
    topics: tuple[str, ...]
    image: ListedImage | None
    related: int


def listing_of(document: SeedDocument, *, story_id: str, path: str) -> Listing:
    """Return what lists tell of a document at `path`."""
    image = document.images[0] if document.images else None
    logo = document.provider.images[0].url if document.provider.images else ""
    moments = [document.published_at, *(one.published_at for one in document.related)]
    return Listing(
        story_id=story_id,
        path=path,
        title=document.title,
        excerpt=document.excerpt,
        published_at=document.published_at,
        updated_at=max(moments),
        url=document.url or document.original_url or "",
        amp_url=document.amp.url if document.amp else "",
        cdn_amp_url=document.amp.cdn_url if document.amp else "",
        type=document.type,
        heat=document.heat or 0,
        quality=document.quality or 0,
        provider_name=document.provider.name,
        provider_domain=document.provider.domain,
        provider_logo=logo,
        topics=document.topics,
        image=ListedImage(
            url=image.url, width=image.width, height=image.height, title=image.title or ""
        )
        if image
        else None,
        related=len(document.related),
    )


def to_json(listing: Listing) -> dict[str, Any]:
    """Return a listing as JSON holds it, for the database."""
    return asdict(listing) | {
        "published_at": _text(listing.published_at),
        "updated_at": _text(listing.updated_at),
        "topics": list(listing.topics),
    }


def from_json(values: Mapping[str, Any]) -> Listing:
    """Return the listing that `to_json` wrote."""
    image = values["image"]
    return Listing(
        **{
            **values,
            "published_at": _moment(values["published_at"]),
            "updated_at": _moment(values["updated_at"]),
            "topics": tuple(values["topics"]),
            "image": ListedImage(**image) if image else None,
        }
    )


def _text(moment: datetime) -> str:
    """Return a time in UTC to the second."""
    return moment.astimezone(UTC).strftime(_TIME)


def _moment(text: str) -> datetime:
    """Read what `_text` wrote."""
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
