"""Where a feed is parsed: small plain ones at once, all others as the job of a child."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pipeline.errors import Rejected
from pipeline.feeds.parse import parse_feed, parse_plain_feed
from pipeline.io.jobs import FEED_JOB, PARSED_FEED
from pipeline.records import FeedDocument, ParsedFeed

#: Bytes of a feed that may be parsed without a child. Four of five feeds are smaller, and the worst
#: that we could make of so many, 50,000 nested elements in descriptions, took 2.5 s.
HERE_LIMIT = 256_000


def read_here(document: FeedDocument, *, now: datetime) -> ParsedFeed | Rejected | None:
    """Return what a feed holds, or why it is none; None when it takes a child to say.

    That is for large feeds, and for all that the fast reader does not vouch for: feedparser may
    run for minutes.
    """
    if len(document.body) > HERE_LIMIT:
        return None
    try:
        return parse_plain_feed(document, now=now)
    except Rejected as error:
        return error
    except Exception:  # noqa: BLE001 -- whatever this is, it must not spoil a batch; a child tells it
        return None


def read(header: bytes, body: bytes) -> bytes:
    """Return the parsed feed as JSON. Raise NotAFeed."""
    job = FEED_JOB.validate_json(header)
    parsed = parse_feed(replace(job.document, body=body), now=job.now)
    return PARSED_FEED.dump_json(parsed, warnings="error")
