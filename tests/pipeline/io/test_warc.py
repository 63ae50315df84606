"""Web archives from files: what is readable is read, the rest is told."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.errors import UsageError
from pipeline.io.warc import Damage, Found, archive_files, read_archive
from tests.archivehost import ArchiveWorld

CAP = 100_000
PAGES = {
    f"https://outlet.example/{number}": f"<p>Page {number}</p>".encode() for number in range(6)
}


def _written(*, packed: bool, pages: dict[str, bytes] = PAGES) -> list[bytes]:
    """Write records and return each one's bytes."""
    pieces = []
    for url, body in pages.items():
        data = BytesIO()
        writer = WARCWriter(data, gzip=packed)
        http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        writer.write_record(
            writer.create_warc_record(
                url,
                "response",
                payload=BytesIO(body),
                length=len(body),
                http_headers=http,
                warc_headers_dict={"WARC-Date": "2025-03-04T05:06:07Z"},
            )
        )
        pieces.append(data.getvalue())
    return pieces


def _response(headers: str, body: bytes, *, status: str = "HTTP/1.1 200 OK") -> bytes:
    """Write one record by hand."""
    http = f"{status}\r\n{headers}\r\n\r\n".encode() + body
    return (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://outlet.example/1\r\n"
        b"WARC-Date: 2025-03-04T05:06:07Z\r\nContent-Type: application/http\r\n"
        b"Content-Length: %d\r\n\r\n%b\r\n\r\n" % (len(http), http)
    )


def _read(folder: Path, data: bytes, *, start: int = 0) -> tuple[list[Found], list[Damage]]:
    file = folder / "one.warc.gz"
    file.write_bytes(data)
    read = list(read_archive(file, cap=CAP, start=start))
    return [one for one in read if isinstance(one, Found)], [
        one for one in read if isinstance(one, Damage)
    ]


def _urls(found: Sequence[Found]) -> list[str]:
    return [one.record.head.url for one in found]


@pytest.mark.parametrize("packed", [True, False])
def test_a_record_comes_with_its_head_and_its_payload(tmp_path: Path, packed: bool) -> None:
    found, damage = _read(tmp_path, b"".join(_written(packed=packed)))

    assert damage == []
    assert {one.record.head.url: one.record.body for one in found} == PAGES
    head = found[0].record.head
    assert (head.type, head.status, head.headers) == (
        "response",
        200,
        {"content-type": "text/html"},
    )
    assert head.date == datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize("packed", [True, False])
def test_reading_goes_on_at_the_end_of_any_record(tmp_path: Path, packed: bool) -> None:
    data = b"".join(_written(packed=packed))
    found, _ = _read(tmp_path, data)

    assert [one.offset for one in found[1:]] == [one.end for one in found[:-1]]
    assert found[-1].end == len(data)
    for number, one in enumerate(found):
        rest, damage = _read(tmp_path, data, start=one.end)
        assert _urls(rest) == _urls(found)[number + 1 :]
        assert damage == []


@pytest.mark.parametrize("packed", [True, False])
def test_of_a_file_cut_short_all_whole_records_are_read(tmp_path: Path, packed: bool) -> None:
    pieces = _written(packed=packed)
    kept = b"".join(pieces[:4])

    found, [damage] = _read(tmp_path, kept + pieces[4][:-20])

    assert _urls(found) == list(PAGES)[:4]
    assert (damage.offset, damage.end) == (len(kept), len(kept) + len(pieces[4]) - 20)
    assert "cut short" in damage.reason


JUNK = [b"\0" * 300, b"garbage\n" * 40, b"WARC/1.0\r\nx\r\n\r\n", b"\x1f\x8b\x08\0no"]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("junk", JUNK)
def test_garbage_between_records_is_told_once_and_stepped_over(
    tmp_path: Path, packed: bool, junk: bytes
) -> None:
    pieces = _written(packed=packed)
    data = b"".join([*pieces[:2], junk, *pieces[2:]])

    found, [damage] = _read(tmp_path, data)

    assert _urls(found) == list(PAGES)
    assert data[damage.offset : damage.end] == junk


@pytest.mark.parametrize("packed", [True, False])
def test_a_damaged_record_costs_itself_alone(tmp_path: Path, packed: bool) -> None:
    pieces = _written(packed=packed)
    pieces[2] = pieces[2][:-15] + pieces[2][-6:]

    found, [damage] = _read(tmp_path, b"".join(pieces))

    assert _urls(found) == [url for number, url in enumerate(PAGES) if number != 2]
    assert damage.offset == len(pieces[0]) + len(pieces[1])
    assert damage.end == damage.offset + len(pieces[2])


def test_a_length_that_swallows_the_next_record_does_not_lose_it(tmp_path: Path) -> None:
    pieces = _written(packed=False)
    length = pieces[1].partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
    pieces[1] = pieces[1].replace(b"Content-Length: " + length, b"Content-Length: 700")

    found, damage = _read(tmp_path, b"".join(pieces))

    assert _urls(found) == [url for number, url in enumerate(PAGES) if number != 1]
    assert ["Content-Length" in one.reason for one in damage] == [True]


def test_a_file_that_is_no_archive_is_one_damage(tmp_path: Path) -> None:
    for data, reason in ((b"", "empty"), (b"<html>", "no WARC"), (gzip.compress(b"x"), "no WARC")):
        found, [damage] = _read(tmp_path, data)
        assert found == []
        assert reason in damage.reason
        assert damage.end == len(data)


