"""The pace of each host: one row that every process reserves its requests in.

A claim takes the hosts of its rows: nobody else asks a host while it is held, and when the answers
are saved it is left alone for the spacing, counted from then. So no two of these requests are ever
closer than the spacing, however long a connection took. Whatever follows from an answer (redirects,
pictures) takes a turn by itself, at its reserved time. A host whose holder died is free when the
holder's lease would have ended.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, bindparam, case, select, update

from pipeline.io.schema import hosts
from pipeline.io.store.statements import insert_missing, one_of
from pipeline.records import SourceId

#: Two feeds of one host that answer 503 within this time speak for the host (FreshRSS #7870).
_AGREE_WITHIN = timedelta(minutes=1)
#: What a request may need from its reserved moment to the server's door: a look-up, a connection.
_LATE = timedelta(milliseconds=250)
#: A host's clock; its robots.txt is read only where it is asked for.
_COLUMNS = (
    hosts.c.host,
    hosts.c.next_free_at,
    hosts.c.paused_until,
    hosts.c.held_until,
    hosts.c.held_by,
    hosts.c.spacing,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTerms:
    """How much may be claimed, for how long, and how politely."""

    owner: str
    now: datetime
    lease: timedelta
    limit: int
    spacing: timedelta
    host_batch: int


def reserve(
    tx: Connection, table: Table, rows: Sequence[Row[Any]], terms: ClaimTerms
) -> list[Row[Any]]:
    """Return the rows whose hosts are free, and hold these hosts; put the others off.

    With a spacing one row of a host is let through, without one `terms.host_batch`. What is put
    off comes back when its host can be free, the second of a host a spacing later, and so on.
    """
    known = _locked(tx, {row.host for row in rows if row.host}, terms.now)
    granted: list[Row[Any]] = []
    used: dict[str, int] = {}
    later: list[dict[str, Any]] = []
    put_off: dict[str, int] = {}
    for row in rows:
        if not row.host:  # a file of this machine
            granted += [row] * (len(granted) < terms.limit)
            continue
        host = known[row.host]
        spacing = _spacing(host, terms.spacing)
        free_at = _free_at(host, terms.now, spacing)
        if free_at > terms.now:
            before = put_off.get(row.host, 0)
            put_off[row.host] = before + 1
            later.append({"row_id": row.id, "at": free_at + before * spacing})
            continue
        allowed = 1 if spacing else terms.host_batch
        if used.get(row.host, 0) < allowed and len(granted) < terms.limit:
            used[row.host] = used.get(row.host, 0) + 1
            granted.append(row)
    if later:
        tx.execute(
            update(table).where(table.c.id == bindparam("row_id")).values(next_at=bindparam("at")),
            later,
        )
    _hold(tx, [known[name] for name in used], terms)
    return granted


def _locked(tx: Connection, names: Collection[str], now: datetime) -> dict[str, Row[Any]]:
    """Return the rows of hosts, locked in one order; those met for the first time are made."""
    ordered = sorted(names)
    insert_missing(tx, hosts, [{"host": name, "next_free_at": now} for name in ordered])
    query: Select[Any] = (
        select(*_COLUMNS).where(one_of(tx, hosts.c.host, ordered)).order_by(hosts.c.host)
    )
    return {row.host: row for row in tx.execute(query.with_for_update())}


def _spacing(host: Any, least: timedelta) -> timedelta:
    """Return the time between two requests to a host: ours, or what it asks for if longer."""
    return max(least, host.spacing or least)


def _free_at(host: Row[Any], now: datetime, spacing: timedelta) -> datetime:
    """Return from when a host may be asked; while it is held, when to look again."""
    free: datetime = host.next_free_at
    if host.paused_until:
        free = max(free, host.paused_until)
    if host.held_until and host.held_until > now:
        free = max(free, now + spacing)
    return free


def _hold(tx: Connection, taken: Sequence[Row[Any]], terms: ClaimTerms) -> None:
    """Take hosts for as long as the lease lasts; hosts without a spacing are nobody's."""
    values = [
        {
            "name": host.host,
            "free_at": terms.now + _LATE + spacing,
            "until": terms.now + terms.lease,
            "owner": terms.owner,
        }
        for host in taken
        if (spacing := _spacing(host, terms.spacing))
    ]
    if values:
        tx.execute(
            update(hosts)
            .where(hosts.c.host == bindparam("name"))
            .values(
                next_free_at=bindparam("free_at"),
                held_until=bindparam("until"),
                held_by=bindparam("owner"),
            ),
            values,
        )


