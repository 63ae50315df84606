"""`newsloom runs`: what each run took on, what became of it, and whether that adds up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy import Connection

from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    Home,
    duration,
    opened_store,
    out,
    print_json,
    shown_time,
)
from pipeline.errors import UsageError
from pipeline.io.store import ledger
from pipeline.io.store.housekeeping import LEDGER_KEPT
from pipeline.io.store.ledger import Books, Run

app = typer.Typer(
    no_args_is_help=True, help="What each run took on, how it ended, and whether that adds up."
)

#: The stages that `list` shows; entries are told by `show`.
_LISTED = tuple(stage for stage in ledger.STAGES if stage != "entries")

RunId = Annotated[int, typer.Argument(metavar="ID", help="As `newsloom runs list` shows it.")]


@app.command("list")
def list_(
    home: Home = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Only runs of the last 2h, 7d.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 20,
    json_: AsJson = False,
) -> None:
    """List the runs, the newest first, with what each stage took on.

    Example: newsloom runs list --since 2d
    """
    after = datetime.now(UTC) - duration(since) if since else None
    with opened_store(home) as store, store.read() as tx:
        found = ledger.runs(tx, since=after, limit=limit)
    if json_:
        print_json([_as_json(run) for run in found])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("run", "kind", "opened", "state"):
        table.add_column(column, no_wrap=True)
    for column in (*_LISTED, "failed", "difference"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in found:
        taken = (str(run.stages[stage].taken) for stage in _LISTED)
        told = (str(run.id), run.kind, f"{run.opened_at:%Y-%m-%d %H:%M}Z", _state(run))
        table.add_row(*told, *taken, str(_failed(run)), str(run.difference))
    out.print(table)


@app.command()
def show(id_: RunId, home: Home = None, json_: AsJson = False) -> None:
    """Show one run, stage by stage; exit 1 when a stage does not add up.

    Example: newsloom runs show 12
    """
    with opened_store(home) as store, store.read() as tx:
        [run] = _found(tx, id_)
    if json_:
        print_json(_as_json(run))
    else:
        _print(run)
    raise typer.Exit(SOME_FAILED if run.difference else 0)


@app.command()
def compare(
    one: Annotated[int, typer.Argument(metavar="A", help="The run to compare with.")],
    other: Annotated[int, typer.Argument(metavar="B", help="The run that may differ.")],
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Show the counts of two runs side by side, and by how much the second differs.

    Example: newsloom runs compare 11 12
    """
    with opened_store(home) as store, store.read() as tx:
        first, second = _found(tx, one, other)
    before, after = _counts(first), _counts(second)
    keys = sorted(before.keys() | after.keys(), key=_place)
    if json_:
        rows = [
            {"stage": stage, "outcome": outcome, "reason": reason or None}
            | {"a": before.get(key, 0), "b": after.get(key, 0)}
            | {"change": after.get(key, 0) - before.get(key, 0)}
            for key in keys
            for stage, outcome, reason in [key]
        ]
        print_json({"a": one, "b": other, "counts": rows})
        return
    table = Table(box=None, pad_edge=False)
    for column in ("stage", "count"):
        table.add_column(column)
    for column in (f"run {one}", f"run {other}", "change"):
        table.add_column(column, justify="right")
    for key in keys:
        a, b = before.get(key, 0), after.get(key, 0)
        table.add_row(key[0], _words(*key[1:]), str(a), str(b), f"{b - a:+}" if a != b else "")
    out.print(table)


def _found(tx: Connection, *ids: int) -> list[Run]:
    """Return the runs of these ids in their order. Raise UsageError for one that is not."""
    found = {run.id: run for run in ledger.runs(tx, ids=ids)}
    for id_ in ids:
        if id_ not in found:
            raise UsageError(f"run {id_}: there is none; see `newsloom runs list`")
    return [found[id_] for id_ in ids]


def _state(run: Run) -> str:
    """Say how far a run is."""
    if run.clustered_at is not None:
        return "done"
    return "fetching" if run.closed_at is None else "clustering"


def _failed(run: Run) -> int:
    """Count the members that failed or were set aside, over all stages."""
    return sum(
        count
        for books in run.stages.values()
        for (outcome, _), count in books.ended.items()
        if outcome in ("failed", "quarantined")
    )


def _seconds(books: Books) -> float | None:
    """Return the time from a stage's first note in a run to its last, in seconds."""
    if books.first_at is None or books.last_at is None:
        return None
    return (books.last_at - books.first_at).total_seconds()


def _words(outcome: str, reason: str) -> str:
    """Return an ending with its reason."""
    return f"{outcome}: {reason}" if reason else outcome


def _counts(run: Run) -> dict[tuple[str, str, str], int]:
    """Return every count of a run but those that are 0."""
    found: dict[tuple[str, str, str], int] = {}
    for stage, books in run.stages.items():
        found[stage, ledger.TAKEN, ""] = books.taken
        found |= {(stage, outcome, reason): n for (outcome, reason), n in books.ended.items()}
        found[stage, "pending", ""] = books.pending
        found[stage, "difference", ""] = books.difference
    return {key: count for key, count in found.items() if count}


def _place(key: tuple[str, str, str]) -> tuple[int, bool, str, str]:
    """Return the place of a count: by stage, what was taken first."""
    stage, outcome, reason = key
    return ledger.STAGES.index(stage), outcome != ledger.TAKEN, outcome, reason


def _as_json(run: Run) -> dict[str, Any]:
    """Return a run for machines."""
    return {
        "run": run.id,
        "kind": run.kind,
        "state": _state(run),
        "opened_at": run.opened_at,
        "closed_at": run.closed_at,
        "clustered_at": run.clustered_at,
        "difference": run.difference,
        "stages": {
            stage: {
                "taken": books.taken,
                "ended": [
                    {"outcome": outcome, "reason": reason or None, "count": count}
                    for (outcome, reason), count in sorted(books.ended.items())
                ],
                "pending": books.pending,
                "difference": books.difference,
                "seconds": _seconds(books),
            }
            for stage, books in run.stages.items()
        },
    }


def _print(run: Run) -> None:
    """Print a run: its times, its stages as sums, its failures by reason."""
    out.print(f"run {run.id} ({run.kind}), {_state(run)}")
    for name in ("opened", "closed", "clustered"):
        out.print(f"{name:9}  {shown_time(getattr(run, f'{name}_at'))}")
    table = Table(box=None, pad_edge=False)
    table.add_column("stage")
    for column in ("taken", "pending", "difference", "seconds"):
        table.add_column(column, justify="right")
    table.add_column("ended as")
    for stage, books in run.stages.items():
        seconds = _seconds(books)
        figures = (books.taken, books.pending, books.difference)
        took = "-" if seconds is None else f"{seconds:.1f}"
        table.add_row(stage, *(str(figure) for figure in figures), took, _sum(books))
    out.print(table)
    for stage, books in run.stages.items():
        for (outcome, reason), count in sorted(books.ended.items()):
            if reason:
                out.print(f"{stage}: {count} {_words(outcome, reason)}", markup=False)
    if not any(books.taken for books in run.stages.values()):
        out.print(f"no counts: nothing was due, or they were forgotten ({LEDGER_KEPT.days} days)")


def _sum(books: Books) -> str:
    """Return the endings of a stage as a sum."""
    by_outcome: dict[str, int] = {}
    for (outcome, _), count in sorted(books.ended.items()):
        by_outcome[outcome] = by_outcome.get(outcome, 0) + count
    return " + ".join(f"{count} {outcome}" for outcome, count in by_outcome.items()) or "nothing"
