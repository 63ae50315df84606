"""Rows that nobody will ask for again, forgotten a few at a time: no lock is held for long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, or_, select

from pipeline.io.schema import hosts, ledger, pages, pictures, ticks
from pipeline.io.schema_bodies import page_bodies
from pipeline.io.store.bodies import WEB

#: Rows of one transaction.
BATCH: Final = 500
#: A picture of an older article is not looked at any more.
_PICTURES_KEPT: Final = timedelta(days=60)
#: A host that was not asked for so long is met as a new one.
_HOSTS_KEPT: Final = timedelta(days=90)

#: A quarter of runs can be compared; each leaves some thirty rows, so the table stays small.
LEDGER_KEPT: Final = timedelta(days=90)

#: What there is to forget.
KINDS: Final = ("page_bodies", "pictures", "hosts", "ledger")


def forget_some(tx: Connection, kind: str, *, now: datetime, keep_pages: timedelta) -> int:
    """Delete up to `BATCH` old rows of one kind; return how many."""
    table, key, old = _old(kind, now, keep_pages)
    some = select(key).where(old).order_by(key).limit(BATCH)
    return tx.execute(delete(table).where(key.in_(some))).rowcount


def _old(
    kind: str, now: datetime, keep_pages: timedelta
) -> tuple[Table, ColumnElement[Any], ColumnElement[bool]]:
    """Return a kind's table, its key, and the condition of its old rows."""
    if kind == "page_bodies":
        return page_bodies, page_bodies.c.page_id, _old_body(now - keep_pages)
    if kind == "pictures":  # a stored page that is read again is given the same picture
        kept = max(_PICTURES_KEPT, keep_pages)
        return pictures, pictures.c.key, pictures.c.measured_at < now - kept
    if kind == "ledger":  # a run as a whole, once it is at its end
        ended = select(ticks.c.id).where(ticks.c.clustered_at < now - LEDGER_KEPT)
        return ledger, ledger.c.tick_id, ledger.c.tick_id.in_(ended)
    idle = hosts.c.next_free_at < now - _HOSTS_KEPT
    return hosts, hosts.c.host, idle & hosts.c.held_by.is_(None)


def _old_body(before: datetime) -> ColumnElement[bool]:
    """Return the condition of bodies stored before a time that nobody is about to read."""
    about_to = exists().where(
        pages.c.id == page_bodies.c.page_id, pages.c.state == "pending", pages.c.read_from != WEB
    )
    kept = page_bodies.c.kept_at
    return and_(page_bodies.c.fetched_at < before, or_(kept.is_(None), kept < before), ~about_to)
