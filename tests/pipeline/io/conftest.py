"""Fixtures: a loopback server that behaves as told, and webs that may dial it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from ipaddress import ip_network
from typing import Any

import pytest

from pipeline.io.web import Resolver, Transport, Web, WebPolicy
from tests.servers import Server, running_server

OpenWeb = Callable[..., Web]


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a server on 127.0.0.1."""
    with running_server() as running:
        yield running


@pytest.fixture
def open_web() -> Iterator[OpenWeb]:
    """Give a maker of webs that may dial loopback; what it is given changes their policy."""
    with ExitStack() as stack:

        def make(
            *, transport: Transport | None = None, resolve: Resolver | None = None, **policy: Any
        ) -> Web:
            terms = {"allow_networks": (ip_network("127.0.0.0/8"),), **policy}
            return stack.enter_context(
                closing(Web(WebPolicy(**terms), transport=transport, resolve=resolve))
            )

        yield make
