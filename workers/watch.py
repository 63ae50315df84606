"""`newsloom health` and `newsloom metrics`: for who watches over an installation."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    Home,
    duration,
    load,
    out,
    print_json,
    require_known,
)
from pipeline.context import system_clock
from workers.health import NAMES, judge, look

_TIMEOUT = timedelta(seconds=5)


def health(
    *,
    home: Home = None,
    only: Annotated[
        str | None, typer.Option("--only", help=f"Some checks alone, of {','.join(NAMES)}.")
    ] = None,
    timeout: Annotated[
        timedelta | None,
        typer.Option("--timeout", parser=duration, help="Longest wait for an answer (5s)."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Say whether all is well; exit code 1 when something is not, 2 when it cannot be asked so.

    Example: newsloom health --only database,broker
    """
    names = NAMES if only is None else tuple(name.strip() for name in only.split(","))
    require_known("--only", names, NAMES)
    settings, catalogue = load(home)
    now = settings.fixed_time or system_clock()
    seen = look(settings, catalogue.sites, now=now, timeout=timeout or _TIMEOUT, only=names)
    checks = judge(seen, settings)
    healthy = all(check.ok for check in checks)
    if json_:
        print_json({"healthy": healthy, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            out.print(f"{'ok ' if check.ok else 'BAD'}  {check.name}: {check.words}", markup=False)
    raise typer.Exit(0 if healthy else SOME_FAILED)


def metrics(
    *,
    home: Home = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 9464,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; no password guards it.")
    ] = "127.0.0.1",
) -> None:
    """Serve metrics in the format of Prometheus until it is ended; one process is enough.

    Example: newsloom metrics --port 9464
    """
    from workers.metrics import registry_of, serve  # noqa: PLC0415 -- its library for it alone

    settings, catalogue = load(home)
    fixed = settings.fixed_time
    clock = (lambda: fixed) if fixed is not None else system_clock
    registry = registry_of(settings, catalogue.sites, clock)
    serve(registry, host=host, port=port, told=lambda url: out.print(f"serving {url}"))
