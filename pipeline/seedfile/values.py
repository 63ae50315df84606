"""Pure: a seed document as the plain values of its front matter, in the order they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.seedfile.document import (
    SeedAmp,
    SeedDocument,
    SeedImage,
    SeedProvider,
    SeedRelated,
    SeedScore,
)
from pipeline.seedfile.style import Style, Verbatim


def values_of(document: SeedDocument, style: Style) -> dict[str, Any]:
    """Return the front matter of a document with the names of `style`, without empty values."""
    return _present(
        {
            "category": document.category,
            "title": document.title,
            "excerpt": document.excerpt,
            "publishedDateTime": document.published_at,
            "originalUrl": document.original_url,
            style.url: document.url,
            **_amp(document.amp, style),
            "type": document.type,
            **_score(document.score),
            "removed": document.removed,
            "featuredContent": document.featured_content,
            "provider": _provider(document.provider),
            "topics": list(document.topics),
            "tags": list(document.tags),
            "images": [_image(image) for image in document.images],
            "related": [_related(related, style) for related in document.related],
            **_extra(document.extra),
            "secured": document.secured,
        }
    )


def _related(related: SeedRelated, style: Style) -> dict[str, Any]:
    """Return one related article."""
    return _present(
        {
            "title": related.title,
            "excerpt": related.excerpt,
            "publishedDateTime": related.published_at,
            style.url: related.url,
            **_amp(related.amp, style),
            "type": related.type,
            "provider": _provider(related.provider),
            "quality": related.quality,
            "images": [_image(image) for image in related.images],
            **_extra(related.extra),
        }
    )


def _provider(provider: SeedProvider) -> dict[str, Any]:
    """Return a provider."""
    return _present(
        {
            "name": provider.name,
            "domain": provider.domain,
            "images": [_image(image) for image in provider.images],
            **_extra(provider.extra),
        }
    )


def _image(image: SeedImage) -> dict[str, Any]:
    """Return a picture."""
    return _present(
        {
            "url": image.url,
            "width": image.width,
            "height": image.height,
            "isCached": image.is_cached,
            "title": image.title,
            **_extra(image.extra),
        }
    )


def _amp(amp: SeedAmp | None, style: Style) -> dict[str, Any]:
    """Return both AMP addresses, or none."""
    return {} if amp is None else {style.amp_url: amp.url, style.cdn_amp_url: amp.cdn_url}


def _score(score: SeedScore | None) -> dict[str, Any]:
    """Return the three keys of a score, or none."""
    if score is None:
        return {}
    return {"quality": score.quality, "heat": score.heat, "published": score.published}


def _extra(extra: Mapping[str, str]) -> dict[str, Any]:
    """Return the keys that we do not know."""
    return {key: Verbatim(text) for key, text in extra.items()}


def _present(values: dict[str, Any]) -> dict[str, Any]:
    """Return what is there to be written."""
    return {key: value for key, value in values.items() if value is not None and value != []}
