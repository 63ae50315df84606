"""Three ways to save a batch on PostgreSQL: one statement a row in a pipeline, VALUES, unnest.

    python -m tests.bench.bulk [--rows 10 100 1000] [--rounds 7]

What the store does is the first (psycopg's executemany). Times are medians of interleaved rounds,
each on an empty table of the shape of `entries`; the ratio is to the first.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table as Shown
from sqlalchemy import JSON, Column, Connection, DateTime, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects import postgresql

from pipeline.io.store import Store
from pipeline.io.store.statements import upsert
from tests.postgres import running_postgres

ENTRIES = Table(
    "entries",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("source", Text),
    Column("hash", Text),
    Column("url", Text),
    Column("title", Text),
    Column("at", DateTime(timezone=True)),
    Column("seen", Integer),
    Column("facts", JSON),
)
_CHANGED = ("hash", "title", "at", "seen", "facts")
_UNNEST = (
    "INSERT INTO entries SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[],"
    " %s::text[], %s::timestamptz[], %s::int[], %s::json[]) ON CONFLICT (key) DO UPDATE SET"
    " hash = excluded.hash, title = excluded.title, at = excluded.at, seen = excluded.seen,"
    " facts = excluded.facts"
)
Rows = Sequence[Mapping[str, Any]]


def _values(tx: Connection, rows: Rows) -> None:
    statement = postgresql.insert(ENTRIES).values([dict(row) for row in rows])
    changed = {name: statement.excluded[name] for name in _CHANGED}
    tx.execute(statement.on_conflict_do_update(index_elements=["key"], set_=changed))


def _unnest(tx: Connection, rows: Rows) -> None:
    columns = [[row[column.name] for row in rows] for column in ENTRIES.c]
    columns[-1] = [json.dumps(value) for value in columns[-1]]
    tx.exec_driver_sql(_UNNEST, tuple(columns))


WAYS: Mapping[str, Callable[[Connection, Rows], None]] = {
    "a row a statement, pipelined": lambda tx, rows: upsert(tx, ENTRIES, rows),
    "VALUES": _values,
    "unnest": _unnest,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    table = Shown(box=None)
    for column in ("rows", *WAYS):
        table.add_column(column, justify="right")
    with running_postgres() as server:
        store = Store(server.new_database("bulk"))
        ENTRIES.metadata.create_all(store.engine)
        for count in given.rows:
            table.add_row(f"{count:,}", *_measured(store, count, given.rounds))
        store.close()
    Console().print(table)


def _measured(store: Store, count: int, rounds: int) -> list[str]:
    rows = [_row(number) for number in range(count)]
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, way in WAYS.items():
            with store.write() as tx:
                tx.execute(text("TRUNCATE entries"))
            started = time.perf_counter()
            with store.write() as tx:
                way(tx, rows)
            times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(values) for name, values in times.items()}
    first = next(iter(medians.values()))
    return [f"{1000 * value:.1f} ms ({value / first:.2f})" for value in medians.values()]


def _row(number: int) -> dict[str, Any]:
    return {
        "key": f"{number:064}",
        "source": "source",
        "hash": "h" * 64,
        "url": f"https://one.example/{number:060}",
        "title": "A title of some length, as titles of articles are " * 2,
        "at": datetime(2026, 3, 1, tzinfo=UTC),
        "seen": number,
        "facts": {"author": "a name", "summary": "words " * 20},
    }


if __name__ == "__main__":
    main()
