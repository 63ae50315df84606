"""Rows of sources: what fetch loads and saves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, func, select, update

from config.catalogue import SourceEntry
from pipeline.feeds.schedule import alarms
from pipeline.io.schema import entries, sources
from pipeline.io.store import ledger
from pipeline.io.store.entries import EntryIntent, Shown, save_entries
from pipeline.io.store.pace import ClaimTerms
from pipeline.io.store.statements import insert_missing, one_of
from pipeline.io.store.work import RELEASED, claim, is_due, still_ours
from pipeline.records import (
    Access,
    EntryKeyKind,
    Memory,
    PollState,
    Source,
    SourceId,
    Validators,
)

_MEMORY = TypeAdapter(Memory)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedSource:
    """A source under lease: what to poll, and the row that fences the result."""

    source: Source
    tick_id: int
    row: Row[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """What one poll changes: the source's state, and its new and changed entries."""

    claimed: ClaimedSource
    state: PollState
    status: str
    decision: str
    error: str | None = None
    dialect: str | None = None
    parser: str | None = None
    intents: tuple[EntryIntent, ...] = ()
    #: Keys of every entry in the feed, for `last_seen_at`.
    seen: tuple[str, ...] = ()
    #: How many entries came, and of those that are not to be stored how many for which reason.
    entries_found: int = 0
    entries_left: Mapping[tuple[str, str], int] = field(default_factory=dict)


def claim_sources(
    tx: Connection, ids: Sequence[SourceId], terms: ClaimTerms
) -> list[ClaimedSource]:
    """Lease those of `ids` that are due and whose hosts are free."""
    rows = claim(
        tx,
        sources,
        terms,
        one_of(tx, sources.c.id, ids),
        sources.c.enabled,
        sources.c.tick_id.is_not(None),
    )
    return [ClaimedSource(source=source_of(row), tick_id=row.tick_id, row=row) for row in rows]


def due_in_tick(tx: Connection, tick_id: int, now: datetime) -> list[SourceId]:
    """Return the sources of a tick that could be polled now."""
    rows = tx.execute(
        select(sources.c.id)
        .where(sources.c.tick_id == tick_id, is_due(sources, now))
        .order_by(sources.c.id)
    )
    return [SourceId(row.id) for row in rows]


def save_polls(tx: Connection, results: Sequence[PollResult], *, now: datetime) -> set[str]:
    """Save what the polls brought, except those whose lease was lost; return the saved ids."""
    ours = still_ours(tx, sources, [result.claimed.row for result in results])
    kept = [result for result in results if result.claimed.source.id in ours]
    shown = (
        Shown(
            source_id=result.claimed.source.id,
            tick_id=result.claimed.tick_id,
            keys=result.seen,
            intents=result.intents,
        )
        for result in kept
    )
    save_entries(tx, list(shown), now=now)
    if kept:
        tx.execute(
            update(sources)
            .where(sources.c.id == bindparam("row_id"))
            .values({name: bindparam(name) for name in _poll_values(kept[0], now)}),
            [{"row_id": result.claimed.source.id, **_poll_values(result, now)} for result in kept],
        )
    for result in kept:
        _note(tx, result)
    return ours


def _note(tx: Connection, result: PollResult) -> None:
    """Note how a poll ended, and what of its entries was not to be stored."""
    tick_id = result.claimed.tick_id
    ledger.note(tx, tick_id, "fetch", result.status, error=result.error)
    ledger.note(tx, tick_id, "entries", ledger.TAKEN, result.entries_found)
    for (outcome, reason), count in result.entries_left.items():
        ledger.note(tx, tick_id, "entries", outcome, count, error=reason)


def _poll_values(result: PollResult, now: datetime) -> dict[str, Any]:
    """Return the columns of a source after a poll."""
    state = result.state
    return {
        "etag": state.validators.etag,
        "last_modified": state.validators.last_modified,
        "body_hash": state.body_hash,
        "entry_key_kind": state.entry_key_kind.value,
        "moved_to": state.moved_to,
        "host": _host(state.moved_to or result.claimed.source.feed_url),
        "memory": _MEMORY.dump_python(state.memory, mode="json"),
        "alarm": "; ".join(alarms(state, now)) or None,
        "failures": state.failures,
        "last_success_at": state.last_success_at,
        "last_unconditional_at": state.last_unconditional_at,
        "last_polled_at": now,
        "last_status": result.status,
        "last_error": result.error,
        "decision": result.decision,
        "dialect": result.dialect or result.claimed.row.dialect,
        "parser": result.parser or result.claimed.row.parser,
        "next_at": state.next_fetch_at or now,
        "tick_id": None,
        "deaths": 0,
        **RELEASED,
    }


