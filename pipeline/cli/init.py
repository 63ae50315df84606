"""`newsloom init`: the folder of a new installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.load import write_starter
from pipeline.cli.common import DryRun, load, out
from pipeline.context import database_url, system_clock
from pipeline.errors import UsageError
from pipeline.io.migrate import upgrade
from pipeline.io.store import Store, sources


def init(
    folder: Annotated[Path, typer.Argument(help="Where; made when it is missing.")],
    dry_run: DryRun = False,
) -> None:
    """Make an installation: settings, a small catalogue, a database that knows its sources.

    Existing files are left alone. Example: newsloom init mynews && cd mynews && newsloom run
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder")
    if dry_run:
        out.print(f"would write newsloom.toml, catalogue/ and state/ in {folder} (--dry-run)")
        return
    folder.mkdir(parents=True, exist_ok=True)
    for path in write_starter(folder):
        out.print(f"wrote {path}")
    settings, catalogue = load(folder)
    store = Store(database_url(settings))
    try:
        upgrade(store)
        with store.write() as tx:
            sources.apply_sync(tx, catalogue.sources, now=system_clock())
    finally:
        store.close()
    out.print(f"ready: cd {folder} && newsloom run")
