"""`newsloom quarantine`: what was set aside because it killed workers or failed too often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.common import (
    AsJson,
    DryRun,
    Home,
    opened_store,
    out,
    print_json,
    shown_time,
)
from pipeline.context import system_clock
from pipeline.errors import UsageError
from pipeline.io.store import Store, quarantine
from pipeline.io.store.quarantine import Held, Kind

app = typer.Typer(no_args_is_help=True, help="Sources and pages that were set aside.")
Ids = Annotated[
    list[str] | None, typer.Argument(help="Ids as listed, or enough of their beginnings.")
]
All = Annotated[bool, typer.Option("--all", help="All of them (with --reason: all of those).")]
Reason = Annotated[str | None, typer.Option("--reason", help="Only those set aside for this.")]
#: Characters of an id on a terminal: enough to name it again.
_SHORT = 16


@app.command("list")
def list_(
    home: Home = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only: source or page.")] = None,
    reason: Reason = None,
    json_: AsJson = False,
) -> None:
    """List what is in quarantine, with the reason and what it last failed of.

    Example: newsloom quarantine list --reason worker-died
    """
    kinds: tuple[Kind, ...] = ("source", "page")
    if kind is not None:
        kinds = tuple(one for one in kinds if one == kind)
        if not kinds:
            raise UsageError(f"--kind {kind}: unknown; it is source or page")
    with opened_store(home) as store, store.read() as tx:
        found = quarantine.held_rows(tx, kinds=kinds, reason=reason)
    if json_:
        print_json([asdict(row) for row in found])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("kind", "id", "reason", "deaths", "failures", "last error"):
        table.add_column(column, overflow="fold")
    for row in found:
        counts = (str(row.deaths), f"{row.failures:g}")
        shown = row.id if row.kind == "source" else row.id[:_SHORT]
        table.add_row(row.kind, Text(shown), Text(row.reason), *counts, Text(row.error))
    if found:
        out.print(table)
    out.print(f"{len(found)} in quarantine")


@app.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID")], home: Home = None, json_: AsJson = False
) -> None:
    """Show one row in quarantine, and what can be done about it.

    Example: newsloom quarantine show bbc-world
    """
    with opened_store(home) as store:
        [row] = _chosen(store, [id_], all_=False, reason=None)
    if json_:
        print_json(asdict(row))
        return
    for name, value in asdict(row).items():
        out.print(f"{name}: {shown_time(value) if name == 'since' else value}", markup=False)
    look = f"sources check {row.id}" if row.kind == "source" else f"articles read {row.url}"
    out.print(f"look at it: newsloom {look}", markup=False)
    out.print(f"then: newsloom quarantine retry {row.id}, or drop it", markup=False)


@app.command()
def retry(
    ids: Ids = None,
    home: Home = None,
    all_: All = False,
    reason: Reason = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Try rows again with the next round, their deaths and failures forgotten.

    Example: newsloom quarantine retry --all --reason worker-died
    """
    with opened_store(home) as store:
        rows = _chosen(store, ids or [], all_=all_, reason=reason)
        if not dry_run:
            with store.write() as tx:
                quarantine.retry(tx, rows, now=system_clock())
    _say("retried", rows, dry_run=dry_run, json_=json_)


@app.command()
def drop(
    ids: Ids = None,
    home: Home = None,
    all_: All = False,
    reason: Reason = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Give rows up: pages are skipped for good, sources disabled.

    Example: newsloom quarantine drop 1f0b --dry-run
    """
    with opened_store(home) as store:
        rows = _chosen(store, ids or [], all_=all_, reason=reason)
        if not dry_run:
            with store.write() as tx:
                quarantine.drop(tx, rows)
    _say("dropped", rows, dry_run=dry_run, json_=json_)


def _chosen(store: Store, ids: Sequence[str], *, all_: bool, reason: str | None) -> list[Held]:
    """Return the rows that are meant. Raise UsageError when that is not clear."""
    if bool(ids) == all_:
        raise UsageError("name ids, or --all for everything; see `newsloom quarantine list`")
    with store.read() as tx:
        rows = quarantine.held_rows(tx, reason=reason)
    if all_:
        return rows
    return [_one(rows, id_) for id_ in ids]


def _one(rows: Sequence[Held], id_: str) -> Held:
    """Return the row whose id is, or begins with, `id_`."""
    found = [row for row in rows if row.id == id_] or [
        row for row in rows if row.id.startswith(id_)
    ]
    if len(found) != 1:
        many = "none is in quarantine" if not found else f"{len(found)} begin with it"
        raise UsageError(f"{id_}: {many}; see `newsloom quarantine list`")
    return found[0]


def _say(what: str, rows: Sequence[Held], *, dry_run: bool, json_: bool) -> None:
    """Tell what was done."""
    if json_:
        told: dict[str, Any] = {what: [row.id for row in rows], "dry_run": dry_run}
        print_json(told)
        return
    for row in rows:
        out.print(f"{row.kind} {row.id}", markup=False)
    out.print(f"{len(rows)} {'would be ' if dry_run else ''}{what}")
