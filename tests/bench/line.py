"""`make bench`: the whole line on the demo web, repeated, with CPU per stage as a table.

Each repetition runs both rounds of the demo on a fresh store. CPU is user + system time of this
process and its children, in milliseconds for each member that the stage had due; the last column
sets the stages in relation, which is what may be compared between machines.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline import line
from pipeline.cli.demo import ROUNDS, demo_settings, rehearsal
from pipeline.context import Context
from pipeline.outcomes import STAGES, Tally
from pipeline.stages.cluster import cluster
from pipeline.stages.extract import extract
from pipeline.stages.fetch import fetch
from pipeline.stages.write import write

#: What the issue of this benchmark asked for; fewer are enough while developing.
REPETITIONS = 50


class Meter:
    """CPU seconds by stage, of this process and of the children that answer it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def at(self, stage: str, ctx: Context) -> Iterator[None]:
        """Add what happens inside to `stage`."""
        before = _cpu(ctx)
        yield
        self.seconds[stage] += _cpu(ctx) - before


def _cpu(ctx: Context) -> float:
    """Return user + system seconds of this process, its living children and its dead ones."""
    spent = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        spent += usage.ru_utime + usage.ru_stime
    return spent + sum(_process_cpu(pid) for pid in ctx.children.pids())


def _process_cpu(pid: int) -> float:
    """Return user + system seconds of a running process (proc(5), stat fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def repeat(meter: Meter, tally: Tally) -> None:
    """Run both rounds of the demo once."""
    with tempfile.TemporaryDirectory(prefix="newsloom-bench-") as folder:
        settings = demo_settings(Path(folder))
        for moment in ROUNDS:
            with rehearsal(settings, moment, tally) as ctx:
                _round(ctx, meter)


def _round(ctx: Context, meter: Meter) -> None:
    """Do what `line.run` does, with a meter at each stage."""
    line.open_tick(ctx)
    while (due := line.due(ctx)).unfinished:
        with meter.at("fetch", ctx):
            page_ids = fetch(ctx, due.source_ids)
        with meter.at("extract", ctx):
            article_ids = extract(ctx, [*due.page_ids, *page_ids])
        with meter.at("cluster", ctx):
            story_ids = cluster(ctx, article_ids)
        with meter.at("write", ctx):
            write(ctx, [*due.story_ids, *story_ids])


def main(say: Callable[[str], None] = print) -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=REPETITIONS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    runs: list[dict[str, float]] = []
    tally = Tally()
    for _ in range(options.repeat):
        meter = Meter()
        tally = Tally()
        repeat(meter, tally)
        runs.append(meter.seconds)
    medians = {stage: statistics.median(run[stage] for run in runs) for stage in STAGES}
    whole = sum(medians.values())
    rows = [
        {
            "stage": stage,
            "due": tally.stages[stage].due,
            "cpu_ms_each": round(1000 * medians[stage] / max(tally.stages[stage].due, 1), 3),
            "share": round(medians[stage] / whole, 3),
        }
        for stage in STAGES
    ]
    if options.json:
        say(json.dumps({"repeat": options.repeat, "stages": rows}, indent=2))
        return
    table = Table("stage", "due", "CPU ms each (median)", "share", box=None)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
