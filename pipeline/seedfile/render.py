"""Pure: a seed document -> its bytes, and the proof that they say just that.

Order, quoting and blank lines are those of FORMAT's evidence: blocks separated by exactly one
blank line, nothing empty written, two blanks of indentation, and the file ends with the closing
dashes and one empty line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import SeedFileError
from pipeline.plaintext import clean_line
from pipeline.seedfile.document import (
    SeedAmp,
    SeedDocument,
    SeedImage,
    SeedProvider,
    SeedRelated,
)
from pipeline.seedfile.parse import misread_keys, parse
from pipeline.seedfile.style import STYLES, Dialect, Style, plain, quoted, url_scalar

#: A URL beyond this is an attack or a mistake; browsers agree on about as much.
_URL_LIMIT = 2_048


def render(document: SeedDocument, dialect: Dialect | Style) -> bytes:
    """Return the document's file."""
    style = dialect if isinstance(dialect, Style) else STYLES[dialect]
    blocks = ["\n".join(lines) for lines in _blocks(document, style) if lines]
    text = "---\n" + "\n\n".join(blocks) + "\n---\n\n"
    return text.replace("\n", style.newline).encode("utf-8", errors="surrogatepass")


def _blocks(document: SeedDocument, style: Style) -> Iterator[list[str]]:
    """Yield the blocks in their order, empty ones as empty lists."""
    yield list(_head(document, style))
    yield _line("featuredContent", _quoted(document.featured_content))
    yield list(_provider(document.provider, style, indent=""))
    yield _list("topics", document.topics)
    yield _list("tags", document.tags)
    yield list(_images(document.images, style, indent=""))
    yield list(_related(document.related, style))
    yield _line("secured", _quoted(document.secured))


def _head(document: SeedDocument, style: Style) -> Iterator[str]:
    """Yield the first block."""
    yield f"category: {plain(document.category)}"
    yield f"title: {quoted(document.title)}"
    yield f"excerpt: {quoted(document.excerpt)}"
    yield f"publishedDateTime: {_time(document.published_at)}"
    yield from _line("originalUrl", _url(document.original_url, style))
    yield from _line(style.url, _url(document.url, style))
    yield from _amp(document.amp, style)
    yield f"type: {plain(document.type)}"
    yield from _line("quality", _number(document.quality))
    yield from _line("heat", _number(document.heat))
    yield from _line("published", _truth(document.published))
    yield from _line("removed", _truth(document.removed))


def _amp(amp: SeedAmp | None, style: Style) -> list[str]:
    """Return both AMP lines, or none."""
    if amp is None:
        return []
    return [
        f"{style.amp_url}: {url_scalar(amp.url, style)}",
        f"{style.cdn_amp_url}: {url_scalar(amp.cdn_url, style)}",
    ]


def _provider(provider: SeedProvider, style: Style, *, indent: str) -> Iterator[str]:
    """Yield a provider."""
    yield f"{indent}provider:"
    yield f"{indent}  name: {plain(provider.name)}"
    yield f"{indent}  domain: {plain(provider.domain)}"
    yield from _images(provider.images, style, indent=f"{indent}  ")


def _images(images: Iterable[SeedImage], style: Style, *, indent: str) -> Iterator[str]:
    """Yield a list of pictures, nothing for an empty one."""
    for number, image in enumerate(images):
        if number == 0:
            yield f"{indent}images:"
        # Logos below a path of the site are no addresses of the web.
        shown = url_scalar(image.url, style)
        yield f"{indent}  - url: {shown}"
        yield f"{indent}    width: {image.width}"
        yield f"{indent}    height: {image.height}"
        for line in (
            *_line("isCached", _truth(image.is_cached)),
            *_line("title", _quoted(image.title)),
        ):
            yield f"{indent}    {line}"


def _related(related: Iterable[SeedRelated], style: Style) -> Iterator[str]:
    """Yield the list of related articles."""
    for number, one in enumerate(related):
        if number == 0:
            yield "related:"
        yield f"  - title: {quoted(one.title)}"
        yield f"    excerpt: {quoted(one.excerpt)}"
        yield f"    publishedDateTime: {_time(one.published_at)}"
        yield f"    {style.url}: {url_scalar(one.url, style)}"
        yield from (f"    {line}" for line in _amp(one.amp, style))
        yield f"    type: {plain(one.type)}"
        yield from _provider(one.provider, style, indent="    ")
        yield f"    quality: {one.quality}"
        yield from _images(one.images, style, indent="    ")


def _list(key: str, values: Iterable[str]) -> list[str]:
    """Return a list of plain texts, nothing for an empty one."""
    lines = [f"  - {plain(value)}" for value in values]
    return [f"{key}:", *lines] if lines else []


def _line(key: str, value: str | None) -> list[str]:
    """Return one line, nothing for a missing value."""
    return [] if value is None else [f"{key}: {value}"]


def _quoted(text: str | None) -> str | None:
    return None if text is None else quoted(text)


def _url(url: str | None, style: Style) -> str | None:
    return None if url is None else url_scalar(url, style)


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)


def _truth(value: bool | None) -> str | None:  # noqa: FBT001 -- a value to be written
    return None if value is None else "true" if value else "false"


def _time(moment: datetime) -> str:
    """Return a time as the format writes it: UTC to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def prove(data: bytes, document: SeedDocument) -> None:
    """Raise SeedFileError unless `data` says just what `document` does, safely.

    Read by PyYAML's safe loader and by our own reader; every text must be one clean line and
    every address http(s).
    """
    if parse(data).document != document:
        raise SeedFileError("what was written reads back as another document; report this as a bug")
    if misread := misread_keys(data):
        raise SeedFileError(f"{', '.join(misread)} would be read as something else; report this")
    for name, text in _texts(document):
        if text != clean_line(text):
            raise SeedFileError(f"{name} holds control characters or line breaks")
    for url in _urls(document):
        if not _is_safe(url):
            raise SeedFileError(f"{url[:200]!r} is no safe http(s) address")


def _texts(document: SeedDocument) -> Iterator[tuple[str, str]]:
    """Yield every text a reader may see."""
    yield "title", document.title
    yield "excerpt", document.excerpt
    yield "provider", document.provider.name
    yield from (("topic", topic) for topic in document.topics)
    for one in document.related:
        yield "a related title", one.title
        yield "a related excerpt", one.excerpt
        yield "a related provider", one.provider.name


def _urls(document: SeedDocument) -> Iterator[str]:
    """Yield every address of the web (a logo may be a path of the site)."""
    pages: list[Any] = [document, *document.related]
    for page in pages:
        yield page.url or document.original_url or ""
        yield from (image.url for image in page.images)
        if page.amp:
            yield from (getattr(page.amp, part.name) for part in fields(page.amp))


def _is_safe(url: str) -> bool:
    """Say whether an address can stand in YAML, JSON and HTML without harm."""
    return (
        url.startswith(("http://", "https://"))
        and len(url) <= _URL_LIMIT
        and url.isascii()
        and url.isprintable()
        and not set(url) & set(' "\\<>`')
    )
