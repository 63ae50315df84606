"""What operators do to sources by hand, and what their feeds held: rows of `managed_by = operator`.

An operator's word wins over the catalogue file until the source is released to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, insert, select, update

from config.catalogue import SourceEntry
from pipeline.feeds.duplicates import FeedProfile
from pipeline.io.schema import entries, sources
from pipeline.io.schema_backfill import backfill_parts
from pipeline.io.store import ledger
from pipeline.io.store.sources import entry_values, forget_feed, new_source
from pipeline.io.store.work import RELEASED

#: Columns of a source that stand under another name in the catalogue.
_COLUMNS = {"feed": "feed_url"}
_FIELDS = (
    "id", "feed", "provider", "title", "language", "interval", "enabled", "robots", "headers",
    "user_agent", "proxy",
)  # fmt: skip


def source_row(tx: Connection, source_id: str) -> Row[Any] | None:
    """Return a source, None when there is none of that id."""
    return tx.execute(select(sources).where(sources.c.id == source_id)).first()


def entry_of(row: Row[Any]) -> SourceEntry:
    """Return a source as it would stand in a catalogue."""
    values = {name: getattr(row, _COLUMNS.get(name, name)) for name in _FIELDS}
    return SourceEntry.model_validate(values)


def add_source(tx: Connection, entry: SourceEntry, *, now: datetime) -> None:
    """Add a source of the operator's own, due at once."""
    values = new_source(entry, now=now)
    tx.execute(insert(sources).values(**values, managed_by="operator", decision="added by hand"))


def change_source(tx: Connection, entry: SourceEntry, *, now: datetime) -> None:
    """Make a source what `entry` says, from now on by the operator's word."""
    forget_feed(tx, entry.id, unless=entry.feed, now=now)
    _update(tx, entry.id, {**entry_values(entry), "managed_by": "operator"})


def enable_source(tx: Connection, source_id: str, *, now: datetime) -> None:
    """Have a source polled again, at once and with a clean record."""
    clean = {"quarantined": None, "failures": 0.0, "deaths": 0, "last_error": None}
    told = {"next_at": now, "decision": "enabled by hand", "managed_by": "operator"}
    _update(tx, source_id, {"enabled": True, **clean, **told})


def disable_source(tx: Connection, source_id: str, *, reason: str) -> None:
    """Have a source polled no more; what is on its way is dropped, and no tick waits for it."""
    ledger.note_leaving(tx, sources, "disabled", sources.c.id == source_id)
    _update(
        tx,
        source_id,
        {
            "enabled": False,
            "managed_by": "operator",
            "decision": f"disabled by hand: {reason}" if reason else "disabled by hand",
            "tick_id": None,
            "fence": sources.c.fence + 1,
            **RELEASED,
        },
    )


def release_source(tx: Connection, source_id: str) -> None:
    """Give a source back to the catalogue; the next sync makes it what the file says."""
    _update(tx, source_id, {"managed_by": "file"})


def remove_source(tx: Connection, source_id: str) -> bool:
    """Delete a source that has shown nothing yet; say whether it was.

    One with entries stays: without it they would have no origin, and come back as new with it. So
    does one that a backfill was planned for.
    """
    unused = and_(
        ~exists().where(entries.c.source_id == source_id),
        ~exists().where(backfill_parts.c.source_id == source_id),
    )
    ledger.note_leaving(tx, sources, "removed", sources.c.id == source_id, unused)
    result = tx.execute(sources.delete().where(sources.c.id == source_id, unused))
    return result.rowcount == 1


def profiles(tx: Connection, provider: str | None = None) -> list[FeedProfile]:
    """Return what tells each source's feed from others: the entries it held when last read.

    With `provider`, only its sources' entries: those of others are never the same feed by them.
    """
    wanted = select(sources.c.id)
    if provider is not None:
        wanted = wanted.where(sources.c.provider == provider)
    newest = (
        select(entries.c.source_id, func.max(entries.c.last_seen_at).label("at"))
        .where(entries.c.source_id.in_(wanted))
        .group_by(entries.c.source_id)
        .subquery()
    )
    held: dict[str, set[str]] = {}
    for row in tx.execute(
        select(entries.c.source_id, entries.c.page_id).join(
            newest,
            and_(newest.c.source_id == entries.c.source_id, newest.c.at == entries.c.last_seen_at),
        )
    ):
        held.setdefault(row.source_id, set()).add(row.page_id)
    rows = tx.execute(select(sources.c.id, sources.c.feed_url, sources.c.provider))
    return [
        FeedProfile(
            name=row.id,
            feed_url=row.feed_url,
            provider=row.provider,
            pages=frozenset(held.get(row.id, ())),
        )
        for row in rows
    ]


def shown_pages(tx: Connection, source_id: str) -> frozenset[str]:
    """Return the pages that a source has led to, ever."""
    rows = tx.execute(select(entries.c.page_id).where(entries.c.source_id == source_id))
    return frozenset(row.page_id for row in rows)


def _update(tx: Connection, source_id: str, values: Mapping[str, Any]) -> None:
    """Change the columns of one source."""
    tx.execute(update(sources).where(sources.c.id == source_id).values(values))
