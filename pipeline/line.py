"""The sentence: fetch, extract, cluster, write.

    sources --fetch--> pages due --extract--> articles --cluster--> stories --write--> files

Each stage commits before it returns and gives back what waits for the next one, so the same four
calls serve the command line and a worker, and a run that was killed is simply run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipeline.context import Context
from pipeline.io.crashpoints import crashpoint
from pipeline.io.store import ledger, pages, sources, stories, ticks, work
from pipeline.records import PageId, SourceId, StoryId
from pipeline.stages.alert import alert
from pipeline.stages.cluster import cluster
from pipeline.stages.extract import extract
from pipeline.stages.fetch import fetch
from pipeline.stages.housekeep import housekeep
from pipeline.stages.write import write

#: Seconds between two looks at rows that another process holds or a host keeps waiting.
_LOOK_AGAIN = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What could be done right now."""

    source_ids: tuple[SourceId, ...]
    page_ids: tuple[PageId, ...]
    story_ids: tuple[StoryId, ...]
    #: A tick is not at its end.
    unfinished: bool


def run(ctx: Context, only: Sequence[SourceId] | None = None, *, kind: str = "tick") -> int | None:
    """Do one round: everything due now becomes one tick, and every open tick is brought to its end.

    `only` narrows the sources that are polled. Return the run's id, see `open_tick`.
    """
    run_id = open_tick(ctx, only, kind=kind)
    finish(ctx)
    return run_id


def finish(ctx: Context) -> None:
    """Bring every open tick to its end. Interrupted, it gives its leases back."""
    try:
        now_due = due(ctx)
        left: Sequence[StoryId] = now_due.story_ids
        while now_due.unfinished or left:
            if not (now_due.source_ids or now_due.page_ids):
                ctx.pause(_LOOK_AGAIN)
            page_ids = fetch(ctx, now_due.source_ids)
            article_ids = extract(ctx, [*now_due.page_ids, *page_ids])
            story_ids = cluster(ctx, article_ids)
            left = write(ctx, [*left, *story_ids])
            now_due = due(ctx)
        housekeep(ctx)
        alert(ctx)
    except BaseException:
        with ctx.store.write() as tx:
            work.release_all(tx, ctx.store.owner)
        raise


def open_tick(
    ctx: Context, only: Sequence[SourceId] | None = None, *, kind: str = "tick"
) -> int | None:
    """Take all that is due into a new tick; return its id, which is the run's.

    When nothing is due, a scheduled tick is none; a run that somebody asked for is kept, empty.
    """
    now, lasts = ctx.clock(), ctx.settings.tick_deadline
    with ctx.store.write() as tx:
        opened = ticks.open_tick(tx, now=now, lasts=lasts, only=only, kind=kind)
        run_id = opened.id if opened is not None else None
        if run_id is None and kind != "tick":
            run_id = ledger.add_ended(tx, kind, now=now)
    crashpoint("tick-opened")
    return run_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Rows that could not be done because their hosts are busy, and for how long at most."""

    ids: tuple[str, ...]
    seconds: float


#: Longer waits are left to the next tick: a message that sleeps for long is a message lost.
_SOON = timedelta(seconds=30)


def waits(ctx: Context, stage: str, ids: Sequence[str]) -> bool:
    """Say whether one of `ids` can be done now: a message that comes twice costs one question."""
    now = ctx.clock()
    with ctx.store.read() as tx:
        return bool(work.waiting(tx, stage, ids, now=now, until=now))


def deferred(ctx: Context, stage: str, ids: Sequence[str]) -> Deferred:
    """Return those of `ids` (sources of `fetch`, pages of `extract`) that wait for a busy host."""
    now = ctx.clock()
    with ctx.store.read() as tx:
        rows = work.waiting(tx, stage, ids, now=now, until=now + _SOON)
    wait = max((row.next_at - now for row in rows), default=timedelta(0))
    return Deferred(ids=tuple(row.id for row in rows), seconds=max(wait.total_seconds(), 0.0))


def is_over(ctx: Context) -> bool:
    """Say whether an open tick is at its end, so that asking the clusterer is worth a message."""
    now = ctx.clock()
    with ctx.store.read() as tx:
        return ticks.is_over(tx, now=now)


def is_ready_to_cluster(ctx: Context) -> bool:
    """Say whether a tick waits for the clusterer."""
    with ctx.store.read() as tx:
        return ticks.next_to_cluster(tx) is not None


def due(ctx: Context) -> Due:
    """Return what could be done right now."""
    now = ctx.clock()
    with ctx.store.read() as tx:
        open_ticks = ticks.in_work(tx)
        return Due(
            source_ids=tuple(
                id_ for tick in open_ticks for id_ in sources.due_in_tick(tx, tick.id, now)
            ),
            page_ids=tuple(
                id_ for tick in open_ticks for id_ in pages.due_in_tick(tx, tick.id, now)
            ),
            story_ids=tuple(stories.unwritten(tx, ctx.catalogue.sites)),
            unfinished=bool(open_ticks) or ticks.next_to_cluster(tx) is not None,
        )
