"""What a capsule is made from: the entries of feeds, and the one that speaks for a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from pipeline.io.schema import entries, pages
from pipeline.io.store.entries import facts_key
from pipeline.records import Entry, Media, PageId, SourceId


def pages_of_key(tx: Connection, entry_key: str) -> Sequence[str]:
    """Return the addresses of the pages that entries of a key lead to."""
    query = select(pages.c.url).join(entries, entries.c.page_id == pages.c.id)
    found = tx.execute(query.where(entries.c.entry_key == entry_key).distinct())
    return sorted(row.url for row in found)


def entry_of_page(tx: Connection, page_id: PageId) -> Row[Any] | None:
    """Return the entry whose facts a page uses; None when no feed has shown it."""
    rows = tx.execute(select(entries).where(entries.c.page_id == page_id)).all()
    return min(
        rows, key=lambda row: facts_key(SourceId(row.source_id), row.entry_key), default=None
    )


def entries_of_source(tx: Connection, source_id: str) -> Sequence[Row[Any]]:
    """Return the entries that a source has shown, newest first."""
    query = select(entries).where(entries.c.source_id == source_id)
    return tx.execute(query.order_by(entries.c.published_at.desc(), entries.c.entry_key)).all()


def entry_of_row(row: Row[Any]) -> Entry:
    """Make the record of an entry's row."""
    return Entry(
        guid=row.entry_key,
        url=row.url,
        title=row.title,
        summary=row.summary,
        published_at=row.published_at,
        updated_at=row.updated_at,
        authors=tuple(row.authors),
        media=tuple(Media(**media) for media in row.media),
        content_hash=row.content_hash,
    )
