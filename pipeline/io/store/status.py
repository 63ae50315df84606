"""How much there is and how much is waiting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from pipeline.io.schema import articles, documents, pages, sources, stories, ticks
from pipeline.io.store.stories import unwritten


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How much there is and how much is waiting, for `newsloom status`."""

    sources: int
    sources_due: int
    sources_failing: int
    #: Gone, quiet, moved, missing entries, failing for long: `newsloom sources list` says which.
    sources_with_alarm: int
    pages_pending: int
    pages_skipped: int
    quarantined: int
    articles: int
    articles_pending: int
    stories: int
    stories_unwritten: int
    documents: int
    ticks_open: int
    last_tick_at: datetime | None


def status(tx: Connection, *, sites: Iterable[str], now: datetime) -> Status:
    """Count."""

    def count(condition: ColumnElement[bool]) -> int:
        return tx.scalar(select(func.count()).where(condition)) or 0

    return Status(
        sources=count(sources.c.enabled),
        sources_due=count(sources.c.enabled & (sources.c.next_at <= now)),
        sources_failing=count(sources.c.enabled & (sources.c.failures > 0)),
        sources_with_alarm=count(sources.c.enabled & sources.c.alarm.is_not(None)),
        pages_pending=count(pages.c.state == "pending"),
        pages_skipped=count(pages.c.state == "skipped"),
        quarantined=count(pages.c.quarantined.is_not(None))
        + count(sources.c.quarantined.is_not(None)),
        articles=count(articles.c.id.is_not(None)),
        articles_pending=count(articles.c.state == "pending"),
        stories=count(stories.c.id.is_not(None)),
        stories_unwritten=len(unwritten(tx, sites)),
        documents=count(documents.c.site.is_not(None)),
        ticks_open=count(ticks.c.closed_at.is_(None)),
        last_tick_at=tx.scalar(select(func.max(ticks.c.opened_at))),
    )
