"""`newsloom sources`: what is watched, and whether it works."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    DryRun,
    Home,
    load,
    opened,
    opened_store,
    out,
    print_json,
    shown_time,
)
from pipeline.context import Context, system_clock
from pipeline.errors import Rejected, UsageError
from pipeline.io.store import sources as rows
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome
from pipeline.records import FeedDocument, ParsedFeed

app = typer.Typer(no_args_is_help=True, help="The feeds newsloom watches.")


@app.command("list")
def list_(home: Home = None, json_: AsJson = False) -> None:
    """List every source with its last poll and the next.

    Example: newsloom sources list --json
    """
    with opened_store(home) as store, store.read() as tx:
        found = rows.all_sources(tx)
    if json_:
        names = (
            "id", "title", "feed_url", "provider", "enabled", "managed_by", "entries",
            "last_status", "last_error", "last_polled_at", "next_at", "decision", "quarantined",
        )  # fmt: skip
        print_json([{name: getattr(row, name) for name in names} for row in found])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("source", "entries", "last", "next poll", "title"):
        table.add_column(column)
    for row in found:
        state = row.quarantined or (row.last_status or "-") if row.enabled else "disabled"
        table.add_row(row.id, str(row.entries), state, shown_time(row.next_at), row.title)
    out.print(table)
    out.print(f"{len(found)} sources")


@app.command()
def sync(home: Home = None, dry_run: DryRun = False, json_: AsJson = False) -> None:
    """Bring the sources in line with the catalogue; an operator's own changes stay.

    Example: newsloom sources sync --dry-run
    """
    _, catalogue = load(home)
    with opened_store(home) as store:
        if dry_run:
            with store.read() as tx:
                report = rows.plan_sync(tx, catalogue.sources)
        else:
            with store.write() as tx:
                report = rows.apply_sync(tx, catalogue.sources, now=system_clock())
    if json_:
        print_json({"dry_run": dry_run, **asdict(report)})
        return
    for word, ids in asdict(report).items():
        for id_ in ids:
            out.print(f"{word:9}{id_}")
    counts = ", ".join(f"{len(ids)} {word}" for word, ids in asdict(report).items())
    out.print(f"{counts}{' (--dry-run: nothing was changed)' if dry_run else ''}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What one look at a source showed."""

    source: str
    feed: str
    #: Empty when all is well.
    problem: str
    dialect: str = ""
    entries: int = 0
    skipped: int = 0
    newest: datetime | None = None
    final_url: str = ""


@app.command()
def check(
    home: Home = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this source (repeatable).")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Fetch each feed of the catalogue once and report what it is; nothing is stored.

    Example: newsloom sources check --source bbc-technology
    """
    with opened(home) as ctx:
        checked = _check(ctx, source)
    if json_:
        print_json([asdict(item) for item in checked])
    else:
        _print_checked(checked)
    broken = sum(bool(item.problem) for item in checked)
    raise typer.Exit(SOME_FAILED if broken else 0)


def _check(ctx: Context, wanted: list[str] | None) -> list[Checked]:
    """Look at the catalogue's sources."""
    catalogue = ctx.catalogue.sources
    for name in wanted or []:
        if name not in catalogue:
            raise UsageError(f"--source {name}: not in the catalogue; see `newsloom sources list`")
    entries = [entry for id_, entry in sorted(catalogue.items()) if not wanted or id_ in wanted]
    outcomes = ctx.web.get_many([WebRequest(url=entry.feed, kind="feed") for entry in entries])
    fetched = [outcome for outcome in outcomes if isinstance(outcome, Fetched)]
    parsed = ctx.children.read_feeds([_document(outcome) for outcome in fetched], now=ctx.clock())
    by_url = {outcome.url: answer for outcome, answer in zip(fetched, parsed, strict=True)}
    return [
        _checked(entry.id, outcome, by_url.get(outcome.url))
        for entry, outcome in zip(entries, outcomes, strict=True)
    ]


def _document(outcome: Fetched) -> FeedDocument:
    """Make the record of an answer."""
    return FeedDocument(
        final_url=outcome.final_url,
        body=outcome.body,
        content_type=outcome.headers.get("content-type", ""),
    )


def _checked(source: str, outcome: WebOutcome, answer: ParsedFeed | Rejected | None) -> Checked:
    """Say what was seen."""
    if isinstance(outcome, FetchFailed):
        problem = f"{outcome.reason} {outcome.detail}".strip()
        return Checked(source=source, feed=outcome.url, problem=problem)
    if not isinstance(answer, ParsedFeed):
        return Checked(source=source, feed=outcome.url, problem=str(answer))
    times = [entry.published_at for entry in answer.entries if entry.published_at]
    return Checked(
        source=source,
        feed=outcome.url,
        problem="" if answer.entries else "no-entries",
        dialect=answer.dialect,
        entries=len(answer.entries),
        skipped=len(answer.skipped),
        newest=max(times, default=None),
        final_url=outcome.final_url if isinstance(outcome, Fetched) else "",
    )


def _print_checked(checked: list[Checked]) -> None:
    """Print a table, the broken ones last."""
    table = Table(box=None, pad_edge=False)
    for column in ("source", "kind", "entries", "newest", "problem"):
        table.add_column(column)
    for item in sorted(checked, key=lambda item: (bool(item.problem), item.source)):
        table.add_row(
            item.source, item.dialect, str(item.entries), shown_time(item.newest), item.problem
        )
    out.print(table)
    broken = sum(bool(item.problem) for item in checked)
    out.print(f"{len(checked)} sources = {len(checked) - broken} working + {broken} broken")
