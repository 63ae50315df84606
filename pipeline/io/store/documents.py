"""Rows of documents, changes and publications: what each site has, and how it came to it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, func, insert, select, update

from pipeline.io.schema import changes, documents, publications
from pipeline.io.store.statements import one_of, upsert
from pipeline.records import StoryId


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """One file of one site."""

    site: str
    story_id: StoryId
    path: str
    #: live | tombstone | removed (nothing but the name is left).
    state: str
    published: bool
    published_at: datetime
    sha256: str
    revision: int
    writer_version: int
    #: Of all that the bytes are made from; "" when they were made elsewhere.
    fingerprint: str = ""
    #: The file's bytes.
    content: bytes
    #: What the files beside the documents tell of it.
    listing: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change of a site's documents; its number is given when it is saved."""

    at: datetime
    #: created | updated | merged | split | retracted.
    kind: str
    story_id: StoryId
    path: str
    sha256: str | None
    other_id: StoryId | None = None
    number: int = 0


def documents_of(tx: Connection, site: str) -> list[DocumentRow]:
    """Return every document that a site has on disk, by path."""
    rows = tx.execute(
        select(documents)
        .where(documents.c.site == site, documents.c.state != "removed")
        .order_by(documents.c.path)
    )
    return [_document(row) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSummary:
    """A document without its bytes, for what looks at a whole site."""

    story_id: StoryId
    path: str
    state: str
    published: bool
    published_at: datetime
    sha256: str
    revision: int
    listing: Mapping[str, Any]


def summaries_of(tx: Connection, site: str) -> list[DocumentSummary]:
    """Return every document that a site has on disk, without its bytes, by path."""
    table = documents.c
    rows = tx.execute(
        select(
            table.story_id,
            table.path,
            table.state,
            table.published,
            table.published_at,
            table.sha256,
            table.revision,
            table.listing,
        )
        .where(table.site == site, table.state != "removed")
        .order_by(table.path)
    )
    return [DocumentSummary(**row._asdict()) for row in rows]


def documents_of_stories(
    tx: Connection, site: str, ids: Iterable[StoryId]
) -> dict[StoryId, DocumentRow]:
    """Return a site's documents of these stories."""
    rows = tx.execute(
        select(documents).where(documents.c.site == site, one_of(tx, documents.c.story_id, ids))
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
                "fingerprint": row.fingerprint,
                "content": zlib.compress(row.content),
                "listing": dict(row.listing),
            }
            for row in rows
        ],
    )


def save_revisions(tx: Connection, site: str, revisions: Mapping[StoryId, int]) -> None:
    """Record which revision of its story each document shows, its bytes being the same."""
    values = [{"story": story_id, "now": revision} for story_id, revision in revisions.items()]
    if values:
        tx.execute(
            update(documents)
            .where(documents.c.site == site, documents.c.story_id == bindparam("story"))
            .where(documents.c.revision != bindparam("now"))
            .values(revision=bindparam("now")),
            values,
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
        fingerprint=row.fingerprint,
        content=zlib.decompress(row.content),
        listing=row.listing,
    )


def append_changes(tx: Connection, site: str, rows: Sequence[ChangeRow]) -> None:
    """Store changes, numbered on from the site's last."""
    last = tx.scalar(select(func.max(changes.c.number)).where(changes.c.site == site)) or 0
    if rows:
        numbered = enumerate(rows, last + 1)
        tx.execute(insert(changes), [change_values(site, row, number) for number, row in numbered])


def change_values(site: str, row: ChangeRow, number: int) -> dict[str, Any]:
    """Return the columns of a change."""
    return {
        "site": site,
        "number": number,
        "at": row.at,
        "kind": row.kind,
        "story_id": row.story_id,
        "path": row.path,
        "sha256": row.sha256,
        "other_id": row.other_id,
    }


def latest_changes(tx: Connection, site: str, *, limit: int) -> list[ChangeRow]:
    """Return a site's newest changes, oldest of them first."""
    rows = tx.execute(
        select(changes).where(changes.c.site == site).order_by(changes.c.number.desc()).limit(limit)
    ).all()
    return [
        ChangeRow(
            at=row.at,
            kind=row.kind,
            story_id=StoryId(row.story_id),
            path=row.path,
            sha256=row.sha256,
            other_id=StoryId(row.other_id) if row.other_id else None,
            number=row.number,
        )
        for row in reversed(rows)
    ]


def record_publication(
    tx: Connection, site: str, *, at: datetime, reasons: Sequence[str], forced: str | None
) -> None:
    """Note what the gate said, and why an operator overruled it."""
    tx.execute(insert(publications).values(site=site, at=at, reasons=list(reasons), forced=forced))


def last_publication(tx: Connection, site: str) -> Row[Any] | None:
    """Return the gate's last word on a site: at, reasons, forced."""
    return tx.execute(
        select(publications)
        .where(publications.c.site == site)
        .order_by(publications.c.id.desc())
        .limit(1)
    ).first()
