"""`newsloom stories corrections|undo`: what people decided, carried elsewhere or taken back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import (
    AsJson,
    DryRun,
    Home,
    opened_store,
    out,
    print_json,
    shown_time,
)
from pipeline.cli.correcting import (
    Changed,
    Who,
    Why,
    author,
    carry_out,
    documents_json,
    tell_documents,
    told,
)
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store import correctionbook
from pipeline.io.store.correctionbook import Correction
from pipeline.stages.carry import apply, as_dict, as_line, corrections_in
from pipeline.stages.undo import undo as take_back


def corrections(
    home: Home = None,
    json_: Annotated[
        bool, typer.Option("--json", help="Print lines of JSON, as --apply reads them.")
    ] = False,
    from_file: Annotated[
        Path | None,
        typer.Option(
            "--apply", help="Make the corrections of such a file again.", show_default=False
        ),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """List what people decided about stories, or make it again in another database.

    Keep the lines with your backups: with them a database that `newsloom import` rebuilt out of its
    own files knows again what was joined, parted and refused.
    Example: newsloom stories corrections --json > corrections.jsonl
    """
    if from_file is not None:
        _apply(home, from_file, dry_run=dry_run, json_=json_)
        return
    with opened_store(home) as store, store.read() as tx:
        found = correctionbook.all_of(tx)
    if json_:
        for one in found:
            typer.echo(as_line(one))
        return
    for one in found:
        out.print(f"{one.number:4}  {shown_time(one.at)}  {one.who}: {told(one)}", markup=False)
        out.print(f"      {_why(one)}", markup=False)
    undone = sum(not one.holds for one in found)
    out.print(f"{len(found)} corrections, {undone} of them undone")


def _why(one: Correction) -> str:
    """Say why a correction was made, and what became of it."""
    if one.holds:
        return one.why
    return f"{one.why}; undone {shown_time(one.undone_at)} by {one.undone_by}: {one.undone_why}"


def _apply(home: Path | None, file: Path, *, dry_run: bool, json_: bool) -> None:
    """Make the corrections of a file."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{file}: {error}; name a file of `corrections --json`") from error
    given = corrections_in(str(file), lines)

    def tell(done: Sequence[Correction], changed: Sequence[Changed]) -> None:
        if json_:
            told_ = [as_dict(one) for one in done]
            print_json({"applied": told_, "dry_run": dry_run, "documents": documents_json(changed)})
            return
        for one in done:
            out.print(told(one), markup=False)
        would = "would be applied (--dry-run)" if dry_run else "applied"
        known = len(given) - len(done)
        out.print(f"{len(given)} corrections = {len(done)} {would} + {known} known already")
        tell_documents(changed, dry_run=dry_run)

    carry_out(home, lambda ctx: apply(ctx, given), dry_run=dry_run, tell=tell)


def undo(
    number: Annotated[int, typer.Argument(help="Number of the correction.")],
    home: Home = None,
    who: Who = None,
    why: Why = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Take a correction back: what it moved, joined, parted or withdrew is as it was.

    The last of those about the same articles goes first. What was forgotten cannot come back.
    Example: newsloom stories undo 3 --why "two strikes after all"
    """
    by = author(who, why, dry_run=dry_run)

    def work(ctx: Context) -> Sequence[Correction]:
        return [take_back(ctx, number, by=by)]

    def tell(done: Sequence[Correction], changed: Sequence[Changed]) -> None:
        if json_:
            given = {"undone": as_dict(done[0]), "dry_run": dry_run}
            print_json({**given, "documents": documents_json(changed)})
            return
        head = "nothing was changed (--dry-run); undone would be" if dry_run else "undone:"
        out.print(f"{head} {told(done[0])}", markup=False)
        tell_documents(changed, dry_run=dry_run)

    carry_out(home, work, dry_run=dry_run, tell=tell)
