"""`newsloom db`: the tables."""

from __future__ import annotations

import typer

from pipeline.cli.common import DryRun, Home, load_settings, out
from pipeline.context import database_url
from pipeline.io.migrate import schema_state, upgrade
from pipeline.io.store import Store

app = typer.Typer(no_args_is_help=True, help="The database's tables.")


@app.callback()
def _group() -> None:
    """Keep `upgrade` a word of its own while it is the only command."""


@app.command("upgrade")
def upgrade_(home: Home = None, dry_run: DryRun = False) -> None:
    """Bring the database to the tables this version needs; a second call changes nothing.

    Example: newsloom db upgrade --dry-run
    """
    store = Store(database_url(load_settings(home)))
    try:
        before = schema_state(store)
        after = before if dry_run else upgrade(store)
    finally:
        store.close()
    place = store.url.render_as_string(hide_password=True)
    if dry_run:
        out.print(f"{place}: at {before.current}, this version needs {before.head} (--dry-run)")
    elif before.is_current:
        out.print(f"{place}: already at {after.current}")
    else:
        out.print(f"{place}: from {before.current} to {after.current}")
