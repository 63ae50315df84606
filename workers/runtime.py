"""One Context for each worker process, made after the fork, closed at its end."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache
from pathlib import Path

from celery.signals import worker_process_shutdown, worker_shutdown

from config.load import load_catalogue, load_settings
from config.settings import Settings
from pipeline.context import Context, open_context
from pipeline.outcomes import Tally

_open = ExitStack()
#: What this process counts; emptied at the end of each task (`workers.logs`).
TALLY = Tally()


@cache
def settings() -> Settings:
    """Return the settings of the installation in this folder."""
    return load_settings(Path())


@cache
def context() -> Context:
    """Return this process's Context; the first call opens it."""
    found = settings()
    folder = found.path(found.catalogue) if found.catalogue else None
    return _open.enter_context(open_context(found, load_catalogue(folder), tally=TALLY))


@worker_process_shutdown.connect
@worker_shutdown.connect
def _close(**_: object) -> None:
    """Close what this process holds."""
    _open.close()
    context.cache_clear()
