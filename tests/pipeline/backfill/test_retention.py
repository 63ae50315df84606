"""What a backfill leaves in the database, and for how long."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from pipeline.history.lookup import Span
from pipeline.io.schema_backfill import backfill_entries, backfill_parts, lookups
from pipeline.io.store import sourcebook
from pipeline.stages.housekeep import housekeep
from tests.archivehost import ArchiveWorld
from tests.pipeline.backfill.material import Archive

WORLD = ArchiveWorld(articles=30, outlets=2, months=1)


def test_look_ups_are_forgotten_a_quarter_after_the_end_and_the_plan_stays(tmp_path: Path) -> None:
    archive = Archive(tmp_path, WORLD)
    archive.backfill(Span(since=WORLD.start, until=WORLD.end))
    tables = (lookups, backfill_entries, backfill_parts)

    left = []
    for days in (80, 100):
        with archive.open(archive.now + timedelta(days=days)) as ctx:
            housekeep(ctx)
            with ctx.store.read() as tx:
                counts = [tx.scalar(select(func.count()).select_from(table)) for table in tables]
        left.append([bool(count) for count in counts])

    assert left == [[True, True, True], [False, False, True]]


def test_a_source_that_a_backfill_is_about_cannot_be_removed(tmp_path: Path) -> None:
    archive = Archive(tmp_path, WORLD)
    with archive.open() as ctx:
        archive.plan(ctx, Span(since=WORLD.start, until=WORLD.end), names=["outlet00"])
        with ctx.store.write() as tx:
            assert not sourcebook.remove_source(tx, "outlet00")
            assert sourcebook.remove_source(tx, "outlet01")
