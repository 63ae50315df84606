"""Capsules: what a feed or page answered, and what is needed to do it again, in one WARC file.

    warcinfo    who wrote it
    metadata    `Manifest` as JSON, at `MANIFEST_URL`
    response    one for each answer, redirects included

A capsule comes from another machine: it is read within bounds, checked against its digests, and
names no file; where an archive (`pipeline.io.warc`) is read past its damages, a damaged capsule is
refused. Nothing secret is written: no request, no header of one, and of the answers only the
headers of `_KEPT`; whatever secret value an answer repeats is blotted out.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import httpx
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from config.catalogue import SourceEntry
from pipeline.errors import Rejected, UsageError
from pipeline.io.files import write_atomically
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome
from pipeline.plaintext import clean_line
from pipeline.records import Entry
from pipeline.urls import host_of

MANIFEST_URL = "urn:newsloom:capsule"
#: Three feeds of the largest size we read, decompressed.
_MAX_BYTES = 32 * 2**20
_MAX_MANIFEST = 2**20
#: A feed or page, robots.txt, and the redirects to them: some ten.
_MAX_RECORDS = 50
#: Of an answer's headers: those that a reader of feeds and pages heeds. Cookies are not among them.
_KEPT = (
    "content-type", "etag", "last-modified", "cache-control", "expires", "retry-after", "age",
    "date", "x-robots-tag", "location",
)  # fmt: skip
#: Shorter parts of a secret, such as `Bearer`, are words that many a page holds.
_SHORTEST_SECRET = 8
#: Between a scheme and its token, a cookie and its value.
_SEPARATORS = re.compile(r"[;=,:\s]")

Code = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
#: Foreign words come onto terminals and into documents: no controls.
Text = Annotated[str, AfterValidator(clean_line), Field(max_length=100_000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Failure(_Part):
    """An address that gave no answer, and why."""

    url: Annotated[Text, Field(max_length=2048)]
    reason: Code
    detail: Annotated[Text, Field(max_length=500)] = ""


class Ending(_Part):
    """How a feed or page ended: a reason, "" when all was well, and an article's values."""

    reason: Text = ""
    article: Mapping[str, Text] = Field(default_factory=dict)

    @property
    def code(self) -> str:
        """The reason without what is said beside it."""
        return self.reason.partition(":")[0]


class ShownEntry(_Part):
    """The entry that led to a page, as its feed showed it."""

    key: Annotated[Text, Field(min_length=1, max_length=255)]
    first_seen_at: AwareDatetime
    entry: Entry

    @field_validator("entry")
    @classmethod
    def _clean(cls, entry: Entry) -> Entry:
        host_of(entry.url)
        return replace(
            entry,
            title=clean_line(entry.title),
            summary=clean_line(entry.summary),
            authors=tuple(map(clean_line, entry.authors)),
        )


class Manifest(_Part):
    """What is needed to do it again. The source has no headers and no proxy: they stay at home."""

    format: Literal[1] = 1
    newsloom: Annotated[Text, Field(max_length=40)]
    extractor: int
    made_at: AwareDatetime
    #: The moment of the answers, at which the clock of a replay stands.
    clock: AwareDatetime
    source: SourceEntry
    #: Names of what the source is asked with and the capsule does not hold.
    withheld: tuple[Annotated[Text, Field(max_length=200)], ...] = ()
    #: None: the capsule is that of a feed.
    shown: ShownEntry | None = None
    #: Sizes of pictures as they were measured.
    pictures: Mapping[str, tuple[int, int]] = Field(default_factory=dict, max_length=20)
    failures: tuple[Failure, ...] = Field(default=(), max_length=_MAX_RECORDS)
    #: Where the answers are from: address -> "kept" or "asked again".
    origins: Mapping[str, Literal["kept", "asked again"]] = Field(
        default_factory=dict, max_length=_MAX_RECORDS
    )
    happened: Ending
    responses: int

    @field_validator("source")
    @classmethod
    def _asks_nobody(cls, source: SourceEntry) -> SourceEntry:
        """Forget references: they would be looked up on this machine."""
        return source.model_copy(update={"headers": {}, "proxy": None})

    @property
    def subject(self) -> str:
        """The address of the feed or page."""
        return self.shown.entry.url if self.shown else self.source.feed


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One answer."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capsule:
    """A manifest and its answers."""

    manifest: Manifest
    answers: tuple[Held, ...]


