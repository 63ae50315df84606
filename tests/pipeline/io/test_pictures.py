from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.io.pictures import PREFIX_BYTES, size_of


def png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">L", 13)
        + header
        + struct.pack(">L", zlib.crc32(header))
    )


def jpeg(width: int, height: int, *, before: bytes = b"") -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\x01\x11\x00" * 3
    return b"\xff\xd8" + before + frame


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00"


def webp(width: int, height: int) -> bytes:
    sides = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + sides


@pytest.mark.parametrize("make", [png, jpeg, gif, webp])
def test_the_header_tells_the_size(make: object) -> None:
    assert callable(make)
    assert size_of(make(1024, 576)) == (1024, 576)


def test_a_header_behind_long_metadata_is_found_within_the_prefix() -> None:
    metadata = b"\xff\xe1" + struct.pack(">H", 60_002) + b"\x00" * 60_000
    picture = jpeg(1024, 576, before=metadata)
    assert len(picture) < PREFIX_BYTES
    assert size_of(picture) == (1024, 576)
    assert size_of(picture[:40_000]) is None


@pytest.mark.parametrize(
    "prefix",
    [
        b"",
        b"<svg width='800' height='600'/>",
        b"<!DOCTYPE html>",
        b"\xff\xd8\xff",
        b"GIF89a",
        png(0, 9),
    ],
)
def test_what_has_no_size_gives_nothing(prefix: bytes) -> None:
    assert size_of(prefix) is None


def test_a_size_that_no_picture_has_gives_nothing() -> None:
    assert size_of(png(2**31, 10)) is None


@given(
    st.sampled_from([b"", b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"RIFF", b"II*\x00", b"GIF8"]),
    st.binary(max_size=80),
)
@settings(max_examples=200)
def test_no_header_raises(start: bytes, rest: bytes) -> None:
    size = size_of(start + rest)
    assert size is None or min(size) > 0
