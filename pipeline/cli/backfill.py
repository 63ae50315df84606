"""`newsloom backfill`: plans, and how far each backfill is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy import Row

from pipeline.cli import backfill_run, backfill_verify
from pipeline.cli.backfill_words import by_note, found, left, moment, row_json, spent
from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    Home,
    opened,
    opened_store,
    out,
    print_json,
    require_known,
    shown_time,
)
from pipeline.cli.report import counted
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.history.lookup import Span
from pipeline.io.store import articlebook, backfillbook, backfills, pace, sources
from pipeline.io.store.backfills import PlannedPart
from pipeline.records import Source, SourceId
from pipeline.stages.localfiles import plan_local
from pipeline.stages.planning import plan_sources

app = typer.Typer(no_args_is_help=True, help="Old articles: find, read and place them.")
Many = list[str] | None


@app.command()
def plan(
    since: Annotated[str, typer.Option("--since", help="First day, 2025-03-01, or moment.")],
    home: Home = None,
    until: Annotated[
        str | None,
        typer.Option("--until", help="Last day, or moment; today without.", show_default=False),
    ] = None,
    source: Annotated[Many, typer.Option("--source", help="Only this source (repeatable).")] = None,
    provider: Annotated[
        Many, typer.Option("--provider", help="Only this publisher, by domain (repeatable).")
    ] = None,
    topic: Annotated[
        Many, typer.Option("--topic", help="Only publishers with articles of it (repeatable).")
    ] = None,
    method: Annotated[
        str | None, typer.Option("--method", help="Only this way (docs/history.md).")
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="WARC file or folder, or a list of addresses (CSV, JSONL)."),
    ] = None,
    budget: Annotated[
        int | None, typer.Option("--budget", min=1, help="Pause after so many requests.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Say how old articles would be found, what that takes, and keep it as a plan.

    A few requests a source are made to see what its site offers; nothing is read or changed.

    Example: newsloom backfill plan --provider bbc.co.uk --since 2025-03-01 --until 2025-05-31
    """
    with opened(home) as ctx:
        span = _span(since, until, now=ctx.clock())
        with ctx.store.write() as tx:
            sources.apply_sync(tx, ctx.catalogue.sources, now=ctx.clock())
        chosen = _chosen(ctx, source, provider, topic)
        if from_ is not None:
            if method is not None:
                raise typer.BadParameter("--from and --method exclude each other")
            parts = _planned_from(ctx, [one for one, _ in chosen], from_.resolve(), span)
        else:
            parts = plan_sources(ctx, chosen, span, only=_method(method))
        with ctx.store.write() as tx:
            number = backfills.add_plan(
                tx,
                parts,
                since=span.since,
                until=span.until,
                path=str(from_.resolve()) if from_ else "",
                budget=budget,
                now=ctx.clock(),
            )
        takes = _time(ctx, parts, is_local=from_ is not None)
    _show_plan(number, parts, span, takes, is_local=from_ is not None, json_=json_)
    if not any(part.method for part in parts):
        raise typer.Exit(SOME_FAILED)


def _planned_from(
    ctx: Context, given: Sequence[Source], path: Path, span: Span
) -> list[PlannedPart]:
    """Plan from a local file, which may be large."""
    with counted("entries") as show:
        cap = ctx.settings.page_max_bytes
        return plan_local(given, path, span, cap=cap, told=lambda number: show(number, number))


def _method(name: str | None) -> str | None:
    """Return the name of a way. Raise UsageError for one that there is not."""
    known = {finder.name for finder in backfill_run.all_finders()}
    if name is not None:
        require_known("--method", [name], known)
    return name


#: The first public web page.
_FIRST_NEWS = datetime(1991, 8, 6, tzinfo=UTC)


