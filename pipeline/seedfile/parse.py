"""Pure: the bytes of a seed document -> what it says, for every generation of the format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml

from pipeline.errors import SeedFileError
from pipeline.seedfile.document import (
    SeedAmp,
    SeedDocument,
    SeedImage,
    SeedProvider,
    SeedRelated,
)
from pipeline.seedfile.style import STYLES, Style

#: Larger than any document by far; YAML is not read beyond.
_SIZE_LIMIT = 4 * 2**20
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_QUOTED_URL = re.compile(r'^(?:sourceUrl|webUrl|originalUrl): "', re.MULTILINE)
_KEYS = frozenset(
    {
        "category", "title", "excerpt", "publishedDateTime", "originalUrl", "sourceUrl", "webUrl",
        "ampUrl", "cdnAmpUrl", "ampWebUrl", "cdnAmpWebUrl", "type", "quality", "heat", "published",
        "removed", "featuredContent", "provider", "topics", "tags", "images", "related", "secured",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ParsedSeed:
    """A document and the style it is written in: rendering it so gives the same bytes."""

    document: SeedDocument
    style: Style


def parse(data: bytes) -> ParsedSeed:
    """Read a document. Raise SeedFileError with line and remedy when it is not well-formed."""
    text = _text(data)
    values = _load(text, yaml.BaseLoader)
    reader = _Reader(text)
    for key in values:
        if key not in _KEYS:
            raise reader.error(key, f"unknown key {key!r}; remove it")
    style = _style(text, values)
    return ParsedSeed(document=_document(reader, values, style), style=style)


#: Keys whose values every consumer reads as something else than text.
_TYPES: Mapping[str, type] = {
    "publishedDateTime": datetime,
    "quality": int,
    "heat": int,
    "published": bool,
    "removed": bool,
    "width": int,
    "height": int,
    "isCached": bool,
}


def misread_keys(data: bytes) -> list[str]:
    """Return the keys that PyYAML's safe loader, as consumers use it, does not take as meant."""
    text = _text(data)
    return list(_misread("", _load(text, yaml.BaseLoader), _load(text, yaml.SafeLoader)))


def _misread(key: str, meant: Any, read: Any) -> Iterator[str]:
    """Compare texts as they stand with values as they are read."""
    if isinstance(meant, dict) and isinstance(read, dict) and meant.keys() == read.keys():
        for name, value in meant.items():
            yield from _misread(name, value, read[name])
    elif isinstance(meant, list) and isinstance(read, list) and len(meant) == len(read):
        for one, other in zip(meant, read, strict=True):
            yield from _misread(key, one, other)
    elif key in _TYPES:
        if type(read) is not _TYPES[key]:
            yield key
    elif meant != read:
        yield key


def _text(data: bytes) -> str:
    """Decode and bound a file."""
    if len(data) > _SIZE_LIMIT:
        raise SeedFileError(f"{len(data)} bytes are no seed document; write it again")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SeedFileError("not UTF-8; write the file again", line=line) from None