def newsloom_version() -> str:
    """Return the version that a capsule is made by."""
    return version("newsloom")


def answers_of(outcome: WebOutcome) -> list[Held]:
    """Return what the web answered, hop by hop; the way to an error is not known, but the error."""
    if isinstance(outcome, Fetched):
        steps = [*outcome.redirects, (outcome.status, outcome.final_url)]
        hops = [
            Held(url=url, status=status, headers={"location": steps[number + 1][1]})
            for number, (status, url) in enumerate(outcome.redirects)
        ]
        last = Held(
            url=outcome.final_url,
            status=outcome.status,
            headers=_kept(outcome.headers),
            body=outcome.body,
        )
        return [*hops, last]
    if isinstance(outcome, FetchFailed) and outcome.status is not None:
        return [Held(url=outcome.url, status=outcome.status, headers=_kept(outcome.headers))]
    return []


def failures_of(outcome: WebOutcome) -> list[Failure]:
    """Return why the web did not answer; references to secrets are not told."""
    if not isinstance(outcome, FetchFailed) or outcome.status is not None:
        return []
    detail = "" if outcome.reason == "no-secret" else outcome.detail[:500]
    return [Failure(url=_same(outcome.url), reason=outcome.reason, detail=detail)]


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in _KEPT if name in headers}


def without_secrets(capsule: Capsule, secrets: Iterable[str]) -> Capsule:
    """Blot out whatever an answer or the manifest repeats of these secrets."""
    parts = sorted({part for secret in secrets for part in _parts(secret)}, key=len, reverse=True)
    try:
        manifest = Manifest.model_validate_json(
            _blotted(capsule.manifest.model_dump_json().encode(), parts)
        )
    except ValidationError:
        raise UsageError(
            f"{capsule.manifest.source.id}: one of its secrets is part of its own record, which "
            "cannot be told without it; choose a secret that is nothing else"
        ) from None
    return Capsule(
        manifest=manifest,
        answers=tuple(
            replace(
                one,
                url=_blotted(one.url.encode(), parts).decode(),
                headers={
                    name: value
                    if name == "content-type"  # `Accept` may hold the same, which is no secret
                    else _blotted(value.encode(), parts).decode()
                    for name, value in one.headers.items()
                },
                body=_blotted(one.body, parts),
            )
            for one in capsule.answers
        ),
    )


def _parts(secret: str) -> Iterator[bytes]:
    """Yield a secret and what it is put together from, as pages, JSON and addresses write it."""
    words = _SEPARATORS.sub(" ", secret).split()
    for part in (secret, *(word for word in words if len(word) >= _SHORTEST_SECRET)):
        yield part.encode()
        yield json.dumps(part, ensure_ascii=False)[1:-1].encode()
        yield quote(part, safe="").encode()


def _blotted(data: bytes, parts: Sequence[bytes]) -> bytes:
    for part in parts:
        data = data.replace(part, b"x" * len(part)) if part else data
    return data


def write_capsule(path: Path, capsule: Capsule) -> None:
    """Write a capsule. Raise OutputError when the file cannot be written."""
    data = BytesIO()
    writer = WARCWriter(data, gzip=True, warc_version="WARC/1.1")
    software = {"software": f"newsloom/{newsloom_version()}", "format": "WARC File Format 1.1"}
    writer.write_record(writer.create_warcinfo_record(path.name, software))
    manifest = capsule.manifest.model_dump_json(indent=2).encode()
    at = {"WARC-Date": f"{capsule.manifest.clock:%Y-%m-%dT%H:%M:%SZ}"}
    writer.write_record(
        writer.create_warc_record(
            MANIFEST_URL,
            "metadata",
            payload=BytesIO(manifest),
            length=len(manifest),
            warc_content_type="application/json",
        )
    )
    for one in capsule.answers:
        head = [*one.headers.items(), ("content-length", str(len(one.body)))]
        writer.write_record(
            writer.create_warc_record(
                one.url,
                "response",
                payload=BytesIO(one.body),
                length=len(one.body),
                http_headers=StatusAndHeaders(f"{one.status} Held", head, protocol="HTTP/1.1"),
                warc_headers_dict=dict(at),
            )
        )
    write_atomically(path, data.getvalue())


