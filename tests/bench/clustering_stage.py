"""What clustering one article costs through the whole stage, by the number of live articles.

    python -m tests.bench.clustering_stage [--live 1000 10000 100000] [--ticks 6] [--each 50]

A SQLite database holds so many live articles in stories of three; then ticks of new articles come
and are clustered by one process that keeps its window. `article` is the processor time of the stage
for one new article, median of the ticks; `load` is that of the first tick, which reads the live
articles into the window; `regroup` that of grouping all live stories anew, once every
`refine_every`. Exit code 1 when 100,000 live articles cost more than three times 1,000.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert

from pipeline.context import Context
from pipeline.io.migrate import upgrade
from pipeline.io.schema import articles, memberships, pages, stories, ticks
from pipeline.io.store import Store, partitions
from pipeline.io.store.articlerows import article_values
from pipeline.records import Article
from pipeline.stages.cluster import cluster
from pipeline.stories.cluster import story_id
from tests.bench.clusters import Stream
from tests.world import FakeWeb, catalogue, opened

#: At 100,000 live no more than so many times the cost at 1,000.
GROWTH = 3.0
_TELLINGS = 3


def main() -> None:
    """Print the table, and say whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--live", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--ticks", type=int, default=6)
    parser.add_argument("--each", type=int, default=50, help="new articles of a tick")
    given = parser.parse_args()
    table = Table(box=None)
    for column in ("live", "load s", "article ms", "regroup s"):
        table.add_column(column, justify="right")
    cost = {}
    for live in given.live:
        with tempfile.TemporaryDirectory(prefix="newsloom-bench-") as folder:
            load, article, regroup = _measure(Path(folder), live, given.ticks, given.each)
        cost[live] = article
        table.add_row(f"{live:,}", f"{load:.1f}", f"{1000 * article:.2f}", f"{regroup:.1f}")
    Console().print(table)
    growth = cost[max(cost)] / cost[min(cost)]
    Console().print(f"{max(cost):,} live cost {growth:.2f} times {min(cost):,}")
    sys.exit(1 if growth > GROWTH else 0)


def _measure(home: Path, live: int, count: int, each: int) -> tuple[float, float, float]:
    """Return seconds of processor: the first tick, an article of the others, a regrouping."""
    store = Store(f"sqlite:///{home / 'state' / 'newsloom.db'}")
    upgrade(store)
    store.close()
    found = Stream(live).articles(live + (count + 1) * each)
    newest = found[-1].published_at + timedelta(hours=1)
    with opened(home, catalogue([]), FakeWeb(), now=newest, refine_every="900d") as ctx:
        _fill(ctx, found[:live])
        parts = [found[at : at + each] for at in range(live, len(found), each)]
        times = []
        for part in parts:
            _arrive(ctx, part)
            start = time.process_time()
            cluster(ctx, [])
            times.append(time.process_time() - start)
    with opened(home, catalogue([]), FakeWeb(), now=newest, refine_every="1s") as ctx:
        ctx.clock.now += timedelta(seconds=2)  # type: ignore[attr-defined]  # a FixedClock
        one = replace(found[-1], id=found[-1].id[:-1] + "z", page_id=found[-1].page_id[:-1] + "z")  # type: ignore[arg-type]
        _arrive(ctx, [replace(one, title=one.title + " again")])
        start = time.process_time()
        cluster(ctx, [])
        regroup = time.process_time() - start - times[0]
    return times[0], statistics.median(times[1:]) / each, regroup


def _fill(ctx: Context, found: Sequence[Article]) -> None:
    """Store articles as clustered, three to a story, in a tick that is over and was regrouped."""
    now = ctx.clock()
    tick = _tick(ctx, clustered=True)
    with ctx.store.write() as tx:
        for start in range(0, len(found), 1000):
            part = found[start : start + 1000]
            tx.execute(insert(pages), [_page(one, now) for one in part])
            rows = [article_values(one, tick_id=tick, state="clustered") for one in part]
            tx.execute(insert(articles), rows)
        groups = [found[at : at + _TELLINGS] for at in range(0, len(found), _TELLINGS)]
        tx.execute(insert(stories), [_story(group) for group in groups])
        tx.execute(
            insert(memberships),
            [
                {"article_id": one.id, "story_id": story_id(group[0].id), "score": 1.0, "parts": []}
                for group in groups
                for one in group
            ],
        )
        partitions.ensure(tx, "en")
        partitions.note(tx, "en", refined_at=now)


def _tick(ctx: Context, *, clustered: bool = False) -> int:
    now = ctx.clock()
    values = {"opened_at": now, "deadline": now, "closed_at": now}
    with ctx.store.write() as tx:
        done = {"clustered_at": now} if clustered else {}
        key = tx.execute(insert(ticks).values(**values, **done)).inserted_primary_key
    assert key is not None
    number: int = key[0]
    return number


def _arrive(ctx: Context, new: Sequence[Article]) -> None:
    """Put articles into a tick, as extract leaves them."""
    tick = _tick(ctx)
    now = ctx.clock()
    with ctx.store.write() as tx:
        tx.execute(insert(pages), [_page(one, now) for one in new])
        rows = [article_values(one, tick_id=tick, state="pending") for one in new]
        tx.execute(insert(articles), rows)


def _page(one: Article, now: object) -> dict[str, object]:
    zeros = dict.fromkeys(("attempts", "deaths", "failures", "fence"), 0)
    known = {"id": one.page_id, "url": one.url, "host": "h", "state": "done", "next_at": now}
    return {**known, "is_recheck": False, **zeros}


def _story(group: Sequence[Article]) -> dict[str, object]:
    return {
        "id": story_id(group[0].id),
        "language": "en",
        "lead_id": group[0].id,
        "topics": [],
        "quality": 0,
        "heat": 0,
        "published_at": group[0].published_at,
        "revision": 0,
        "state": "live",
        "cluster_version": 1,
        "score_version": 1,
    }


if __name__ == "__main__":
    main()
