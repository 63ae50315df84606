"""How requests reach the network: a connection pool whose every dial passes the guard.

`network_transport` makes the real one, `GuardedTransport` puts the same check before a transport
that a test or a recorded web brings along.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path

import httpcore
import httpx

from pipeline.errors import UsageError
from pipeline.io.dial import (
    BoundedBackend,
    GuardedBackend,
    Resolver,
    awaiting_head,
    checked_addresses,
)
from pipeline.io.guard import Guard

Transport = httpx.AsyncBaseTransport
#: Below the 5 s after which Apache and Node hang up, so that no request meets a closing connection.
_KEEP_ALIVE_SECONDS = 4.0
#: Most hosts are asked once, and the pool looks at every idle connection before each request:
#: keeping 32 instead of 8 cost a third more processor time over 200 hosts.
_KEPT_ALIVE = 8


def ssl_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities and those of `ca_file`.

    Certificates and host names are always verified. Raise UsageError when the file cannot be used.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        trust(context, ca_file)
    return context


def trust(context: ssl.SSLContext, ca_file: Path) -> None:
    """Add the authorities of `ca_file`. Raise UsageError when it cannot be used."""
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or error
        raise UsageError(f"ca_file {ca_file}: {reason}; name a PEM file") from error


def proxy_of(url: str) -> httpx.Proxy:
    """Return the proxy at `url`, its user and password apart. Raise UsageError when unusable.

    The message never repeats the URL: it may hold a password.
    """
    remedy = "write http://HOST:PORT"
    try:
        proxy = httpx.Proxy(url)
    except (ValueError, httpx.InvalidURL):
        raise UsageError(f"proxy: not a usable address; {remedy}") from None
    if proxy.url.scheme not in ("http", "https") or not proxy.url.host:
        raise UsageError(f"proxy: neither http nor https, or without a host; {remedy}")
    return proxy


def network_transport(
    guard: Guard,
    resolve: Resolver,
    *,
    proxy: str | None = None,
    ca_file: Path | None = None,
    backend: httpcore.AsyncNetworkBackend | None = None,
) -> PoolTransport:
    """Return the transport to the real network, through `proxy` when there is one.

    A proxy's own address is the operator's word and is dialled unseen; the names behind it are
    looked up, and must be filtered, by the proxy. `backend` dials in place of real sockets.
    """
    context = ssl_context(ca_file)
    if proxy is None:
        pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            network_backend=GuardedBackend(guard, resolve, backend=backend),
            # The caller bounds the requests in flight; a bound here could only deadlock.
            max_connections=None,
            max_keepalive_connections=_KEPT_ALIVE,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
        )
        return PoolTransport(pool)
    way = proxy_of(proxy)
    pool = httpcore.AsyncHTTPProxy(
        proxy_url=httpcore.URL(
            scheme=way.url.raw_scheme, host=way.url.raw_host, port=way.url.port, target=b"/"
        ),
        proxy_auth=way.raw_auth,
        ssl_context=context,
        proxy_ssl_context=context if way.url.scheme == "https" else None,
        network_backend=BoundedBackend(backend),
        max_connections=None,
        max_keepalive_connections=_KEPT_ALIVE,
        keepalive_expiry=_KEEP_ALIVE_SECONDS,
    )
    return PoolTransport(pool)


class PoolTransport(Transport):
    """An httpcore pool as httpx sees it; httpcore's exceptions pass unchanged."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        """Take over `pool`."""
        self.pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; the body of the answer is still on the wire."""
        url = request.url
        with awaiting_head():
            response = await self.pool.handle_async_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=request.content,
                    extensions=request.extensions,
                )
            )
        assert isinstance(response.stream, AsyncIterable), "an async pool streams asynchronously"
        return httpx.Response(
            response.status, headers=response.headers, stream=_Chunks(response.stream)
        )

    async def tidy(self) -> None:
        """Close what is neither idle nor closed, once nothing is in flight.

        httpcore keeps a tunnel whose TLS failed among its connections for ever.
        """
        for connection in self.pool.connections:
            if not connection.is_idle():
                await connection.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self.pool.aclose()


class _Chunks(httpx.AsyncByteStream):
    """A body on the wire."""

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._chunks)

    async def aclose(self) -> None:
        close = getattr(self._chunks, "aclose", None)
        if close is not None:
            await close()


class GuardedTransport(Transport):
    """A transport of somebody else's behind the check that dialling would make."""

    def __init__(self, transport: Transport, guard: Guard, resolve: Resolver) -> None:
        """Look each request's host up by `resolve` before `transport` sees it."""
        self._transport = transport
        self._guard = guard
        self._resolve = resolve

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass `request` on. Raise Rejected when an address of its host may not be dialled."""
        url = request.url
        port = url.port or (443 if url.scheme == "https" else 80)
        await checked_addresses(self._guard, self._resolve, url.raw_host.decode("ascii"), port)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the transport behind."""
        await self._transport.aclose()
