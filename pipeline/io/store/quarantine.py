"""Rows in quarantine: sources and pages that killed workers or failed too often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Table, select, update

from pipeline.io.schema import pages, sources
from pipeline.io.store.sourcebook import disable_source
from pipeline.io.store.statements import one_of
from pipeline.io.store.work import RELEASED

Kind = Literal["source", "page"]
_TABLES: dict[Kind, Table] = {"source": sources, "page": pages}
_ADDRESSES = {"source": sources.c.feed_url, "page": pages.c.url}
#: Why a page is skipped that an operator gave up.
DROPPED = "dropped by an operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A row in quarantine."""

    kind: Kind
    id: str
    url: str
    #: ``worker-died``, or the code of the last failure.
    reason: str
    error: str
    deaths: int
    failures: float
    attempts: int
    #: When it would have been its turn again.
    since: datetime


def held_rows(
    tx: Connection, *, kinds: Iterable[Kind] = ("source", "page"), reason: str | None = None
) -> list[Held]:
    """Return what is in quarantine, sources first, the longest held first."""
    return [_held(kind, row) for kind in kinds for row in tx.execute(_query(kind, reason))]


def _query(kind: Kind, reason: str | None) -> Any:
    """Return the query of one kind's rows."""
    table = _TABLES[kind]
    names = ("id", "quarantined", "last_error", "deaths", "failures", "attempts", "next_at")
    query = select(*(table.c[name] for name in names), _ADDRESSES[kind].label("url"))
    query = query.where(table.c.quarantined.is_not(None)).order_by(table.c.next_at, table.c.id)
    return query if reason is None else query.where(table.c.quarantined == reason)


def _held(kind: Kind, row: Row[Any]) -> Held:
    return Held(
        kind=kind,
        id=row.id,
        url=row.url,
        reason=row.quarantined,
        error=row.last_error or "",
        deaths=row.deaths,
        failures=row.failures,
        attempts=row.attempts,
        since=row.next_at,
    )


def retry(tx: Connection, rows: Sequence[Held], *, now: datetime) -> None:
    """Make rows due again, their deaths and failures forgotten."""
    clean = {"quarantined": None, "deaths": 0, "failures": 0, "tick_id": None, **RELEASED}
    for kind, table in _TABLES.items():
        ids = [row.id for row in rows if row.kind == kind]
        state = {"state": "pending"} if kind == "page" else {}
        tx.execute(
            update(table)
            .where(one_of(tx, table.c.id, ids))
            .values(**clean, **state, next_at=now, fence=table.c.fence + 1)
        )


def drop(tx: Connection, rows: Sequence[Held]) -> None:
    """Give rows up: pages are skipped for good, sources disabled."""
    ids = [row.id for row in rows if row.kind == "page"]
    tx.execute(
        update(pages)
        .where(one_of(tx, pages.c.id, ids))
        .values(state="skipped", quarantined=None, tick_id=None, last_error=DROPPED, **RELEASED)
    )
    for row in rows:
        if row.kind == "source":
            disable_source(tx, row.id, reason=f"{DROPPED}: {row.reason}")
            tx.execute(update(sources).where(sources.c.id == row.id).values(quarantined=None))
