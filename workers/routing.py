"""Which queue each message waits in: slow stages never hold up the others, nor backfills live work.

A stage's task is the same in `fetch` and in `backfill.fetch`; what follows from a message of a
backfill waits behind backfills too, until its articles are there to be clustered.
"""

from __future__ import annotations

from typing import Any, Final

from celery import current_task
from kombu import Exchange, Queue

_BACKFILL: Final = "backfill."
_STAGES = ("fetch", "extract", "cluster", "write")
#: Stages whose work a backfill has hundreds of thousands of. Clustering and writing go by tick and
#: by story: what a backfill adds to them has no message of its own.
_LONG = ("fetch", "extract")
#: `control` is for beat's own messages.
NAMES = ("control", *_STAGES, *(f"{_BACKFILL}{stage}" for stage in _LONG))
QUEUES = tuple(Queue(name, Exchange(name), routing_key=name) for name in NAMES)


def route(name: str, *_: Any, **__: Any) -> dict[str, str]:
    """Send `workers.tasks.<stage>` to the queue of its stage, behind backfills if it is of one."""
    stage = name.rpartition(".")[2]
    if stage not in _STAGES:
        return {"queue": "control"}
    if stage in _LONG and _of_backfill():
        return {"queue": f"{_BACKFILL}{stage}"}
    return {"queue": stage}


def _of_backfill() -> bool:
    """Say whether the task that runs here, if any, came out of a backfill's queue."""
    request = getattr(current_task, "request", None)
    delivered = getattr(request, "delivery_info", None) or {}
    return str(delivered.get("routing_key", "")).startswith(_BACKFILL)
