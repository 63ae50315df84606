"""Ticks: what is polled together is clustered together, in one order, whoever did the work.

Opening a tick takes every row that is due into it. A tick closes when none of its rows is left
to do, or at its deadline; the stragglers then wait for a later one. Ticks are clustered in the
order of their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, insert, select, update

from pipeline.io.schema import articles, pages, sources, ticks
from pipeline.io.store import ledger
from pipeline.io.store.statements import one_of
from pipeline.io.store.work import RELEASED, is_due
from pipeline.records import SourceId

#: A backfill is a run of its own, with its own pace and order (`pipeline.pastline`).
_LIVE = ticks.c.kind != "backfill"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTick:
    """A tick whose rows are still being worked on."""

    id: int
    deadline: datetime


def open_tick(
    tx: Connection,
    *,
    now: datetime,
    lasts: timedelta,
    only: Sequence[SourceId] | None = None,
    kind: str = "tick",
) -> OpenTick | None:
    """Take all that is due and in no tick into a new one; None when nothing is due.

    `only` narrows the sources (pages are taken whatever their source). `kind` says who asked for
    it (`pipeline.io.schema`).
    """
    due_sources = and_(is_due(sources, now), sources.c.enabled, sources.c.tick_id.is_(None))
    if only is not None:
        due_sources = and_(due_sources, one_of(tx, sources.c.id, only))
    due_pages = and_(is_due(pages, now), pages.c.state == "pending", pages.c.tick_id.is_(None))
    due_again = and_(pages.c.state == "done", pages.c.recheck_at <= now)
    kinds = ((sources, due_sources), (pages, due_pages), (pages, due_again))
    if not any(_any(tx, table, condition) for table, condition in kinds):
        return None
    deadline = now + lasts
    values = {"kind": kind, "opened_at": now, "deadline": deadline}
    key = tx.execute(insert(ticks).values(values)).inserted_primary_key
    assert key is not None
    tick_id: int = key[0]
    again = {"state": "pending", "is_recheck": True, "next_at": now, "failures": 0}
    for stage, table, condition, changes in (
        ("fetch", sources, due_sources, {}),
        ("extract", pages, due_pages, {}),
        ("extract", pages, due_again, again),
    ):
        taken = tx.execute(update(table).where(condition).values(tick_id=tick_id, **changes))
        ledger.note(tx, tick_id, stage, ledger.TAKEN, taken.rowcount)
    return OpenTick(id=tick_id, deadline=deadline)


def _any(tx: Connection, table: Table, condition: ColumnElement[bool]) -> bool:
    """Say whether a row of `table` meets `condition`."""
    return bool(tx.scalar(select(exists().where(condition).select_from(table))))


def in_work(tx: Connection) -> list[OpenTick]:
    """Return the ticks that are not closed, oldest first; backfills go by themselves."""
    rows = tx.execute(
        select(ticks.c.id, ticks.c.deadline)
        .where(ticks.c.closed_at.is_(None), _LIVE)
        .order_by(ticks.c.id)
    )
    return [OpenTick(id=row.id, deadline=row.deadline) for row in rows]


def is_over(tx: Connection, *, now: datetime) -> bool:
    """Say whether an open tick could close: nothing of it is left to do, or it is overdue."""
    return any(
        now >= tick.deadline
        or not any(_any(tx, table, condition) for table, condition in _members(tick.id))
        for tick in in_work(tx)
    )


def left_to_do(tx: Connection, tick_id: int) -> int:
    """Count the rows of a tick that are neither done nor given up."""
    return sum(
        tx.scalar(select(func.count()).where(condition)) or 0 for _, condition in _members(tick_id)
    )


def _members(tick_id: int) -> list[tuple[Table, ColumnElement[bool]]]:
    """Return, for each kind of work, the condition of a tick's rows that are still to do."""
    return [
        (sources, and_(sources.c.tick_id == tick_id, sources.c.quarantined.is_(None))),
        (
            pages,
            and_(
                pages.c.tick_id == tick_id,
                pages.c.state == "pending",
                pages.c.quarantined.is_(None),
            ),
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedTick:
    """A tick at its end, and how many of its rows were left for a later one."""

    id: int
    sources_left: int
    pages_left: int


def close_done(tx: Connection, *, now: datetime) -> list[ClosedTick]:
    """Close the ticks that are done or overdue, oldest first.

    At its deadline a tick still waits for rows under a live lease. The others leave it, fenced:
    what a worker brings for them later is dropped, and they are done in a later tick.
    """
    closed = []
    for tick in in_work(tx):
        if left_to_do(tx, tick.id) and (now < tick.deadline or _leased(tx, tick.id, now)):
            continue
        left = [
            tx.execute(
                update(table)
                .where(condition)
                .values(tick_id=None, fence=table.c.fence + 1, **RELEASED)
            ).rowcount
            for table, condition in _members(tick.id)
        ]
        for stage, count in zip(("fetch", "extract"), left, strict=True):
            ledger.note(tx, tick.id, stage, "deferred", count)
        tx.execute(update(ticks).where(ticks.c.id == tick.id).values(closed_at=now))
        closed.append(ClosedTick(id=tick.id, sources_left=left[0], pages_left=left[1]))
    return closed


def _leased(tx: Connection, tick_id: int, now: datetime) -> bool:
    """Say whether somebody is still at work on a row of the tick."""
    return any(
        _any(tx, table, and_(condition, table.c.lease_until >= now))
        for table, condition in _members(tick_id)
    )


def next_to_cluster(tx: Connection) -> int | None:
    """Return the oldest tick that is not clustered, if it is closed: ticks never overtake."""
    row = tx.execute(
        select(ticks.c.id, ticks.c.closed_at)
        .where(ticks.c.clustered_at.is_(None), _LIVE)
        .order_by(ticks.c.id)
        .limit(1)
    ).first()
    return row.id if row and row.closed_at else None


def count_clustered(tx: Connection) -> int:
    """Count the ticks that are at their end."""
    return tx.scalar(select(func.count()).where(ticks.c.clustered_at.is_not(None))) or 0


def opened_at(tx: Connection, tick_id: int) -> datetime:
    """Return when a tick was opened: the `now` of all that is decided in it."""
    moment: datetime = tx.execute(
        select(ticks.c.opened_at).where(ticks.c.id == tick_id)
    ).scalar_one()
    return moment


def mark_clustered(tx: Connection, tick_id: int, *, now: datetime) -> bool:
    """Close the books of a tick once no article of it is pending; say whether it did."""
    pending = exists().where(
        articles.c.tick_id == tick_id, articles.c.state.in_(("pending", "leaving"))
    )
    if tx.scalar(select(pending)):
        return False
    tx.execute(update(ticks).where(ticks.c.id == tick_id).values(clustered_at=now))
    return True
