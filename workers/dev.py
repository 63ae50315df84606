"""`newsloom dev up`: the shipped process set on this machine, without containers."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from config.load import load_settings, origins
from config.variables import environment_for
from pipeline.cli.common import SOME_FAILED, DryRun, Home, out, require_known
from pipeline.context import database_url
from pipeline.errors import UsageError
from workers.compose import Service, read_services
from workers.keeper import keep
from workers.servers import alone_in, running_postgres, running_redis

app = typer.Typer(no_args_is_help=True, help="newsloom on a developer's machine.")

_FILE = "docker-compose.yml"
_DATABASE: Final = "NEWSLOOM_DATABASE_URL"
_BROKER: Final = "NEWSLOOM_BROKER_URL"
#: What the containers are told of their servers and their folder; here it is another one.
_TOLD = frozenset(
    {
        *(_DATABASE, f"{_DATABASE}_FILE", _BROKER, f"{_BROKER}_FILE"),
        *("NEWSLOOM_HOME"),
    }
)
#: The file's servers, and the address by which another one is named instead.
_SERVERS: Mapping[str, str] = {"postgres": _DATABASE, "redis": _BROKER}


@app.callback()
def _group() -> None:
    """Keep `up` a word of its own while it is the only command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What will run."""

    home: Path
    services: Sequence[Service]
    #: Addresses of servers that run already.
    given: Mapping[str, str]


@app.command()
def up(
    *,
    home: Home = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help=f"Default: {_FILE} of the installation, or of this clone."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Only this service (may be given more than once)."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Run the services of docker-compose.yml as processes, until Ctrl-C or SIGTERM.

    Redis and PostgreSQL are started from the development packages and keep their data in
    state/dev, unless NEWSLOOM_BROKER_URL and NEWSLOOM_DATABASE_URL (or newsloom.toml) name others.
    A service that dies is started again; one that keeps dying ends all, with exit code 1.
    Example: newsloom dev up --only migrate --only beat --only worker-fetch
    """
    plan = _plan((home or Path()).absolute(), file, only or [])
    if dry_run:
        _show(plan)
        return
    # Until the programs run, SIGTERM ends us as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _addresses(plan) as addresses:
            well = _run(plan, addresses)
    except KeyboardInterrupt:
        well = True
    raise typer.Exit(0 if well else SOME_FAILED)


def _plan(home: Path, file: Path | None, only: Sequence[str]) -> _Plan:
    """Return what to run; raise UsageError for what cannot run here."""
    services = [service for service in read_services(file or _found(home)) if service.is_ours]
    require_known("--only", only, {service.name for service in services})
    settings = load_settings(home)
    set_ = {origin.name for origin in origins(home) if origin.origin != "default"}
    given = {}
    if not {"database_url", "database_url_file"}.isdisjoint(set_):
        given[_DATABASE] = database_url(settings)
    if not {"broker_url", "broker_url_file"}.isdisjoint(set_):
        given[_BROKER] = settings.broker_url.get_secret_value()
    chosen = [service for service in services if not only or service.name in only]
    return _Plan(home=home, services=chosen, given=given)


def _found(home: Path) -> Path:
    """Return the installation's compose file, or the clone's."""
    for folder in (home, Path(__file__).parents[1]):
        if (folder / _FILE).is_file():
            return folder / _FILE
    raise UsageError(f"{home}: no {_FILE} here; name one with --file")


@contextmanager
def _addresses(plan: _Plan) -> Iterator[Mapping[str, str]]:
    """Give the servers' addresses; those that are not given are started, and ended at the end."""
    folder = plan.home / "state" / "dev"
    with ExitStack() as servers:
        if not plan.given.keys() >= {_DATABASE, _BROKER}:
            servers.enter_context(alone_in(folder))
        addresses = dict(plan.given)
        if _DATABASE not in addresses:
            _say("dev", f"starting PostgreSQL in {folder / 'postgres'}")
            addresses[_DATABASE] = servers.enter_context(running_postgres(folder / "postgres"))
        if _BROKER not in addresses:
            _say("dev", f"starting Redis in {folder / 'redis'}")
            addresses[_BROKER] = servers.enter_context(running_redis(folder / "redis"))
        started = {name: url for name, url in addresses.items() if name not in plan.given}
        if started:
            _say("dev", "for commands in other terminals:")
        for name, url in started.items():
            _say("dev", f"export {name}={shlex.quote(url)}")
        yield addresses


def _run(plan: _Plan, addresses: Mapping[str, str]) -> bool:
    """Run the services to their end; say whether all was well."""
    path = {"PATH": f"{Path(sys.executable).parent}:{environment_for({}).get('PATH', '')}"}
    environs = {
        service.name: environment_for(
            {**_kept(service), **addresses, **path, "PYTHONUNBUFFERED": "1"}, without=_TOLD
        )
        for service in plan.services
    }
    return asyncio.run(keep(plan.services, environs, home=plan.home, say=_say))


def _kept(service: Service) -> dict[str, str]:
    """Return the variables of a service that hold here, too."""
    return {name: value for name, value in service.environment.items() if name not in _TOLD}


def _show(plan: _Plan) -> None:
    """Print what would run."""
    for server, name in _SERVERS.items():
        how = "runs already (settings)" if name in plan.given else "started here, in state/dev"
        out.print(f"{server}: {how}", markup=False)
    for service in plan.services:
        variables = [f"{name}={shlex.quote(value)}" for name, value in _kept(service).items()]
        out.print(f"{service.name}: {' '.join([*variables, shlex.join(service.argv)])}")


#: Wide enough for the names that we ship.
_WIDTH = 15


def _say(name: str, line: str) -> None:
    """Print a line of a service, at once."""
    try:
        typer.echo(f"{name:<{_WIDTH}} | {line}")
    except BrokenPipeError:
        # Nobody listens any more (`| head`): the end, as for any program in a pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        signal.raise_signal(signal.SIGTERM)
