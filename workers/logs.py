"""What workers say: JSON, one line for each thing; and one for each task at its end.

A task's line tells its stage, its ticks, how its members ended and how long it took. The same
signals count it for monitoring. No line holds what an address carries of secrets.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from celery.signals import setup_logging, task_postrun, task_prerun
from structlog.typing import EventDict, Processor, WrappedLogger

from pipeline.io.store import health as rows
from pipeline.outcomes import StageCounts, Tally
from workers import metrics, runtime

#: Stages whose ids, or whose turn, belong to ticks; a tick's own is opened while it runs.
_OF_TICKS = frozenset(("fetch", "extract", "cluster"))
#: User and password of an address; its query, where keys and tokens stand.
_USER = re.compile(r"(?<=://)[^\s/@'\"]+@")
_QUERY = re.compile(r"(?<=://)([^\s?'\"<>]+)\?[^\s'\"<>]*")
_log = structlog.stdlib.get_logger("newsloom")


@dataclass
class _Running:
    """The task that this process is at: one at a time."""

    began: float = 0.0
    ticks: list[int] = field(default_factory=list)


_running = _Running()


def without_secrets(text: str) -> str:
    """Return a text whose addresses have lost user, password and query."""
    return _QUERY.sub(r"\1?...", _USER.sub("", text))


def _clean(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Take the secrets out of every text of a line."""
    return {
        key: without_secrets(value) if isinstance(value, str) else value
        for key, value in event.items()
    }


@setup_logging.connect
def configure(loglevel: int = logging.INFO, logfile: str | None = None, **_: object) -> None:
    """Make every line JSON, those of the libraries too: on stderr, or in Celery's --logfile."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler() if logfile is None else logging.FileHandler(logfile)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _clean,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(loglevel)


@task_prerun.connect
def _begin(task: Any, args: Sequence[Any], **_: object) -> None:
    """Take the time, and the ticks while the rows still say them."""
    _running.began, _running.ticks = time.monotonic(), []
    stage = stage_of(task.name)
    if stage in _OF_TICKS:
        _running.ticks = _ticks(stage, args[0])


@task_postrun.connect
def _end(task: Any, task_id: str, state: str | None, **_: object) -> None:
    """Count the task and say how it ended."""
    stage = stage_of(task.name)
    seconds = time.monotonic() - _running.began
    failed = state != "SUCCESS"
    counts = taken(runtime.TALLY)
    metrics.count_task(stage, seconds=seconds, failed=failed)
    for name, of_stage in counts.items():
        metrics.count_members(name, of_stage)
    _log.log(
        logging.ERROR if failed else logging.INFO,
        "task failed" if failed else "task done",
        stage=stage,
        task_id=task_id,
        tick_ids=_ticks(stage, ()) if stage == "tick" else _running.ticks,
        seconds=round(seconds, 3),
        counts={name: dict(+of_stage.ended) for name, of_stage in counts.items()},
    )


def taken(tally: Tally) -> dict[str, StageCounts]:
    """Return what was counted since the last call, stage by stage, and begin anew."""
    found = {name: counts for name, counts in tally.stages.items() if counts.due or counts.reasons}
    for name in tally.stages:
        tally.stages[name] = StageCounts()
    return found


def stage_of(task_name: str) -> str:
    """Return the stage that a task runs."""
    return task_name.rpartition(".")[2]


def _ticks(stage: str, ids: Sequence[str]) -> list[int]:
    """Return the ticks that a task works for."""
    with runtime.context().store.read() as tx:
        return rows.ticks_of(tx, stage, ids)
