"""Pure: JSON Feed 1.0 and 1.1 (jsonfeed.org), which feedparser does not read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pipeline.entries import RawEntry, clean_entries, language_of, plain_text
from pipeline.errors import NotAFeed
from pipeline.records import Media, ParsedFeed
from pipeline.urls import resolve

_VERSION = "jsonfeed.org/version/"


def parse_json_feed(text: str, *, final_url: str, now: datetime) -> ParsedFeed:
    """Read a JSON Feed. Raise NotAFeed for other JSON, and for what is none."""
    try:
        feed = json.loads(text, strict=False)  # raw line breaks in texts are forgiven
    except (ValueError, RecursionError) as error:
        raise NotAFeed("not-a-feed", f"ill-formed JSON: {error}") from None
    version = _text(feed, "version")
    if _VERSION not in version:
        raise NotAFeed("not-a-feed", "JSON, but no JSON Feed")
    base = resolve(final_url, _text(feed, "home_page_url")) or final_url
    raws = [_raw(item) for item in _list(feed, "items")]
    cleaned = clean_entries(raws, base=base, now=now)
    return ParsedFeed(
        dialect="json10" if version.rstrip("/").endswith("/1") else "json11",
        parser="jsonfeed",
        title=plain_text(_text(feed, "title")),
        entries=cleaned.entries,
        skipped=cleaned.skipped,
        language=language_of(_text(feed, "language")),
    )


def _raw(item: dict[str, Any]) -> RawEntry:
    """Read one of its items."""
    summaries = ("summary", "content_text", "content_html")
    return RawEntry(
        guid=_id(item),
        links=(_text(item, "url"), _text(item, "external_url")),
        title=_text(item, "title"),
        summaries=tuple(_text(item, key) for key in summaries),
        published=(_text(item, "date_published"),),
        updated=(_text(item, "date_modified"),),
        # 1.1's list, then 1.0's single author.
        authors=tuple(
            _text(person, "name") for person in (*_list(item, "authors"), item.get("author"))
        ),
        media=tuple(_media(item)),
    )


def _id(item: dict[str, Any]) -> str:
    """Return the id; the standard tells readers to take a number for its text."""
    value = item.get("id")
    return str(value) if isinstance(value, str | int | float) else ""


def _media(item: dict[str, Any]) -> Iterator[Media]:
    """Yield the pictures of an item and those attached to it."""
    for key in ("image", "banner_image"):
        yield Media(url=_text(item, key), type="image/*")
    for attachment in _list(item, "attachments"):
        kind = _text(attachment, "mime_type")
        if kind.startswith(("image/", "video/")):
            yield Media(url=_text(attachment, "url"), type=kind)


def _list(record: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the objects of a list, none for anything else."""
    value = record.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(record: Any, key: str) -> str:
    """Return a text value of an object, "" for anything else."""
    value = record.get(key) if isinstance(record, dict) else None
    return value if isinstance(value, str) else ""
