"""A broker that does not take a worker's word for it that a message is done with."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from kombu.message import Message
from redis.exceptions import TimeoutError as NoAnswer

from workers.bell import reconnect_unless_done_with


class Consumer:
    """What a worker's event loop would do, kept for later."""

    connection_errors = (OSError, NoAnswer)

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []

    def call_soon(self, call: Callable[..., None], *args: Any) -> None:
        self.soon.append(lambda: call(*args))


def message(done: Callable[..., None]) -> Message:
    channel = SimpleNamespace(basic_ack=done, basic_reject=done, no_ack_consumers=None)
    return Message(body="[]", delivery_tag="tag", channel=channel)


def unanswered(*_args: Any, **_options: Any) -> None:
    raise NoAnswer("Timeout reading from socket")


@pytest.mark.parametrize("word", ["ack_log_error", "reject_log_error"])
def test_a_worker_whose_word_is_not_taken_connects_anew(word: str) -> None:
    consumer, one = Consumer(), message(unanswered)
    reconnect_unless_done_with(one, consumer)

    getattr(one, word)(logging.getLogger("celery"), consumer.connection_errors)

    [ending] = consumer.soon
    with pytest.raises(NoAnswer):
        ending()


@pytest.mark.parametrize("word", ["ack_log_error", "reject_log_error"])
def test_a_worker_whose_word_is_taken_goes_on(word: str) -> None:
    said: list[Any] = []
    consumer, one = Consumer(), message(lambda tag, **_: said.append(tag))
    reconnect_unless_done_with(one, consumer)

    getattr(one, word)(logging.getLogger("celery"), consumer.connection_errors)

    assert said == ["tag"]
    assert one.acknowledged
    assert consumer.soon == []
