"""Pure: JSON Feed 1.0 and 1.1 (jsonfeed.org), which feedparser does not read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pipeline.errors import NotAFeed
from pipeline.feeds.entries import RawEntry, clean_entry, newest
from pipeline.plaintext import plain_line
from pipeline.records import Entry, FeedDocument, Media, ParsedFeed, SkippedEntry
from pipeline.urls import resolve


def looks_like_json(body: bytes) -> bool:
    """Say whether a body begins as a JSON object does."""
    return body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def parse_json_feed(document: FeedDocument, *, now: datetime) -> ParsedFeed:
    """Read a JSON Feed. Raise NotAFeed for other JSON, and for JSON that is none."""
    try:
        feed = json.loads(document.body.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError) as error:
        raise NotAFeed("not-a-feed", f"ill-formed JSON: {error}") from None
    version = feed.get("version") if isinstance(feed, dict) else None
    if not isinstance(version, str) or "jsonfeed.org/version/" not in version:
        raise NotAFeed("not-a-feed", "JSON, but no JSON Feed")
    items = feed.get("items")
    base = resolve(document.final_url, _text(feed, "home_page_url")) or document.final_url
    raws = [_raw(item, base) for item in items or () if isinstance(item, dict)]
    cleaned = [clean_entry(raw, base=base, now=now) for raw in raws]
    entries, notes = newest([one for one in cleaned if isinstance(one, Entry)])
    return ParsedFeed(
        dialect="json10" if version.rstrip("/").endswith("/1") else "json11",
        parser="json",
        title=plain_line(_text(feed, "title")),
        entries=entries,
        skipped=(*(one for one in cleaned if isinstance(one, SkippedEntry)), *notes),
        language=_text(feed, "language")[:2].lower() or None,
    )


def _raw(item: dict[str, Any], base: str) -> RawEntry:
    """Read one of its items."""
    return RawEntry(
        guid=str(item.get("id") or ""),
        links=tuple((_text(item, key), base) for key in ("url", "external_url") if item.get(key)),
        title=_text(item, "title"),
        summary=_text(item, "summary")
        or _text(item, "content_text")
        or _text(item, "content_html"),
        published=(_text(item, "date_published"),),
        updated=(_text(item, "date_modified"),),
        authors=tuple(_authors(item)),
        media=tuple(_media(item)),
    )


def _authors(item: dict[str, Any]) -> Iterator[str]:
    """Yield the names of 1.1's `authors` and 1.0's `author`."""
    listed = item.get("authors")
    people = [*(listed if isinstance(listed, list) else ()), item.get("author")]
    for person in people:
        if isinstance(person, dict):
            yield _text(person, "name")


def _media(item: dict[str, Any]) -> Iterator[Media]:
    """Yield the pictures of an item and its attachments."""
    for key in ("image", "banner_image"):
        if url := _text(item, key):
            yield Media(url=url, type="image/*")
    attachments = item.get("attachments")
    for attachment in attachments if isinstance(attachments, list) else ():
        if isinstance(attachment, dict) and _text(attachment, "mime_type").startswith("image/"):
            yield Media(url=_text(attachment, "url"), type=_text(attachment, "mime_type"))


def _text(record: dict[str, Any], key: str) -> str:
    """Return a text value, "" for anything else."""
    value = record.get(key)
    return value if isinstance(value, str) else ""
