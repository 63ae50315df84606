"""`newsloom workers`: who is alive, and what waits in each queue."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from pipeline.cli.common import SOME_FAILED, AsJson, Home, duration, out, print_json
from pipeline.errors import NewsloomError

if TYPE_CHECKING:
    from celery import Celery
    from kombu import Connection

app = typer.Typer(no_args_is_help=True, help="The workers and their queues.")

Timeout = Annotated[
    timedelta | None,
    typer.Option("--timeout", parser=duration, help="How long answers are waited for (2s)."),
]
#: Workers that are alive answer at once; a loaded machine takes its time.
_TIMEOUT = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One worker that answered."""

    name: str
    queues: tuple[str, ...]
    #: Processes of its pool.
    processes: int
    #: Messages in work.
    busy: int
    #: Since it started.
    done: int
    uptime: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a queue holds."""

    name: str
    #: Messages that no worker has taken.
    messages: int
    workers: tuple[str, ...]


@app.command("list")
def list_(*, home: Home = None, timeout: Timeout = None, json_: AsJson = False) -> None:
    """Say which workers are alive; exit code 1 when none is.

    Example: newsloom workers list --json
    """
    with _broker(home) as celery:
        workers = _alive(celery, timeout or _TIMEOUT)
    if json_:
        print_json([asdict(worker) for worker in workers])
    elif workers:
        table = Table("worker", "queues", "processes", "busy", "done", "up", box=None)
        for worker in workers:
            counts = (str(worker.processes), str(worker.busy), str(worker.done))
            table.add_row(worker.name, " ".join(worker.queues), *counts, str(worker.uptime))
        out.print(table)
    else:
        out.print("no worker answers; start some (docker compose up, or newsloom dev up)")
    raise typer.Exit(0 if workers else SOME_FAILED)


@app.command()
def queues(*, home: Home = None, timeout: Timeout = None, json_: AsJson = False) -> None:
    """Say how many messages wait in each queue, and who serves it; exit code 1 if nobody does.

    An empty queue is no sign that nothing is due: the database knows that (newsloom status).
    Example: newsloom workers queues --json
    """
    with _broker(home) as celery:
        workers = _alive(celery, timeout or _TIMEOUT)
        waiting = _waiting(celery, workers)
    if json_:
        print_json([asdict(queue) for queue in waiting])
    else:
        table = Table("queue", "waiting", "workers", box=None)
        for queue in waiting:
            table.add_row(queue.name, str(queue.messages), " ".join(queue.workers) or "nobody")
        out.print(table)
    raise typer.Exit(0 if all(queue.workers for queue in waiting) else SOME_FAILED)


@contextmanager
def _broker(home: Path | None) -> Iterator[Celery]:
    """Give the application of an installation; raise NewsloomError when its broker is away."""
    if home is not None:
        os.chdir(home)  # the application reads the settings of the folder that it is started in
    from kombu.exceptions import OperationalError  # noqa: PLC0415 -- takes half a second

    from workers.app import app as celery  # noqa: PLC0415 -- as above

    with celery.connection_for_read() as connection:
        try:
            connection.ensure_connection(max_retries=1)
            yield celery
        except OperationalError as error:
            place = connection.as_uri()  # without its password
            remedy = "start Redis, or mend broker_url"
            raise NewsloomError(f"{place}: no broker answers ({error}); {remedy}") from error


def _alive(celery: Celery, timeout: timedelta) -> list[Worker]:
    """Return the workers that answer in time, by name."""
    wait = timeout.total_seconds()
    names = list(celery.control.inspect(timeout=wait).ping() or {})
    if not names:
        return []
    # Those who answered will do so again, and nobody else is waited for.
    inspect = celery.control.inspect(names, timeout=wait, limit=len(names))
    served = inspect.active_queues() or {}
    stats = inspect.stats() or {}
    active = inspect.active() or {}
    return [
        Worker(
            name=name,
            queues=tuple(sorted(queue["name"] for queue in served[name])),
            processes=len(stats[name]["pool"]["processes"]),
            busy=len(active.get(name, ())),
            done=sum(stats[name]["total"].values()),
            uptime=timedelta(seconds=stats[name]["uptime"]),
        )
        for name in sorted(served.keys() & stats.keys())
    ]


def _waiting(celery: Celery, workers: list[Worker]) -> list[Waiting]:
    """Return what each queue holds, in the order of the line."""
    from workers.routing import NAMES  # noqa: PLC0415 -- as above

    serving: Mapping[str, tuple[str, ...]] = {
        name: tuple(worker.name for worker in workers if name in worker.queues) for name in NAMES
    }
    with celery.connection_for_read() as connection:
        return [
            Waiting(name=name, messages=_length(connection, name), workers=serving[name])
            for name in NAMES
        ]


def _length(connection: Connection, name: str) -> int:
    """Return how many messages a queue holds; Redis forgets a queue that is empty."""
    channel: Any = connection.default_channel
    try:
        declared = channel.queue_declare(queue=name, passive=True)
    except connection.channel_errors:
        return 0
    return int(declared.message_count)
