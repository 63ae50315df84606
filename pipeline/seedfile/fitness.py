"""Pure: what a document must be before it is published, besides being well written.

Consumers' templates escape little, one file that cannot be read ends a whole build, and a text
with a control character or a line break is read differently by different readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.errors import SeedFileError
from pipeline.plaintext import clean_line
from pipeline.seedfile.addresses import is_safe_path, is_safe_url
from pipeline.seedfile.document import SeedDocument, SeedProvider, SeedRelated


def require_fit(document: SeedDocument) -> None:
    """Raise SeedFileError unless texts are clean lines, addresses http(s), times in UTC.

    Only the excerpt may be empty.
    """
    for name, text in _texts(document):
        if text != clean_line(text):
            raise SeedFileError(f"{name} holds control characters, line breaks or idle blanks")
        if not text and not name.endswith("excerpt"):
            raise SeedFileError(f"{name} is empty")
    for name, url in _urls(document):
        if not is_safe_url(url):
            raise SeedFileError(f"{name} {url[:200]!r} is no safe http(s) address")
    for logo in document.provider.images:
        if not is_safe_path(logo.url) and not is_safe_url(logo.url):
            raise SeedFileError(f"logo {logo.url[:200]!r} is neither a path of the site nor safe")
    for moment in (document.published_at, *(one.published_at for one in document.related)):
        if not _is_utc_second(moment):
            raise SeedFileError(f"publishedDateTime {moment} is not in UTC to the second")


def _texts(document: SeedDocument) -> Iterator[tuple[str, str]]:
    """Yield every text of the top level and of the related articles."""
    yield "category", document.category
    yield from _page_texts("", document)
    if document.featured_content is not None:
        yield "featuredContent", document.featured_content
    if document.secured is not None:
        yield "secured", document.secured
    yield from (("a topic", topic) for topic in document.topics)
    yield from (("a tag", tag) for tag in document.tags)
    yield from (("the picture's title", i.title) for i in document.images if i.title is not None)
    for one in document.related:
        yield from _page_texts("a related ", one)


def _page_texts(prefix: str, page: SeedDocument | SeedRelated) -> Iterator[tuple[str, str]]:
    """Yield the texts that leads and related articles have."""
    provider: SeedProvider = page.provider
    yield f"{prefix}title", page.title
    yield f"{prefix}excerpt", page.excerpt
    yield f"{prefix}type", page.type
    yield f"{prefix}provider's name", provider.name
    yield f"{prefix}provider's domain", provider.domain


def _urls(document: SeedDocument) -> Iterator[tuple[str, str]]:
    """Yield every address; a document has its own or, for a video, the original one."""
    yield "address", document.url or document.original_url or ""
    if document.original_url is not None:
        yield "original address", document.original_url
    pages: tuple[SeedDocument | SeedRelated, ...] = (document, *document.related)
    for page in pages:
        yield from (("picture", image.url) for image in page.images)
        if page.amp:
            yield "AMP address", page.amp.url
            yield "AMP cache address", page.amp.cdn_url
    yield from (("related address", one.url) for one in document.related)


def _is_utc_second(moment: datetime) -> bool:
    """Say whether the format can hold a time as it is."""
    return moment.utcoffset() == timedelta(0) and moment.microsecond == 0
