"""What the queue costs, and what a second process brings, on the extract stage.

    python -m tests.bench.queue [--rounds 3] [--page-kb 114]

A thousand pages of forty hosts are due, as large as pages of news are (half of those of the public
article-extraction-benchmark have more than 114 KB); they are answered inside the processes that
read them, so nothing but the stage, its database (PostgreSQL) and, for workers, the broker (Redis)
is measured.

`direct` calls the stage batch by batch in one process, `worker` takes the same batches as messages.
Time and processor are counted from the hundredth page on, when every process has imported what it
needs, to the last; of a whole process group, extraction children included, the servers excluded.
Medians of interleaved rounds. Exit code 1 when the queue takes more than 5 % of the processor that
the stage takes, or two worker processes are less than 1.7 times as fast as one; the second wants
two idle cores. What the queue takes is by the message, so with pages of 1 KB it looks like much.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from pipeline.io.store import Store
from tests.chaos.corpus import corpus
from tests.conftest import ROOT
from tests.postgres import Postgres, running_postgres
from tests.proxy import Proxy
from tests.redis import running_redis
from tests.workers.world import Installation, install

OVERHEAD = 0.05
SPEED_UP = 1.7
#: Pages after which the clock starts.
_WARM = 100
#: KB of a page unless told otherwise.
_PAGE_KB = 114
_PATIENCE = 300.0
#: Opens contexts whose web is the corpus.
PRELUDE = """
from tests.chaos.corpus import corpus
import workers.runtime as runtime
web, opened = corpus(page_bytes={}).web, runtime.open_context
runtime.open_context = lambda *a, **k: opened(*a, transport=web, resolve=web.resolve, **k)
from workers.runtime import context
"""
#: Brings the pages of all feeds into a tick.
FETCH = """
from pipeline import line
from pipeline.stages.fetch import fetch
line.open_tick(context())
fetch(context(), line.due(context()).source_ids)
runtime._close()
"""
DIRECT = """
from pipeline import line
from pipeline.stages.extract import extract
ids, size = line.due(context()).page_ids, context().settings.extract_batch
for start in range(0, len(ids), size):
    extract(context(), ids[start : start + size])
runtime._close()
"""
RING = """
from pipeline import line
from workers import ring
ring.extract(context(), line.due(context()).page_ids)
runtime._close()
"""
WORKER = """
from celery.__main__ import main
main()
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of the pages after the first hundred."""

    seconds: float
    processor: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page-kb", type=int, default=_PAGE_KB)
    options = parser.parse_args()
    prelude = PRELUDE.format(options.page_kb * 1000)
    ways = {"direct": 0, "worker, 1 process": 1, "worker, 2 processes": 2}
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    with (
        tempfile.TemporaryDirectory(prefix="newsloom-bench-") as folder,
        running_postgres() as postgres,
        running_redis(Path(folder) / "redis") as redis_url,
    ):
        for number in range(options.rounds):
            for name, processes in ways.items():
                home = Path(folder) / f"{number}-{processes}"
                made = _installation(home, postgres, redis_url, prelude)
                costs[name].append(_measured(made, processes, prelude))
    _report(costs)


def _installation(home: Path, postgres: Postgres, redis_url: str, prelude: str) -> Installation:
    """Make an installation whose thousand pages are due."""
    news = corpus()
    news.write_catalogue(home.with_suffix(".catalogue"))
    nobody = Proxy(url="", ca_file=Path("/dev/null"))
    made = install(
        home,
        postgres.new_database(f"b{uuid4().hex}"),
        redis_url.replace("/0", f"/{uuid4().int % 15 + 1}"),
        nobody,
        catalogue=home.with_suffix(".catalogue"),
        NEWSLOOM_PROXY="",
        NEWSLOOM_CA_FILE="",
        NEWSLOOM_EXTRACT_BATCH="10",
        # No message grows stale while the ways before it are measured.
        NEWSLOOM_TICK_EVERY="1h",
        PYTHONPATH=str(ROOT),
    )
    answer = made.command("python", "-c", prelude + FETCH)
    if answer.returncode:
        sys.exit(answer.stderr)
    return made


def _measured(made: Installation, processes: int, prelude: str) -> Cost:
    """Read the pages: directly, or by a worker with so many processes."""
    command = [sys.executable, "-c", prelude + DIRECT]
    if processes:
        answer = made.command("python", "-c", prelude + RING)
        if answer.returncode:
            sys.exit(answer.stderr)
        options = ["-Q", "extract", "-c", str(processes), "--without-gossip", "--without-mingle"]
        command = [sys.executable, "-c", prelude + WORKER, "-A", "workers.app", "worker", *options]
    store = Store(made.env["NEWSLOOM_DATABASE_URL"])
    with (made.home / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=made.home, env=made.env, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(made, store, lambda done, _: done >= _WARM)
        started, used = time.monotonic(), _processor(process.pid)
        _wait(made, store, lambda done, total: done == total)
        return Cost(time.monotonic() - started, _processor(process.pid) - used)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        store.close()


def _wait(made: Installation, store: Store, until: Callable[[int, int], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        with store.read() as tx:
            row = tx.execute(text("SELECT count(fetched_at) AS done, count(*) AS all FROM pages"))
            done, total = row.one()
        if until(done, total):
            return
        if time.monotonic() > deadline:
            sys.exit((made.home / "log").read_text())
        time.sleep(0.02)


def _processor(session: int) -> float:
    """Return the seconds of processor that the living processes of a session have used."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[3]) == session:
            # utime, stime, and those of its children that ended
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _report(costs: dict[str, list[Cost]]) -> None:
    """Print medians and ratios, and end with what they are worth."""
    table = Table(box=None)
    for column in ("", "seconds", "processor s"):
        table.add_column(column, justify="right")
    for name, found in costs.items():
        seconds = statistics.median(one.seconds for one in found)
        processor = statistics.median(one.processor for one in found)
        table.add_row(name, f"{seconds:.1f}", f"{processor:.1f}")
    direct, one, two = costs.values()
    pairs = list(zip(direct, one, two, strict=True))
    overhead = statistics.median(b.processor / a.processor - 1 for a, b, _ in pairs)
    speed_up = statistics.median(b.seconds / c.seconds for _, b, c in pairs)
    console = Console()
    console.print(table)
    console.print(f"the queue takes {overhead:.1%} of the stage's processor (goal {OVERHEAD:.0%})")
    console.print(f"two processes are {speed_up:.2f} times as fast as one (goal {SPEED_UP})")
    sys.exit(0 if overhead <= OVERHEAD and speed_up >= SPEED_UP else 1)


if __name__ == "__main__":
    main()
