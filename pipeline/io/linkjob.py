"""The job of finding the feeds that pages lead to: asked here, done by children."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter

from pipeline.errors import Rejected
from pipeline.feeds.discovery import FeedLink, feed_links
from pipeline.io.children import Children
from pipeline.io.jobs import FEED_JOB, FeedJob, frame_of, record_of
from pipeline.records import FeedDocument

_LABEL = "pipeline.io.linkjob:read"
_LINKS: TypeAdapter[tuple[FeedLink, ...]] = TypeAdapter(tuple[FeedLink, ...])


def read_links(
    children: Children, documents: Sequence[FeedDocument], *, now: datetime
) -> list[tuple[FeedLink, ...] | Rejected]:
    """Return the feeds that each page declares or links to, in the order of the pages."""
    frames = [
        frame_of(
            _LABEL,
            FEED_JOB,
            FeedJob(document=replace(document, body=b""), now=now),
            document.body,
        )
        for document in documents
    ]
    return [record_of(_LINKS, answer) for answer in children.run(frames)]


def read(header: bytes, body: bytes) -> bytes:
    """Return a page's feeds as JSON."""
    job = FEED_JOB.validate_json(header)
    return _LINKS.dump_json(feed_links(replace(job.document, body=body), now=job.now))
