"""`newsloom config`: what is set, where it was set, and whether it is right."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.table import Table

from config.load import catalogue_warnings, origins
from pipeline.cli.common import AsJson, Home, load, out, print_json
from pipeline.context import open_cipher

app = typer.Typer(no_args_is_help=True, help="Settings and catalogue.")


@app.command()
def show(home: Home = None, json_: AsJson = False) -> None:
    """Show every setting with its origin; secrets are masked.

    Example: newsloom config show --json
    """
    rows = origins(home or Path())
    if json_:
        print_json(
            [{"name": name, "value": value, "origin": origin} for name, value, origin in rows]
        )
        return
    table = Table(box=None, pad_edge=False)
    for column in ("setting", "value", "from"):
        table.add_column(column)
    for name, value, origin in rows:
        table.add_row(name, str(value), origin)
    out.print(table)


@app.command()
def check(home: Home = None) -> None:
    """Check settings, key and catalogue as a whole; exit 2 names file, key and remedy.

    Example: newsloom config check
    """
    settings, catalogue = load(home)
    open_cipher(settings)
    for warning in catalogue_warnings(catalogue):
        out.print(f"note: {warning}", markup=False)
    if not settings.contact:
        out.print("note: contact is empty; publishers who cannot reach you block you instead")
    counts = (
        f"{len(catalogue.sources)} sources",
        f"{len(catalogue.organisations)} organisations",
        f"{len(catalogue.topics)} topics",
        f"{len(catalogue.sites)} sites",
    )
    out.print(f"all well: {', '.join(counts)}")
