"""A task that takes no notice of a message that has grown stale.

Celery's own `expires` is judged by the clock of whoever takes the message: a worker whose clock is
two hours fast throws every message away, at once, before a worker that could use it comes to it.
Here the database's clock sets the time and judges it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from celery import Celery, Task
from celery.worker.strategy import default
from kombu.exceptions import ContentDisallowed, DecodeError
from kombu.message import Message

from workers.runtime import context

#: The header that says until when a message is worth something, in ISO 8601.
STALE_AT: Final = "stale_at"


class Bell(Task[Any, Any]):
    """What every task of ours is."""

    abstract = True
    Strategy = "workers.bell:careful"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task, unless its message is stale."""
        stale_at = (self.request.headers or {}).get(STALE_AT)
        if stale_at is not None and context().clock() > datetime.fromisoformat(stale_at):
            return None
        return super().__call__(*args, **kwargs)


def careful(task: Bell, app: Celery, consumer: Any, **options: Any) -> Callable[..., Any]:
    """Return what takes a task's messages on, and drops those whose bodies cannot be read.

    Celery drops some of them itself; over the others the whole worker ends, and so does the next
    one that they come to.
    """
    take_on = default(task, app, consumer, **options)

    def handle(message: Message, *args: Any, **more: Any) -> Any:
        reconnect_unless_done_with(message, consumer)
        try:
            body = message.payload
        except (ContentDisallowed, DecodeError):
            raise
        except Exception as error:
            raise DecodeError(f"{type(error).__name__}: {error}") from error
        if not isinstance(body, list | tuple):
            raise DecodeError(f"arguments in a {type(body).__name__}, not in a list")
        return take_on(message, *args, **more)

    return handle


def reconnect_unless_done_with(message: Message, consumer: Any) -> None:
    """Let a worker connect anew when the broker does not take its word that a message is done with.

    Celery logs the failure and goes on; but kombu counts the message as being worked on as before,
    and a worker that may hold one message at a time asks for no other, for ever.
    """

    def insistent(done: Callable[..., None]) -> Callable[..., None]:
        def tell(*args: Any, **options: Any) -> None:
            try:
                done(*args, **options)
            except consumer.connection_errors as error:
                # The event loop ends over it, and the consumer connects anew; what is raised here
                # goes no further than the log.
                consumer.call_soon(_lost, error)
                raise

        return tell

    message.ack = insistent(message.ack)  # type: ignore[method-assign]  # of this message alone
    message.reject = insistent(message.reject)  # type: ignore[method-assign]  # likewise


def _lost(error: Exception) -> None:
    raise error
