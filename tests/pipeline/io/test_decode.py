from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import Rejected
from pipeline.io.decode import MAX_RATIO, RATIO_FROM, Body, Coding, coding_of

MEGABYTE = 2**20


def _bare(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "bare": _bare,
}
CODINGS: dict[str, Coding] = {
    "identity": "identity",
    "gzip": "gzip",
    "deflate": "deflate",
    "bare": "deflate",
}


def _read(data: bytes, coding: Coding, *, cap: int = MEGABYTE, step: int = 1000) -> bytes:
    body = Body(coding, cap=cap)
    for start in range(0, len(data), step):
        body.add(data[start : start + step])
    return body.finish()


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", "identity"),
        ("identity", "identity"),
        ("gzip", "gzip"),
        ("GZip ", "gzip"),
        ("x-gzip", "gzip"),
        ("identity, gzip", "gzip"),
        ("deflate", "deflate"),
    ],
)
def test_one_known_coding_is_taken(header: str, coding: str) -> None:
    assert coding_of(header) == coding


@pytest.mark.parametrize(
    "header", ["br", "zstd", "compress", "gzip, gzip", ", ".join(["gzip"] * 20), "gzip, br", "?"]
)
def test_any_other_coding_and_several_are_refused(header: str) -> None:
    with pytest.raises(Rejected, match="bad-encoding"):
        coding_of(header)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=3000), st.integers(1, 50), st.sampled_from(sorted(ENCODERS)), st.data()
)  # fmt: skip
def test_every_coding_gives_back_what_was_sent(
    seed: bytes, times: int, encoder: str, data: st.DataObject
) -> None:
    sent = seed * times
    coded = ENCODERS[encoder](sent)
    step = data.draw(st.integers(1, max(1, len(coded))))

    assert _read(coded, CODINGS[encoder], step=max(step, len(coded) // 500)) == sent


@pytest.mark.parametrize("encoder", ["gzip", "deflate", "bare"])
def test_a_coded_body_without_its_end_is_truncated(encoder: str) -> None:
    coded = ENCODERS[encoder](bytes(range(256)) * 100)

    for missing in (1, 4, len(coded) // 2, len(coded) - 1):
        with pytest.raises(Rejected, match="truncated"):
            _read(coded[:-missing], CODINGS[encoder])


def test_output_that_ends_on_a_full_piece_is_whole() -> None:
    for size in (2**16 - 1, 2**16, 2**16 + 1, 2**17, 2**17 + 258):
        for encoder in ("gzip", "deflate", "bare"):
            coded = ENCODERS[encoder](b"abc" * size)
            assert _read(coded, CODINGS[encoder], step=10**6) == b"abc" * size


def test_no_bytes_at_all_are_an_empty_body() -> None:
    assert _read(b"", "gzip") == b""


def test_what_follows_the_end_of_a_gzip_stream_is_ignored() -> None:
    assert _read(gzip.compress(b"text") + b"\0" * 100, "gzip") == b"text"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_bytes_in_no_coding_are_refused(coding: Coding) -> None:
    with pytest.raises(Rejected, match="bad-encoding"):
        _read(b"<html>not compressed at all</html>", coding)


def test_a_damaged_stream_is_refused() -> None:
    coded = bytearray(gzip.compress(b"text" * 1000))
    coded[-6] ^= 1  # the checksum

    with pytest.raises(Rejected, match="bad-encoding"):
        _read(bytes(coded), "gzip")


@pytest.mark.parametrize("encoder", sorted(ENCODERS))
def test_the_cap_is_the_largest_size_that_passes(encoder: str) -> None:
    cap = 5000
    body = (b"0123456789abcdef" * 400)[:cap]

    for size in (cap - 1, cap):
        assert _read(ENCODERS[encoder](body[:size]), CODINGS[encoder], cap=cap) == body[:size]
    with pytest.raises(Rejected, match="too-large"):
        _read(ENCODERS[encoder](body + b"!"), CODINGS[encoder], cap=cap)


def test_the_cap_counts_received_bytes_as_well() -> None:
    coded = gzip.compress(b"") + b"\0" * 100

    with pytest.raises(Rejected, match="too-large"):
        _read(coded, "gzip", cap=100)


def test_a_body_out_of_proportion_is_refused_only_above_a_megabyte() -> None:
    small, large = bytes(RATIO_FROM), bytes(RATIO_FROM + 2**17)

    assert len(small) > MAX_RATIO * len(gzip.compress(small))
    assert _read(gzip.compress(small), "gzip", cap=8 * MEGABYTE) == small
    with pytest.raises(Rejected, match=r"too-large: \d+ times"):
        _read(gzip.compress(large), "gzip", cap=8 * MEGABYTE, step=10**6)


def test_a_body_in_proportion_may_be_large() -> None:
    deflater = zlib.compressobj(level=0)
    coded = deflater.compress(bytes(2 * RATIO_FROM)) + deflater.flush()

    assert len(_read(coded, "deflate", cap=8 * MEGABYTE, step=2**16)) == 2 * RATIO_FROM


@pytest.mark.parametrize("encoder", sorted(ENCODERS))
def test_a_prefix_ends_at_the_cap_without_its_end(encoder: str) -> None:
    sent = bytes(range(256)) * 1000
    body = Body(CODINGS[encoder], cap=1000, prefix=True)

    coded = ENCODERS[encoder](sent)
    for start in range(0, len(coded), 100):
        if body.is_full:
            break
        body.add(coded[start : start + 100])

    assert body.finish() == sent[:1000]


def test_a_prefix_of_a_short_body_is_all_of_it() -> None:
    body = Body("identity", cap=1000, prefix=True)

    body.add(b"short")

    assert not body.is_full
    assert body.finish() == b"short"
