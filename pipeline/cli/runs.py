"""`newsloom run` and its four stages, each by itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from pipeline import line
from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    DryRun,
    Home,
    duration,
    err,
    load_settings,
    opened,
    out,
    print_json,
    require_known,
)
from pipeline.cli.report import as_json, logged_round, print_summary, watched
from pipeline.cli.what_if import tell_what_if
from pipeline.context import Context, master_key
from pipeline.errors import UsageError
from pipeline.io.logs import configure
from pipeline.io.store import pages, sources, stories, ticks
from pipeline.records import SourceId
from pipeline.seedfile.secured import is_demo_key
from pipeline.stages.cluster import cluster as cluster_stage
from pipeline.stages.extract import extract as extract_stage
from pipeline.stages.fetch import fetch as fetch_stage
from pipeline.stages.write import write as write_stage

Sources = Annotated[
    list[str] | None,
    typer.Option("--source", help="Only this source (may be given more than once)."),
]


def run(
    home: Home = None,
    source: Sources = None,
    site: Annotated[
        list[str] | None, typer.Option("--site", help="Write only this site's files.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="One round, then end (the default).")
    ] = False,
    every: Annotated[
        str | None, typer.Option("--every", help="Go on for ever, a round every 30s, 15m, 2h.")
    ] = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Poll what is due, read the articles, group them into stories, write the files.

    Example: newsloom run --source bbc-technology --every 15m
    """
    if once and every:
        raise typer.BadParameter("--once and --every exclude each other")
    pause = duration(every).total_seconds() if every else None
    kind = "tick" if every else "manual"
    while True:
        failed = _round(home, source, site, kind=kind, dry_run=dry_run, json_=json_)
        if pause is None:
            raise typer.Exit(SOME_FAILED if failed else 0)
        time.sleep(pause)


def _round(
    home: Path | None,
    source: list[str] | None,
    site: list[str] | None,
    *,
    kind: str,
    dry_run: bool,
    json_: bool,
) -> int:
    """Do one round and report it; return how many members failed."""
    _refuse_demo_key(home)
    with watched() as tally, opened(home, tally, sites=site or ()) as ctx:
        # People have the summary; programs want the round as a line.
        form = ctx.settings.log_format
        configure(form, level=logging.INFO if form == "json" else logging.WARNING)
        _sync(ctx)
        only = _chosen(ctx, source)
        if dry_run:
            _print_due(ctx, only, json_=json_)
            return 0
        with logged_round(ctx):
            run_id = line.run(ctx, only, kind=kind)
        return _report(ctx, run_id, json_=json_)


def _refuse_demo_key(home: Path | None) -> None:
    """Raise UsageError when the installation's key is the published one."""
    key = master_key(load_settings(home))
    if key is not None and is_demo_key(key):
        raise UsageError(
            "the master key is the published demo key, which anybody can read with; "
            "make your own with `newsloom secured new-key --out master.key`"
        )


def _sync(ctx: Context) -> None:
    """Bring the sources in line with the catalogue first: what it says is what is polled."""
    with ctx.store.write() as tx:
        sources.apply_sync(tx, ctx.catalogue.sources, now=ctx.clock())


def _chosen(ctx: Context, given: list[str] | None) -> list[SourceId] | None:
    """Return the ids of the sources an operator named, due now; None for all that are due."""
    if given is None:
        return None
    with ctx.store.write() as tx:
        require_known("--source", given, {row.id for row in sources.all_sources(tx)})
        ids = [SourceId(name) for name in given]
        sources.make_due(tx, ids, now=ctx.clock())
    return ids


def _print_due(ctx: Context, only: list[SourceId] | None, *, json_: bool) -> None:
    """Say what a run would begin with."""
    now = ctx.clock()
    with ctx.store.read() as tx:
        rows = [
            row
            for row in sources.all_sources(tx)
            if row.enabled and row.next_at <= now and (only is None or row.id in only)
        ]
    if json_:
        print_json({"dry_run": True, "due": [row.id for row in rows]})
        return
    for row in rows:
        out.print(f"{row.id}  {row.feed_url}", markup=False)
    out.print(f"{len(rows)} sources are due; nothing was fetched or written (--dry-run)")


