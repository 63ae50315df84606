"""Pure: the bytes of a feed -> its entries, whatever the dialect."""

from __future__ import annotations

from datetime import datetime

from pipeline.errors import NotAFeed
from pipeline.feeds.decode import decode
from pipeline.feeds.jsonfeed import parse_json_feed
from pipeline.feeds.xmlfeed import parse_xml_feed
from pipeline.records import FeedDocument, ParsedFeed

#: What may precede the first character that counts.
_BLANK = "\ufeff\0 \t\r\n"


def parse_feed(document: FeedDocument, *, now: datetime) -> ParsedFeed:
    """Return the feed's entries, cleaned.

    Raise NotAFeed: `empty-body`, `not-a-feed`, or `unreadable-feed` when the parser fails.
    """
    text = decode(document.body, content_type=document.content_type).lstrip(_BLANK)
    if not text:
        raise NotAFeed("empty-body", "the answer holds no text")
    parse = parse_json_feed if text.startswith("{") else parse_xml_feed
    return parse(text, final_url=document.final_url, now=now)
