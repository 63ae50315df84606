"""A year of pages: what nobody will ask for again is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select

from pipeline import line
from pipeline.context import Context
from pipeline.io.migrate import upgrade
from pipeline.io.schema import (
    articles,
    changes,
    entries,
    hosts,
    pages,
    pictures,
    publications,
    ticks,
)
from pipeline.io.schema import ledger as ledger_table
from pipeline.io.schema_bodies import page_bodies
from pipeline.io.store import Store, documents, ledger, sources
from pipeline.io.store.documents import ChangeRow
from pipeline.io.store.housekeeping import KINDS
from pipeline.io.store.redo import Chosen
from pipeline.io.store.statements import upsert
from pipeline.records import StoryId
from pipeline.stages.housekeep import housekeep, prune
from pipeline.stages.reprocess import begin, plan
from pipeline.stories.tokens import OPENING_CHARS
from tests.pipeline.stages.archive import Archive
from tests.world import APPLES, NOW, PIER, FakeWeb, Item, catalogue, opened, publish, source, tree

DAYS, EACH = 365, 8
#: It runs once a day; in a test now and then does.
LAZY = 4
TABLES = (
    page_bodies,
    entries,
    pages,
    pictures,
    hosts,
    ledger_table,
    ticks,
    publications,
    changes,
)


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
        _show(tx, [*keys, "evergreen"], now)
        said = {"site": "all", "at": now, "reasons": []}
        tx.execute(insert(publications), [said] * EACH)
        change = ChangeRow(at=now, kind="updated", story_id=StoryId("s"), path="p", sha256=None)
        documents.append_changes(tx, "all", [change] * EACH)


def _show(tx: Connection, keys: list[str], now: datetime) -> None:
    """Let the feed show entries: today's, and one that stands in it for ever."""
    words = {"url": "u", "title": "t", "summary": "", "authors": [], "media": []}
    rows = [
        {"source_id": "one", "entry_key": key, "page_id": key, "content_hash": "h", **words}
        | {"first_seen_at": now, "last_seen_at": now}
        for key in keys
    ]
    upsert(tx, entries, rows, by=("source_id", "entry_key"), kept=("first_seen_at",))


def _counts(ctx: Context) -> dict[str, int]:
    with ctx.store.read() as tx:
        return {
            table.name: tx.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES
        }


@pytest.fixture
def ctx(tmp_path: Path, database_url: str) -> Iterator[Context]:
    store = Store(database_url)
    upgrade(store)
    store.close()
    books = catalogue([source("one")])
    with opened(tmp_path, books, FakeWeb(), database_url=database_url, keep_changes=100) as entered:
        with entered.store.write() as tx:
            sources.apply_sync(tx, books.sources, now=NOW)
        yield entered


def test_a_year_leaves_bounded_tables(ctx: Context) -> None:
    for day in range(DAYS):
        ctx.clock.now = NOW + timedelta(days=day)  # type: ignore[attr-defined]  # a FixedClock
        _day(ctx, day)
        if day % LAZY == 0:
            housekeep(ctx)

    counts = _counts(ctx)
    assert counts["page_bodies"] <= (31 + LAZY) * EACH
    assert counts["pictures"] <= (61 + LAZY) * EACH
    assert counts["hosts"] <= (91 + LAZY) * EACH
    assert counts["ledger"] <= (91 + LAZY) * EACH
    assert counts["entries"] <= (92 + LAZY) * EACH + 1
    assert counts["pages"] <= (92 + LAZY) * EACH
    assert counts["publications"] <= (91 + LAZY) * EACH
    assert 100 <= counts.pop("changes") <= 100 + LAZY * EACH
    assert counts.pop("ticks") <= 92 + LAZY
    assert min(counts.values()) >= 30 * EACH, "what may still be asked for stays"
    with ctx.store.read() as tx:
        shown = tx.scalars(select(entries.c.entry_key)).all()
        numbers = tx.scalars(select(changes.c.number).order_by(changes.c.number)).all()
    assert "evergreen" in shown, "what a feed still shows would come back as new"
    assert numbers == list(range(numbers[0], DAYS * EACH + 1)), "without gaps"


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

    gone = housekeep(ctx)
    assert {gone[kind] for kind in ("page_bodies", "pictures", "hosts", "ledger")} == {150 * EACH}
    assert gone["changes"] == 150 * EACH - 100
    assert gone["publications"] == 150 * EACH - 1, "the gate's last word stays"


def test_a_feed_that_shows_nothing_new_still_shows_what_it_did(ctx: Context) -> None:
    with ctx.store.write() as tx:
        _show(tx, ["a", "b"], NOW)
    ctx.clock.now = NOW + timedelta(days=400)  # type: ignore[attr-defined]  # a FixedClock
    assert prune(ctx)["entries"] == 0, "it may not have been to be had"

    with ctx.store.write() as tx:
        _show(tx, ["b", "c"], ctx.clock())
    assert prune(ctx)["entries"] == 0, "it left only now"
    ctx.clock.now += timedelta(days=91)  # type: ignore[attr-defined]  # a FixedClock
    assert prune(ctx)["entries"] == 1
    with ctx.store.read() as tx:
        assert set(tx.scalars(select(entries.c.entry_key))) == {"b", "c"}


def test_forgetting_changes_nothing_that_is_published(tmp_path: Path, database_url: str) -> None:
    archive = Archive(tmp_path, database_url)
    long_text = Item(url=APPLES.url, title=APPLES.title, text="\n".join([APPLES.text] * 9))
    publish(archive.web, "one.example", [PIER, long_text])
    archive.run()
    archive.hours = 24 * 500
    with archive.open() as ctx:
        archive.rest(ctx)
        before = tree(archive.home / "out")
        gone = prune(ctx)
        assert gone["page_bodies"] == 3
        lengths = [len(text) for (text,) in archive.rows(ctx, articles.c.text)]
        assert max(lengths) == OPENING_CHARS

        for stage in ("cluster", "score", "write"):
            planned = plan(ctx, stage, Chosen(), what="all", fetch=False)
            assert planned.size > 0
            begin(ctx, planned)
            line.finish(ctx)
        after = tree(archive.home / "out")
    # Revisions are counted on; no document, list or feed differs.
    assert {path for path in before if before[path] != after[path]} <= {"all/manifest.json"}
    assert before.keys() == after.keys()
