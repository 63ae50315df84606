"""Which queue each task waits in: slow stages never hold up the others."""

from __future__ import annotations

from typing import Any

from kombu import Queue

#: One queue for each stage, so that each can have its own workers; `control` for beat's own.
QUEUES = tuple(Queue(name) for name in ("control", "fetch", "extract", "cluster", "write"))
_STAGES = {"fetch", "extract", "cluster", "write"}


def route(name: str, *_: Any, **__: Any) -> dict[str, str]:
    """Send `workers.tasks.<stage>` to the queue of its stage."""
    short = name.rpartition(".")[2]
    return {"queue": short if short in _STAGES else "control"}
