"""An installation on either database that is opened again and again, its pages read anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from pipeline import line
from pipeline.context import Context
from pipeline.io.migrate import upgrade
from pipeline.io.schema import pages
from pipeline.io.schema import sources as sources_table
from pipeline.io.store import Store, bodies, ledger, sources
from pipeline.records import PageId
from tests.world import APPLES, FERRIES, NOW, PIER, FakeWeb, catalogue, opened, publish, source

HOUR = timedelta(hours=1)


class Archive:
    """An installation on either database, opened again and again, each time an hour later."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.home, self.database_url, self.web = home, database_url, FakeWeb()
        self.books = catalogue([source("one"), source("two")])
        self.hours = 0
        store = Store(database_url)
        upgrade(store)
        store.close()
        publish(self.web, "one.example", [PIER, APPLES])
        publish(self.web, "two.example", [FERRIES])

    @contextmanager
    def open(self, **changes: Any) -> Iterator[Context]:
        self.hours += 1
        now = NOW + self.hours * HOUR
        settings = {"database_url": self.database_url, "recheck_after": (), **changes}
        with opened(self.home, self.books, self.web, now=now, **settings) as ctx:
            with ctx.store.write() as tx:
                sources.apply_sync(tx, self.books.sources, now=now)
            yield ctx
            with ctx.store.read() as tx:
                assert [run for run in ledger.runs(tx) if run.difference] == []

    def run(self) -> None:
        with self.open() as ctx:
            line.run(ctx)

    def rest(self, ctx: Context) -> None:
        """Let no feed be due any more."""
        with ctx.store.write() as tx:
            tx.execute(update(sources_table).values(next_at=NOW + timedelta(days=9_999)))

    def mark(self, ctx: Context, read_from: str) -> None:
        """Make every page pending that held an article."""
        self.rest(ctx)
        values = {"state": "pending", "tick_id": None, "is_recheck": True, "next_at": NOW}
        with ctx.store.write() as tx:
            tx.execute(update(pages).values(read_from=read_from, **values))

    def store_bodies(self, ctx: Context, *swaps: tuple[str, str]) -> None:
        """Change all stored bodies as if today's rules read them otherwise."""
        with ctx.store.write() as tx:
            ids = [PageId(row.id) for row in tx.execute(select(pages.c.id))]
            found = list(bodies.stored_pages(tx, ids).values())
            for old, new in swaps:
                found = [
                    replace(one, body=one.body.replace(old.encode(), new.encode())) for one in found
                ]
            bodies.keep_bodies(tx, found)

    def rows(self, ctx: Context, *columns: Any) -> list[tuple[Any, ...]]:
        with ctx.store.read() as tx:
            return [tuple(row) for row in tx.execute(select(*columns).order_by(columns[0]))]
