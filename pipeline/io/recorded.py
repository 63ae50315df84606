"""A web without a network: hosts that are plain functions, and hosts recorded in a folder.

    seeds/web/<host>/host.toml     what the host answers, see `Answer`
    seeds/web/<host>/x.html        the bodies

Both stand in for the network behind the guard, so that a rehearsal keeps every rule of the real
thing.
"""

from __future__ import annotations

import socket
import struct
import tomllib
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import UsageError

Handler = Callable[[httpx.Request], httpx.Response]
Clock = Callable[[], datetime]

#: Where every host of these webs is said to live: AS112 (RFC 7535), public and no web server.
ADDRESS = "192.31.196.1"
#: In pixels; a whole picture of zeros is compressed, 12 MB at the most.
Side = Annotated[int, Field(ge=1, le=10_000)]


class HostedWeb(httpx.AsyncBaseTransport):
    """A web of hosts that are functions from request to response, http and https alike."""

    def __init__(self, hosts: Mapping[str, Handler]) -> None:
        """Let each host answer by its function."""
        self.hosts = dict(hosts)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return the answer of the request's host. Raise ConnectError when there is none."""
        handler = self.hosts.get(request.url.host)
        if handler is None:
            raise httpx.ConnectError(f"no host {request.url.host}", request=request)
        return handler(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as a transport."""
        return self(request)

    async def resolve(self, host: str, port: int) -> list[str]:  # noqa: ARG002 -- a resolver's signature
        """Return the address of a host. Raise gaierror for one that is not part of this web."""
        if host not in self.hosts:
            raise socket.gaierror(socket.EAI_NONAME, f"no host {host}")
        return [ADDRESS]


class Answer(BaseModel):
    """What a host answers to one path, from one moment on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Path and query exactly as asked.
    path: str = Field(pattern="^/")
    #: The body's file, relative to the host's folder.
    file: str | None = Field(default=None, pattern=r"^[^/.][^/]*(/[^/.][^/]*)*$")
    #: Width and height in pixels of a blank PNG made on the spot, in place of a file.
    picture: tuple[Side, Side] | None = None
    type: str = "application/octet-stream"
    status: int = Field(default=200, ge=200, le=599)
    location: str | None = None
    #: An equal If-None-Match is answered 304.
    etag: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    #: The answer holds from then on; the latest one that holds is given.
    after: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one_body(self) -> Answer:
        if self.file and self.picture:
            raise ValueError("either file or picture")
        return self

    def holds(self, now: datetime) -> bool:
        """Say whether it is given at `now`."""
        return self.after is None or self.after <= now


class _Recording(BaseModel):
    """A host.toml."""

    model_config = ConfigDict(extra="forbid")

    answer: tuple[Answer, ...]


class RecordedWeb(HostedWeb):
    """The hosts recorded below one folder."""

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        """Read every host of `folder`. Raise UsageError when one of them is not well."""
        if not folder.is_dir():
            raise UsageError(f"{folder}: no folder with a recorded web")
        hosts = sorted(path for path in folder.iterdir() if path.is_dir())
        super().__init__({host.name: RecordedHost(host, clock=clock) for host in hosts})


class RecordedHost:
    """One host of a recorded web, as a handler."""

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        """Read the folder's host.toml. Raise UsageError when it, or a file it names, is not well.

        Of several answers to one path the one holds whose `after` is latest, of equals the last.
        """
        self._folder = folder
        self._clock = clock
        self._answers: dict[str, list[Answer]] = {}
        for answer in sorted(_read(folder / "host.toml"), key=_from_when):
            self._answers.setdefault(answer.path, []).append(answer)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return what holds now, 404 for a path that was not recorded."""
        now = self._clock()
        known = self._answers.get(request.url.raw_path.decode("ascii"), ())
        answer = next((answer for answer in reversed(known) if answer.holds(now)), None)
        if answer is None:
            return _response(404, {}, b"")
        headers = {**answer.headers, **({"etag": answer.etag} if answer.etag else {})}
        if answer.etag and request.headers.get("if-none-match") == answer.etag:
            return _response(304, headers, b"")
        if answer.location is not None:
            headers["location"] = answer.location
        body = self._body(answer)
        if body:
            headers["content-type"] = "image/png" if answer.picture else answer.type
        return _response(answer.status, headers, body)

    def _body(self, answer: Answer) -> bytes:
        """Return the bytes of an answer."""
        if answer.picture:
            return blank_png(*answer.picture)
        return (self._folder / answer.file).read_bytes() if answer.file else b""


@lru_cache(maxsize=64)
def blank_png(width: int, height: int) -> bytes:
    """Return a black PNG of this size (RFC 2083), at most 13 kB."""
    header = struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0)  # one bit a pixel, grey
    rows = bytes((1 + (width + 7) // 8) * height)  # each row: filter 0, pixels
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))
        for name, data in chunks
    )


def _response(status: int, headers: Mapping[str, str], body: bytes) -> httpx.Response:
    """Return a response whose body is still to be streamed, as from a network."""
    length = {} if status == httpx.codes.NOT_MODIFIED else {"content-length": str(len(body))}
    return httpx.Response(status, headers={**headers, **length}, stream=httpx.ByteStream(body))


def _read(file: Path) -> tuple[Answer, ...]:
    """Return the answers of a host.toml. Raise UsageError that says what is wrong with it."""
    try:
        answers = _Recording.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).answer
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise UsageError(f"{file}: {'; '.join(faults)}") from error
    except (OSError, ValueError) as error:  # ValueError: of TOML, of UTF-8
        raise UsageError(f"{file}: {error}") from error
    for answer in answers:
        if answer.file and not (file.parent / answer.file).is_file():
            raise UsageError(f"{file}: {answer.path}: there is no file {answer.file}")
    return answers


def _from_when(answer: Answer) -> tuple[bool, datetime | None]:
    """Return the order of answers to one path: those that always hold come first."""
    return (answer.after is not None, answer.after)
