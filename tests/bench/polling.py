"""`make bench-polling`: a cold and a warm refresh of 1,000 feeds, beside reader and newsboat.

Each program runs as its users run it, as a process of its own, against the same loopback hosts
(`tests.bench.feedhosts`). Cold: an empty database, every feed fetched, parsed and stored. Warm: the
same once more, nothing has changed. Rounds are interleaved and their order turns round; figures are
medians. CPU is user + system time of the whole process with its children, as the kernel tells it
when the process ends.

What a program asked for is counted at the hosts, URL by URL, and what it stored in its database. A
program that asked for fewer feeds than it was given, or stored fewer entries than they have, is
INVALID: its time says nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.table import Table

from pipeline.io.store import Store, sources
from pipeline.records import SourceId
from tests.bench.feedhosts import FeedHosts, feed_hosts

FEEDS = 1000
#: Fewer say nothing about how far figures wander.
ROUNDS = 3
PHASES = ("cold", "warm")
#: Median CPU of newsloom over that of a peer, at most.
GOALS = {("reader", "cold"): 0.2, ("newsboat", "cold"): 0.5, ("reader", "warm"): 0.5}


class Peer(Protocol):
    """One program that refreshes feeds."""

    @property
    def name(self) -> str:
        """Return what it is called in the tables."""

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        """Install the program in an empty folder and tell it the feeds; not measured."""

    def command(self, folder: Path, phase: str) -> list[str]:
        """Return what refreshes all feeds; making them due beforehand is not measured."""

    def entries(self, folder: Path) -> frozenset[str]:
        """Return its entries as its database has them."""


class Newsloom:
    """`newsloom fetch`: the first stage of the line, alone."""

    name = "newsloom"
    _bin = Path(sys.executable).with_name("newsloom")

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        """Make an installation that may dial loopback and knows the feeds."""
        _quiet([str(self._bin), "init", str(folder)])
        with (folder / "newsloom.toml").open("r+") as settings:
            own = 'contact = "bench@outlet.example"\nallow_networks = ["127.0.0.0/8"]\n'
            text = settings.read()
            settings.seek(0)
            settings.write(f'{own}host_spacing = "PT0S"\n{text}')
        feeds = (
            f'[[source]]\nid = "s{number}"\nfeed = "{url}"\nprovider = "outlet-{number}.example"\n'
            f'title = "Outlet {number}"\n'
            for number, url in enumerate(urls)
        )
        (folder / "catalogue" / "sources.toml").write_text("\n".join(feeds))
        _quiet([str(self._bin), "sources", "sync", "--home", str(folder)])

    def command(self, folder: Path, phase: str) -> list[str]:
        """Return `newsloom fetch`; before the warm phase let everything be due again."""
        if phase == "warm":
            store = Store(f"sqlite:///{self._database(folder)}")
            with store.write() as tx:
                ids = [SourceId(row.id) for row in sources.all_sources(tx)]
                sources.make_due(tx, ids, now=datetime.now(UTC))
            store.close()
        return [str(self._bin), "fetch", "--home", str(folder), "--json"]

    def entries(self, folder: Path) -> frozenset[str]:
        """Return its rows."""
        return _rows(self._database(folder), "entries")

    def _database(self, folder: Path) -> Path:
        return folder / "state" / "newsloom.db"


@dataclass(frozen=True, slots=True)
class Reader:
    """lemon24/reader by a script, with all of its defaults but two.

    `scheduled=False`: feeds just refreshed would be skipped. `workers=10`: with one worker it takes
    the same CPU and far longer.
    """

    python: Path
    name: str = "reader"

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        """Add the feeds."""
        script = (
            "import sys\nfrom reader import make_reader\n"
            "with make_reader(sys.argv[1]) as reader:\n"
            "    for url in sys.stdin.read().split():\n"
            "        reader.add_feed(url)\n"
        )
        _quiet([str(self.python), "-c", script, str(folder / "reader.db")], given="\n".join(urls))

    def command(self, folder: Path, phase: str) -> list[str]:
        """Return the script that updates the feeds."""
        script = (
            "import sys\nfrom reader import make_reader\n"
            "with make_reader(sys.argv[1]) as reader:\n"
            "    reader.update_feeds(workers=10, scheduled=False)\n"
        )
        return [str(self.python), "-c", script, str(folder / "reader.db")]

    def entries(self, folder: Path) -> frozenset[str]:
        """Return its rows."""
        return _rows(folder / "reader.db", "entries")


class Newsboat:
    """`newsboat -x reload`, with its defaults but for eight threads in place of one."""

    name = "newsboat"

    def prepare(self, folder: Path, urls: Sequence[str]) -> None:
        """Write its list of feeds."""
        (folder / "urls").write_text("".join(f"{url}\n" for url in urls))
        (folder / "config").write_text("reload-threads 8\n")

    def command(self, folder: Path, phase: str) -> list[str]:
        """Return the call that reloads the feeds."""
        files = (
            f"--url-file={folder / 'urls'}",
            f"--cache-file={folder / 'cache'}",
            f"--config-file={folder / 'config'}",
        )
        return ["newsboat", *files, "--execute=reload"]

    def entries(self, folder: Path) -> frozenset[str]:
        """Return its rows."""
        return _rows(folder / "cache", "rss_item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One refresh: its cost, and what proves that it took place."""

    #: Seconds.
    cpu: float
    wall: float
    #: How many answers of each status the hosts gave.
    answers: Counter[int]
    #: Entries added or changed.
    written: int
    #: Why the figures mean nothing.
    faults: tuple[str, ...]


