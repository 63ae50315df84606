"""`python -m tests.bench.feeds`: the fast reader and feedparser side by side, as a table of ratios.

Reads the feeds of the recorded web with both, in turns, from the bytes to the cleaned entries: so
mending before and cleaning after, which are the same for both, are in both columns. CPU time of
this process in milliseconds, the median of several runs; the ratios are what may be compared
between machines. The last row is the median of the ratios over all feeds that are read fast.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.charsets import decode
from pipeline.feeds.xmlfeed import XmlFeed
from pipeline.records import ParsedFeed
from tests.conftest import ROOT

WEB = ROOT / "seeds" / "web"
#: After all that is in the recorded feeds.
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNS = 7
#: Readings to a run: a small feed takes less than the clock can tell.
READINGS = 10


@dataclass(frozen=True, slots=True)
class Row:
    """What one feed takes, in milliseconds of CPU; no `fast` if only feedparser reads it."""

    feed: str
    dialect: str
    kilobytes: float
    entries: int
    fast: float | None
    feedparser: float

    @property
    def ratio(self) -> float | None:
        """How many times as long feedparser takes."""
        return self.feedparser / self.fast if self.fast else None


def feeds() -> dict[str, bytes]:
    """Return the recorded feeds in XML, by host and path."""
    found = {}
    for host in sorted(WEB.glob("*/host.toml")):
        for answer in tomllib.loads(host.read_text())["answer"]:
            path = host.parent / answer.get("file", "")
            if path.suffix in {".xml", ".rss", ".atom", ".rdf"}:
                found[f"{host.parent.name}/{path.relative_to(host.parent)}"] = path.read_bytes()
    return found


def measured(name: str, body: bytes, *, runs: int) -> Row:
    """Read one feed with both readers, in turns, and make sure that they agree."""
    fast, judged = _fast(body), _judged(body)
    if fast is not None and replace(fast, parser=judged.parser) != judged:
        raise AssertionError(f"{name}: the two readers differ")
    times: dict[str, list[float]] = {"fast": [], "feedparser": []}
    for _ in range(runs):
        times["fast"].append(_cpu(_fast, body))
        times["feedparser"].append(_cpu(_judged, body))
    return Row(
        feed=name,
        dialect=judged.dialect,
        kilobytes=len(body) / 1000,
        entries=len(judged.entries),
        fast=statistics.median(times["fast"]) if fast is not None else None,
        feedparser=statistics.median(times["feedparser"]),
    )


def _fast(body: bytes) -> ParsedFeed | None:
    return _feed(body).fast()


def _judged(body: bytes) -> ParsedFeed:
    return _feed(body).judged()


def _feed(body: bytes) -> XmlFeed:
    return XmlFeed(decode(body), final_url="https://outlet.example/feed", now=NOW)


def _cpu(read: Callable[[bytes], object], body: bytes) -> float:
    """Return the milliseconds of CPU that one reading takes."""
    started = time.process_time()
    for _ in range(READINGS):
        read(body)
    return 1000 * (time.process_time() - started) / READINGS


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("more", nargs="*", type=Path, help="further feeds, as files")
    options = parser.parse_args()
    bodies = feeds() | {str(path): path.read_bytes() for path in options.more}
    rows = [measured(name, body, runs=options.runs) for name, body in bodies.items()]
    table = Table("feed", "dialect", "kB", "entries", "fast ms", "feedparser ms", "ratio", box=None)
    for row in rows:
        table.add_row(
            row.feed,
            row.dialect,
            f"{row.kilobytes:.1f}",
            str(row.entries),
            f"{row.fast:.2f}" if row.fast else "declined",
            f"{row.feedparser:.2f}",
            f"{row.ratio:.1f}" if row.ratio else "",
        )
    ratios = [row.ratio for row in rows if row.ratio]
    table.add_row("median", "", "", "", "", "", f"{statistics.median(ratios):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
