"""Articles of the past -> the stories of their days, step by step, as if they had been polled then.

A backfill's articles are taken in order of publication, an hour at a time. Each step knows what was
published up to its end and nothing later; the stories that were live then are grouped anew as after
a tick of that time. Steps go on for a window beyond the last article, because stories that were
live at its time would have been looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from pipeline.context import Context
from pipeline.io.crashpoints import crashpoint
from pipeline.io.store import backfills, leases, partitions, ticks
from pipeline.stages.cluster import take_turn
from pipeline.stages.turn import Turn

#: Articles of one hour are placed together: most feeds are polled about that often.
STEP: Final = timedelta(hours=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def cluster_past(
    ctx: Context,
    backfill: Row[Any],
    *,
    goes_on: Callable[[], bool] = lambda: True,
    told: Callable[[str, datetime], None] = lambda _language, _until: None,
) -> bool:
    """Place a backfill's articles, language by language; say whether all are at rest.

    `goes_on` is asked before each step; `told` hears up to when a language is placed. A live tick
    that waits for the clusterer comes first, and whoever else places articles of a language: then
    the rest is left for the next call.
    """
    with ctx.store.read() as tx:
        languages = backfills.languages(tx, backfill.tick_id)
    for language in languages:
        for until in _steps(ctx, backfill, language):
            if not goes_on() or not _step(ctx, backfill, language, until):
                return False
            told(language, until)
    with ctx.store.write() as tx:
        return ticks.mark_clustered(tx, backfill.tick_id, now=ctx.clock())


def _steps(ctx: Context, backfill: Row[Any], language: str) -> Iterator[datetime]:
    """Yield the ends of the steps that are left of a language, each that has an article."""
    with ctx.store.write() as tx:
        extent = backfills.extent(tx, backfill.tick_id, language)
        if extent is None:
            return
        first, last = (_end_of_step(moment) for moment in extent)
        backfills.ensure_partition(tx, backfill.id, language, before=first - STEP)
        settled = backfills.partition(tx, backfill.id, language).settled_until
        found = backfills.moments(
            tx,
            backfill.tick_id,
            language,
            after=settled,
            until=max(last, min(last + ctx.settings.window, ctx.clock())),
        )
        if backfills.waits(tx, backfill.tick_id, language, until=settled):  # read anew meanwhile
            found = [settled, *found]
    yield from sorted({_end_of_step(moment) for moment in found})


def _end_of_step(moment: datetime) -> datetime:
    """Return the end of the step that a moment lies in; the end belongs to its step."""
    steps = -((_EPOCH - moment) // STEP)
    return _EPOCH + steps * STEP


def _step(ctx: Context, backfill: Row[Any], language: str, until: datetime) -> bool:
    """Take one step under the language's lease; say whether it was saved."""
    name = f"cluster:{language}"
    with ctx.store.write() as tx:
        if ticks.next_to_cluster(tx) is not None:
            return False
        token = leases.take(
            tx, name, owner=ctx.store.owner, now=ctx.clock(), lasts=ctx.settings.lease
        )
        partitions.ensure(tx, language)
    if token is None:
        return False
    turn = Turn(backfill.tick_id, until, language, name, token, backfill.id)
    saved = take_turn(ctx, turn)
    with ctx.store.write() as tx:
        leases.give_back(tx, name, token)
    crashpoint("past-stepped")
    return saved