def _span(since: str, until: str | None, *, now: datetime) -> Span:
    """Return the time that is looked through. Raise UsageError when it is none."""
    first = moment("--since", since)
    last = moment("--until", until, is_end=True) if until else now
    if first >= now:
        raise UsageError(f"--since {since} lies in the future: nothing is published yet")
    if first < _FIRST_NEWS:
        raise UsageError(f"--since {since} lies before the web; the first day is {_FIRST_NEWS:%F}")
    if first >= last:
        raise UsageError(f"--since {since} is not before --until {until}; swap them")
    return Span(since=first, until=min(last, now))


def _chosen(ctx: Context, given: Many, providers: Many, topics: Many) -> list[tuple[Source, bool]]:
    """Return the sources that an operator named, each with whether it obeys robots.txt."""
    with ctx.store.read() as tx:
        rows = {row.id: row for row in sources.all_sources(tx)}
        require_known("--source", given or (), rows)
        require_known("--provider", providers or (), {row.provider for row in rows.values()})
        require_known("--topic", topics or (), {topic.name for topic in ctx.catalogue.topics})
        of_topics = _providers_of(ctx, articlebook.providers_by_topic(tx), topics or ())
        ids = [
            id_
            for id_, row in rows.items()
            if (row.enabled or given)
            and (not given or id_ in given)
            and (not providers or row.provider in providers)
            and (not topics or row.provider in of_topics)
        ]
        found_ = [sources.one_source(tx, SourceId(id_)) for id_ in ids]
    if not found_:
        raise UsageError("no source is all that; see `newsloom sources list`")
    return [(one[0], one[1].robots) for one in found_ if one is not None]


def _providers_of(ctx: Context, seen: Iterable[tuple[str, str]], topics: Sequence[str]) -> set[str]:
    """Return the publishers that had articles of topics, or have them by rule."""
    ruled = {
        name for topic in ctx.catalogue.topics if topic.name in topics for name in topic.providers
    }
    return ruled | {provider for provider, topic in seen if topic in topics}


def _time(ctx: Context, parts: Sequence[PlannedPart], *, is_local: bool) -> timedelta:
    """Return how long the requests take at the pace of the slowest host."""
    asked: Counter[str] = Counter()
    for part in parts if not is_local else ():
        asked.update(part.requests)
        asked.update(_pages_by_host(part))
    with ctx.store.read() as tx:
        spacing = pace.spacings(tx, asked, least=ctx.settings.host_spacing)
    return max((spacing[host] * count for host, count in asked.items()), default=timedelta(0))


def _pages_by_host(part: PlannedPart) -> Counter[str]:
    """Share the expected pages out among the hosts that entries led to."""
    seen = part.page_hosts or {part.provider: 1}
    total = sum(seen.values())
    return Counter(
        {host: round((part.entries or 0) * count / total) for host, count in seen.items()}
    )


def _show_plan(
    number: int,
    parts: Sequence[PlannedPart],
    span: Span,
    takes: timedelta,
    *,
    is_local: bool,
    json_: bool,
) -> None:
    """Print a plan."""
    if json_:
        print_json(
            {
                "backfill": number,
                "since": span.since,
                "until": span.until,
                "seconds": takes,
                "sources": [
                    {
                        "source": part.source_id,
                        "method": part.method or None,
                        "coverage": part.coverage,
                        "note": part.note,
                        "requests": dict(part.requests),
                        "entries": part.entries,
                        "pages_by_host": {} if is_local else dict(_pages_by_host(part)),
                    }
                    for part in parts
                ],
            }
        )
        return
    table = Table(box=None, pad_edge=False)
    for column in ("source", "method", "coverage"):
        table.add_column(column)
    for column in ("look-ups", "entries"):
        table.add_column(column, justify="right")
    table.add_column("hosts")
    for part in parts:
        hosts = sorted({*part.requests, *part.page_hosts})
        entries = "?" if part.entries is None else str(part.entries)
        lookups = str(sum(part.requests.values()))
        told = (part.source_id, part.method or "none", part.coverage, lookups, entries)
        table.add_row(*told, ", ".join(hosts) or "-")
    out.print(table)
    for note, sources_ in by_note((part.source_id, part.note) for part in parts):
        out.print(f"{sources_}: {note}", markup=False)
    out.print(
        f"{len(parts)} sources, {span.since:%F %H:%M}Z to {span.until:%F %H:%M}Z: "
        f"{_estimated(parts, takes, is_local=is_local)}"
    )
    out.print(f"backfill {number} is planned: `newsloom backfill run {number}`")


