"""What a backfill was to find and what became of it, for people who ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from pipeline.io.schema import articles, pages
from pipeline.io.schema_backfill import backfill_entries, lookups
from pipeline.records import ArticleId, SourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One entry that a backfill found, and what became of it."""

    source_id: SourceId
    page_id: str
    #: By its article, else as the archive tells it; None when neither does.
    day: date | None
    article_id: ArticleId | None
    #: "" where there is an article.
    reason: str


def listed(tx: Connection, number: int) -> list[Listed]:
    """Return all that a backfill found, in one order."""
    rows = tx.execute(
        select(
            backfill_entries.c.source_id,
            backfill_entries.c.page_id,
            backfill_entries.c.day,
            pages.c.article_id,
            pages.c.state,
            pages.c.last_error,
            pages.c.quarantined,
            articles.c.published_at,
        )
        .join(pages, pages.c.id == backfill_entries.c.page_id)
        .outerjoin(articles, articles.c.id == pages.c.article_id)
        .where(backfill_entries.c.backfill_id == number)
        .order_by(backfill_entries.c.source_id, backfill_entries.c.page_id)
    )
    return [
        Listed(
            source_id=SourceId(row.source_id),
            page_id=row.page_id,
            day=row.published_at.date() if row.published_at else row.day,
            article_id=ArticleId(row.article_id) if row.article_id else None,
            reason=_reason(row) if row.article_id is None else "",
        )
        for row in rows
    ]


def _reason(row: Any) -> str:
    """Say why an entry has no article."""
    told = row.quarantined or row.last_error or row.state
    return str(told).partition(":")[0]


def failures(tx: Connection, number: int) -> Sequence[Any]:
    """Return the look-ups that could not be made, by source and address."""
    return tx.execute(
        select(lookups.c.source_id, lookups.c.url, lookups.c.last_error)
        .where(lookups.c.backfill_id == number, lookups.c.state == "failed")
        .order_by(lookups.c.source_id, lookups.c.url)
    ).all()


def notes(tx: Connection, number: int) -> Mapping[str, list[str]]:
    """Return what finders said of answers, by source, each once, in order of the look-ups."""
    rows = tx.execute(
        select(lookups.c.source_id, lookups.c.note)
        .where(lookups.c.backfill_id == number, lookups.c.note != "")
        .order_by(lookups.c.source_id, lookups.c.url)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        told = found.setdefault(row.source_id, [])
        if row.note not in told:
            told.append(row.note)
    return found
