"""The console script: the commands of the pipeline; those of the broker join them here."""

from __future__ import annotations


def main() -> None:
    """Run `newsloom`."""
    # Imported late: Celery and the extractors cost a second that `--help` should not pay twice.
    from pipeline.cli.app import app  # noqa: PLC0415
    from pipeline.cli.common import guarded  # noqa: PLC0415
    from workers import dev, fleet, watch  # noqa: PLC0415

    app.add_typer(fleet.app, name="workers")
    app.add_typer(dev.app, name="dev")
    app.command()(watch.health)
    app.command()(watch.metrics)
    guarded(app)
