"""Web archives (WARC, ISO 28500) from local files: record by record, whatever state they are in.

    for read in read_archive(path, start=0, cap=5_000_000):
        match read:
            case Found(record=record, end=end): ...     # `end` is where to go on after a crash
            case Damage(reason=reason): ...             # what follows it is read all the same

warcio parses heads and chunks; the walk from record to record is here, because its own iterator
ends at the first damage and writes on standard error. Records are compressed one by one (annex D of
the standard), so that a reader can begin at any of them.
"""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from warcio.bufferedreaders import ChunkedDataReader, DecompressingBufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser

from pipeline.errors import Rejected, UsageError
from pipeline.history.warc import RecordHead, WarcRecord
from pipeline.io.decode import Body, coding_of

#: What it has to say of strange addresses belongs into no progress bar.
logging.getLogger("warcio").addHandler(logging.NullHandler())

_ENDINGS = (".warc", ".warc.gz")
_GZIP = b"\x1f\x8b"
_PIECE = 2**16
#: Where a record can begin: a gzip member (RFC 1952; deflate, no reserved flag), or a plain head.
_START = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]|WARC/[01]\.")
_START_LENGTH = 7
#: Bytes of a record's heads, the standard's and HTTP's; 64 KiB is what HTTP servers send at most.
_HEAD_LIMIT = 2**20
_SCAN = 2**20
#: Between a payload and the next record (section 4 of the standard).
_LINE_ENDS = 2
_STATUS = re.compile(r"[1-9][0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that could be read, from `offset` to `end` in the file."""

    file: Path
    offset: int
    end: int
    record: WarcRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A stretch of a file that could not be read, and why, with the remedy if there is one."""

    file: Path
    offset: int
    end: int
    reason: str


def archive_files(path: Path) -> tuple[Path, ...]:
    """Return the archives at a path: the file itself, or those in a folder and below, sorted.

    Raise UsageError when there are none.
    """
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise UsageError(f"{path}: no such file or folder")
    found = sorted(one for one in path.rglob("*") if one.name.endswith(_ENDINGS) and one.is_file())
    if not found:
        raise UsageError(f"{path}: no file that ends in .warc or .warc.gz in there")
    return tuple(found)


def read_archive(
    file: Path, *, cap: int, start: int = 0, wants: Callable[[RecordHead], bool] | None = None
) -> Iterator[Found | Damage]:
    """Yield the records of a file from an offset on, and the damage between them; never raise.

    `start` is 0 or the `end` of a record that was read before. A payload is at most `cap` bytes,
    before and after decoding; those that `wants` does not want are not read (`not-read`).
    """
    try:
        with file.open("rb") as stream:
            yield from _records(stream, file, start, cap, wants or _everything)
    except OSError as error:
        yield Damage(file=file, offset=start, end=start, reason=f"cannot be read: {error}")


def _everything(head: RecordHead) -> bool:
    """Want every record."""
    _ = head
    return True


def _records(
    stream: BinaryIO, file: Path, start: int, cap: int, wants: Callable[[RecordHead], bool]
) -> Iterator[Found | Damage]:
    """Yield records and damage; after damage it goes on where the next record begins."""
    size = stream.seek(0, 2)
    if size == 0:
        yield Damage(file=file, offset=0, end=0, reason="empty file")
    offset, broken, reason = start, -1, ""
    while offset < size:
        try:
            record, end = _record(stream, offset, cap, wants)
        except _Damaged as error:
            if broken < 0:
                broken, reason = offset, str(error)
            offset = _next_start(stream, offset + 1, size)
            continue
        if broken >= 0:
            yield Damage(file=file, offset=broken, end=offset, reason=reason)
            broken = -1
        yield Found(file=file, offset=offset, end=end, record=record)
        offset = end
    if broken >= 0:
        yield Damage(file=file, offset=broken, end=size, reason=reason)


def _next_start(stream: BinaryIO, offset: int, size: int) -> int:
    """Return where the next record may begin, the end of the file when there is none."""
    while offset < size:
        stream.seek(offset)
        block = stream.read(_SCAN)
        if match := _START.search(block):
            return offset + match.start()
        # What begins at the end of one block is found whole in the next.
        offset += max(len(block) - _START_LENGTH + 1, 1)
    return size


class _Damaged(Exception):  # noqa: N818 -- a state of the file, not a fault of ours
    """A record cannot be read."""


class _Reader(DecompressingBufferedReader):  # type: ignore[misc]  # warcio has no types
    """A stream, unpacked if it is packed, that tells damage and bounds the heads."""

    def __init__(self, stream: BinaryIO) -> None:
        start = stream.tell()
        is_packed = stream.read(len(_GZIP)) == _GZIP
        stream.seek(start)
        super().__init__(stream, decomp_type="gzip" if is_packed else None)
        self._head_bytes = 0

    def readline(self, length: int | None = None) -> bytes:
        """Return a line, or the first part of one that is too long."""
        left = _HEAD_LIMIT - self._head_bytes
        if left <= 0:
            raise _Damaged("its head does not end")
        line = bytes(super().readline(left if length is None else min(left, length)))
        self._head_bytes += len(line)
        return line

    def _decompress(self, data: bytes) -> bytes:
        if not self.decompressor:
            return data
        try:
            return bytes(self.decompressor.decompress(data))
        except zlib.error as error:
            raise _Damaged(f"damaged: {error}") from error


_LOADER = ArcWarcRecordLoader(verify_http=False, arc2warc=False)
_HTTP = StatusAndHeadersParser(["HTTP/"], verify=False)


def _record(
    stream: BinaryIO, offset: int, cap: int, wants: Callable[[RecordHead], bool]
) -> tuple[WarcRecord, int]:
    """Return the record at an offset and where the next one begins."""
    stream.seek(offset)
    reader = _Reader(stream)
    try:
        parsed = _LOADER.parse_record_stream(reader, known_format="warc", no_record_parse=True)
    except (ArchiveLoadFailed, EOFError):
        raise _Damaged("no WARC record") from None
    if not str(parsed.rec_headers.get_header("Content-Length", "")).isdecimal():
        raise _Damaged("no Content-Length")
    payload = parsed.raw_stream
    head = _head(parsed.rec_type, parsed.rec_headers, payload)
    body, fault = _body(payload, head, cap) if wants(head) else (b"", "not-read")
    while payload.read(_PIECE):
        pass
    if payload.limit > 0:
        raise _Damaged(f"cut short: {payload.limit} bytes are missing; copy the file again")
    return WarcRecord(head=head, body=body, fault=fault), _end(stream, reader)


def _end(stream: BinaryIO, reader: Any) -> int:
    """Return where the next record begins: after two line ends, and more if there are."""
    blank, line = 0, reader.readline()
    while line and not line.strip():
        blank += 1
        line = reader.readline()
    is_next = line.startswith(b"WARC/")
    if line and not is_next and blank < _LINE_ENDS:
        raise _Damaged("its Content-Length is wrong")
    if is_next and reader.decompressor:
        raise _Damaged("compressed as a whole, not record by record; unpack it with gunzip")
    return int(stream.tell() - reader.rem_length() - len(line))


def _head(kind: str | None, warc: StatusAndHeaders, payload: Any) -> RecordHead:
    """Read a record's head, with that of the HTTP response in it."""
    url = str(warc.get_header("WARC-Target-URI") or "")
    http = None
    if kind == "response" and url.startswith(("http:", "https:")):
        try:
            http = _HTTP.parse(payload)
        except EOFError:
            http = None
    return RecordHead(
        type=kind or "",
        url=url,
        date=_date(str(warc.get_header("WARC-Date") or "")),
        status=_status(http),
        headers=_headers(http),
        truncated=str(warc.get_header("WARC-Truncated") or ""),
    )


def _date(text: str) -> datetime | None:
    """Read a WARC-Date (W3C profile of ISO 8601, UTC)."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _status(http: StatusAndHeaders | None) -> int | None:
    """Return the status of a response, None when its first line names none."""
    code = str(http.get_statuscode()) if http else ""
    return int(code) if _STATUS.fullmatch(code) else None


def _headers(http: StatusAndHeaders | None) -> Mapping[str, str]:
    """Return the headers of a response."""
    found: dict[str, str] = {}
    for name, value in http.headers if http else ():
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _body(payload: Any, head: RecordHead, cap: int) -> tuple[bytes, str]:
    """Return the payload as the page's bytes, or why there are none."""
    raw = bytes(payload.read(cap + 1))
    if len(raw) > cap:
        return b"", "too-large"
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        # Crawlers store some bodies put together already, under the old header: they stay whole.
        raw = bytes(ChunkedDataReader(BytesIO(raw)).read())
    try:
        return _decoded(raw, head.headers.get("content-encoding", ""), cap), ""
    except Rejected as error:
        return b"", error.reason


def _decoded(raw: bytes, header: str, cap: int) -> bytes:
    """Return bytes without their coding; unpacked ones may still say that they are gzip."""
    coding = coding_of(header)
    body = Body("identity" if coding == "gzip" and raw[:2] != _GZIP else coding, cap=cap)
    body.add(raw)
    return body.finish()