def test_a_file_compressed_as_a_whole_is_told_with_its_remedy(tmp_path: Path) -> None:
    found, [damage] = _read(tmp_path, gzip.compress(b"".join(_written(packed=False))))

    assert found == []
    assert "gunzip" in damage.reason


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    [damage] = read_archive(tmp_path / "missing.warc", cap=CAP)

    assert isinstance(damage, Damage)
    assert "cannot be read" in damage.reason


HTML = b"<p>" + b"pier " * 100
CHUNKED = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (HTML[:100], HTML[100:], b""))


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Type: text/html", HTML),
        ("Content-Encoding: gzip", gzip.compress(HTML, mtime=0)),
        ("Content-Encoding: gzip", HTML),
        ("Content-Encoding: deflate", zlib.compress(HTML)),
        ("Transfer-Encoding: chunked", CHUNKED),
        ("Transfer-Encoding: chunked", HTML),
        ("Transfer-Encoding: chunked\r\nContent-Encoding: gzip", gzip.compress(HTML, mtime=0)),
    ],
)
def test_bodies_are_put_together_and_unpacked(tmp_path: Path, headers: str, body: bytes) -> None:
    [found], damage = _read(tmp_path, _response(headers, body))

    assert damage == []
    assert (found.record.body, found.record.fault) == (HTML, "")


@pytest.mark.parametrize(
    ("headers", "body", "fault"),
    [
        ("Content-Type: text/html", b"x" * (CAP + 1), "too-large"),
        ("Content-Encoding: gzip", gzip.compress(b"x" * 50 * CAP, mtime=0), "too-large"),
        ("Content-Encoding: gzip", gzip.compress(HTML, mtime=0)[:-20], "truncated"),
        ("Content-Encoding: br", b"\x0b\x02\x80", "bad-encoding"),
    ],
)
def test_a_body_that_cannot_be_had_has_a_fault_and_the_next_record_is_read(
    tmp_path: Path, headers: str, body: bytes, fault: str
) -> None:
    found, damage = _read(tmp_path, _response(headers, body) + _response("A: b", HTML))

    assert damage == []
    assert [one.record.fault for one in found] == [fault, ""]
    assert [one.record.body for one in found] == [b"", HTML]


def test_repeated_headers_are_joined_and_a_bad_status_is_none(tmp_path: Path) -> None:
    headers = "X-Robots-Tag: noindex\r\nx-robots-tag: nofollow"
    [found], _ = _read(tmp_path, _response(headers, HTML, status="HTTP/1.1 OK"))

    assert found.record.head.headers == {"x-robots-tag": "noindex, nofollow"}
    assert found.record.head.status is None


def test_payloads_that_are_not_wanted_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "one.warc"
    file.write_bytes(b"".join(_written(packed=False)))

    read = list(read_archive(file, cap=CAP, wants=lambda head: head.url.endswith("/3")))

    faults = [one.record.fault for one in read if isinstance(one, Found)]
    assert faults == ["not-read"] * 3 + [""] + ["not-read"] * 2


def test_a_head_without_end_is_bounded(tmp_path: Path) -> None:
    head = b"WARC/1.0\r\n" + b"X: y\r\n" * 400_000
    found, [damage] = _read(tmp_path, head + _written(packed=False)[0])

    assert len(found) == 1
    assert "head" in damage.reason


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    names = ["b.warc", "a/2.warc.gz", "a/1.warc", "notes.txt"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    found = [str(one.relative_to(tmp_path)) for one in archive_files(tmp_path)]

    assert found == ["a/1.warc", "a/2.warc.gz", "b.warc"]
    assert archive_files(tmp_path / "b.warc") == (tmp_path / "b.warc",)


def test_a_place_without_archives_is_a_mistake_of_its_user(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        archive_files(tmp_path / "missing")
    with pytest.raises(UsageError, match="no file that ends in"):
        archive_files(tmp_path)


def test_a_year_of_news_is_read_whole(tmp_path: Path) -> None:
    world = ArchiveWorld(articles=500, outlets=3, months=12)
    file = tmp_path / "news.warc.gz"
    world.write_warc(file)

    found = [one for one in read_archive(file, cap=CAP) if isinstance(one, Found)]

    pages = {one.record.head.url: one.record.body for one in found if one.record.head.url}
    assert pages == {world.url(one): world.page(one) for one in world.by_number.values()}


@given(st.booleans(), st.integers(0, 2**16), st.integers(0, 400), st.binary(max_size=50))
@settings(deadline=None)
def test_no_file_raises_and_everything_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, packed: bool, at: int, cut: int, junk: bytes
) -> None:
    whole = b"".join(_written(packed=packed))
    at %= len(whole) + 1
    data = whole[:at] + junk + whole[at + cut :]

    found, damage = _read(tmp_path_factory.mktemp("w"), data)

    read: list[Found | Damage] = [*found, *damage]
    stretches = sorted((one.offset, one.end) for one in read)
    assert [start for start, _ in stretches] == [0, *(end for _, end in stretches[:-1])]
    assert stretches[-1][1] == len(data)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "x", "gzip, gzip"]))
@settings(deadline=None)
def test_no_body_raises(tmp_path_factory: pytest.TempPathFactory, body: bytes, coding: str) -> None:
    headers = f"Transfer-Encoding: chunked\r\nContent-Encoding: {coding}"
    [found], _ = _read(tmp_path_factory.mktemp("w"), _response(headers, body))

    assert len(found.record.body) <= CAP
