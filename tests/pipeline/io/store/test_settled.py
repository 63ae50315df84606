"""Nothing is written between the placing of a tick's articles and the grouping anew."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import insert, update

from pipeline.io.schema import articles, partitions, ticks
from pipeline.io.store import stories
from tests.world import NOW, TwoOutlets


def test_stories_wait_until_their_language_is_at_rest(tmp_path: Path) -> None:
    outlets = TwoOutlets(tmp_path)
    outlets.run()
    with outlets.open() as ctx, ctx.store.write() as tx:
        tx.execute(update(partitions).values(settled_tick=None))
        held = stories.unwritten(tx, ["new-site"])
        tx.execute(update(partitions).values(settled_tick=partitions.c.placed_tick))
        free = stories.unwritten(tx, ["new-site"])

    assert held == {}
    assert len(free) == 2


def test_what_a_backfill_brought_waits_for_its_end(tmp_path: Path) -> None:
    outlets = TwoOutlets(tmp_path)
    outlets.run()
    [apples] = [id_ for title, id_ in outlets.stories().items() if "apple" in title]
    with outlets.open() as ctx, ctx.store.write() as tx:
        values = {"kind": "backfill", "opened_at": NOW, "deadline": NOW}
        key = tx.execute(insert(ticks).values(values)).inserted_primary_key
        assert key is not None
        past = key[0]
        # One article of each story is the backfill's: one story is all its own.
        mine = articles.c.url.like("https://one.example/%")
        tx.execute(update(articles).where(mine).values(tick_id=past))
        held = stories.unwritten(tx, ["new-site"])
        tx.execute(update(ticks).where(ticks.c.id == past).values(clustered_at=NOW))
        free = stories.unwritten(tx, ["new-site"])

    assert apples not in held
    assert len(held) == 1
    assert apples in free
