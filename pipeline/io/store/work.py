"""Claiming rows to work on: leases, fencing and deaths.

PostgreSQL: FOR UPDATE SKIP LOCKED. SQLite: the whole write transaction holds the lock.
A claim commits `attempts + 1` before the dangerous part begins, so that a row that kills its
worker is noticed: rows of a dead batch are claimed again one by one, and only a death while
alone counts. Three deaths, or five recorded failures, put a row into quarantine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    func,
    or_,
    select,
    update,
)

from pipeline.io.schema import leases, pages, sources, ticks
from pipeline.io.schema_backfill import backfills, lookups
from pipeline.io.store import ledger, pace
from pipeline.io.store.pace import ClaimTerms
from pipeline.io.store.statements import one_of

#: A row that died alone so often is quarantined.
MAX_DEATHS = 3
#: A row that failed so often in a row is quarantined.
MAX_FAILURES = 5
#: Candidates looked at for each row wanted, so that one busy host does not hide the others.
_LOOK_AHEAD = 8


def is_due(table: Table, now: datetime) -> ColumnElement[bool]:
    """Return the condition of rows that may be claimed now."""
    return and_(
        table.c.next_at <= now,
        table.c.quarantined.is_(None),
        or_(table.c.lease_until.is_(None), table.c.lease_until < now),
    )


def spares_the_living(table: Table, now: datetime) -> ColumnElement[bool]:
    """Return the condition of rows that may be claimed beside what is polled and read live.

    A backfill asks no host that a live tick is waiting for, and nothing while it is paused.
    """
    live = select(ticks.c.id).where(ticks.c.kind != "backfill", ticks.c.closed_at.is_(None))
    reading = select(pages.c.host).where(
        pages.c.tick_id.in_(live), pages.c.state == "pending", is_due(pages, now)
    )
    polling = select(sources.c.host).where(sources.c.tick_id.in_(live), is_due(sources, now))
    spared = and_(table.c.host.not_in(reading), table.c.host.not_in(polling))
    if table is not pages:
        return spared
    of_backfills = select(backfills.c.tick_id).where(backfills.c.tick_id.is_not(None))
    running = of_backfills.where(backfills.c.state == "running")
    return or_(table.c.tick_id.not_in(of_backfills), and_(table.c.tick_id.in_(running), spared))


def claim(
    tx: Connection,
    table: Table,
    terms: ClaimTerms,
    *where: ColumnElement[bool],
    asks_hosts: bool = True,
) -> Sequence[Row[Any]]:
    """Lease due rows of `table` and return them as they were, with their new fence.

    Rows whose host is busy are moved on to when it is free and not returned; with `asks_hosts`
    False no host is held or waited for. Hosts and providers take turns: the first row of each
    comes before anybody's second.
    """
    query = _fairly(table, and_(is_due(table, terms.now), *where), terms.limit * _LOOK_AHEAD)
    candidates = _bury(tx, table, tx.execute(query).all(), terms.now)
    suspects = [row for row in candidates if row.lease_owner is not None]
    wanted = suspects[:1] or candidates
    granted = pace.reserve(tx, table, wanted, terms) if asks_hosts else wanted[: terms.limit]
    if not granted:
        return []
    tx.execute(
        update(table)
        .where(one_of(tx, table.c.id, [row.id for row in granted]))
        .values(
            attempts=table.c.attempts + 1,
            fence=table.c.fence + 1,
            lease_owner=terms.owner,
            lease_until=terms.now + terms.lease,
            lease_size=len(granted),
        )
    )
    return tx.execute(
        select(table)
        .where(one_of(tx, table.c.id, [row.id for row in granted]))
        .order_by(table.c.id)
    ).all()


#: What a claim decides by; most candidates are only looked at, so the rest is read for few.
_CANDIDATE = ("id", "host", "deaths", "lease_owner", "lease_size", "tick_id")


def _fairly(table: Table, condition: ColumnElement[bool], limit: int) -> Select[Any]:
    """Return the query of at most `limit` rows that meet a condition, each party's oldest first."""
    party = table.c.provider if table is sources else table.c.host
    age = func.row_number().over(partition_by=party, order_by=(table.c.next_at, table.c.id))
    placed = select(table.c.id, age.label("place")).where(condition).subquery()
    # The condition again: only rows of `table` itself are looked at anew once their lock is had.
    return (
        select(*(table.c[name] for name in _CANDIDATE))
        .join(placed, placed.c.id == table.c.id)
        .where(condition)
        .order_by(placed.c.place, table.c.next_at, table.c.id)
        .limit(limit)
        .with_for_update(of=table, skip_locked=True)
    )


def _bury(tx: Connection, table: Table, rows: Iterable[Row[Any]], now: datetime) -> list[Row[Any]]:
    """Count the deaths of rows whose lease ran out; quarantine at the third; return the rest."""
    alive = []
    for row in rows:
        if row.lease_owner is None or row.lease_size != 1:
            alive.append(row)
            continue
        deaths = row.deaths + 1
        values: dict[str, Any] = {"deaths": deaths}
        if deaths >= MAX_DEATHS:
            values |= {
                "quarantined": "worker-died",
                "last_error": f"{deaths} workers died on it alone, the last before {now:%F %T}Z",
                "lease_owner": None,
                "lease_until": None,
                "tick_id": None,
            }
            stage = "extract" if table is pages else "fetch"
            ledger.note(tx, row.tick_id, stage, "quarantined", error="worker-died")
        else:
            alive.append(row)
        tx.execute(update(table).where(table.c.id == row.id).values(values))
    return alive


def still_ours(tx: Connection, table: Table, claimed: Iterable[Row[Any]]) -> set[str]:
    """Return the ids whose lease nobody took over since; the results of the others are dropped."""
    fences = {row.id: row.fence for row in claimed}
    rows = tx.execute(
        select(table.c.id, table.c.fence).where(one_of(tx, table.c.id, fences)).with_for_update()
    )
    return {row.id for row in rows if row.fence == fences[row.id]}


#: What a finished row's lease columns become.
RELEASED: Mapping[str, Any] = {
    "lease_owner": None,
    "lease_until": None,
    "lease_size": None,
}


def release_all(tx: Connection, owner: str) -> None:
    """Give back everything `owner` holds, so that the next one need not wait for the leases."""
    for table in (sources, pages, lookups):
        tx.execute(
            update(table)
            .where(table.c.lease_owner == owner)
            .values(fence=table.c.fence + 1, **RELEASED)
        )
    pace.release_all(tx, owner)
    tx.execute(update(leases).where(leases.c.owner == owner).values(owner=None, until=None))


#: The table whose rows each fetching stage works on.
_STAGE_TABLES = {"fetch": sources, "extract": pages, "find": lookups}


def waiting(
    tx: Connection, stage: str, ids: Sequence[str], *, now: datetime, until: datetime
) -> Sequence[Any]:
    """Return those of `ids` that are in a tick, not leased, and due by `until`."""
    table = _STAGE_TABLES[stage]
    conditions = [
        one_of(tx, table.c.id, ids),
        table.c.tick_id.is_not(None),
        table.c.quarantined.is_(None),
        table.c.next_at <= until,
        or_(table.c.lease_until.is_(None), table.c.lease_until < now),
    ]
    if table is not sources:
        conditions.append(table.c.state == "pending")
    return tx.execute(
        select(table.c.id, table.c.next_at).where(*conditions).order_by(table.c.next_at)
    ).all()
