"""Ringing: one message for each batch of ids, worthless after a while, never the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

from pipeline import line, pastline
from pipeline.context import Context
from workers.app import app
from workers.bell import STALE_AT
from workers.routing import of_backfill

#: Stories in one message: a writer takes thousands a second, so that is a matter of message size.
_WRITE_BATCH = 200
#: Look-ups in one message: they are asked at the pace of their hosts.
_FIND_BATCH = 10


def _ring(
    ctx: Context,
    stage: str,
    ids: Sequence[str] | Sequence[int],
    size: int,
    *,
    wait: float = 0,
    queue: str | None = None,
) -> None:
    """Send `ids` to a stage in batches of `size`, after `wait` seconds; `queue` for its usual."""
    ends = ctx.clock() + ctx.settings.tick_every * 2 + timedelta(seconds=wait)
    fresh = {STALE_AT: ends.isoformat()}
    for start in range(0, len(ids), size):
        part = list(ids[start : start + size])
        app.send_task(
            f"workers.tasks.{stage}",
            args=[part],
            countdown=wait or None,
            headers=fresh,
            queue=queue,
        )


def fetch(ctx: Context, ids: Sequence[str]) -> None:
    """Ring for sources to poll."""
    _ring(ctx, "fetch", ids, ctx.settings.fetch_batch)


def extract(ctx: Context, ids: Sequence[str]) -> None:
    """Ring for pages to read; without any, the tick may be at its end."""
    _ring(ctx, "extract", ids, ctx.settings.extract_batch)
    if not ids:
        cluster_at_end(ctx, ids)


def cluster(ctx: Context, ids: Sequence[str]) -> None:
    """Ring for the clusterer: once, whatever the number, for it asks the database itself."""
    _ring(ctx, "cluster", ids[:1] or [""], 1)


def cluster_at_end(ctx: Context, ids: Sequence[str]) -> None:
    """Ring for the clusterer when a tick is at its end: of a hundred batches the last one rings.

    A batch commits before it asks, so of two that end together one sees that all is done.
    """
    if line.is_over(ctx):
        cluster(ctx, ids)


def cluster_again(ctx: Context) -> None:
    """Ring for the clusterer once more where somebody else had its lease."""
    if line.is_ready_to_cluster(ctx):
        _ring(ctx, "cluster", [""], 1, wait=1)


def find(ctx: Context, ids: Sequence[str]) -> None:
    """Ring for look-ups of backfills."""
    _ring(ctx, "find", ids, _FIND_BATCH)


def backfills(ctx: Context) -> None:
    """Ring for all that is due of the backfills under way."""
    size = ctx.settings.extract_batch
    for due in pastline.due(ctx):
        find(ctx, due.lookup_ids)
        _ring(ctx, "extract", due.page_ids, size, queue=of_backfill("extract"))
        if due.is_found:
            _ring(ctx, "place", [due.number], 1)


def placed(ctx: Context, number: int, story_ids: Sequence[str] | None) -> None:
    """Ring for the stories of a backfill that is placed; None: for the rest of it."""
    if story_ids is None:
        _ring(ctx, "place", [number], 1, wait=1)
    else:
        _ring(ctx, "write", story_ids, _WRITE_BATCH, queue=of_backfill("write"))


def write(ctx: Context, ids: Sequence[str]) -> None:
    """Ring for stories to write."""
    _ring(ctx, "write", ids, _WRITE_BATCH)


def alert(ctx: Context) -> None:
    """Ring for the webhook, where there is one; worthless once the next tick has rung."""
    if ctx.settings.alert_webhook is not None:
        ends = ctx.clock() + ctx.settings.tick_every
        app.send_task("workers.tasks.alert", headers={STALE_AT: ends.isoformat()})


def again(ctx: Context, stage: str, ids: Sequence[str]) -> None:
    """Ring once more for those of `ids` whose hosts are busy for a moment."""
    waiting = line.deferred(ctx, stage, ids)
    if waiting.ids:
        size = ctx.settings.fetch_batch if stage == "fetch" else ctx.settings.extract_batch
        _ring(ctx, stage, waiting.ids, size, wait=math.ceil(waiting.seconds))


def everything(ctx: Context) -> None:
    """Ring for all that is due: what no message tells of any more, and what is new."""
    due = line.due(ctx)
    fetch(ctx, due.source_ids)
    _ring(ctx, "extract", due.page_ids, ctx.settings.extract_batch)
    write(ctx, due.story_ids)
    if due.unfinished:
        cluster(ctx, [])
