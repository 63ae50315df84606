"""Pure: the bytes of a feed -> its entries, whatever the dialect."""

from __future__ import annotations

import zlib
from dataclasses import fields, replace
from datetime import datetime

from pipeline.charsets import decode
from pipeline.errors import NotAFeed
from pipeline.feeds.jsonfeed import parse_json_feed
from pipeline.feeds.sitemap import parse_sitemap
from pipeline.feeds.xmlfeed import XmlFeed
from pipeline.records import FeedDocument, ParsedFeed, SkippedEntry
from pipeline.sitemaps import is_sitemap

#: What may precede the first character that counts.
_BLANK = "\ufeff\0 \t\r\n"
#: One body in so many is read by both readers, so that a difference between them shows.
_SAMPLED = 100


def parse_feed(document: FeedDocument, *, now: datetime) -> ParsedFeed:
    """Return the feed's entries, cleaned: by the fast reader if it vouches for them.

    One in a hundred is read by feedparser as well, whose word counts; a difference is told as
    `readers-differ`. Raise NotAFeed: `empty-body`, `not-a-feed`, or `unreadable-feed` when
    feedparser fails.
    """
    text = _text(document)
    if text.startswith("{"):
        return parse_json_feed(text, final_url=document.final_url, now=now)
    if is_sitemap(text):
        return parse_sitemap(text, final_url=document.final_url, now=now)
    feed = XmlFeed(text, final_url=document.final_url, now=now)
    vouched = feed.fast()
    if vouched is None:
        return feed.judged()
    return _compared(vouched, feed.judged()) if is_sampled(document.body) else vouched


def parse_plain_feed(document: FeedDocument, *, now: datetime) -> ParsedFeed | None:
    """Return what `parse_feed` would if it takes but the fast reader, else None.

    Raise NotAFeed: `empty-body`, `not-a-feed`.
    """
    text = _text(document)
    if text.startswith("{") or is_sitemap(text) or is_sampled(document.body):
        return None
    return XmlFeed(text, final_url=document.final_url, now=now).fast()


def is_sampled(body: bytes) -> bool:
    """Say whether a body is one of the few that both readers read; the same one always is."""
    return zlib.crc32(body) % _SAMPLED == 0


def _text(document: FeedDocument) -> str:
    """Return the text of a feed."""
    text = decode(document.body, content_type=document.content_type).lstrip(_BLANK)
    if not text:
        raise NotAFeed("empty-body", "the answer holds no text")
    return text


def _compared(vouched: ParsedFeed, judged: ParsedFeed) -> ParsedFeed:
    """Return what feedparser says, with a note of what the fast reader says otherwise."""
    same = replace(vouched, parser=judged.parser)
    if same == judged:
        return judged
    names = [
        one.name for one in fields(judged) if getattr(same, one.name) != getattr(judged, one.name)
    ]
    note = SkippedEntry(reason="readers-differ", label=f"fast and feedparser: {', '.join(names)}")
    return replace(judged, skipped=(*judged.skipped, note))
