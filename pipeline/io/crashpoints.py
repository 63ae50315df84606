"""Named places at which a test may have the process end as by kill -9.

They are compiled in always, so that what is tested is what runs, and armed only by a call.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

#: Every point, in the order in which a round passes them: the walk of the tests goes there.
POINTS: Final = (
    "before-ledger",
    "after-commit",
    "tick-opened",
    "fetch-claimed",
    "fetch-answered",
    "fetch-saved",
    "extract-claimed",
    "extract-read",
    "extract-saved",
    "ticks-closed",
    "cluster-placed",
    "cluster-saved",
    "regroup-saved",
    "write-staged",
    "write-rows-saved",
    "file-before-temp",
    "file-mid-write",
    "file-before-rename",
    "file-after-rename",
    "documents-in-place",
    "manifest-behind",
    "write-in-place",
    "write-marked",
)

#: Those that only a backfill passes, likewise.
PAST_POINTS: Final = ("find-claimed", "find-answered", "find-saved", "past-stepped")

#: What a shell reports for a process ended by SIGKILL (128 + 9).
EXIT_CODE = 137


@dataclass(slots=True)
class _Armed:
    """The point at which this process will end, and how often it may still pass it."""

    name: str | None = None
    passes: int = 0


_armed = _Armed()


def arm(name: str | None, *, passes: int = 0) -> None:
    """End this process at the point `name` when it has been passed `passes` times; None disarms."""
    _armed.name, _armed.passes = name, passes


def crashpoint(name: str) -> None:
    """End the process here, with nothing flushed or closed, when this point is armed."""
    if _armed.name != name:
        return
    if _armed.passes == 0:
        os._exit(EXIT_CODE)
    _armed.passes -= 1
