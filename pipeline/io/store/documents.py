"""Rows of documents: which file holds which story on which site."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from pipeline.io.schema import documents
from pipeline.io.store.work import upsert
from pipeline.records import StoryId


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """One file of one site."""

    site: str
    story_id: StoryId
    path: str
    #: live | tombstone.
    state: str
    published: bool
    published_at: datetime
    sha256: str
    revision: int
    writer_version: int


def documents_of(tx: Connection, site: str) -> list[DocumentRow]:
    """Return every document of a site, by path."""
    rows = tx.execute(select(documents).where(documents.c.site == site).order_by(documents.c.path))
    return [_document(row) for row in rows]


def documents_of_stories(
    tx: Connection, site: str, ids: Iterable[StoryId]
) -> dict[StoryId, DocumentRow]:
    """Return a site's documents of these stories."""
    rows = tx.execute(
        select(documents).where(documents.c.site == site, documents.c.story_id.in_(list(ids)))
    )
    return {StoryId(row.story_id): _document(row) for row in rows}


def path_is_taken(tx: Connection, site: str, path: str) -> bool:
    """Say whether a path, in whatever case, is some document's for life."""
    return bool(
        tx.scalar(
            select(
                exists().where(documents.c.site == site, documents.c.path_key == path.casefold())
            )
        )
    )


def save_documents(tx: Connection, rows: Sequence[DocumentRow]) -> None:
    """Insert or update documents."""
    upsert(
        tx,
        documents,
        [
            {
                "site": row.site,
                "story_id": row.story_id,
                "path": row.path,
                "path_key": row.path.casefold(),
                "state": row.state,
                "published": row.published,
                "published_at": row.published_at,
                "sha256": row.sha256,
                "revision": row.revision,
                "writer_version": row.writer_version,
            }
            for row in rows
        ],
    )


def _document(row: Row[Any]) -> DocumentRow:
    """Make the record of a document's row."""
    return DocumentRow(
        site=row.site,
        story_id=StoryId(row.story_id),
        path=row.path,
        state=row.state,
        published=row.published,
        published_at=row.published_at,
        sha256=row.sha256,
        revision=row.revision,
        writer_version=row.writer_version,
    )