Runs = dict[tuple[str, str], list[Run]]


def measured(peer: Peer, folder: Path, hosts: FeedHosts, phase: str) -> Run:
    """Run one phase of a peer."""
    command = peer.command(folder, phase)
    before = peer.entries(folder) if phase == "warm" else frozenset()
    hosts.counted()
    began = time.perf_counter()
    with (folder / f"{phase}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=_environment(folder))
        # Its own figures and those of the children it has waited for; none of anybody else's.
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    answers, after = hosts.counted(), peer.entries(folder)
    missing = len(set(hosts.urls) - answers.keys())
    faults = {
        f"exit code {process.returncode}": process.returncode,
        f"{missing} feeds not asked for": missing,
        f"{len(after)} of {hosts.entries} entries stored": len(after) - hosts.entries,
    }
    return Run(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=wall,
        answers=Counter(status for statuses in answers.values() for status in statuses),
        written=len(after - before),
        faults=tuple(fault for fault, found in faults.items() if found),
    )


def _environment(folder: Path) -> dict[str, str]:
    """Return a bare environment: no proxy, no settings of whoever runs this."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}


def _quiet(command: Sequence[str], *, given: str = "") -> None:
    """Run a step of the preparation."""
    subprocess.run(command, input=given, text=True, stdout=subprocess.DEVNULL, check=True)


def _rows(database: Path, table: str) -> frozenset[str]:
    """Return every row of a table."""
    connection = sqlite3.connect(database)
    try:
        return frozenset(map(repr, connection.execute(f"SELECT * FROM {table}")))
    except sqlite3.OperationalError:  # the table was never made
        return frozenset()
    finally:
        connection.close()


def run_all(
    peers: Sequence[Peer], hosts: FeedHosts, *, rounds: int, say: Callable[[str], None]
) -> Runs:
    """Return the runs of all rounds; every other round goes the other way round."""
    runs: Runs = {(peer.name, phase): [] for peer in peers for phase in PHASES}
    for number in range(rounds):
        for peer in peers if number % 2 == 0 else reversed(peers):
            with tempfile.TemporaryDirectory(prefix=f"bench-{peer.name}-") as place:
                folder = Path(place)
                peer.prepare(folder, hosts.urls)
                for phase in PHASES:
                    run = measured(peer, folder, hosts, phase)
                    runs[peer.name, phase].append(run)
                    say(f"round {number + 1} {peer.name} {phase}: {_told(run)}")
    return runs


def _told(run: Run) -> str:
    """Return one run in a line."""
    faults = f" INVALID: {'; '.join(run.faults)}" if run.faults else ""
    return (
        f"{run.cpu:.2f} s CPU, {run.wall:.2f} s, answers {_answers(run)}, written {run.written}"
        f"{faults}"
    )


def _answers(run: Run) -> str:
    return ", ".join(f"{count} x {status}" for status, count in sorted(run.answers.items()))


def _median(runs: Sequence[Run], what: Callable[[Run], float]) -> float:
    return statistics.median(map(what, runs))


def report(runs: Runs, hosts: FeedHosts) -> Table:
    """Return the table of all medians."""
    heads = ("phase", "program", "CPU s", "ms/feed", "wall s", "answers", "written")
    table = Table(*heads, "newsloom's CPU over it", "goal", box=None)
    for phase in PHASES:
        ours = _median(runs["newsloom", phase], lambda run: run.cpu)
        for name, found in ((name, found) for (name, of), found in runs.items() if of == phase):
            cpu = _median(found, lambda run: run.cpu)
            goal = GOALS.get((name, phase))
            faults = sorted({fault for run in found for fault in run.faults})
            table.add_row(
                phase,
                name,
                f"{cpu:.2f}",
                f"{1000 * cpu / len(hosts.urls):.2f}",
                f"{_median(found, lambda run: run.wall):.1f}",
                _answers(found[0]),
                str(max(run.written for run in found)),
                "" if name == "newsloom" else f"{ours / cpu:.2f}",
                f"INVALID: {'; '.join(faults)}" if faults else f"<= {goal}" if goal else "",
            )
    return table


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=FEEDS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--python", type=Path, required=True, help="one that can import reader")
    given = parser.parse_args()
    if shutil.which("newsboat") is None:
        parser.exit(2, "newsboat is missing: apt-get install newsboat\n")
    peers: tuple[Peer, ...] = (Newsloom(), Reader(given.python.absolute()), Newsboat())
    with feed_hosts(given.feeds) as hosts:
        # Redirected, a table of 80 columns could not be read.
        console = Console(width=160)
        runs = run_all(peers, hosts, rounds=given.rounds, say=console.print)
        console.print(report(runs, hosts))


if __name__ == "__main__":
    main()
