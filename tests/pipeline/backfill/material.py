"""Backfills of a made-up year, on the web of a Context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from config.catalogue import Catalogue
from pipeline.context import Context
from pipeline.history.lookup import Span
from pipeline.io.store import backfills, ledger, sources
from pipeline.outcomes import Tally
from pipeline.pastline import run_backfill
from pipeline.records import SourceId
from pipeline.stages.begin import begin
from pipeline.stages.localfiles import plan_local
from pipeline.stages.planning import plan_sources
from tests.archivehost import ArchiveWeb, ArchiveWorld
from tests.world import catalogue, opened, source

LATER = timedelta(days=20)
#: A month that is read in a second.
SMALL = ArchiveWorld(articles=60, outlets=3, months=1)


def span_of(world: ArchiveWorld) -> Span:
    """Return the whole time of a world."""
    return Span(since=world.start, until=world.end)


def books_of(world: ArchiveWorld) -> Catalogue:
    """Return a catalogue of the outlets of a world."""
    return catalogue([source(name) for name in world.names])


class Archive:
    """One installation beside a world of archives."""

    def __init__(self, home: Path, world: ArchiveWorld, *, database_url: str | None = None) -> None:
        self.home, self.world = home, world
        self.books = books_of(world)
        self.now = world.end + LATER
        self.web = ArchiveWeb(world, lambda: self.now)
        self.settings: dict[str, Any] = {"database_url": database_url} if database_url else {}

    @contextmanager
    def open(self, now: datetime | None = None, tally: Tally | None = None) -> Iterator[Context]:
        now = now or self.now
        with opened(self.home, self.books, self.web, now=now, tally=tally, **self.settings) as ctx:
            with ctx.store.write() as tx:
                sources.apply_sync(tx, self.books.sources, now=now)
            yield ctx

    def plan(
        self,
        ctx: Context,
        span: Span,
        *,
        only: str | None = None,
        names: Sequence[str] = (),
        path: Path | None = None,
    ) -> int:
        """Plan a backfill of some outlets, all without; return its number."""
        with ctx.store.read() as tx:
            rows = [sources.one_source(tx, SourceId(name)) for name in names or self.world.names]
        given = [(row[0], True) for row in rows if row is not None]
        if path is None:
            parts = plan_sources(ctx, given, span, only=only)
        else:
            mine = [one for one, _ in given]
            parts = plan_local(mine, path, span, cap=2**20, told=lambda _: None)
        with ctx.store.write() as tx:
            return backfills.add_plan(
                tx,
                parts,
                since=span.since,
                until=span.until,
                path=str(path or ""),
                budget=None,
                now=ctx.clock(),
            )

    def backfill(self, span: Span, **chosen: Any) -> int:
        """Plan and carry out a backfill; return its number."""
        with self.open() as ctx:
            number = self.plan(ctx, span, **chosen)
        self.go_on(number)
        return number

    def go_on(self, number: int) -> None:
        """Bring a backfill to its end, an hour after whoever died at it."""
        self.now += timedelta(hours=1)
        with self.open() as ctx:
            begin(ctx, number)
            assert run_backfill(ctx, number) == "done"
            with ctx.store.read() as tx:
                assert [run for run in ledger.runs(tx) if run.difference] == []
