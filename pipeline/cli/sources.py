"""`newsloom sources`: what is watched, and whether it works."""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli import (
    source_checks,
    source_discovery,
    source_edits,
    source_lists,
    source_why,
)
from pipeline.cli.common import (
    AsJson,
    DryRun,
    Home,
    load,
    opened_store,
    out,
    print_json,
    shown_time,
)
from pipeline.context import system_clock
from pipeline.io.store import sources as rows

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
            "moved_to", "alarm",
        )  # fmt: skip
        print_json([{name: getattr(row, name) for name in names} for row in found])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("source", "entries", "last", "next poll", "title"):
        table.add_column(column)
    for row in found:
        state = row.quarantined or (row.last_status or "-") if row.enabled else "disabled"
        table.add_row(row.id, str(row.entries), state, shown_time(row.next_at), Text(row.title))
    out.print(table)
    for row in found:
        if row.enabled and (row.quarantined or row.alarm):
            out.print(f"{row.id}: {row.alarm or row.quarantined}", markup=False)
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


app.command()(source_why.why)
app.command()(source_checks.check)
app.command("discover")(source_discovery.discover_)
app.command("rediscover")(source_discovery.rediscover_)
app.command()(source_edits.add)
app.command()(source_edits.edit)
app.command()(source_edits.enable)
app.command()(source_edits.disable)
app.command()(source_edits.release)
app.command()(source_edits.remove)
app.command("import")(source_lists.import_)
app.command()(source_lists.export)
