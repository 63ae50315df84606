"""What every command shares: opening an installation, speaking plainly, ending with a code.

Exit codes: 0 all well, 1 some failed, 2 usage or configuration.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from config.catalogue import Catalogue
from config.durations import parse_duration
from config.load import ConfigError, load_catalogue
from config.load import load_settings as read_settings
from config.settings import Settings
from pipeline.context import Context, database_url, open_context
from pipeline.errors import NewsloomError, UsageError
from pipeline.io.migrate import require_current
from pipeline.io.store import Store
from pipeline.outcomes import Tally

#: For people and for machines alike; errors go beside it. No `:x:` of an address becomes a picture.
out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

SOME_FAILED = 1
USAGE = 2
#: What a shell reports for a program ended by Ctrl-C.
_INTERRUPTED = 130

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        help="Folder of the installation (made by `newsloom init`); default: this folder.",
        envvar="NEWSLOOM_HOME",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")]


def load_settings(home: Path | None) -> Settings:
    """Return the settings of the installation in `home` (default: here)."""
    return read_settings(home or Path())


def load(home: Path | None) -> tuple[Settings, Catalogue]:
    """Return settings and catalogue of the installation in `home`."""
    settings = load_settings(home)
    folder = settings.path(settings.catalogue) if settings.catalogue else None
    return settings, load_catalogue(folder)


@contextmanager
def opened(
    home: Path | None, tally: Tally | None = None, *, sites: Sequence[str] = ()
) -> Iterator[Context]:
    """Open the installation in `home` with everything a stage needs; Ctrl-C ends it in words.

    `sites` narrows what is written to these.
    """
    settings, catalogue = load(home)
    if sites:
        require_known("--site", sites, catalogue.sites)
        kept = {name: catalogue.sites[name] for name in sites}
        catalogue = catalogue.model_copy(update={"sites": kept})
    try:
        with open_context(settings, catalogue, tally=tally) as ctx:
            yield ctx
    except KeyboardInterrupt:
        err.print("stopped; what was finished is kept, the rest waits for the next run")
        raise typer.Exit(_INTERRUPTED) from None


def require_known(option: str, given: Iterable[str], known: Collection[str]) -> None:
    """Raise UsageError for a name that does not exist."""
    for name in given:
        if name not in known:
            raise UsageError(f"{option} {name}: unknown; known: {', '.join(sorted(known))}")


@contextmanager
def opened_store(home: Path | None) -> Iterator[Store]:
    """Open just the database of the installation in `home`."""
    store = Store(database_url(load_settings(home)))
    try:
        require_current(store)
        yield store
    finally:
        store.close()


def duration(text: str) -> timedelta:
    """Return a length of time such as 15m that an option was given. Raise BadParameter."""
    found = parse_duration(text) if text[-1:].isalpha() else None  # 15 of what?
    if not isinstance(found, timedelta) or not found:
        raise typer.BadParameter(f"{text!r} is no duration; write a number and s, m, h or d")
    return found


def print_json(value: Any) -> None:
    """Print one JSON document, times as ISO 8601 in UTC, durations in seconds."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    """Give JSON what it can hold."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)


def shown_time(value: datetime | None) -> str:
    """Return a time for people: UTC to the second, `-` for none."""
    return f"{value:%Y-%m-%d %H:%M:%S}Z" if value else "-"


def guarded(app: typer.Typer) -> None:
    """Run a command line; turn what we raise on purpose into one message and an exit code."""
    try:
        app()
    except (UsageError, ConfigError) as error:
        fail(error, USAGE)
    except NewsloomError as error:
        fail(error, SOME_FAILED)


def fail(error: Exception, code: int) -> None:
    """Print `error` and exit."""
    err.print(f"newsloom: {error}", markup=False)
    sys.exit(code)
