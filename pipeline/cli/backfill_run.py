"""`newsloom backfill run|pause|resume|cancel`: what an operator does with a plan."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from sqlalchemy import Row

from config.settings import Settings
from pipeline import pastline
from pipeline.cli.backfill_words import found, left, row_json, spent
from pipeline.cli.common import SOME_FAILED, AsJson, DryRun, Home, err, opened, out, print_json
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.history.finders import finders
from pipeline.history.lookup import Finder
from pipeline.io.store import backfills
from pipeline.pastline import Hears, Told
from pipeline.records import SourceId
from pipeline.stages.begin import begin, first_lookups

Number = Annotated[int, typer.Argument(metavar="ID", help="As `newsloom backfill list` shows it.")]
Budget = Annotated[
    int | None, typer.Option("--budget", min=1, help="Pause after so many requests in all.")
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Leave the work to the workers and return at once.")
]


def all_finders() -> tuple[Finder, ...]:
    """Return every way to find old articles."""
    return finders(Settings().wayback_url)


def run(
    number: Number,
    home: Home = None,
    budget: Budget = None,
    detach: Detach = False,
    changed: Annotated[
        bool,
        typer.Option("--changed-sources", help="Go on though sources have changed since the plan."),
    ] = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Carry out a plan, or go on with it: find, read, place and write.

    It can be ended at any time and run again: what was done stays, what is left is gone on with.

    Example: newsloom backfill run 3
    """
    with opened(home) as ctx:
        row = _row(ctx, number)
        if row.state in ("done", "cancelled"):
            raise UsageError(f"backfill {number} is {row.state}; make a new plan")
        if row.state == "planned":
            _require_sound(ctx, row, is_allowed=changed)
        if row.state != "running":
            _require_alone(ctx, number)
        if dry_run:
            _tell_dry(ctx, row, json_=json_)
            return
        if budget is not None:
            with ctx.store.write() as tx:
                backfills.change(tx, number, budget=budget)
        if not begin(ctx, number) and row.state == "paused":
            pastline.resume(ctx, number)
        _go_on(ctx, number, is_detached=detach, json_=json_)


def pause(
    number: Number, home: Home = None, dry_run: DryRun = False, json_: AsJson = False
) -> None:
    """Let a backfill rest, wherever it is running, after the batch at hand.

    Example: newsloom backfill pause 3
    """
    with opened(home) as ctx:
        pastline.require(_row(ctx, number), "running")
        if dry_run:
            _tell_state(ctx, number, "would be paused", json_=json_)
            return
        pastline.pause(ctx, number, "by an operator")
        row = _row(ctx, number)
    if json_:
        print_json(row_json(row))
    else:
        out.print(f"backfill {number} is paused; `newsloom backfill resume {number}` goes on")