def _report(ctx: Context, run_id: int | None = None, *, json_: bool) -> int:
    """Print how a run ended; return how many members failed."""
    if json_:
        print_json({"run": run_id, **as_json(ctx.tally)})
    else:
        print_summary(ctx.tally)
        if run_id is not None:
            out.print(f"run {run_id}: `newsloom runs show {run_id}`")
    if ctx.cipher is None and ctx.tally.stages["write"].due:
        err.print("no master key: documents carry no secured line (`newsloom secured new-key`)")
    if not ctx.settings.contact and ctx.tally.stages["fetch"].due:
        err.print("no contact: publishers cannot reach you; set `contact` in newsloom.toml")
    return ctx.tally.failed


def _stage_command(home: Path | None, json_: bool, work: Callable[[Context], None]) -> None:
    """Run one stage's work and report it."""
    with watched() as tally, opened(home, tally) as ctx:
        work(ctx)
        raise typer.Exit(SOME_FAILED if _report(ctx, json_=json_) else 0)


def fetch(
    home: Home = None, source: Sources = None, dry_run: DryRun = False, json_: AsJson = False
) -> None:
    """Poll the sources that are due, and nothing more.

    Example: newsloom fetch --source bbc-technology
    """

    def work(ctx: Context) -> None:
        _sync(ctx)
        only = _chosen(ctx, source)
        if dry_run:
            _print_due(ctx, only, json_=json_)
            raise typer.Exit
        line.open_tick(ctx, only, kind="manual")
        with ctx.store.read() as tx:
            ids = [
                id_
                for tick in ticks.in_work(tx)
                for id_ in sources.due_in_tick(tx, tick.id, ctx.clock())
            ]
        fetch_stage(ctx, ids)

    _stage_command(home, json_, work)


def extract(home: Home = None, dry_run: DryRun = False, json_: AsJson = False) -> None:
    """Fetch and read the pages that wait.

    Example: newsloom extract --json
    """

    def work(ctx: Context) -> None:
        with ctx.store.read() as tx:
            ids = [
                id_
                for tick in ticks.in_work(tx)
                for id_ in pages.due_in_tick(tx, tick.id, ctx.clock())
            ]
        if dry_run:
            out.print(f"{len(ids)} pages wait; nothing was fetched (--dry-run)")
            raise typer.Exit
        extract_stage(ctx, ids)

    _stage_command(home, json_, work)


def cluster(
    home: Home = None,
    ask: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            metavar="threshold=0.3|weights=FILE",
            help="Only list what it would do to the live stories (may be given for both).",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="With --what-if: stories live for 72h, 7d.")
    ] = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Group the articles of finished ticks into stories.

    With --what-if: list merges and splits gained and lost against the stored stories by another
    threshold or other weights; nothing is written.
    Example: newsloom cluster --what-if threshold=0.3 --since 72h
    """
    if ask:
        tell_what_if(home, ask, duration(since) if since else None, json_=json_)
        return
    if since:
        raise typer.BadParameter("--since goes with --what-if")

    def work(ctx: Context) -> None:
        if dry_run:
            with ctx.store.read() as tx:
                tick_id = ticks.next_to_cluster(tx)
                waiting = stories.waiting_articles(tx)
            ready = "the next tick is ready" if tick_id else "the next tick is still open"
            out.print(f"{waiting} articles wait, {ready}; nothing was saved (--dry-run)")
            raise typer.Exit
        cluster_stage(ctx, [])

    _stage_command(home, json_, work)


def write(
    home: Home = None,
    force: Annotated[
        str | None,
        typer.Option("--force", help="Publish what the gate holds back; give the reason."),
    ] = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Write the files of stories that changed.

    Example: newsloom write --dry-run
    """
    if force is not None and not force.strip():
        raise typer.BadParameter("--force wants a reason, which is kept")

    def work(ctx: Context) -> None:
        with ctx.store.read() as tx:
            ids = list(stories.unwritten(tx, ctx.catalogue.sites))
        write_stage(ctx, ids, dry_run=dry_run, force=force)

    _stage_command(home, json_, work)