def read_capsule(path: Path) -> Capsule:
    """Read a capsule. Raise UsageError that says what is wrong with it."""
    try:
        manifest, answers = _records(_plain(path))
        found = Manifest.model_validate_json(manifest)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise UsageError(f"{path}: its manifest is not well: {'; '.join(faults[:3])}") from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except Rejected as error:
        raise UsageError(f"{path}: {error.detail}") from error
    if len(answers) != found.responses:
        raise UsageError(
            f"{path}: {len(answers)} of {found.responses} answers; the file was cut short, "
            "copy it again"
        )
    return Capsule(manifest=found, answers=tuple(answers))


_FOREIGN = "no capsule of newsloom; make one with `newsloom capsule`"


def _plain(path: Path) -> bytes:
    """Return a file's bytes, decompressed: bounded before any of it is parsed."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        try:
            with gzip.GzipFile(fileobj=file) if packed else file as opened:
                data = opened.read(_MAX_BYTES + 1)
        except EOFError:
            raise Rejected("capsule", "the file was cut short, copy it again") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise Rejected("capsule", f"damaged ({error}), copy it again") from None
    if len(data) > _MAX_BYTES:
        raise Rejected("capsule", f"more than {_MAX_BYTES // 2**20} MiB; no capsule is that large")
    return data


def _records(data: bytes) -> tuple[bytes, list[Held]]:
    """Return the manifest and the answers of a WARC."""
    try:
        parts = list(_parsed(data))
    except Exception as error:  # noqa: BLE001 -- foreign bytes: whatever a parser trips over
        said = str(error).strip().partition("\n")[0] or type(error).__name__
        raise Rejected("capsule", f"damaged, or {_FOREIGN} ({said[:200]})") from None
    manifest = b"".join(part for part in parts if isinstance(part, bytes))
    if not 0 < len(manifest) <= _MAX_MANIFEST:
        raise Rejected("capsule", _FOREIGN)
    return manifest, [part for part in parts if isinstance(part, Held)]


def _parsed(data: bytes) -> Iterator[bytes | Held]:
    """Yield the manifest's bytes and the answers, as far as a capsule has any."""
    records = ArchiveIterator(BytesIO(data), check_digests="raise")
    for record in islice(records, _MAX_RECORDS):
        url = record.rec_headers.get_header("WARC-Target-URI") or ""
        body = record.raw_stream.read()
        if record.raw_stream.limit > 0:
            raise ValueError("cut short, copy it again")
        if record.rec_type == "metadata" and url == MANIFEST_URL:
            yield body
        elif record.rec_type == "response" and record.http_headers is not None:
            yield _held(url, record.http_headers, body)


def _held(url: str, head: StatusAndHeaders, body: bytes) -> Held:
    """Make the record of an answer."""
    headers = {name.lower(): value for name, value in head.headers}
    return Held(
        url=clean_line(url), status=int(head.get_statuscode()), headers=_kept(headers), body=body
    )


class CapsuleWeb(httpx.AsyncBaseTransport):
    """A capsule as the only web there is."""

    def __init__(self, capsule: Capsule) -> None:
        """Answer what the capsule holds."""
        self._answers = {_same(one.url): one for one in capsule.answers}
        self._failures = {_same(one.url): one for one in capsule.manifest.failures}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as was answered then. Raise Rejected as then, and for what is not held.

        Hosts whose robots.txt is not held have none.
        """
        url = str(request.url)
        if (failed := self._failures.get(url)) is not None:
            raise Rejected(failed.reason, failed.detail)
        if (held := self._answers.get(url)) is not None:
            return httpx.Response(held.status, headers=held.headers, content=held.body)
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        raise Rejected(NOT_HELD)


#: Why a replay has no answer.
NOT_HELD = "not-in-capsule"


def _same(url: str) -> str:
    """Return an address as a request has it."""
    try:
        return str(httpx.URL(url))
    except httpx.InvalidURL:
        return url
