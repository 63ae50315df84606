"""A loopback proxy that plays a whole web: CONNECT, TLS with certificates of its own CA, HTTP/1.1.

What a host answers comes from any httpx transport, e.g. the recorded web or a plain function, so
a real process with nothing but `proxy` and `ca_file` set sees the web of a test.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LIFE = timedelta(days=2)


class Authority:
    """A certificate authority that lives for one test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "newsloom tests")])
        self._certificate = (
            self._builder(name, name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.file = folder / "ca.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, host: str) -> ssl.SSLContext:
        """Return a server's context with a certificate for `host`."""
        if host not in self._contexts:
            self._contexts[host] = self._make(host)
        return self._contexts[host]

    def _make(self, host: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
        certificate = (
            self._builder(subject, self._certificate.subject, key)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        file = self._folder / f"{host}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    @staticmethod
    def _builder(
        subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _LIFE)
            .not_valid_after(now + _LIFE)
        )


@dataclass
class Proxy:
    """A running proxy: where it is, whom to trust, what it was asked."""

    url: str
    ca_file: Path
    asked: list[str] = field(default_factory=list)

    def settings(self) -> dict[str, str]:
        """Return the environment with which a process sees this web and no other."""
        return {"NEWSLOOM_PROXY": self.url, "NEWSLOOM_CA_FILE": str(self.ca_file)}


@contextmanager
def playing(web: httpx.AsyncBaseTransport, folder: Path) -> Iterator[Proxy]:
    """Run a proxy whose hosts answer as `web` does."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = Authority(folder)
    proxy = Proxy(url="", ca_file=authority.file)
    loop = asyncio.new_event_loop()

    async def start() -> asyncio.Server:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _connection(web, authority, proxy, reader, writer)

        return await asyncio.start_server(serve, "127.0.0.1", 0)

    server = loop.run_until_complete(start())
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(_end_tasks(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _end_tasks() -> None:
    """Cancel the connections that are still open."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _connection(
    web: httpx.AsyncBaseTransport,
    authority: Authority,
    proxy: Proxy,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Serve one client until it hangs up."""
    origin = ""
    try:
        while head := await _head(reader):
            method, target, headers = head
            if method == "CONNECT":
                host = target.rpartition(":")[0]
                origin = f"https://{host}"
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await writer.drain()
                await writer.start_tls(authority.context(host))
                continue
            url = origin + target if target.startswith("/") else target
            proxy.asked.append(url)
            request = httpx.Request(method, url, headers=headers)
            body = await reader.readexactly(int(request.headers.get("content-length", 0)))
            request = httpx.Request(method, url, headers=headers, content=body)
            writer.write(await _answer(web, request))
            await writer.drain()
    except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
        pass  # the client hung up
    finally:
        writer.close()


async def _head(
    reader: asyncio.StreamReader,
) -> tuple[str, str, list[tuple[str, str]]] | None:
    """Read a request's head; None when there is no further one."""
    lines = []
    while line := (await reader.readline()).decode("latin-1").strip():
        lines.append(line)
    if not lines:
        return None
    method, target, _ = lines[0].split(" ", 2)
    headers = [
        (name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])
    ]
    return method, target, headers


async def _answer(web: httpx.AsyncBaseTransport, request: httpx.Request) -> bytes:
    """Return the bytes of the answer; a host that is not there is a bad gateway."""
    try:
        response = await web.handle_async_request(request)
        body = await response.aread()
    except httpx.TransportError:
        response, body = httpx.Response(502), b""
    head = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    head += [
        f"{name}: {value}"
        for name, value in response.headers.items()
        if name not in ("content-length", "transfer-encoding", "connection")
    ]
    head.append(f"content-length: {len(body)}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body
