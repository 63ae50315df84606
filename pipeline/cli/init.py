"""`newsloom init`: the folder of a new installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.load import write_starter
from pipeline.cli.common import DryRun, load_settings, out
from pipeline.context import database_url
from pipeline.errors import UsageError
from pipeline.io.migrate import upgrade
from pipeline.io.store import Store


def init(
    folder: Annotated[Path, typer.Argument(help="Where; made when it is missing.")],
    dry_run: DryRun = False,
) -> None:
    """Make the folder of an installation: settings, a small catalogue, an empty database.

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
    store = Store(database_url(load_settings(folder)))
    try:
        upgrade(store)
    finally:
        store.close()
    out.print(f"ready: cd {folder} && newsloom run")
