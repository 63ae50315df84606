"""What workers say: one line for each task at its end, and the same figures in the database.

The run id is that of the tick that rang for the task, directly or through other tasks: one id
leads from a poll to the file.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from celery.signals import setup_logging, task_postrun, task_prerun

from pipeline.io.logs import configure
from pipeline.io.store import counts as figures
from pipeline.outcomes import WARNING, StageCounts, Tally
from workers import runtime

_log = structlog.stdlib.get_logger("newsloom")


@dataclass
class _Running:
    """The task that this process is at: one at a time."""

    began: float = 0.0


_running = _Running()


@setup_logging.connect
def _configure(loglevel: int | str = logging.INFO, logfile: str | None = None, **_: object) -> None:
    """Log as the settings say, on stderr or in Celery's --logfile."""
    configure(runtime.settings().log_format, level=loglevel, file=logfile)


@task_prerun.connect
def _begin(task: Any, **_: object) -> None:
    """Take the time, and put the run id into every line until the end."""
    _running.began = time.monotonic()
    structlog.contextvars.bind_contextvars(run_id=task.request.root_id, stage=stage_of(task.name))


@task_postrun.connect
def _end(task: Any, task_id: str, state: str | None, **_: object) -> None:
    """Say how a task ended, and count it."""
    stage, failed = stage_of(task.name), state != "SUCCESS"
    seconds = time.monotonic() - _running.began
    stages = taken(runtime.TALLY)
    if not (stages or failed) and stage in ("fetch", "extract"):
        return  # a message that came twice: of twenty thousand nothing is worth a line
    _log.log(
        logging.ERROR if failed else logging.INFO,
        "task failed" if failed else "task done",
        task_id=task_id,
        seconds=round(seconds, 3),
        counts={name: dict(+of_stage.ended) for name, of_stage in stages.items()},
    )
    for name, reason in warnings(stages):
        _log.warning(reason, of_stage=name)
    with runtime.context().store.write() as tx:
        figures.add(tx, figures.of_task(stage, stages, seconds=seconds, failed=failed))
    structlog.contextvars.clear_contextvars()


def taken(tally: Tally) -> dict[str, StageCounts]:
    """Return what was counted since the last call, stage by stage, and begin anew."""
    found = {name: counts for name, counts in tally.stages.items() if counts.due or counts.reasons}
    for name in tally.stages:
        tally.stages[name] = StageCounts()
    return found


def warnings(stages: Mapping[str, StageCounts]) -> list[tuple[str, str]]:
    """Return what operators should look at, each with its stage."""
    return [
        (name, f"{member}: {reason}")
        for name, of_stage in stages.items()
        for member, reason in of_stage.reasons
        if reason.startswith(f"{WARNING}: ")
    ]


def stage_of(task_name: str) -> str:
    """Return the stage that a task runs."""
    return task_name.rpartition(".")[2]
