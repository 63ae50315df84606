"""A recorded web: answers from a folder in place of the network, behind the same guard and limits.

One folder a host, each with a ``host.toml`` of ``[[answer]]`` tables:

    path      path and query, just as asked for
    file      the body, relative to the host's folder; or
    picture   [width, height] of a picture to be made up, or
    location  where a redirect leads
    status, type, etag, headers, after (this answer holds from then on; the latest one wins)
"""

from __future__ import annotations

import struct
import tomllib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from socket import EAI_NONAME, gaierror
from typing import Any

import httpx

#: A public address for every recorded host; nobody ever dials it.
_ADDRESS = "93.184.215.14"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One table of a host."""

    folder: Path
    table: dict[str, Any]

    @property
    def after(self) -> datetime | None:
        """Return from when on it holds; None: always."""
        moment: datetime | None = self.table.get("after")
        return moment

    def body(self) -> bytes:
        """Return what it answers with."""
        if "picture" in self.table:
            return png(*self.table["picture"])
        return (self.folder / self.table["file"]).read_bytes() if "file" in self.table else b""

    def headers(self) -> dict[str, str]:
        """Return its headers."""
        default = "image/png" if "picture" in self.table else "text/html; charset=utf-8"
        headers = {"content-type": str(self.table.get("type", default))}
        for name in ("etag", "location"):
            if name in self.table:
                headers[name] = str(self.table[name])
        return headers | {name: str(value) for name, value in self.table.get("headers", {}).items()}


class RecordedWeb(httpx.AsyncBaseTransport):
    """Plays the web of a folder at the time of a clock."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime]) -> None:
        """Read every host of `folder`."""
        self._clock = clock
        self._hosts = {path.parent.name: _answers(path) for path in folder.glob("*/host.toml")}

    async def resolve(self, host: str, port: int) -> list[str]:  # noqa: ARG002 -- a Resolver
        """Return a public address for a recorded host; fail as look-ups do for any other."""
        if host not in self._hosts:
            raise gaierror(EAI_NONAME, "Name or service not known")
        return [_ADDRESS]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the host would have at this time."""
        answers = self._hosts.get(request.url.host)
        if answers is None:
            raise httpx.ConnectError("Name or service not known", request=request)
        path = request.url.raw_path.decode("ascii")
        now = self._clock()
        valid = [one for one in answers.get(path, ()) if one.after is None or one.after <= now]
        if not valid:
            return httpx.Response(404, request=request)
        answer = max(valid, key=lambda one: one.after.timestamp() if one.after else 0.0)
        etag = answer.table.get("etag")
        if etag and request.headers.get("if-none-match") == etag:
            return httpx.Response(304, headers={"etag": etag}, request=request)
        status = int(answer.table.get("status", 302 if "location" in answer.table else 200))
        return httpx.Response(
            status, headers=answer.headers(), content=answer.body(), request=request
        )


def _answers(file: Path) -> dict[str, list[_Answer]]:
    """Read a host's answers by path."""
    found: dict[str, list[_Answer]] = {}
    for table in tomllib.loads(file.read_text(encoding="utf-8")).get("answer", []):
        found.setdefault(table["path"], []).append(_Answer(folder=file.parent, table=table))
    return found


def png(width: int, height: int) -> bytes:
    """Return a PNG whose header says this size and whose picture is empty (PNG, section 11.2)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
