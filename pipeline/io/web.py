"""The web: the one place from which newsloom asks strangers for anything.

`Web.get_many` takes requests and gives back as many outcomes; what goes wrong with one is its
outcome's reason (`pipeline.io.failures`) and touches no other. The guard (`pipeline.io.guard`)
stands before every hop, whichever transport carries it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import httpx

from pipeline.errors import Rejected, UsageError
from pipeline.io.dial import Resolver, any_public_address, system_resolver
from pipeline.io.exchange import ask, request_headers, secret_of
from pipeline.io.failures import failure_of
from pipeline.io.guard import Guard
from pipeline.io.policy import WebPolicy, WebRequest, web_policy
from pipeline.io.transport import (
    GuardedTransport,
    PoolTransport,
    Transport,
    network_transport,
)
from pipeline.outcomes import FetchFailed, WebOutcome

__all__ = [
    "LONGEST_TURN",
    "Reserve",
    "Resolver",
    "Transport",
    "Web",
    "WebPolicy",
    "WebRequest",
    "web_policy",
]


#: Reserves the next free moment of a host, unless that is too far away; returns the seconds until
#: then.
Reserve = Callable[[str], float]
#: Nobody waits longer for a host that was not claimed: a batch is not held up for a picture.
LONGEST_TURN = 10.0


@dataclass(frozen=True, slots=True)
class _Way:
    """A transport, and the guard that stands before it."""

    transport: Transport
    guard: Guard


class Web:
    """A client for one thread; its event loop, connections and TLS context live as long as it does.

    They are made at the first request, hence after a fork, and never shared.
    """

    def __init__(
        self,
        policy: WebPolicy,
        *,
        transport: Transport | None = None,
        resolve: Resolver | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        """Ask the network, or `transport` in its place, under `policy`.

        `reserve` keeps the pace of hosts that no claim has reserved: redirects, pictures, checks.
        `resolve` replaces the system's resolver; before a given transport the default takes every
        name for public. Guard, bounds, redirects and deadlines hold for both.
        """
        self._policy = policy
        self._given = transport
        self._resolve = resolve
        self._reserve = reserve
        self._runner: asyncio.Runner | None = None
        #: By the proxy's URL, None without one; each is made at its first request.
        self._ways: dict[str | None, _Way] = {}

    def get_many(self, requests: Sequence[WebRequest]) -> list[WebOutcome]:
        """Return one outcome for each request, in their order; never raise for one of them.

        At most `policy.concurrency` are in flight; a request's deadline begins when it is sent.
        """
        if not requests:
            return []
        try:
            return self._opened().run(self._get_many(requests))
        except BaseException:
            # Interrupted: what is half done must not go on behind the next call's back. A second
            # interrupt on the way says nothing that the first has not said.
            with suppress(BaseException):
                self.close()
            raise

    def post_json(self, url: str, value: object, *, seconds: float) -> str:
        """Send `value` as JSON to the operator's own address; return why not, "" when it arrived.

        The guard holds as for a page; a redirect is no arrival. The reason is a code alone: what
        is said beside it may repeat an address that is a secret.
        """
        failed = self._opened().run(self._post(url, json.dumps(value).encode(), seconds))
        return failed.reason if failed is not None else ""

    def close(self) -> None:
        """Close the connections and the event loop; do nothing when there are none."""
        runner, ways = self._runner, self._ways
        self._runner, self._ways = None, {}
        if runner is None:
            return
        try:
            for way in ways.values():
                runner.run(way.transport.aclose())
        finally:
            runner.close()

    def _opened(self) -> asyncio.Runner:
        """Return the event loop, made at the first call."""
        if self._runner is None:
            self._runner = asyncio.Runner()
            # Look-ups block a thread each; asyncio's own handful would let a few dead name servers
            # hold up everybody else.
            threads = ThreadPoolExecutor(self._policy.concurrency, thread_name_prefix="look-up")
            self._runner.get_loop().set_default_executor(threads)
        return self._runner

    def _way(self, request: WebRequest) -> _Way:
        """Return the way to the web that a request takes: its own proxy, the settings', or none.

        Raise Rejected when its own proxy's URL is not there or is none.
        """
        proxy = self._policy.proxy
        if request.access.proxy is not None:
            proxy = secret_of("proxy", request.access.proxy, self._policy)
        if self._given is not None:
            proxy = None
        if proxy not in self._ways:
            self._ways[proxy] = self._open(proxy)
        return self._ways[proxy]

    def _open(self, proxy: str | None) -> _Way:
        """Open a way to the web for the rest of this Web's life."""
        guard = Guard(self._policy.allow_networks, proxied=proxy is not None)
        if self._given is not None:
            resolve = self._resolve or any_public_address
            return _Way(GuardedTransport(self._given, guard, resolve), guard)
        resolve = self._resolve or system_resolver
        try:
            transport = network_transport(guard, resolve, proxy=proxy, ca_file=self._policy.ca_file)
        except UsageError as error:
            raise Rejected("proxy", str(error)) from None
        return _Way(transport, guard)

    async def _get_many(self, requests: Sequence[WebRequest]) -> list[WebOutcome]:
        """Ask for all at once, as far as the policy lets us."""
        turn = asyncio.Semaphore(self._policy.concurrency)

        async def get(request: WebRequest) -> WebOutcome:
            async with turn:
                return await self._get(request)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(get(request)) for request in requests]
        for way in self._ways.values():
            if isinstance(way.transport, PoolTransport):
                await way.transport.tidy()
        return [task.result() for task in tasks]

    async def _get(self, request: WebRequest) -> WebOutcome:
        """Return the outcome of one request."""
        try:
            way = self._way(request)
            async with asyncio.timeout(self._policy.seconds(request.kind)) as limit:
                return await ask(
                    request,
                    transport=way.transport,
                    guard=way.guard,
                    policy=self._policy,
                    turn=lambda host: self._turn(host, limit),
                )
        except Exception as error:  # noqa: BLE001 -- one bad member must not end the batch
            return failure_of(request.url, error)

    async def _post(self, url: str, body: bytes, seconds: float) -> FetchFailed | None:
        """Post `body` once, within `seconds`; return how it failed."""
        request = WebRequest(url=url)
        headers = request_headers(request, self._policy) | {"Content-Type": "application/json"}
        try:
            way = self._way(request)
            target = way.guard.check_url(url)
            async with asyncio.timeout(seconds):
                response = await way.transport.handle_async_request(
                    httpx.Request("POST", target.url, headers=headers, content=body)
                )
                await response.aclose()
        except Exception as error:  # noqa: BLE001 -- it is told, whatever it is
            return failure_of(url, error)
        if response.is_success:
            return None
        return FetchFailed(url=url, reason=f"http-{response.status_code}")

    async def _turn(self, host: str, limit: asyncio.Timeout) -> None:
        """Wait for a host's turn, which the deadline does not count; refuse to wait for long."""
        if self._reserve is None:
            return
        wait = await asyncio.to_thread(self._reserve, host)
        if wait > LONGEST_TURN:
            raise Rejected("host-busy", f"{host} is free in {wait:.0f} s")
        if wait > 0:
            ends = limit.when()
            assert ends is not None, "every kind has a deadline"
            limit.reschedule(ends + wait)
            await asyncio.sleep(wait)