def _load(text: str, loader: type[Any]) -> dict[str, Any]:
    """Return the mapping between the two lines of dashes."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0] != "---":
        raise SeedFileError("a document begins with ---; remove what stands before", line=1)
    try:
        end = lines.index("---", 1)
    except ValueError:
        raise SeedFileError("the closing --- is missing; the file is cut short") from None
    try:
        values = yaml.load("\n".join(lines[1:end]), Loader=loader)  # noqa: S506 -- Base or Safe
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else None
        raise SeedFileError(f"no YAML: {error.problem}; quote the value", line=line) from None
    except yaml.reader.ReaderError as error:
        raise SeedFileError(f"no YAML: {error.reason}; remove the character") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SeedFileError(f"no YAML: {error}") from None
    if not isinstance(values, dict):
        raise SeedFileError("no keys between the dashes; write the file again", line=2)
    return values


def _style(text: str, values: Mapping[str, Any]) -> Style:
    """Tell the generation from the names it uses."""
    base = STYLES["seed" if "sourceUrl" in values else "web"]
    return Style(
        url=base.url,
        amp_url=base.amp_url,
        cdn_amp_url=base.cdn_amp_url,
        quoted_urls=bool(_QUOTED_URL.search(text)),
        newline="\r\n" if "\r\n" in text else "\n",
    )


class _Reader:
    """Reads typed values, and knows the line of a key for its complaints."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def error(self, key: str, message: str) -> SeedFileError:
        """Return a complaint about a key, with the line where it stands."""
        for number, line in enumerate(self._lines, 1):
            if line.lstrip(" -").startswith(f"{key}:"):
                return SeedFileError(message, line=number)
        return SeedFileError(message)

    def text(self, values: Mapping[str, Any], key: str) -> str:
        """Return a text that must be there."""
        value = values.get(key)
        if not isinstance(value, str):
            raise self.error(key, f"{key} is missing or no text; add it")
        return value

    def optional(self, values: Mapping[str, Any], key: str) -> str | None:
        """Return a text that may be missing."""
        return self.text(values, key) if key in values else None

    def number(self, values: Mapping[str, Any], key: str) -> int | None:
        """Return a whole number that may be missing."""
        text = self.optional(values, key)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError:
            raise self.error(key, f"{key}: {text!r} is no whole number") from None

    def size(self, values: Mapping[str, Any], key: str) -> int:
        """Return a whole number that must be there."""
        number = self.number(values, key)
        if number is None:
            raise self.error(key, f"{key} is missing; add it")
        return number

    def truth(self, values: Mapping[str, Any], key: str) -> bool | None:
        """Return true or false, which may be missing."""
        text = self.optional(values, key)
        if text not in (None, "true", "false"):
            raise self.error(key, f"{key}: {text!r} is neither true nor false")
        return None if text is None else text == "true"

    def time(self, values: Mapping[str, Any], key: str) -> datetime:
        """Return a UTC time that must be there."""
        text = self.text(values, key)
        try:
            return datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            raise self.error(key, f"{key}: {text!r}; write YYYY-MM-DDTHH:MM:SSZ") from None

    def texts(self, values: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """Return a list of texts, empty when it is missing."""
        listed = values.get(key, [])
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise self.error(key, f"{key} is no list of texts")
        return tuple(listed)

    def mappings(self, values: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        """Return a list of mappings, empty when it is missing."""
        listed = values.get(key, [])
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise self.error(key, f"{key} is no list of mappings")
        return listed


def _document(reader: _Reader, values: Mapping[str, Any], style: Style) -> SeedDocument:
    """Read the top level."""
    return SeedDocument(
        category=reader.text(values, "category"),
        title=reader.text(values, "title"),
        excerpt=reader.text(values, "excerpt"),
        published_at=reader.time(values, "publishedDateTime"),
        original_url=reader.optional(values, "originalUrl"),
        url=reader.optional(values, style.url),
        amp=_amp(reader, values, style),
        type=reader.text(values, "type"),
        quality=reader.number(values, "quality"),
        heat=reader.number(values, "heat"),
        published=reader.truth(values, "published"),
        removed=reader.truth(values, "removed"),
        featured_content=reader.optional(values, "featuredContent"),
        provider=_provider(reader, values),
        topics=reader.texts(values, "topics"),
        tags=reader.texts(values, "tags"),
        images=_images(reader, values),
        related=tuple(_related(reader, one, style) for one in reader.mappings(values, "related")),
        secured=reader.optional(values, "secured"),
    )


def _related(reader: _Reader, values: Mapping[str, Any], style: Style) -> SeedRelated:
    """Read one related article."""
    return SeedRelated(
        title=reader.text(values, "title"),
        excerpt=reader.text(values, "excerpt"),
        published_at=reader.time(values, "publishedDateTime"),
        url=reader.text(values, style.url),
        amp=_amp(reader, values, style),
        type=reader.text(values, "type"),
        provider=_provider(reader, values),
        quality=reader.size(values, "quality"),
        images=_images(reader, values),
    )


def _amp(reader: _Reader, values: Mapping[str, Any], style: Style) -> SeedAmp | None:
    """Read both AMP addresses; one alone is an error."""
    if style.amp_url not in values and style.cdn_amp_url not in values:
        return None
    return SeedAmp(
        url=reader.text(values, style.amp_url), cdn_url=reader.text(values, style.cdn_amp_url)
    )


def _provider(reader: _Reader, values: Mapping[str, Any]) -> SeedProvider:
    """Read a provider."""
    provider = values.get("provider")
    if not isinstance(provider, dict):
        raise reader.error("provider", "provider is missing; add its name and domain")
    return SeedProvider(
        name=reader.text(provider, "name"),
        domain=reader.text(provider, "domain"),
        images=_images(reader, provider),
    )


def _images(reader: _Reader, values: Mapping[str, Any]) -> tuple[SeedImage, ...]:
    """Read a list of pictures."""
    return tuple(
        SeedImage(
            url=reader.text(image, "url"),
            width=reader.size(image, "width"),
            height=reader.size(image, "height"),
            is_cached=reader.truth(image, "isCached"),
            title=reader.optional(image, "title"),
        )
        for image in reader.mappings(values, "images")
    )
