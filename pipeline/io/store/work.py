"""Claiming rows to work on: leases, fencing, deaths, and the pace of each host.

PostgreSQL: FOR UPDATE SKIP LOCKED. SQLite: the whole write transaction holds the lock.
A claim commits `attempts + 1` before the dangerous part begins, so that a row that kills its
worker is noticed: rows of a dead batch are claimed again one by one, and only a death while
alone counts. Three deaths, or five recorded failures, put a row into quarantine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.io.schema import hosts, leases, pages, sources

#: A row that died alone so often is quarantined.
MAX_DEATHS = 3
#: A row that failed so often in a row is quarantined.
MAX_FAILURES = 5
#: Candidates looked at for each row wanted, so that one busy host does not hide the others.
_LOOK_AHEAD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTerms:
    """How much may be claimed, for how long, and how politely."""

    owner: str
    now: datetime
    lease: timedelta
    limit: int
    spacing: timedelta
    host_batch: int


def is_due(table: Table, now: datetime) -> ColumnElement[bool]:
    """Return the condition of rows that may be claimed now."""
    return and_(
        table.c.next_at <= now,
        table.c.quarantined.is_(None),
        or_(table.c.lease_until.is_(None), table.c.lease_until < now),
    )


def claim(
    tx: Connection, table: Table, terms: ClaimTerms, *where: ColumnElement[bool]
) -> Sequence[Row[Any]]:
    """Lease due rows of `table` and return them as they were, with their new fence.

    Rows whose host is busy are moved on to when it is free and not returned.
    """
    query = (
        select(table)
        .where(is_due(table, terms.now), *where)
        .order_by(table.c.next_at, table.c.id)
        .limit(terms.limit * _LOOK_AHEAD)
        .with_for_update(skip_locked=True)
    )
    candidates = _bury(tx, table, tx.execute(query).all(), terms.now)
    suspects = [row for row in candidates if row.lease_owner is not None]
    granted = _reserve_hosts(tx, table, suspects[:1] or candidates, terms)
    if not granted:
        return []
    tx.execute(
        update(table)
        .where(table.c.id.in_([row.id for row in granted]))
        .values(
            attempts=table.c.attempts + 1,
            fence=table.c.fence + 1,
            lease_owner=terms.owner,
            lease_until=terms.now + terms.lease,
            lease_size=len(granted),
        )
    )
    return tx.execute(
        select(table).where(table.c.id.in_([row.id for row in granted])).order_by(table.c.id)
    ).all()


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
        else:
            alive.append(row)
        tx.execute(update(table).where(table.c.id == row.id).values(values))
    return alive


def _reserve_hosts(
    tx: Connection, table: Table, rows: Sequence[Row[Any]], terms: ClaimTerms
) -> list[Row[Any]]:
    """Take the rows whose hosts are free, and move the hosts' clocks on; defer the others.

    With a spacing, one request of a host is let through for each claim: two requests are never
    closer than the spacing, whoever makes them.
    """
    names = sorted({row.host for row in rows})
    _ensure_hosts(tx, names, terms.now)
    known = {
        row.host: row
        for row in tx.execute(
            select(hosts).where(hosts.c.host.in_(names)).order_by(hosts.c.host).with_for_update()
        )
    }
    allowed = 1 if terms.spacing else terms.host_batch
    used: dict[str, int] = {}
    granted: list[Row[Any]] = []
    later: list[dict[str, Any]] = []
    for row in rows:
        free_at = _free_at(known[row.host])
        if free_at > terms.now:
            later.append({"row_id": row.id, "at": free_at})
        elif used.get(row.host, 0) < allowed and len(granted) < terms.limit:
            used[row.host] = used.get(row.host, 0) + 1
            granted.append(row)
    if later:
        tx.execute(
            update(table).where(table.c.id == bindparam("row_id")).values(next_at=bindparam("at")),
            later,
        )
    if used and terms.spacing:
        tx.execute(
            update(hosts)
            .where(hosts.c.host.in_(sorted(used)))
            .values(next_free_at=terms.now + terms.spacing)
        )
    return granted


def _free_at(host: Row[Any]) -> datetime:
    """Return from when a host may be asked again."""
    free: datetime = host.next_free_at
    return max(free, host.paused_until) if host.paused_until else free


def _ensure_hosts(tx: Connection, names: Sequence[str], now: datetime) -> None:
    """Make rows for hosts met for the first time."""
    if names:
        insert_missing(tx, hosts, [{"host": name, "next_free_at": now} for name in names])


def pause_host(tx: Connection, host: str, until: datetime) -> None:
    """Let nobody ask `host` before `until`."""
    tx.execute(update(hosts).where(hosts.c.host == host).values(paused_until=until))


def insert_missing(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose key is not there yet; leave the others alone."""
    if not rows:
        return
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    tx.execute(dialect.insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])


def upsert(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or replace every given column of those whose primary key is there."""
    if not rows:
        return
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    tx.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changed),
        [dict(row) for row in rows],
    )


def still_ours(tx: Connection, table: Table, claimed: Iterable[Row[Any]]) -> set[str]:
    """Return the ids whose lease nobody took over since; the results of the others are dropped."""
    fences = {row.id: row.fence for row in claimed}
    rows = tx.execute(
        select(table.c.id, table.c.fence).where(table.c.id.in_(list(fences))).with_for_update()
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
    for table in (sources, pages):
        tx.execute(
            update(table)
            .where(table.c.lease_owner == owner)
            .values(fence=table.c.fence + 1, **RELEASED)
        )
    tx.execute(update(leases).where(leases.c.owner == owner).values(owner=None, until=None))


#: The table whose rows each fetching stage works on.
_STAGE_TABLES = {"fetch": sources, "extract": pages}


def waiting(
    tx: Connection, stage: str, ids: Sequence[str], *, now: datetime, until: datetime
) -> Sequence[Any]:
    """Return those of `ids` that are in a tick, not leased, and due by `until`."""
    table = _STAGE_TABLES[stage]
    conditions = [
        table.c.id.in_(ids),
        table.c.tick_id.is_not(None),
        table.c.quarantined.is_(None),
        table.c.next_at <= until,
        or_(table.c.lease_until.is_(None), table.c.lease_until < now),
    ]
    if table is pages:
        conditions.append(pages.c.state == "pending")
    return tx.execute(
        select(table.c.id, table.c.next_at).where(*conditions).order_by(table.c.next_at)
    ).all()
