"""`make bench-transports`: what a request costs on several ways to the network, all guarded.

    newsloom       `Web.get_many`: our exchange on an httpcore pool, every bound in place
    httpx          httpx.AsyncClient on the same pool
    httpx-aiohttp  httpx.AsyncClient on aiohttp, whose resolver asks the guard
    aiohttp        aiohttp alone, likewise

CPU milliseconds of the asking process for each request, medians of interleaved rounds; each run is
a process of its own that has made its client and one request before the clock starts. Fresh: 200
hosts, asked once each. Kept: 8 hosts, as many as our pool keeps open, asked 25 times each. Answers:
304, or 200 with 50 KB that come as gzip. They are counted at the hosts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
from rich.console import Console
from rich.table import Table

from config.settings import Settings
from pipeline.io.dial import Resolver, checked_addresses
from pipeline.io.guard import Guard
from pipeline.io.transport import network_transport
from pipeline.io.web import Web, WebRequest, web_policy
from pipeline.outcomes import FetchFailed
from pipeline.records import Validators
from tests.bench.feedhosts import LAST_MODIFIED, FeedHosts, feed_hosts

WAYS = ("newsloom", "httpx", "httpx-aiohttp", "aiohttp")
HOSTS = 200
SIZE = 50_000
#: What the pool of `pipeline.io.transport` keeps open.
KEPT = 8
IN_FLIGHT = 32
ROUNDS = 5
_NETWORKS = (ip_network("127.0.0.0/8"),)
_CONDITION = {"If-Modified-Since": LAST_MODIFIED}
_HEADERS = {"User-Agent": "bench", "Accept": "*/*", "Accept-Encoding": "gzip"}


class Way(Protocol):
    """One way to the network."""

    def ask(self, urls: Sequence[str]) -> None:
        """Ask for all of them; raise when one does not answer as it should."""

    def close(self) -> None:
        """Close the connections."""


def named(urls: Sequence[str]) -> tuple[list[str], Resolver]:
    """Give the hosts names, as a look-up is part of the work; return the URLs and the resolver."""
    addresses = {f"h{place}.example": urlsplit(url) for place, url in enumerate(urls)}

    async def resolve(host: str, _port: int) -> list[str]:
        return [addresses[host].hostname or ""]

    found = [f"http://{name}:{url.port}{url.path}" for name, url in addresses.items()]
    return found, resolve


class _Newsloom:
    """Our own exchange."""

    def __init__(self, resolve: Resolver, headers: Mapping[str, str]) -> None:
        settings = Settings(allow_networks=_NETWORKS, contact="bench", concurrency=IN_FLIGHT)
        self._web = Web(web_policy(settings), resolve=resolve)
        self._known = Validators(last_modified=headers.get("If-Modified-Since"))

    def ask(self, urls: Sequence[str]) -> None:
        for outcome in self._web.get_many(
            [WebRequest(url=url, kind="feed", validators=self._known, claimed=True) for url in urls]
        ):
            assert not isinstance(outcome, FetchFailed), outcome

    def close(self) -> None:
        self._web.close()


class _OneLoop:
    """A client on one loop, asked for many URLs at once as `Web` does it."""

    def __init__(
        self, get: Callable[[str], Awaitable[None]], close: Callable[[], Awaitable[None]]
    ) -> None:
        self._get = get
        self._close = close
        self._runner = asyncio.Runner()

    def ask(self, urls: Sequence[str]) -> None:
        self._runner.run(self._get_many(urls))

    async def _get_many(self, urls: Sequence[str]) -> None:
        turn = asyncio.Semaphore(IN_FLIGHT)

        async def one(url: str) -> None:
            async with turn:
                await self._get(url)

        async with asyncio.TaskGroup() as group:
            for url in urls:
                group.create_task(one(url))

    def close(self) -> None:
        async def closed() -> None:
            await self._close()

        self._runner.run(closed())
        self._runner.close()


def _httpx(resolve: Resolver, headers: Mapping[str, str]) -> Way:
    return _with_httpx(network_transport(Guard(_NETWORKS), resolve), headers)


def _httpx_aiohttp(resolve: Resolver, headers: Mapping[str, str]) -> Way:
    from httpx_aiohttp import (  # type: ignore[import-not-found]  # noqa: PLC0415 -- only .venv-bench has it
        AiohttpTransport,
    )

    return _with_httpx(AiohttpTransport(client=lambda: _session(resolve)), headers)


def _with_httpx(transport: httpx.AsyncBaseTransport, headers: Mapping[str, str]) -> Way:
    client = httpx.AsyncClient(transport=transport, headers={**_HEADERS, **headers})

    async def get(url: str) -> None:
        answer = await client.get(url)
        _check(answer.status_code, answer.content)

    return _OneLoop(get, client.aclose)


def _aiohttp(resolve: Resolver, headers: Mapping[str, str]) -> Way:
    opened: list[Any] = []

    async def get(url: str) -> None:
        if not opened:
            opened.append(_session(resolve))
        async with opened[0].get(url, headers={**_HEADERS, **headers}) as answer:
            _check(answer.status, await answer.read())

    async def close() -> None:
        await opened[0].close()

    return _OneLoop(get, close)


def _session(resolve: Resolver) -> Any:
    """Return an aiohttp session whose resolver asks the guard about every name."""
    import aiohttp  # type: ignore[import-not-found]  # noqa: PLC0415 -- only .venv-bench has it

    guard = Guard(_NETWORKS)

    class Resolving(aiohttp.abc.AbstractResolver):  # type: ignore[misc]  # untyped here
        """Looks up and judges."""

        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
            answer = {"hostname": host, "port": port, "family": socket.AF_INET, "proto": 0}
            return [
                answer | {"host": address, "flags": socket.AI_NUMERICHOST}
                for address in await checked_addresses(guard, resolve, host, port)
            ]

        async def close(self) -> None:
            """Do nothing."""

    connector = aiohttp.TCPConnector(resolver=Resolving(), use_dns_cache=False, limit=IN_FLIGHT)
    return aiohttp.ClientSession(connector=connector)


def _check(status: int, body: bytes) -> None:
    """Make sure that an answer is whole."""
    assert status in {200, 304}
    assert status == 304 or len(body) > SIZE // 2


_MADE: dict[str, Callable[[Resolver, Mapping[str, str]], Way]] = {
    "newsloom": _Newsloom,
    "httpx": _httpx,
    "httpx-aiohttp": _httpx_aiohttp,
    "aiohttp": _aiohttp,
}


def worker(way: str, status: int, connections: str, given: Sequence[str]) -> float:
    """Return CPU milliseconds for each request; the first URL is for warming up."""
    urls, resolve = named(given)
    client = _MADE[way](resolve, _CONDITION if status == 304 else {})
    client.ask(urls[:1])
    asked = [urls[1:]] if connections == "fresh" else [urls[1 : KEPT + 1]] * (HOSTS // KEPT)
    began = time.process_time()
    for batch in asked:
        client.ask(batch)
    spent = time.process_time() - began
    client.close()
    return 1000 * spent / HOSTS


def measured(hosts: FeedHosts, way: str, status: int, connections: str, peers: Path) -> float:
    """Run one worker and make sure that the hosts were asked as often as it says."""
    hosts.counted()
    # Behind our own packages, which have the same versions of those that both have.
    environment = os.environ | {"PYTHONPATH": f"{Path.cwd()}{os.pathsep}{peers}"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.transports", "--worker", way, str(status), connections],
        input=json.dumps(hosts.urls),
        text=True,
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
    )
    answers = Counter(status for seen in hosts.counted().values() for status in seen)
    if answers != {status: HOSTS + 1}:
        raise SystemExit(f"INVALID: {way} was to get {HOSTS + 1} x {status} and got {answers}")
    return float(done.stdout)


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--peers", type=Path, help="a folder of packages that has httpx_aiohttp")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        way, status, connections = given.worker
        sys.stdout.write(str(worker(way, int(status), connections, json.load(sys.stdin))))
        sys.stdout.flush()
        return
    cases = [(status, connections) for status in (304, 200) for connections in ("fresh", "kept")]
    found: dict[tuple[str, int, str], list[float]] = {}
    with feed_hosts(HOSTS + 1, size=SIZE) as hosts:
        for number in range(given.rounds):
            for way in WAYS if number % 2 == 0 else reversed(WAYS):
                for case in cases:
                    cost = measured(hosts, way, *case, given.peers.absolute())
                    found.setdefault((way, *case), []).append(cost)
    table = Table(
        "CPU ms for each request", *(f"{status} {how}" for status, how in cases), box=None
    )
    for way in WAYS:
        medians = (statistics.median(found[way, *case]) for case in cases)
        table.add_row(way, *(f"{median:.2f}" for median in medians))
    Console().print(table)


if __name__ == "__main__":
    main()