def _estimated(parts: Sequence[PlannedPart], takes: timedelta, *, is_local: bool) -> str:
    """Say what a plan takes, as far as can be told."""
    pages = sum(part.entries or 0 for part in parts)
    if is_local:
        return f"{pages} pages, no requests" if parts[0].method == "warc" else f"{pages} pages"
    requests = pages + sum(sum(part.requests.values()) for part in parts)
    unknown = any(part.method and part.entries is None for part in parts)
    about = "at least" if unknown else "about"
    return (
        f"{about} {pages} pages, {requests} requests, {spent(takes)} at the pace of the slowest "
        "host"
    )


@app.command("list")
def list_(home: Home = None, json_: AsJson = False) -> None:
    """List the backfills, the newest first.

    Example: newsloom backfill list
    """
    with opened_store(home) as store, store.read() as tx:
        rows = backfills.all_backfills(tx)
        parts = {row.id: len(backfills.parts_of(tx, row.id)) for row in rows}
    if json_:
        print_json([row_json(row) | {"sources": parts[row.id]} for row in rows])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("backfill", "state", "since", "until", "sources", "planned", "run"):
        table.add_column(column)
    for row in rows:
        days = (f"{row.since:%F}", f"{row.until:%F}", str(parts[row.id]))
        told = (f"{row.planned_at:%F %H:%M}Z", str(row.tick_id or "-"))
        table.add_row(str(row.id), row.state, *days, *told)
    out.print(table)
    out.print(f"{len(rows)} backfills")


@app.command()
def status(
    number: backfill_run.Number,
    home: Home = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until it is at its end.")] = False,
    json_: AsJson = False,
) -> None:
    """Say how far a backfill is.

    Example: newsloom backfill status 3 --watch
    """
    with opened_store(home) as store:
        while True:
            with store.read() as tx:
                row = found(tx, number)
                state = backfills.progress(tx, row)
                failed = backfillbook.failures(tx, number)
            _show_status(row, state, failed, json_=json_)
            if not watch or row.state != "running":
                break
            time.sleep(_WATCH_EVERY)
    raise typer.Exit(SOME_FAILED if failed else 0)


#: Seconds between two lines of `status --watch`.
_WATCH_EVERY = 5.0


def _show_status(
    row: Row[Any], state: backfills.Progress, failed: Sequence[Row[Any]], *, json_: bool
) -> None:
    """Print how far a backfill is."""
    if json_:
        names = ("lookups_done", "lookups_left", "lookups_failed", "entries", "pages_left")
        more = ("articles", "articles_left", "requests")
        figures = {name: getattr(state, name) for name in (*names, *more)}
        told = [
            {"source": one.source_id, "url": one.url, "error": one.last_error} for one in failed
        ]
        print_json(row_json(row) | figures | {"failed": told})
        return
    out.print(f"backfill {row.id} is {row.state}" + (f": {row.note}" if row.note else ""))
    out.print(f"since {shown_time(row.since)} until {shown_time(row.until)}")
    if row.started_at is not None:
        took = spent((row.ended_at or datetime.now(UTC)) - row.started_at)
        so_far = f"took {took}" if row.ended_at else f"{took} so far"
        out.print(f"started {shown_time(row.started_at)}, {so_far}")
    out.print(left(state))
    for one in failed:
        out.print(f"failed: {one.source_id}: {one.url}: {one.last_error}", markup=False)


app.command()(backfill_run.run)
app.command()(backfill_run.pause)
app.command()(backfill_run.resume)
app.command()(backfill_run.cancel)
app.command()(backfill_verify.verify)
