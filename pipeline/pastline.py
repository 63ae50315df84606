"""The sentence for the past: look up, read, place day by day, write.

    look-ups --find--> pages --extract--> articles --cluster_past--> stories --write--> files

A backfill is a run of its own. Look-ups and pages are work like any other, done in any order and by
whoever comes; the articles are placed when all were read, in order of their time. Whoever is killed
loses the batch it had in hand; who goes on asks the database what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store import backfills, leases, lookups, stories, work
from pipeline.io.store.backfills import Progress
from pipeline.records import PageId, StoryId
from pipeline.stages.extract import extract
from pipeline.stages.find import find
from pipeline.stages.past import cluster_past
from pipeline.stages.write import write

#: Pages taken up at a time: then somebody may have paused it.
_PAGES: Final = 40
_LOOKUPS: Final = 10
#: Seconds at least between two looks at rows whose hosts are busy.
_LOOK_AGAIN: Final = 0.25
#: How often the placing of articles tells how far it is: to count them costs more than a step.
_TELLS_EVERY: Final = timedelta(seconds=1)
#: Stories written at a time.
_STORIES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a run tells of itself as it goes on."""

    progress: Progress
    #: wait for the last process | find | place | write | done.
    phase: str
    #: Up to when articles are placed.
    placed_until: datetime | None = None
    #: Stories that wait to be written.
    unwritten: int = 0


Hears = Callable[[Told], None]


def run_backfill(ctx: Context, number: int, hears: Hears = lambda _told: None) -> str:
    """Bring a backfill that has been started to its end; return its state then.

    That is `done` or `cancelled`, or `paused` where somebody, or its budget, paused it. Raise
    UsageError when another process is at it.
    """
    try:
        with _held(ctx, number, lambda: _tell_wait(ctx, number, hears)) as renew:
            while (row := _row(ctx, number)).state == "running":
                renew()
                if not _advance(ctx, row, renew, hears):
                    ctx.pause(_until_due(ctx, number))
            if row.state == "cancelled":
                _finish(ctx, row, renew, hears)
            return str(row.state)
    except BaseException:
        with ctx.store.write() as tx:
            work.release_all(tx, ctx.store.owner)
        raise


def _until_due(ctx: Context, number: int) -> float:
    """Return for how many seconds nothing can be done, as far as the hold is renewed in time."""
    with ctx.store.read() as tx:
        due_at = lookups.next_due(tx, number)
    wait = (due_at - ctx.clock()).total_seconds() if due_at else 0.0
    return min(max(wait, _LOOK_AGAIN), _HEARTBEAT.total_seconds())


def _advance(ctx: Context, row: Row[Any], renew: Callable[[], None], hears: Hears) -> bool:
    """Do some of what is left; say whether anything could be done."""
    now = ctx.clock()
    with ctx.store.read() as tx:
        found = backfills.progress(tx, row)
        lookup_ids = lookups.due(tx, row.id, now, limit=_LOOKUPS)
        page_ids = lookups.pending_pages(tx, row.id, now, limit=_PAGES)
    hears(Told(progress=found, phase="find"))
    if is_spent(row, found):
        pause(ctx, row.id, f"its budget of {row.budget} requests is used up")
        return True
    if not found.is_found:
        if row.budget is not None and not row.path:
            lookup_ids = lookup_ids[: row.budget - found.requests]
            page_ids = page_ids[: row.budget - found.requests - len(lookup_ids)]
        find(ctx, lookup_ids)
        extract(ctx, page_ids)
        return bool(lookup_ids or page_ids)
    return _finish(ctx, row, renew, hears)


def is_spent(row: Row[Any], found: Progress) -> bool:
    """Say whether a backfill has made as many requests as it may, and is not through."""
    return row.budget is not None and found.requests >= row.budget and not found.is_found


