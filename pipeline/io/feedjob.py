"""The job of parsing a feed; imported by children alone."""

from __future__ import annotations

from dataclasses import replace

from pipeline.feeds.parse import parse_feed
from pipeline.io.jobs import FEED_JOB, PARSED_FEED


def read(header: bytes, body: bytes) -> bytes:
    """Return the parsed feed as JSON. Raise NotAFeed."""
    job = FEED_JOB.validate_json(header)
    parsed = parse_feed(replace(job.document, body=body), now=job.now)
    return PARSED_FEED.dump_json(parsed, warnings="error")
