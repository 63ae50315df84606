"""Bodies, read with bounds: transfer bytes in, at most `cap` bytes out.

The HTTP library's own decoders know no limit: 800 bytes of brotli became 1 GB in one piece. Here
zlib is asked for 64 KiB at a time and each piece is counted before the next is made.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Literal

from pipeline.errors import Rejected

Coding = Literal["identity", "gzip", "deflate"]

#: More than this is decoded only while it stays below `MAX_RATIO` times what was received.
RATIO_FROM = 2**20
#: Text shrinks 3 to 10 times, generated listings 30; deflate's limit, and a bomb's, is 1,032.
MAX_RATIO = 100
_PIECE = 64 * 1024
#: zlib's names for the two headers, RFC 1950 and RFC 1952, and for none, RFC 1951.
_ZLIB, _GZIP, _RAW = zlib.MAX_WBITS, zlib.MAX_WBITS | 16, -zlib.MAX_WBITS


def coding_of(header: str) -> Coding:
    """Return the one coding that a Content-Encoding header names.

    Raise Rejected: ``bad-encoding`` for any that was not asked for, and for several.
    """
    names = [name.strip().lower() for name in header.split(",")]
    match [name for name in names if name not in ("", "identity")]:
        case []:
            return "identity"
        case ["gzip" | "x-gzip"]:
            return "gzip"
        case ["deflate"]:
            return "deflate"
    raise Rejected("bad-encoding", header[:80])


class Body:
    """One body while it arrives."""

    def __init__(self, coding: Coding, *, cap: int, prefix: bool = False) -> None:
        """Take at most `cap` bytes, before and after decoding.

        `prefix`: the beginning is enough; the body ends at the cap instead of failing there.
        """
        self._coding = coding
        self._cap = cap
        self._prefix = prefix
        self._received = 0
        self._decoded = bytearray()
        #: The first bytes of a deflate stream, until they tell which of its two forms it is.
        self._head = b""
        self._inflater = zlib.decompressobj(_GZIP) if coding == "gzip" else None

    @property
    def is_full(self) -> bool:
        """Say whether nothing further will be taken: only a prefix ever is."""
        return self._prefix and len(self._decoded) >= self._cap

    def add(self, chunk: bytes) -> None:
        """Take the next bytes off the wire. Raise Rejected: ``too-large`` or ``bad-encoding``."""
        self._received += len(chunk)
        if self._received > self._cap and not self._prefix:
            raise Rejected("too-large", f"more than {self._cap} bytes")
        try:
            for piece in self._decode(chunk):
                self._decoded += piece
                if self.is_full:
                    return
                self._check_size()
        except zlib.error as error:
            raise Rejected("bad-encoding", str(error)) from error

    def finish(self) -> bytes:
        """Return the whole body. Raise Rejected: ``truncated`` when its end is missing.

        A coded body of no bytes at all is empty, as servers send it with an empty page. What
        follows the end of a gzip stream is ignored, as browsers do.
        """
        whole = self._coding == "identity" or (self._inflater is not None and self._inflater.eof)
        if self._received and not whole and not self._prefix:
            raise Rejected("truncated", f"{self._coding} ends early")
        return bytes(self._decoded[: self._cap] if self._prefix else self._decoded)

    def _decode(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what `chunk` holds in pieces of bounded size."""
        if self._coding == "identity":
            yield chunk
            return
        if self._inflater is None:
            self._head += chunk
            if len(self._head) < 2:  # noqa: PLR2004 -- the size of a zlib header
                return
            self._inflater = zlib.decompressobj(_deflate_form(self._head))
            chunk = self._head
        piece = b""
        # A full piece may leave output behind although all input is taken.
        while (chunk or len(piece) == _PIECE) and not self._inflater.eof:
            piece = self._inflater.decompress(chunk, _PIECE)
            yield piece
            chunk = self._inflater.unconsumed_tail

    def _check_size(self) -> None:
        """Refuse what grows too large, or out of proportion."""
        size = len(self._decoded)
        if size > self._cap:
            raise Rejected("too-large", f"more than {self._cap} bytes decoded")
        if size > RATIO_FROM and size > MAX_RATIO * self._received:
            raise Rejected("too-large", f"{size // self._received} times the bytes received")


def _deflate_form(head: bytes) -> int:
    """Tell the zlib form, which the standard wants, from the bare one that some servers send.

    A zlib header is the method 8 in the low bits and a multiple of 31 as a whole (RFC 1950, 2.2).
    """
    is_zlib = head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head[:2], "big") % 31 == 0
    return _ZLIB if is_zlib else _RAW