def _finish(ctx: Context, row: Row[Any], renew: Callable[[], None], hears: Hears) -> bool:
    """Place all that was read and write it; say whether anything could be done."""

    def goes_on() -> bool:
        renew()
        return bool(_row(ctx, row.id).state == row.state)

    told_at = ctx.clock()

    def told(_language: str, until: datetime) -> None:
        nonlocal told_at
        if ctx.clock() - told_at < _TELLS_EVERY:
            return
        told_at = ctx.clock()
        with ctx.store.read() as tx:
            found = backfills.progress(tx, row)
        hears(Told(progress=found, phase="place", placed_until=until))

    if not place(ctx, row, goes_on=goes_on, told=told):
        return False
    written(ctx, renew, lambda left: hears(_writing(ctx, row, left)))
    end(ctx, row)
    hears(_writing(ctx, row, 0))
    return True


def place(
    ctx: Context,
    row: Row[Any],
    *,
    goes_on: Callable[[], bool],
    told: Callable[[str, datetime], None] = lambda _language, _until: None,
) -> bool:
    """Close a backfill's run and place what it read; say whether all is at rest."""
    with ctx.store.write() as tx:
        backfills.close(tx, row, now=ctx.clock())
    return cluster_past(ctx, row, goes_on=goes_on, told=told)


def written(ctx: Context, renew: Callable[[], None], left: Callable[[int], None]) -> None:
    """Write what the sites are behind with, as far as the gate lets it."""
    before: list[StoryId] = []
    while True:
        renew()
        with ctx.store.read() as tx:
            ids = list(stories.unwritten(tx, ctx.catalogue.sites))
        left(len(ids))
        if not ids or ids == before:
            return
        before = ids
        for start in range(0, len(ids), _STORIES):
            renew()
            write(ctx, ids[start : start + _STORIES])
            left(len(ids) - start)


def _writing(ctx: Context, row: Row[Any], unwritten: int) -> Told:
    with ctx.store.read() as tx:
        found = backfills.progress(tx, row)
    return Told(progress=found, phase="write" if unwritten else "done", unwritten=unwritten)


def _row(ctx: Context, number: int) -> Row[Any]:
    """Return the row of a backfill as it is now."""
    with ctx.store.read() as tx:
        row = backfills.backfill(tx, number)
    if row is None:
        raise UsageError(f"backfill {number}: there is none; see `newsloom backfill list`")
    return row


# --- what an operator says ------------------------------------------------------------------------


def pause(ctx: Context, number: int, why: str) -> None:
    """Let a running backfill rest; whoever is at it ends its batch first."""
    _change(ctx, number, {"running"}, "paused", note=why)


def resume(ctx: Context, number: int, *, budget: int | None = None) -> None:
    """Let a paused backfill go on, with a new budget where one is given."""
    given = {} if budget is None else {"budget": budget}
    _change(ctx, number, {"paused"}, "running", note="", **given)


def cancel(ctx: Context, number: int) -> None:
    """End a backfill for good; what was read of it is kept and still finds its stories."""
    row = _change(ctx, number, {"planned", "running", "paused"}, "cancelled", note="")
    with ctx.store.write() as tx:
        if row.tick_id is None:
            backfills.change(tx, number, ended_at=ctx.clock())
        else:
            backfills.drop_the_rest(tx, row)


def end(ctx: Context, row: Row[Any]) -> None:
    """Note that a backfill is at its end."""
    with ctx.store.write() as tx:
        state = "done" if row.state == "running" else row.state
        backfills.change(tx, row.id, state=state, ended_at=ctx.clock())


def require(row: Row[Any], *allowed: str) -> None:
    """Raise UsageError for a backfill in a state of which that cannot be asked."""
    if row.state not in allowed:
        raise UsageError(
            f"backfill {row.id} is {row.state}, not {' or '.join(allowed)}; "
            "see `newsloom backfill list`"
        )


def _change(ctx: Context, number: int, allowed: set[str], state: str, **values: Any) -> Row[Any]:
    """Change the state of a backfill; return it as it was. Raise UsageError where that is none."""
    row = _row(ctx, number)
    require(row, *sorted(allowed))
    with ctx.store.write() as tx:
        backfills.change(tx, number, state=state, **values)
    return row


