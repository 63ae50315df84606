"""What travels on the pipes between a process and its children: frames of bounded length.

    frame = length of label (1 byte), of header (4), of body (4) | label | header | body

The label says what the frame is, the header is JSON, the body a document's bytes. A child that has
read a hostile page is not to be trusted, so a length over the limit is refused before anything of
that length is read, and nothing that arrives is ever more than JSON.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pipeline.errors import NewsloomError

#: Bytes asked of a pipe at once: what a Linux pipe holds (pipe(7)).
PIECE = 64 * 1024
_LENGTHS = struct.Struct("!BII")


class FrameError(NewsloomError):
    """A frame is longer than its limits or makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The longest header and body of one direction, in bytes."""

    header: int
    body: int


#: To a child. Header: what a feed told of a page, its summary above all; body: far above the caps
#: of the settings' defaults (10 and 5 MiB), small enough for the memory a child may use.
JOB_LIMITS = Limits(header=16 * 2**20, body=64 * 2**20)
#: From a child. A feed of 10 MiB comes back shorter than it went; the whole parent may grow by no
#: more than 64 MB for whatever it reads.
ANSWER_LIMITS = Limits(header=16 * 2**20, body=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One message."""

    label: str
    header: bytes = b""
    body: bytes = b""


def packed(frame: Frame, limits: Limits) -> bytes:
    """Return the bytes of a frame. Raise FrameError when one of its parts is too long."""
    label = frame.label.encode("ascii")
    lengths = len(label), len(frame.header), len(frame.body)
    _check(lengths, limits)
    return b"".join((_LENGTHS.pack(*lengths), label, frame.header, frame.body))


class Incoming:
    """Puts frames together from the pieces in which they arrive, one frame after the other."""

    def __init__(self, limits: Limits) -> None:
        """Accept frames within `limits`."""
        self._limits = limits
        self._data = bytearray()
        self._lengths: tuple[int, ...] = ()

    @property
    def missing(self) -> int:
        """Bytes to come, as far as they are known; a reader asks for no more than these."""
        return _LENGTHS.size + sum(self._lengths) - len(self._data)

    def add(self, piece: bytes) -> Frame | None:
        """Take what arrived, at most `missing` bytes; return the frame once it is complete.

        Raise FrameError when the frame is too long or its label is no ASCII.
        """
        self._data += piece
        if not self._lengths and not self.missing:
            self._lengths = _LENGTHS.unpack(self._data)
            _check(self._lengths, self._limits)
        if self.missing:
            return None
        frame = self._frame()
        self._data, self._lengths = bytearray(), ()
        return frame

    def _frame(self) -> Frame:
        """Cut the parts of a complete frame."""
        label, header, _ = self._lengths
        header_at = _LENGTHS.size + label
        body_at = header_at + header
        with memoryview(self._data) as data:
            try:
                name = str(data[_LENGTHS.size : header_at], "ascii")
            except UnicodeDecodeError as error:
                raise FrameError("the label of a frame is no ASCII") from error
            return Frame(
                label=name, header=bytes(data[header_at:body_at]), body=bytes(data[body_at:])
            )


def _check(lengths: tuple[int, ...], limits: Limits) -> None:
    """Refuse a frame that is too long."""
    label, header, body = lengths
    for part, length, limit in (
        ("label", label, 255),
        ("header", header, limits.header),
        ("body", body, limits.body),
    ):
        if length > limit:
            raise FrameError(f"a {part} of {length:,} bytes is over the limit of {limit:,}")
