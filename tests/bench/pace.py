"""What the pace of hosts costs: claiming and saving sources with and without it, side by side.

    python -m tests.bench.pace [--sources 10000] [--rounds 5]

Both sides claim and let go of the same rows in the same batches; the plain side has no spacing, so
that no host is held or released. Medians of interleaved rounds, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import update

from config.catalogue import SourceEntry
from pipeline.io import schema
from pipeline.io.migrate import upgrade
from pipeline.io.store import Store, pace, sources, ticks
from pipeline.io.store.pace import ClaimTerms
from pipeline.io.store.work import RELEASED
from pipeline.records import SourceId
from tests.postgres import running_postgres

_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_BATCH = 50
_SPACING = timedelta(seconds=1)


def main() -> None:
    """Print a table: milliseconds per source, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    table = Table(box=None, pad_edge=False)
    for column in ("database", "plain ms", "paced ms", "ratio"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as folder, running_postgres() as postgres:
        for name, url in (
            ("sqlite", f"sqlite:///{Path(folder) / 'newsloom.db'}"),
            ("postgresql", postgres.new_database("pace")),
        ):
            plain, paced = _measure(url, given.sources, given.rounds)
            table.add_row(name, f"{plain:.3f}", f"{paced:.3f}", f"{paced / plain:.2f}")
    Console().print(table)


def _measure(url: str, count: int, rounds: int) -> tuple[float, float]:
    """Return milliseconds per source without and with a spacing."""
    store = Store(url)
    upgrade(store)
    ids = _add(store, count)
    times: dict[timedelta, list[float]] = {timedelta(0): [], _SPACING: []}
    now = _NOW
    for _ in range(rounds):
        for spacing, found in times.items():
            now += timedelta(hours=1)
            began = time.perf_counter()
            _pass(store, ids, spacing, now)
            found.append((time.perf_counter() - began) * 1000 / count)
    store.close()
    return statistics.median(times[timedelta(0)]), statistics.median(times[_SPACING])


def _add(store: Store, count: int) -> list[SourceId]:
    """Make sources, each on a host of its own, and take them into a tick."""
    catalogue = {
        f"s{n}": SourceEntry(
            id=f"s{n}",
            feed=f"https://h{n}.example/feed.xml",
            provider=f"h{n}.example",
            title=f"S{n}",
        )
        for n in range(count)
    }
    with store.write() as tx:
        sources.apply_sync(tx, catalogue, now=_NOW)
        ticks.open_tick(tx, now=_NOW, lasts=timedelta(days=365))
    return [SourceId(name) for name in catalogue]


def _pass(store: Store, ids: Sequence[SourceId], spacing: timedelta, now: datetime) -> None:
    """Claim every source once and give it back, a batch at a time."""
    terms = ClaimTerms(
        owner=store.owner,
        now=now,
        lease=timedelta(minutes=2),
        limit=_BATCH,
        spacing=spacing,
        host_batch=4,
    )
    for start in range(0, len(ids), _BATCH):
        with store.write() as tx:
            claimed = sources.claim_sources(tx, ids[start : start + _BATCH], terms)
        assert len(claimed) == _BATCH, "every host is free"
        with store.write() as tx:
            names = [one.source.id for one in claimed]
            tx.execute(
                update(schema.sources).where(schema.sources.c.id.in_(names)).values(RELEASED)
            )
            pace.release(
                tx, {one.row.host for one in claimed}, owner=store.owner, now=now, spacing=spacing
            )


if __name__ == "__main__":
    main()