def release(
    tx: Connection, names: Collection[str], *, owner: str, now: datetime, spacing: timedelta
) -> None:
    """Let go of the hosts that `owner` holds, whose answers are in: the spacing counts from now."""
    known = _locked(tx, names, now)
    values = [
        {"name": name, "free_at": now + _spacing(host, spacing)}
        for name, host in known.items()
        if host.held_by == owner
    ]
    if values:
        later = bindparam("free_at", type_=hosts.c.next_free_at.type)
        free_at = case((hosts.c.next_free_at > later, hosts.c.next_free_at), else_=later)
        tx.execute(
            update(hosts)
            .where(hosts.c.host == bindparam("name"))
            .values(next_free_at=free_at, held_until=None, held_by=None),
            values,
        )


def release_all(tx: Connection, owner: str) -> None:
    """Let go of every host that `owner` holds."""
    tx.execute(update(hosts).where(hosts.c.held_by == owner).values(held_until=None, held_by=None))


def take_turn(
    tx: Connection, host: str, *, now: datetime, spacing: timedelta, longest: timedelta
) -> timedelta:
    """Return how far away a host's next free moment is; reserve it unless beyond `longest`."""
    [row] = _locked(tx, [host], now).values()
    free: datetime = max(now, row.next_free_at, row.paused_until or now)
    if free - now <= longest:
        later = free + _LATE + _spacing(row, spacing)
        tx.execute(update(hosts).where(hosts.c.host == host).values(next_free_at=later))
    return free - now


def spacings(
    tx: Connection, names: Collection[str], *, least: timedelta
) -> Mapping[str, timedelta]:
    """Return the time between two requests to each host: at `least` ours."""
    rows = tx.execute(select(*_COLUMNS).where(one_of(tx, hosts.c.host, sorted(names))))
    known = {row.host: _spacing(row, least) for row in rows}
    return {name: known.get(name, least) for name in names}


def pause_host(tx: Connection, host: str, until: datetime) -> None:
    """Let nobody ask `host` before `until`."""
    tx.execute(update(hosts).where(hosts.c.host == host).values(paused_until=until))


def note_trouble(tx: Connection, host: str, source: SourceId, *, now: datetime) -> bool:
    """Note that a feed of `host` answered 503; say whether another one just did, too."""
    row = tx.execute(
        select(hosts.c.trouble_at, hosts.c.trouble_source).where(hosts.c.host == host)
    ).one()
    tx.execute(
        update(hosts).where(hosts.c.host == host).values(trouble_at=now, trouble_source=source)
    )
    recent = row.trouble_at is not None and now - row.trouble_at <= _AGREE_WITHIN
    return recent and row.trouble_source != source


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsRow:
    """What a host answered when it was asked for its robots.txt."""

    #: None: it could not be had, so nothing may be asked.
    text: bytes | None
    at: datetime


def robots_of(
    tx: Connection, names: Collection[str], *, since: datetime
) -> Mapping[str, RobotsRow]:
    """Return the robots.txt of those of `names` that were asked for it after `since`."""
    query = select(hosts.c.host, hosts.c.robots, hosts.c.robots_at)
    rows = tx.execute(
        query.where(one_of(tx, hosts.c.host, sorted(names)), hosts.c.robots_at > since)
    )
    return {
        row.host: RobotsRow(
            text=zlib.decompress(row.robots) if row.robots is not None else None, at=row.robots_at
        )
        for row in rows
    }


def save_robots(
    tx: Connection, host: str, text: bytes | None, *, spacing: timedelta | None, at: datetime
) -> None:
    """Keep a host's robots.txt and the spacing that it asks for."""
    insert_missing(tx, hosts, [{"host": host, "next_free_at": at}])
    tx.execute(
        update(hosts)
        .where(hosts.c.host == host)
        .values(
            robots=zlib.compress(text) if text is not None else None,
            robots_at=at,
            spacing=spacing,
        )
    )
