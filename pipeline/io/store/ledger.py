"""The ledger: what each run took on, how each member ended, and whether that adds up.

A run is a tick. What comes into a stage's care is noted as `TAKEN`, what leaves it under its
ending, each in the transaction that moves the rows; `Store.write` posts all notes of a transaction
by one statement, its last. What is still in care is counted from the rows themselves, so a run
adds up only if every move was noted exactly once: taken = ended + pending.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Table,
    and_,
    func,
    insert,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.io.columns import UtcTime
from pipeline.io.schema import articles, ledger, pages, sources, ticks
from pipeline.io.schema_backfill import lookups

#: What comes into a stage's care; every other word is an ending.
TAKEN: Final = "taken"
#: States of an article that is in the clusterer's care.
WAITING: Final = ("pending", "leaving")
#: Not a note: counted from the rows when somebody asks.
_PENDING: Final = "pending"
#: The stages in the order of the line; what feeds show has books of its own.
STAGES: Final = ("fetch", "entries", "extract", "cluster", "write")
#: (tick, stage, outcome, reason) -> how often.
Book = Counter[tuple[int, str, str, str]]
#: The option under which a write transaction carries its book.
BOOK: Final = "newsloom_book"
#: The code of an error is what stands before its colon; free words are cut to the column.
_REASON_CHARS: Final = 64


def note(
    tx: Connection,
    tick_id: int,
    stage: str,
    outcome: str,
    count: int = 1,
    *,
    error: str | None = None,
) -> None:
    """Note that `count` members of a stage were taken or ended, of `error` its code alone."""
    if count:
        reason = (error or "").partition(":")[0][:_REASON_CHARS]
        tx.get_execution_options()[BOOK][tick_id, stage, outcome, reason] += count


def post(tx: Connection, book: Book, *, at: datetime) -> None:
    """Add a transaction's notes to the ledger, in one order: no two wait for each other."""
    if not book:
        return
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    names = ("tick_id", "stage", "outcome", "reason")
    statement = dialect.insert(ledger)
    added = {
        "count": ledger.c.count + statement.excluded.count,
        "last_at": statement.excluded.last_at,
    }
    tx.execute(
        statement.on_conflict_do_update(index_elements=names, set_=added),
        [
            dict(zip(names, key, strict=True)) | {"count": count, "first_at": at, "last_at": at}
            for key, count in sorted(book.items())
        ],
    )


def note_leaving(
    tx: Connection,
    table: Table,
    outcome: str,
    *where: ColumnElement[bool],
    error: str | None = None,
) -> None:
    """Note that the rows of `table` that meet a condition leave the runs they wait in."""
    stage, waits = _STOCK[table.name]
    rows = tx.execute(
        select(table.c.tick_id, func.count().label("left"))
        .where(waits, *where)
        .group_by(table.c.tick_id)
    ).all()
    for row in rows:
        note(tx, row.tick_id, stage, outcome, row.left, error=error)


#: By table of work: the stage in whose care its rows are, and which of them are.
_STOCK: Final[Mapping[str, tuple[str, ColumnElement[bool]]]] = {
    "sources": ("fetch", and_(sources.c.tick_id.is_not(None), sources.c.quarantined.is_(None))),
    "pages": (
        "extract",
        and_(
            pages.c.tick_id.is_not(None),
            pages.c.state == "pending",
            pages.c.quarantined.is_(None),
        ),
    ),
    "articles": ("cluster", articles.c.state.in_(WAITING)),
    "lookups": ("fetch", and_(lookups.c.state == "pending", lookups.c.quarantined.is_(None))),
}


# --- asked afterwards -----------------------------------------------------------------------------


@dataclass(slots=True)
class Books:
    """One stage of one run."""

    taken: int = 0
    pending: int = 0
    #: (outcome, reason) -> how many.
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def difference(self) -> int:
        """Members of whom nobody knows: 0 when the books are right."""
        return self.taken - self.ended.total() - self.pending

    def enter(self, line: Any) -> None:
        """Take in one line: a note, or a count of rows."""
        if line.outcome == _PENDING:
            self.pending += line.count
            return
        if line.outcome == TAKEN:
            self.taken += line.count
        else:
            self.ended[line.outcome, line.reason] += line.count
        self.first_at = min(self.first_at or line.first_at, line.first_at)
        self.last_at = max(self.last_at or line.last_at, line.last_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A tick with its books."""

    id: int
    #: As in `pipeline.io.schema`.
    kind: str
    opened_at: datetime
    closed_at: datetime | None
    clustered_at: datetime | None
    stages: Mapping[str, Books]

    @property
    def difference(self) -> int:
        """The differences of all stages, none making up for another: 0 when all add up."""
        return sum(abs(books.difference) for books in self.stages.values())


def runs(
    tx: Connection,
    *,
    ids: Collection[int] | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Run]:
    """Return the runs (with one of `ids`, opened `since`), the newest first."""
    query = select(ticks).order_by(ticks.c.id.desc()).limit(limit)
    if ids is not None:
        query = query.where(ticks.c.id.in_(ids))
    if since is not None:
        query = query.where(ticks.c.opened_at >= since)
    rows = tx.execute(query).all()
    found = {row.id: {stage: Books() for stage in STAGES} for row in rows}
    # One statement sees one state of the rows and of the ledger, though others go on writing.
    for line in tx.execute(union_all(_notes(found), *_stock(found))) if found else ():
        found[line.tick_id][line.stage].enter(line)
    return [
        Run(
            id=row.id,
            kind=row.kind,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            clustered_at=row.clustered_at,
            stages=found[row.id],
        )
        for row in rows
    ]


def _notes(ids: Collection[int]) -> Select[Any]:
    """Return the query of what the ledger holds of runs."""
    columns = ("tick_id", "stage", "outcome", "reason", "count", "first_at", "last_at")
    return select(*(ledger.c[name] for name in columns)).where(ledger.c.tick_id.in_(ids))


def _stock(ids: Collection[int]) -> Sequence[Select[Any]]:
    """Return the queries of how many rows still wait in runs."""
    never = null().cast(UtcTime)
    return [
        select(
            table.c.tick_id,
            literal(stage),
            literal(_PENDING),
            literal(""),
            func.count().cast(Integer),
            never,
            never,
        )
        .where(waits, table.c.tick_id.in_(ids))
        .group_by(table.c.tick_id)
        for table, (stage, waits) in (
            (t, _STOCK[t.name]) for t in (sources, lookups, pages, articles)
        )
    ]


def run_of_writing(tx: Connection, *, now: datetime) -> int:
    """Return the run that written files are counted in: the newest that is past its fetching.

    What became due without one, by corrections alone, opens an empty run of its own.
    """
    newest = select(ticks.c.id).where(ticks.c.closed_at.is_not(None)).order_by(ticks.c.id.desc())
    found: int | None = tx.scalar(newest.limit(1))
    return found if found is not None else add_ended(tx, "manual", now=now)


def add_ended(tx: Connection, kind: str, *, now: datetime) -> int:
    """Add a run that has nothing to wait for; return its id."""
    times = dict.fromkeys(("opened_at", "deadline", "closed_at", "clustered_at"), now)
    key = tx.execute(insert(ticks).values(kind=kind, **times)).inserted_primary_key
    assert key is not None
    added: int = key[0]
    return added
