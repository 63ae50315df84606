"""Which queue each message waits in: slow stages never hold up the others, nor backfills live work.

A stage's task is the same in `extract` and in `backfill.extract`; what follows from a message of a
backfill waits behind backfills too.
"""

from __future__ import annotations

from typing import Any, Final

from celery import current_task
from kombu import Exchange, Queue

_BACKFILL: Final = "backfill."
_STAGES = ("fetch", "extract", "cluster", "write")
#: What a backfill alone does, and the queue that it waits in.
_OF_BACKFILLS: Final = {"find": f"{_BACKFILL}fetch", "place": f"{_BACKFILL}cluster"}
#: Stages of which a backfill has hundreds of thousands of members; a tick is clustered as a whole.
_BEHIND = ("fetch", "extract", "write")
#: `control` is for beat's own messages.
NAMES = ("control", *_STAGES, *(f"{_BACKFILL}{stage}" for stage in _STAGES))
QUEUES = tuple(Queue(name, Exchange(name), routing_key=name) for name in NAMES)


def route(name: str, *_: Any, **__: Any) -> dict[str, str]:
    """Send `workers.tasks.<stage>` to the queue of its stage, behind backfills if it is of one."""
    stage = name.rpartition(".")[2]
    if stage in _OF_BACKFILLS:
        return {"queue": _OF_BACKFILLS[stage]}
    if stage not in _STAGES:
        return {"queue": "control"}
    if stage in _BEHIND and _in_backfill():
        return {"queue": of_backfill(stage)}
    return {"queue": stage}


def of_backfill(stage: str) -> str:
    """Return the queue in which a stage's messages of backfills wait."""
    return f"{_BACKFILL}{stage}"


def _in_backfill() -> bool:
    """Say whether the task that runs here, if any, came out of a backfill's queue."""
    request = getattr(current_task, "request", None)
    delivered = getattr(request, "delivery_info", None) or {}
    return str(delivered.get("routing_key", "")).startswith(_BACKFILL)