def source_of(row: Row[Any]) -> Source:
    """Make the record of a row."""
    return Source(
        id=SourceId(row.id),
        feed_url=row.feed_url,
        provider=row.provider,
        title=row.title,
        language=row.language,
        interval=row.interval,
        access=Access(headers=row.headers, user_agent=row.user_agent, proxy=row.proxy),
        state=PollState(
            validators=Validators(etag=row.etag, last_modified=row.last_modified),
            body_hash=row.body_hash,
            entry_key_kind=EntryKeyKind(row.entry_key_kind),
            memory=_MEMORY.validate_python(row.memory),
            moved_to=row.moved_to,
            failures=row.failures,
            last_success_at=row.last_success_at,
            last_unconditional_at=row.last_unconditional_at,
            next_fetch_at=row.next_at,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What applying the catalogue changed: ids of sources."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    #: Differs from the catalogue by an operator's word, which wins.
    kept: tuple[str, ...] = ()


def plan_sync(tx: Connection, catalogue: Mapping[str, SourceEntry]) -> SyncReport:
    """Say what `apply_sync` would change."""
    rows = {row.id: row for row in tx.execute(select(sources))}
    wanted = {entry.id: entry_values(entry) for entry in catalogue.values()}
    differing = [
        id_
        for id_, values in wanted.items()
        if id_ in rows and any(getattr(rows[id_], key) != value for key, value in values.items())
    ]
    return SyncReport(
        added=tuple(sorted(wanted.keys() - rows.keys())),
        changed=tuple(sorted(id_ for id_ in differing if rows[id_].managed_by == "file")),
        kept=tuple(sorted(id_ for id_ in differing if rows[id_].managed_by == "operator")),
        disabled=tuple(
            sorted(
                id_
                for id_ in rows.keys() - wanted.keys()
                if rows[id_].managed_by == "file" and rows[id_].enabled
            )
        ),
    )


def apply_sync(
    tx: Connection, catalogue: Mapping[str, SourceEntry], *, now: datetime
) -> SyncReport:
    """Bring the rows in line with the catalogue; an operator's own rows stay as they are.

    A source that left the catalogue is disabled, not deleted: its entries keep their keys.
    """
    report = plan_sync(tx, catalogue)
    added = [{**new_source(catalogue[id_], now=now), "managed_by": "file"} for id_ in report.added]
    insert_missing(tx, sources, added)
    upserted = [{"id": id_, **entry_values(catalogue[id_])} for id_ in report.changed]
    for values in upserted:
        forget_feed(tx, values["id"], unless=values["feed_url"], now=now)
        tx.execute(update(sources).where(sources.c.id == values["id"]).values(values))
    if report.disabled:
        tx.execute(
            update(sources).where(one_of(tx, sources.c.id, report.disabled)).values(enabled=False)
        )
    return report


def new_source(entry: SourceEntry, *, now: datetime) -> dict[str, Any]:
    """Return the row of a source nobody has polled yet, but for who manages it."""
    return {
        "id": entry.id,
        **entry_values(entry),
        "entry_key_kind": EntryKeyKind.GUID.value,
        "host": _host(entry.feed),
        "memory": _MEMORY.dump_python(Memory(), mode="json"),
        "failures": 0.0,
        "next_at": now,
        "attempts": 0,
        "deaths": 0,
        "fence": 0,
    }


def forget_feed(tx: Connection, source_id: str, *, unless: str, now: datetime) -> None:
    """Drop what polling knows of a source's feed if its address is another one than `unless`.

    The old feed's validators could make the new one look unchanged. Whoever is polling it now
    loses the claim, and the new address is due at once.
    """
    tx.execute(
        update(sources)
        .where(sources.c.id == source_id, sources.c.feed_url != unless)
        .values(
            etag=None,
            last_modified=None,
            body_hash=None,
            entry_key_kind=EntryKeyKind.GUID.value,
            host=_host(unless),
            moved_to=None,
            memory=_MEMORY.dump_python(Memory(), mode="json"),
            alarm=None,
            failures=0.0,
            deaths=0,
            quarantined=None,
            next_at=now,
            fence=sources.c.fence + 1,
            **RELEASED,
        )
    )


def _host(url: str) -> str:
    """Return the host whose pace the polls of an address keep."""
    return urlsplit(url).hostname or ""


def entry_values(entry: SourceEntry) -> dict[str, Any]:
    """Return the columns that a catalogue record decides."""
    return {
        "feed_url": entry.feed,
        "provider": entry.provider,
        "title": entry.title,
        "language": entry.language,
        "interval": entry.interval,
        "enabled": entry.enabled,
        "robots": entry.robots,
        "headers": dict(entry.headers),
        "user_agent": entry.user_agent,
        "proxy": entry.proxy,
    }


def one_source(tx: Connection, source_id: SourceId) -> tuple[Source, Row[Any]] | None:
    """Return a source and its row; None when there is none."""
    row = tx.execute(select(sources).where(sources.c.id == source_id)).first()
    return (source_of(row), row) if row else None


def all_sources(tx: Connection) -> Sequence[Row[Any]]:
    """Return every source with the number of its entries, by id."""
    counted = (
        select(entries.c.source_id, func.count().label("entries"))
        .group_by(entries.c.source_id)
        .subquery()
    )
    return tx.execute(
        select(sources, func.coalesce(counted.c.entries, 0).label("entries"))
        .outerjoin(counted, counted.c.source_id == sources.c.id)
        .order_by(sources.c.id)
    ).all()


def make_due(tx: Connection, ids: Iterable[SourceId], *, now: datetime) -> int:
    """Let the given sources be polled at the next tick, whatever their interval says."""
    result = tx.execute(
        update(sources)
        .where(one_of(tx, sources.c.id, ids), sources.c.next_at > now)
        .values(next_at=now)
    )
    return result.rowcount
