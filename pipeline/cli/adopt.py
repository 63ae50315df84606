"""`newsloom import`: documents that are there already become stories."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from config.catalogue import Catalogue, Site
from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    DryRun,
    Home,
    opened,
    out,
    print_json,
    require_known,
)
from pipeline.cli.report import counted
from pipeline.errors import UsageError
from pipeline.stages.adopt import Import, adopt


def import_(
    folder: Annotated[
        Path, typer.Argument(help="The tree: a folder with _news, _posts or the documents.")
    ],
    home: Home = None,
    site: Annotated[
        str | None, typer.Option("--site", help="Whose documents they are (default: the only one).")
    ] = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Take over a tree of seed documents, of any generation, as stories of a site.

    Every file keeps its name and, until its story changes, its bytes. Rebuilds a lost database from
    a site's own output too: manifest, change feed and, with the key, `secured` restore the ids.
    Example: newsloom import old-site/_posts --site all --dry-run
    """
    with opened(home) as ctx, counted("import") as heard:
        done = adopt(ctx, folder, _site(ctx.catalogue, site), dry_run=dry_run, heard=heard)
    states = Counter(adoption.state for adoption in done.adoptions)
    due = sum(adoption.lags for adoption in done.adoptions)
    if json_:
        print_json(
            {
                "folder": str(done.folder),
                "dry_run": dry_run,
                "imported": dict(sorted(states.items())),
                "already_there": done.known,
                "due_for_writing": due,
                "refused": [{"file": name, "reason": reason} for name, reason in done.refused],
            }
        )
    else:
        for name, reason in done.refused:
            out.print(f"{done.folder / name}: {reason}", markup=False)
        out.print(_summary(done, states, due, dry_run=dry_run), markup=False)
    raise typer.Exit(SOME_FAILED if done.refused else 0)


def _site(catalogue: Catalogue, name: str | None) -> Site:
    """Return the site that was named, or the only one."""
    if name is not None:
        require_known("--site", [name], catalogue.sites)
        return catalogue.sites[name]
    if len(catalogue.sites) != 1:
        raise UsageError(f"--site: say which of {', '.join(sorted(catalogue.sites))}")
    return next(iter(catalogue.sites.values()))


def _summary(done: Import, states: Counter[str], due: int, *, dry_run: bool) -> str:
    """Say what became of the files, in numbers that add up."""
    files = len(done.adoptions) + done.known + len(done.refused)
    endings = [*sorted(states.items()), ("already there", done.known)]
    endings.append(("refused", len(done.refused)))
    parts = " + ".join(f"{count} {ending}" for ending, count in endings if count) or "0"
    told = "; nothing was saved (--dry-run)" if dry_run else ""
    rest = f"; {due} are due for writing" if due else ""
    return f"{files} files = {parts}{rest}{told}"
