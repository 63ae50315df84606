"""The tree of commands."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from pipeline.cli import (
    adopt,
    alerts,
    articles,
    backfill,
    capsule,
    config,
    database,
    demo,
    evaluate,
    init,
    prune,
    quarantine,
    reprocess,
    runbook,
    runs,
    schema,
    secured,
    sources,
    status,
    stories,
    topics,
)
from pipeline.cli.common import out

app = typer.Typer(
    name="newsloom",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "Watch news feeds, group the coverage of one event into a story, "
        "and write one seed document per story."
    ),
    epilog="Exit codes: 0 all well, 1 some failed, 2 usage or configuration.",
)


def _print_version(value: bool) -> None:
    """Print the version and end."""
    if value:
        out.print(installed_version("newsloom"))
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Hold the options of the whole program."""


app.command()(demo.demo)
app.command()(init.init)
app.command()(runs.run)
app.command()(runs.fetch)
app.command()(runs.extract)
app.command()(runs.cluster)
app.command()(runs.write)
app.command()(reprocess.reprocess)
app.command()(prune.prune)
app.command()(status.status)
app.command()(status.verify)
app.command()(alerts.alerts)
app.command("import")(adopt.import_)
app.command()(schema.schema)
app.command()(capsule.capsule)
app.command()(capsule.replay)
app.add_typer(sources.app, name="sources")
app.add_typer(articles.app, name="articles")
app.add_typer(backfill.app, name="backfill")
app.add_typer(runbook.app, name="runs")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(stories.app, name="stories")
app.add_typer(topics.app, name="topics")
app.add_typer(config.app, name="config")
app.add_typer(database.app, name="db")
app.add_typer(secured.app, name="secured")
app.add_typer(evaluate.app, name="evaluate")
