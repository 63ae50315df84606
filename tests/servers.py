"""A loopback web server that behaves as it is told, for feeds and pages, well or badly.

    with running_server() as server:
        server.on("/feed.xml", reply(feed_bytes, content_type="application/rss+xml"))
        server.on("/slow", drip(head()))
        web.get_many([WebRequest(url=server.url("/feed.xml"))])

It speaks raw bytes, so that every lie is possible. What it was asked is in `server.asked`. Several
"hosts" are several servers, each on its own loopback address (``host="127.0.0.2"``) and port.
"""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in."""

    method: str
    #: Path and query, or what a proxy is asked for.
    target: str
    #: Lower-case names.
    headers: Mapping[str, str]
    #: Seconds on the monotonic clock.
    at: float


#: Writes an answer; the connection stays open only when it returns True.
Behaviour = Callable[[Asked, asyncio.StreamWriter], Awaitable[bool]]


@dataclass
class Server:
    """A running server: what it will answer, and what it saw."""

    host: str
    scheme: str = "http"
    port: int = 0
    routes: dict[str, Behaviour] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    #: Said to each client before it has said anything, as mail servers do.
    greeting: bytes = b""
    #: Connections accepted.
    connections: int = 0
    #: The most requests that were being answered at one time.
    most_at_once: int = 0
    _now: int = 0

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        """Return the URL of `path`, under another name of this host when given."""
        return f"{self.scheme}://{host or self.host}:{self.port}{path}"

    def on(self, path: str, behaviour: Behaviour) -> str:
        """Answer requests for `path` so; return its URL."""
        self.routes[path] = behaviour
        return self.url(path)

    def requests(self, path: str) -> list[Asked]:
        """Return what was asked of `path`."""
        return [asked for asked in self.asked if asked.target.partition("?")[0] == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client until it hangs up or a behaviour ends the connection."""
        self.connections += 1
        writer.write(self.greeting)
        try:
            while (asked := await read_head(reader)) is not None:
                self.asked.append(asked)
                if not await self._answer(asked, writer):
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client hung up: that is what many of these tests are about
        except asyncio.CancelledError:
            writer.transport.abort()  # the block is over; Python 3.11 would log a cancelled client
        finally:
            writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        behaviour = self.routes.get(asked.target.partition("?")[0], reply(b"none", status=404))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            stays = await behaviour(asked, writer)
            await writer.drain()
        finally:
            self._now -= 1
        return stays


async def read_head(reader: asyncio.StreamReader) -> Asked | None:
    """Read the head of a request; None when there is no further one."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    return Asked(method=method, target=target, headers=headers, at=time.monotonic())


@contextmanager
def running_server(
    *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """Run a server in a thread of its own until the block ends."""
    server = Server(host=host, scheme="https" if tls else "http")
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(
        asyncio.start_server(server.serve, host, 0, ssl=tls, backlog=512)
    )
    server.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="loopback-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(listening.close)
        asyncio.run_coroutine_threadsafe(_end_connections(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _end_connections() -> None:
    """Cut whoever is still connected."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)  # lets the closed connections say goodbye


# --- behaviours -----------------------------------------------------------------------------------


def head(status: int = 200, headers: Headers = ()) -> bytes:
    """Return the head of an answer."""
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def reply(
    body: bytes = b"",
    *,
    status: int = 200,
    content_type: str = "text/html; charset=utf-8",
    headers: Headers = (),
) -> Behaviour:
    """Answer properly and keep the connection."""
    own = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    return raw(head(status, [*own, *headers]) + body, stays=True)


def gzipped(body: bytes, *, content_type: str = "text/html; charset=utf-8") -> Behaviour:
    """Answer properly, compressed."""
    coding = [("Content-Encoding", "gzip")]
    return reply(gzip.compress(body, mtime=0), content_type=content_type, headers=coding)


def redirect(location: str, status: int = 302) -> Behaviour:
    """Send the client elsewhere."""
    return reply(status=status, headers=[("Location", location)])


def unless_modified(behaviour: Behaviour, etag: str) -> Behaviour:
    """Answer 304 to whoever sends `etag`, otherwise as `behaviour` does."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> bool:
        if asked.headers.get("if-none-match") != etag:
            return await behaviour(asked, writer)
        writer.write(head(304, [("ETag", etag)]))
        return True

    return answer


def raw(data: bytes, *, stays: bool = False) -> Behaviour:
    """Send these bytes, then hang up unless it `stays`."""

    async def answer(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(data)
        return stays

    return answer


def endless(start: bytes, chunk: bytes) -> Behaviour:
    """Send `start`, then `chunk` for ever, as fast as the client takes it."""

    async def answer(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(start)
        while True:
            writer.write(chunk)
            await writer.drain()

    return answer


def drip(start: bytes, *, drop: bytes = b"x", every: float = 0.05) -> Behaviour:
    """Send `start`, then a drop at a time: never silent long enough for a timeout of reads."""

    async def answer(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(start)
        while True:
            await asyncio.sleep(every)
            writer.write(drop)
            await writer.drain()

    return answer


def after(seconds: float, behaviour: Behaviour) -> Behaviour:
    """Wait, then answer as `behaviour` does."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(seconds)
        return await behaviour(asked, writer)

    return answer


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Answer each request by the next of `behaviours`, and by the last from then on."""
    left = list(behaviours)

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> bool:
        return await (left.pop(0) if len(left) > 1 else left[0])(asked, writer)

    return answer
