"""A year of pages: what nobody will ask for again is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from pipeline.context import Context
from pipeline.io.migrate import upgrade
from pipeline.io.schema import hosts, pages, pictures
from pipeline.io.schema import ledger as ledger_table
from pipeline.io.schema_bodies import page_bodies
from pipeline.io.store import Store, ledger
from pipeline.io.store.housekeeping import KINDS
from pipeline.stages.housekeep import housekeep
from tests.world import NOW, FakeWeb, catalogue, opened, source

DAYS, EACH = 365, 8


def _day(ctx: Context, day: int) -> None:
    """Add what a day of fetching leaves behind."""
    now = ctx.clock()
    zeros = dict.fromkeys(("attempts", "deaths", "failures", "fence"), 0)
    keys = [f"{day}-{number}" for number in range(EACH)]
    with ctx.store.write() as tx:
        known = {"url": "u", "host": "h", "state": "done", "next_at": now, "is_recheck": False}
        tx.execute(insert(pages), [{"id": key, **known, **zeros} for key in keys])
        body = {"content_type": "text/html", "body": b"x", "fetched_at": now}
        tx.execute(insert(page_bodies), [{"page_id": key, **body} for key in keys])
        size = {"width": 640, "height": 360, "measured_at": now}
        tx.execute(insert(pictures), [{"key": key, **size} for key in keys])
        tx.execute(insert(hosts), [{"host": f"h{key}", "next_free_at": now} for key in keys])
        run_id = ledger.add_ended(tx, "tick", now=now)
        for key in keys:
            ledger.note(tx, run_id, "extract", "skipped", error=f"reason-{key}")


def _counts(ctx: Context) -> dict[str, int]:
    with ctx.store.read() as tx:
        return {
            table.name: tx.scalar(select(func.count()).select_from(table)) or 0
            for table in (page_bodies, pictures, hosts, ledger_table)
        }


@pytest.fixture
def ctx(tmp_path: Path, database_url: str) -> Iterator[Context]:
    store = Store(database_url)
    upgrade(store)
    store.close()
    books = catalogue([source("one")])
    with opened(tmp_path, books, FakeWeb(), database_url=database_url) as entered:
        yield entered


def test_a_year_leaves_bounded_tables(ctx: Context) -> None:
    for day in range(DAYS):
        ctx.clock.now = NOW + timedelta(days=day)  # type: ignore[attr-defined]  # a FixedClock
        _day(ctx, day)
        housekeep(ctx)

    counts = _counts(ctx)
    assert counts["page_bodies"] <= 31 * EACH
    assert counts["pictures"] <= 61 * EACH
    assert counts["hosts"] <= 91 * EACH
    assert counts["ledger"] <= 91 * EACH
    assert min(counts.values()) >= 30 * EACH, "what may still be asked for stays"


def test_once_a_day_is_enough_whoever_asks(ctx: Context) -> None:
    assert housekeep(ctx) == dict.fromkeys(KINDS, 0)
    assert housekeep(ctx) == {}
    ctx.clock.now += timedelta(hours=23)  # type: ignore[attr-defined]  # a FixedClock
    assert housekeep(ctx) == {}
    ctx.clock.now += timedelta(hours=2)  # type: ignore[attr-defined]  # a FixedClock
    assert housekeep(ctx) != {}


def test_more_than_one_batch_goes(ctx: Context) -> None:
    for day in range(150):
        _day(ctx, day)
    ctx.clock.now = NOW + timedelta(days=400)  # type: ignore[attr-defined]  # a FixedClock

    assert housekeep(ctx) == dict.fromkeys(KINDS, 150 * EACH)