# --- one process at a time ------------------------------------------------------------------------


@contextmanager
def _held(ctx: Context, number: int, waits: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Hold a backfill while this process brings it to its end; give what renews the hold.

    A hold that is not renewed is that of a process that died: it is waited for. One that is, is
    refused.
    """
    name, lasts = f"backfill:{number}", ctx.settings.lease
    token = _take(ctx, name, number, waits)
    last = ctx.clock()

    def renew() -> None:
        nonlocal last
        now = ctx.clock()
        if now - last >= min(_HEARTBEAT, lasts / 4):
            last = now
            with ctx.store.write() as tx:
                leases.renew(tx, name, token, until=now + lasts)

    try:
        yield renew
    finally:
        with ctx.store.write() as tx:
            leases.give_back(tx, name, token)


#: Somebody who wants to know whether a hold is alive waits for three of these.
_HEARTBEAT: Final = timedelta(seconds=2)


def _take(ctx: Context, name: str, number: int, waits: Callable[[], None]) -> int:
    """Take the hold of a backfill, waiting for that of a dead process to end."""
    first: datetime | None = None
    while True:
        now = ctx.clock()
        with ctx.store.write() as tx:
            token = leases.take(tx, name, owner=ctx.store.owner, now=now, lasts=ctx.settings.lease)
            until = leases.until(tx, name)
        if token is not None:
            return token
        first = first or until
        if until != first:
            raise UsageError(
                f"backfill {number} is under way in another process; watch it with "
                f"`newsloom backfill status {number}`"
            )
        waits()
        ctx.pause(_LOOK_AGAIN)


def _tell_wait(ctx: Context, number: int, hears: Hears) -> None:
    """Tell that the hold of another process is waited for, which may have died."""
    with ctx.store.read() as tx:
        found = backfills.progress(tx, _row(ctx, number))
    hears(Told(progress=found, phase="wait for the last process"))


# --- for messages ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DueOfBackfill:
    """What could be done right now of a backfill under way."""

    number: int
    lookup_ids: tuple[str, ...]
    page_ids: tuple[PageId, ...]
    #: All was found and read: it can be placed.
    is_found: bool


#: What a tick rings for at most; the next one rings again.
_RUNG_LOOKUPS: Final = 100
_RUNG_PAGES: Final = 1_000
#: How long one message places articles; then live ones of the same worker have their turn.
_PLACES: Final = timedelta(seconds=20)


def due(ctx: Context) -> list[DueOfBackfill]:
    """Return what could be done now of each backfill under way; pause those at their budget."""
    now = ctx.clock()
    with ctx.store.read() as tx:
        rows = [*backfills.all_backfills(tx, state="running"), *backfills.cut_short(tx)]
        states = {row.id: backfills.progress(tx, row) for row in rows}
        found = [
            DueOfBackfill(
                number=row.id,
                lookup_ids=tuple(lookups.due(tx, row.id, now, limit=_RUNG_LOOKUPS)),
                page_ids=tuple(lookups.pending_pages(tx, row.id, now, limit=_RUNG_PAGES)),
                is_found=states[row.id].is_found,
            )
            for row in rows
        ]
    spent = {row.id for row in rows if is_spent(row, states[row.id])}
    for row in rows:
        if row.id in spent:
            pause(ctx, row.id, f"its budget of {row.budget} requests is used up")
    return [one for one in found if one.number not in spent]


def place_some(ctx: Context, number: int) -> list[StoryId] | None:
    """Place what a backfill has read, for a while; return what is to be written, None: not yet."""
    row = _row(ctx, number)
    until = ctx.clock() + _PLACES
    if row.ended_at is not None or row.state == "paused":
        return []

    def goes_on() -> bool:
        return ctx.clock() < until and bool(_row(ctx, number).state == row.state)

    if not place(ctx, row, goes_on=goes_on):
        return None
    end(ctx, row)
    with ctx.store.read() as tx:
        return list(stories.unwritten(tx, ctx.catalogue.sites))
