"""From a host to a connection: each of its addresses is judged, and only those are dialled."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

from pipeline.errors import Rejected
from pipeline.io.guard import Guard, literal_address

#: (name, port) -> every address of the name; raises OSError or UnicodeError when it has none.
Resolver = Callable[[str, int], Awaitable[list[str]]]

#: One address may take this long to accept a connection before the next of the name is tried.
_DIAL_SECONDS = 5.0
#: Addresses tried per name: two of each family, as happy eyeballs would reach in that time.
_MAX_DIALS = 4
#: Bytes that may come before the head of an answer ends: the largest head that the parser takes and
#: the body that its last read brings along, 64 KiB. Without it, interim answers (RFC 9110, 15.2)
#: could follow each other until the deadline and keep the loop from everybody else.
_HEAD_ROOM_BYTES = 160 * 1024

#: What is left of that for the answer which the running task waits for; empty while it waits for
#: none.
_head_room: ContextVar[list[int] | None] = ContextVar("_head_room", default=None)


@contextmanager
def awaiting_head() -> Iterator[None]:
    """Bound what the sockets of this task may read until the block ends."""
    token = _head_room.set([_HEAD_ROOM_BYTES])
    try:
        yield
    finally:
        _head_room.reset(token)


async def system_resolver(host: str, port: int) -> list[str]:
    """Ask the operating system, in a thread of the running loop."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in infos]


async def any_public_address(_host: str, _port: int) -> list[str]:
    """Take every name for public: for webs that no network is behind."""
    return ["192.31.196.1"]  # AS112 (RFC 7535): public and nobody's web server


class BoundedBackend(httpcore.AsyncNetworkBackend):
    """Dials what it is told; its sockets bound heads and never outlive a broken handshake."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend | None = None) -> None:
        """Leave the dialling to `backend`."""
        self._backend = backend or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to `host`."""
        return _Socket(
            await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        )


class GuardedBackend(BoundedBackend):
    """Dials the very addresses that the guard has seen; SNI and Host keep the name."""

    def __init__(
        self,
        guard: Guard,
        resolve: Resolver = system_resolver,
        *,
        backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Look names up by `resolve` and leave the dialling of addresses to `backend`."""
        super().__init__(backend)
        self._guard = guard
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers. Raise Rejected when one may not be dialled."""
        addresses = await checked_addresses(self._guard, self._resolve, host, port)
        failed: Exception = httpcore.ConnectError("no address")
        for address in addresses[:_MAX_DIALS]:
            try:
                return await super().connect_tcp(
                    address, port, timeout or _DIAL_SECONDS, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


class _Socket(httpcore.AsyncNetworkStream):
    """A connection that bounds heads and closes when its handshake is broken off.

    httpcore closes it after an error, but not when a deadline cancels the wait: each host that
    stalls there would hold a socket for the life of the loop.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 -- httpcore's signature
        chunk = await self._stream.read(max_bytes, timeout)
        if (room := _head_room.get()) is not None:
            room[0] -= len(chunk)
            if room[0] < 0:
                raise Rejected("too-large", f"no end of the head in {_HEAD_ROOM_BYTES} bytes")
        return chunk

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 -- as above
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _Socket(await self._stream.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:
            await self._stream.aclose()
            raise


async def checked_addresses(guard: Guard, resolve: Resolver, host: str, port: int) -> list[str]:
    """Return the addresses of `host` when all of them may be dialled.

    Raise Rejected: ``dns``, ``blocked-address`` or ``blocked-port``.
    """
    literal = literal_address(host)
    try:
        answers = [str(literal)] if literal is not None else await resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise Rejected("dns", getattr(error, "strerror", None) or str(error)) from error
    return guard.check_addresses(answers, port)
