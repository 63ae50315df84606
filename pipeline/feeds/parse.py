"""Pure: the bytes of a feed -> its entries.

feedparser reads RSS and Atom, JSON Feed has its own reader. Markup is cleaned and addresses are
resolved here, so both are switched off in feedparser, where they cost most of its time. What it
returns is judged by version and entries, not by `bozo`: real feeds are often a little broken.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import feedparser

from pipeline.errors import NotAFeed
from pipeline.feeds.entries import RawEntry, clean_entry, newest
from pipeline.feeds.jsonfeed import looks_like_json, parse_json_feed
from pipeline.plaintext import plain_line
from pipeline.records import Entry, FeedDocument, Media, ParsedFeed, PollHints, SkippedEntry
from pipeline.urls import resolve

#: RSS 1.0's syndication module: the length of each period.
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_HTML_STARTS = (b"<!doctype html", b"<html")


class _Bytes:
    """A body that feedparser can only read: bare bytes it would first try to open as a path."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self) -> bytes:
        return self._body


def parse_feed(document: FeedDocument, *, now: datetime) -> ParsedFeed:
    """Return the feed's entries, cleaned. Raise NotAFeed with `empty-body` or `not-a-feed`."""
    body = document.body
    if not body.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise NotAFeed("empty-body", "the answer holds no bytes")
    if looks_like_json(body):
        return parse_json_feed(document, now=now)
    headers = {"content-location": document.final_url}
    if document.content_type:
        headers["content-type"] = document.content_type
    read = feedparser.parse(
        _Bytes(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    if not read.get("version"):
        raise NotAFeed("not-a-feed", _what_it_is(body))
    feed = read.feed
    base = _base(feed, document.final_url)
    cleaned = [clean_entry(_raw(entry), base=base, now=now) for entry in read.entries]
    entries, notes = newest([one for one in cleaned if isinstance(one, Entry)])
    return ParsedFeed(
        dialect=str(read.version),
        parser="feedparser",
        title=plain_line(_text(feed, "title")),
        entries=entries,
        skipped=(*(one for one in cleaned if isinstance(one, SkippedEntry)), *notes),
        language=_text(feed, "language")[:2].lower() or None,
        hints=_hints(feed),
    )


def _what_it_is(body: bytes) -> str:
    """Say what came in place of a feed."""
    start = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "an HTML page" if start.startswith(_HTML_STARTS) else "no dialect that is known"


def _base(feed: Any, final_url: str) -> str:
    """Return what relative links resolve against: the feed's own site, else its address."""
    link = _text(feed, "link")
    return resolve(final_url, link) or final_url


def _raw(entry: Any) -> RawEntry:
    """Read one entry of feedparser's."""
    return RawEntry(
        guid=_text(entry, "id"),
        links=tuple(_links(entry)),
        title=_text(entry, "title"),
        summary=_text(entry, "summary") or _content(entry) or _text(entry, "media_description"),
        # RSS 1.0 has but one date, Dublin Core's, which feedparser files under `updated`.
        published=tuple(_text(entry, key) for key in ("published", "created", "updated")),
        updated=(_text(entry, "updated"),),
        authors=tuple(_authors(entry)),
        media=tuple(_media(entry)),
    )


def _links(entry: Any) -> Iterator[tuple[str, str]]:
    """Yield what may lead to the page, best first, with the base of each."""
    for key in ("feedburner_origlink", "link"):
        if link := _text(entry, key):
            yield link, ""
    for link in entry.get("links", ()):
        if link.get("rel") == "alternate" and link.get("href"):
            yield link["href"], ""
    guid = _text(entry, "id")
    if guid.startswith(("http://", "https://")) and entry.get("guidislink", True):
        yield guid, ""


def _content(entry: Any) -> str:
    """Return the full text that some feeds carry in place of a summary."""
    return next((str(part.get("value") or "") for part in entry.get("content", ())), "")


def _authors(entry: Any) -> Iterator[str]:
    """Yield the names an entry gives.

    A single author comes from the whole text: feedparser cuts `desk@a.example (Desk)` wrongly.
    """
    people = entry.get("authors", ())
    if len(people) > 1:
        yield from (_text(person, "name") for person in people)
    else:
        yield _text(entry, "author")


def _media(entry: Any) -> Iterator[Media]:
    """Yield pictures and videos: Media RSS, thumbnails, enclosures."""
    for one in entry.get("media_content", ()):
        kind = str(one.get("type") or one.get("medium") or "")
        if one.get("url") and kind.partition("/")[0] in ("image", "video", ""):
            yield _medium(one, one["url"], kind)
    for one in entry.get("media_thumbnail", ()):
        if one.get("url"):
            yield _medium(one, one["url"], "image/*")
    for one in entry.get("enclosures", ()):
        if one.get("href") and str(one.get("type", "")).startswith("image/"):
            yield _medium(one, one["href"], one["type"])


def _medium(one: Any, url: str, kind: str) -> Media:
    """Make the record of an attachment."""
    return Media(
        url=str(url), width=_number(one.get("width")), height=_number(one.get("height")), type=kind
    )


def _number(value: Any) -> int | None:
    """Return a size in pixels; None for anything that is none."""
    text = str(value or "").strip()
    return int(text) if text.isdecimal() and len(text) < 6 else None  # noqa: PLR2004 -- 99,999 pixels


def _hints(feed: Any) -> PollHints:
    """Read ttl (minutes), sy:updatePeriod and -Frequency."""
    waits = []
    if ttl := _number(feed.get("ttl")):
        waits.append(timedelta(minutes=ttl))
    period = _PERIODS.get(_text(feed, "sy_updateperiod").strip().lower())
    if period:
        waits.append(period / max(_number(feed.get("sy_updatefrequency")) or 1, 1))
    return PollHints(ttl=max(waits, default=None))


def _text(record: Any, key: str) -> str:
    """Return a text value, "" for anything else; plain look-up, without feedparser's aliases."""
    value = dict.get(record, key)
    return value if isinstance(value, str) else ""
