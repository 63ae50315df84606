"""What a run tells: progress while it works, a summary that adds up at its end."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import structlog
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from pipeline.cli.common import err, out
from pipeline.context import Context
from pipeline.io.store import counts as figures
from pipeline.outcomes import STAGES, StageCounts, Tally

#: Seconds between two lines where there is no terminal.
_LINE_EVERY = 10.0


@contextmanager
def watched() -> Iterator[Tally]:
    """Give a tally whose changes are shown: bars on a terminal, a line now and then elsewhere."""
    tally = Tally()
    if not sys.stderr.isatty():
        tally.heard = _Lines()
        yield tally
        return
    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        tally.heard = _Bars(progress)
        yield tally


@contextmanager
def counted(name: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is told (done, of how many) and shows it in the same way."""
    if not sys.stderr.isatty():
        lines = _Lines()
        yield lambda done, of: lines(name, of, done)
        return
    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


@contextmanager
def logged_round(ctx: Context) -> Iterator[None]:
    """Give the lines of a round its id; say how it ended and count it, as a worker's task does."""
    log = structlog.stdlib.get_logger("newsloom")
    began, failed = time.monotonic(), True
    with structlog.contextvars.bound_contextvars(run_id=str(uuid4()), stage="run"):
        try:
            yield
            failed = False
        finally:
            stages, seconds = ctx.tally.stages, time.monotonic() - began
            log.log(
                logging.ERROR if failed else logging.INFO,
                "round failed" if failed else "round done",
                seconds=round(seconds, 3),
                counts={name: dict(+of_stage.ended) for name, of_stage in stages.items()},
            )
    with ctx.store.write() as tx:
        figures.add(tx, figures.of_task("run", stages, seconds=seconds, failed=False))


class _Bars:
    """One bar a stage."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {
            stage: progress.add_task(stage, total=None) for stage in STAGES
        }

    def __call__(self, stage: str, due: int, ended: int) -> None:
        self._progress.update(self._tasks[stage], total=due, completed=ended)


class _Lines:
    """A plain line at most every ten seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, stage: str, due: int, ended: int) -> None:
        now = time.monotonic()
        if now - self._last >= _LINE_EVERY:
            self._last = now
            err.print(f"{stage}: {ended} of {due}")


def as_json(tally: Tally) -> dict[str, Any]:
    """Return the counts of a run for machines."""
    return {
        "stages": {
            name: {
                "due": counts.due,
                "ended": dict(sorted((k, v) for k, v in counts.ended.items() if v)),
                "difference": counts.difference,
                "reasons": [
                    {"member": member, "reason": reason} for member, reason in counts.reasons
                ],
            }
            for name, counts in tally.stages.items()
        },
        "failed": tally.failed,
    }


def print_summary(tally: Tally) -> None:
    """Print what failed and why, the counts of each stage, and one last line that adds up."""
    _print_reasons(tally)
    table = Table(box=None, pad_edge=False)
    table.add_column("stage")
    table.add_column("due", justify="right")
    table.add_column("ended as")
    for name, counts in tally.stages.items():
        table.add_row(name, str(counts.due), _sum(counts))
    out.print(table)
    out.print(last_line(tally))


def _print_reasons(tally: Tally) -> None:
    """Print one line for each member that failed or was skipped."""
    for name, counts in tally.stages.items():
        for member, reason in counts.reasons:
            err.print(f"{name}: {member}: {reason}", markup=False)


def _sum(counts: StageCounts) -> str:
    """Return the endings of a stage as a sum."""
    parts = [f"{n} {status}" for status, n in sorted(counts.ended.items()) if n]
    return " + ".join(parts) or "nothing"


def last_line(tally: Tally) -> str:
    """Return the counts of all stages in one line."""
    return "; ".join(
        f"{name} {counts.due} = {_sum(counts)}" if counts.due else f"{name} 0"
        for name, counts in tally.stages.items()
    )