def resume(
    number: Number,
    home: Home = None,
    budget: Budget = None,
    detach: Detach = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Go on with a paused backfill.

    Example: newsloom backfill resume 3 --budget 20000
    """
    with opened(home) as ctx:
        pastline.require(_row(ctx, number), "paused")
        _require_alone(ctx, number)
        if dry_run:
            _tell_state(ctx, number, "would go on", json_=json_)
            return
        pastline.resume(ctx, number, budget=budget)
        _go_on(ctx, number, is_detached=detach, json_=json_)


def cancel(
    number: Number, home: Home = None, dry_run: DryRun = False, json_: AsJson = False
) -> None:
    """End a backfill for good; what was read so far is kept and finds its stories.

    Example: newsloom backfill cancel 3
    """
    with opened(home) as ctx:
        was = _row(ctx, number)
        pastline.require(was, "planned", "running", "paused")
        if dry_run:
            _tell_state(ctx, number, "would be cancelled", json_=json_)
            return
        pastline.cancel(ctx, number)
        if was.tick_id is not None:
            pastline.run_backfill(ctx, number)
        with ctx.store.read() as tx:
            row = found(tx, number)
            state = backfills.progress(tx, row)
    if json_:
        print_json(row_json(row) | {"articles": state.articles})
    else:
        out.print(f"backfill {number} is cancelled; {state.articles} articles of it are kept")


def _tell_state(ctx: Context, number: int, would: str, *, json_: bool) -> None:
    """Say what would become of a backfill, and how far it is."""
    with ctx.store.read() as tx:
        row = found(tx, number)
        state = backfills.progress(tx, row)
    if json_:
        print_json(row_json(row) | {"dry_run": True, "articles": state.articles})
        return
    out.print(f"backfill {number} is {row.state} and {would} (--dry-run)")
    out.print(left(state))


def _row(ctx: Context, number: int) -> Row[Any]:
    with ctx.store.read() as tx:
        return found(tx, number)


def _require_sound(ctx: Context, row: Row[Any], *, is_allowed: bool) -> None:
    """Raise UsageError when a plan leads nowhere, or its sources are not what they were."""
    with ctx.store.read() as tx:
        parts = backfills.parts_of(tx, row.id)
    if not any(part.method for part in parts):
        raise UsageError(
            f"backfill {row.id}: no way to old articles was found for its sources; plan with "
            "--from and a list of addresses or a web archive"
        )
    changed = [
        part.source_id
        for part in parts
        if (part.feed_now, part.provider_now) != (part.feed_url, part.provider)
    ]
    if changed and not is_allowed:
        raise UsageError(
            f"backfill {row.id}: changed since it was planned: {', '.join(changed)}; "
            "plan anew, or say --changed-sources"
        )


def _require_alone(ctx: Context, number: int) -> None:
    """Raise UsageError when another backfill is reading the same sources."""
    with ctx.store.read() as tx:
        ids = [SourceId(part.source_id) for part in backfills.parts_of(tx, number)]
        others = backfills.others_on(tx, number, ids)
    if others:
        under_way = ", ".join(map(str, others))
        raise UsageError(
            f"backfill {number} is about sources that backfill {under_way} is reading now; "
            f"wait for it, or end it with `newsloom backfill cancel {others[0]}`"
        )


def _tell_dry(ctx: Context, row: Row[Any], *, json_: bool) -> None:
    """Say what a run would begin with."""
    first = first_lookups(ctx, row) if row.state == "planned" else []
    if json_:
        print_json(row_json(row) | {"dry_run": True, "first": [one.url for one in first]})
        return
    for one in first:
        out.print(f"{one.source_id}  {one.url}", markup=False)
    out.print(f"backfill {row.id} is {row.state}; nothing was asked for or changed (--dry-run)")


def _go_on(ctx: Context, number: int, *, is_detached: bool, json_: bool) -> None:
    """Bring a backfill to its end here, or leave it to the workers; say how it ended."""
    if is_detached:
        out.print(f"backfill {number} is with the workers: `newsloom backfill status {number}`")
        return
    began = time.monotonic()
    try:
        with _shown() as hears:
            state = pastline.run_backfill(ctx, number, hears)
    except KeyboardInterrupt:
        err.print(f"stopped; `newsloom backfill run {number}` goes on where it was")
        raise
    with ctx.store.read() as tx:
        row = found(tx, number)
        progress = backfills.progress(tx, row)
    seconds = time.monotonic() - began
    if json_:
        failed = {"failed": progress.lookups_failed}
        print_json(row_json(row) | failed | {"articles": progress.articles, "seconds": seconds})
    else:
        out.print(left(progress))
        told = f": {row.note}" if row.note else ""
        out.print(f"backfill {number} is {state}{told} ({spent(timedelta(seconds=seconds))})")
        if state == "done":
            out.print(f"what was listed and is not there: `newsloom backfill verify {number}`")
    raise typer.Exit(SOME_FAILED if state != "done" or progress.lookups_failed else 0)


@contextmanager
def _shown() -> Iterator[Hears]:
    """Show how a run goes on: bars with rate and time left on a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (
        TextColumn("{task.description:9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        yield _Bars(progress)


class _Bars:
    """A bar for each part of the work."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks = {
            name: progress.add_task(name, total=None, rate="")
            for name in ("look-ups", "pages", "stories", "files")
        }

    def __call__(self, told: Told) -> None:
        """Show what a run tells."""
        now = told.progress
        made = now.lookups_done + now.lookups_failed
        self._set("look-ups", made, made + now.lookups_left)
        self._set("pages", now.entries - now.pages_left, now.entries)
        self._set("stories", now.articles - now.articles_left, now.articles)
        if told.phase in ("write", "done"):
            total = max(self._progress.tasks[3].total or 0, told.unwritten)
            self._set("files", total - told.unwritten, total)

    def _set(self, name: str, done: float, of: float) -> None:
        task = self._progress.tasks[self._tasks[name]]
        rate = f"{task.speed:.1f}/s" if task.speed else ""
        self._progress.update(self._tasks[name], completed=max(done, 0), total=of, rate=rate)


class _Lines:
    """A plain line at most every ten seconds, and at each change of what is done."""

    _EVERY = 10.0

    def __init__(self) -> None:
        self._last, self._phase, self._began, self._read = 0.0, "", time.monotonic(), 0

    def __call__(self, told: Told) -> None:
        """Print what a run tells, now and then."""
        now = time.monotonic()
        if now - self._last < self._EVERY and told.phase == self._phase:
            return
        self._last, self._phase = now, told.phase
        progress = told.progress
        read = progress.entries - progress.pages_left
        rate = read / max(now - self._began, 1.0)
        until = f", placed up to {told.placed_until:%F %H:%M}Z" if told.placed_until else ""
        rest = (
            f", {spent(timedelta(seconds=progress.pages_left / rate))} of reading left"
            if rate
            else ""
        )
        rest = rest if progress.pages_left else ""
        err.print(f"{told.phase}: {left(progress)}{until}{rest}")
