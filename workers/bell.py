"""A task that takes no notice of a message that has grown stale.

Celery's own `expires` is judged by the clock of whoever takes the message: a worker whose clock is
two hours fast throws every message away, at once, before a worker that could use it comes to it.
Here the database's clock sets the time and judges it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from celery import Task

from workers.runtime import context

#: The header that says until when a message is worth something, in ISO 8601.
STALE_AT: Final = "stale_at"


class Bell(Task[Any, Any]):
    """What every task of ours is."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task, unless its message is stale."""
        stale_at = (self.request.headers or {}).get(STALE_AT)
        if stale_at is not None and context().clock() > datetime.fromisoformat(stale_at):
            return None
        return super().__call__(*args, **kwargs)
