"""`newsloom prune`: what the database would forget, and forgetting it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from pipeline.cli.common import AsJson, Home, opened, out, print_json
from pipeline.stages.housekeep import old_rows
from pipeline.stages.housekeep import prune as forget


def prune(
    home: Home = None,
    yes: Annotated[bool, typer.Option("--yes", help="Forget it; without, only say what.")] = False,
    json_: AsJson = False,
) -> None:
    """Say what nobody will ask for again; with --yes forget it, as happens once a day by itself.

    Example: newsloom prune
    """
    with opened(home) as ctx:
        found = old_rows(ctx)
        gone = forget(ctx) if yes else {}
    if json_:
        rows = {
            kind: {"rows": total, "old": old, "forgotten": gone.get(kind, 0)}
            for kind, (total, old) in found.items()
        }
        print_json({"dry_run": not yes, "kinds": rows})
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("kind")
    for column in ("rows", "forgotten" if yes else "old"):
        table.add_column(column, justify="right")
    for kind, (total, old) in found.items():
        table.add_row(kind, str(total), str(gone[kind] if yes else old))
    out.print(table)
    told = sum(gone.values()) if yes else sum(old for _, old in found.values())
    out.print(f"{told} rows forgotten" if yes else f"{told} rows are old; --yes forgets them")
