"""Whatever is done to a fleet at work: nothing lost, nothing twice, nothing torn, the same files.

    make chaos

Each test does one kind of harm while a thousand entries go through two workers, then waits until
all is written, and compares the files with those of one undisturbed process.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import redis
from sqlalchemy import text

from tests.chaos.conftest import FIGURES
from tests.chaos.world import QUEUES, Fleet, multiplied
from tests.proxy import Proxy

#: Checks the end of a run; takes what is to be said beside the time.
EndsWell = Callable[..., None]

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


@pytest.fixture
def ends_well(
    fleet: Fleet, undisturbed: Mapping[str, bytes], request: pytest.FixtureRequest
) -> EndsWell:
    """Give what is checked after the last fault."""

    def check(said: str = "") -> None:
        seconds = fleet.wait_until_done()
        assert fleet.files() == undisturbed
        assert fleet.quarantined() == []
        # Each run's books add up, whatever was cut off in the middle.
        fleet.installation.made()
        FIGURES[request.node.name] = f"recovered {seconds:.0f} s after the last fault{said}"

    return check


@pytest.mark.parametrize("workers", [1, 4])
def test_any_number_of_workers(fleet: Fleet, ends_well: EndsWell, workers: int) -> None:
    fleet.start_all(*"abcd"[:workers])
    ends_well(", without any")


def test_pool_processes_killed_twenty_times(fleet: Fleet, ends_well: EndsWell) -> None:
    fleet.start_all("a", "b")
    killed = 0
    deadline = time.monotonic() + 150
    while killed < 20:
        assert time.monotonic() < deadline
        fleet.wait_for_share(min(killed * 0.04, 0.8))
        killed += fleet.kill_a_child()
        time.sleep(0.7)
    ends_well(f", {killed} kills")


def test_whole_workers_killed_five_times(fleet: Fleet, ends_well: EndsWell) -> None:
    fleet.start_all("a", "b")
    for number in range(5):
        fleet.wait_for_share(0.1 + number * 0.15)
        name = "ab"[number % 2]
        fleet.kill(name)
        fleet.start(name)
    ends_well()


def test_redis_killed_ten_times(fleet: Fleet, ends_well: EndsWell) -> None:
    fleet.start_all("a", "b")
    for number in range(10):
        fleet.wait_for_share(number * 0.08)
        fleet.kill_redis()
        time.sleep(0.5)
        fleet.start_redis()
    ends_well()


def test_redis_wiped(fleet: Fleet, ends_well: EndsWell) -> None:
    fleet.start_all("a", "b")
    fleet.wait_for_share(0.3)
    fleet.kill_redis(wipe=True)
    time.sleep(1)
    fleet.start_redis()
    ends_well()


def test_redis_paused_for_a_minute(fleet: Fleet, ends_well: EndsWell) -> None:
    fleet.start_all("a", "b")
    fleet.wait_for_share(0.3)
    assert fleet.redis is not None
    fleet.redis.send_signal(signal.SIGSTOP)
    time.sleep(60)
    fleet.redis.send_signal(signal.SIGCONT)
    ends_well()


def test_every_message_three_times_in_any_order(fleet: Fleet, ends_well: EndsWell) -> None:
    fleet.start_redis()
    with multiplied(fleet.redis_port, QUEUES.split(","), copies=3):
        fleet.start("beat")
        fleet.start("a")
        fleet.start("b")
        fleet.wait_for_share(0.95)
    ends_well()


def test_database_connections_cut(fleet: Fleet, ends_well: EndsWell) -> None:
    fleet.start_all("a", "b")
    cut = 0
    for number in range(8):
        fleet.wait_for_share(number * 0.1)
        cut += fleet.cut_connections()
        time.sleep(0.5)
    assert cut
    ends_well(f", {cut} connections")


def test_a_worker_asked_to_end_has_ten_seconds(fleet: Fleet, ends_well: EndsWell) -> None:
    fleet.start_all("a", "b")
    fleet.wait_for_share(0.3)
    seconds = fleet.stop("a", grace=10)
    ends_well(f", it ended within {seconds:.1f} s")


def test_rolling_restart(fleet: Fleet, ends_well: EndsWell) -> None:
    fleet.start_all("a", "b")
    for number in range(4):
        fleet.wait_for_share(0.1 + number * 0.2)
        name = "ab"[number % 2]
        fleet.stop(name)
        fleet.start(name)
    ends_well()


def test_two_beats_poll_no_feed_twice(fleet: Fleet, ends_well: EndsWell, proxy: Proxy) -> None:
    before = len(proxy.asked)
    fleet.start_all("a", "b")
    fleet.start("beat2")
    ends_well()
    feeds = Counter(url for url in proxy.asked[before:] if url.endswith("feed.xml"))
    assert sum(feeds.values()) <= 1.05 * len(feeds)


def test_one_message_twenty_thousand_times(fleet: Fleet, ends_well: EndsWell, proxy: Proxy) -> None:
    fleet.start_all("a", "b")
    fleet.wait_for_share(0.2)
    # Nobody serves this queue here, so the message stays to be copied.
    code = "from workers.tasks import fetch; fetch.apply_async([['outlet00']], queue='{}')"
    queue = "backfill.fetch"
    assert fleet.installation.command("python", "-c", code.format(queue)).returncode == 0
    client = redis.Redis(port=fleet.redis_port)
    raw = client.lindex(queue, 0)
    assert isinstance(raw, bytes)
    before = len(proxy.asked)
    client.lpush("fetch", *[raw.replace(queue.encode(), b"fetch")] * 20_000)
    started = time.monotonic()
    while client.llen("fetch"):
        assert time.monotonic() - started < 300
        time.sleep(0.2)
    drained = time.monotonic() - started
    client.close()
    ends_well(f", drained in {drained:.0f} s")
    feeds = Counter(url for url in proxy.asked[before:] if url.endswith("feed.xml"))
    assert feeds["https://outlet00.example/feed.xml"] <= 1


#: Writing to disk fails as on a full one, as long as the file `full` is there.
FULL_DISK = """
import errno, os
from pathlib import Path
from pipeline.io import files
write_all = files._write_all
def write_or_fail(file, data):
    if Path("full").exists():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    write_all(file, data)
files._write_all = write_or_fail
"""


def test_disk_full(fleet: Fleet, ends_well: EndsWell) -> None:
    full = fleet.installation.home / "full"
    full.touch()
    fleet.start_redis()
    fleet.start("beat")
    for name in ("a", "b"):
        fleet.start(name, prelude=FULL_DISK)
    fleet.wait_for_share(1.0)
    time.sleep(10)
    assert not [name for name in fleet.files() if name.startswith("_news/")]
    full.unlink()
    ends_well()


@pytest.mark.parametrize("hours", ["+2h", "-2h"])
def test_the_clock_of_a_worker_is_two_hours_off(
    fleet: Fleet, ends_well: EndsWell, hours: str
) -> None:
    library = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
    assert library.exists(), "libfaketime is missing: apt-get install libfaketime"
    fleet.start_all("a")
    env = {"LD_PRELOAD": str(library), "FAKETIME": hours, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    fleet.start("b", env=env)
    ends_well()


#: The process that takes this page on dies, as of a fault in C code.
POISON = """
import os
from pipeline.stages import extract
read = extract._read
def die_or_read(ctx, claimed):
    if any(page.url.endswith({path!r}) for page in claimed):
        os._exit(137)
    return read(ctx, claimed)
extract._read = die_or_read
"""


def test_a_page_that_kills_its_worker_is_set_aside_and_delays_the_others_little(
    new_fleet: Callable[[], Fleet], undisturbed: Mapping[str, bytes], proxy: Proxy
) -> None:
    quiet = new_fleet()
    quiet.start_all("a", "b")
    quiet.wait_until_done()
    usual = _p95(quiet)
    quiet.close()
    path = next(
        url for url in proxy.asked if "outlet07" in url and not url.endswith((".xml", ".txt"))
    )
    fleet = new_fleet()
    fleet.start_redis()
    fleet.start("beat")
    for name in ("a", "b"):
        fleet.start(name, prelude=POISON.format(path=path.rpartition("/")[2]))
    seconds = fleet.wait_until_done()
    with fleet.store.read() as tx:
        rows = tx.execute(
            text("SELECT url, quarantined, deaths FROM pages WHERE quarantined IS NOT NULL")
        ).all()
    late = _p95(fleet)

    assert [(row.url, row.quarantined, row.deaths) for row in rows] == [(path, "worker-died", 3)]
    assert len(fleet.files()) > 0.95 * len(undisturbed)
    assert late < 2 * usual
    FIGURES["poison page"] = (
        f"set aside after 3 deaths; 95 % of the others were read within {late:.1f} s,"
        f" {late / usual:.2f} times as long as without it; done after {seconds:.0f} s"
    )


def _p95(fleet: Fleet) -> float:
    """Return the seconds from the first tick within which 95 % of the pages were read."""
    with fleet.store.read() as tx:
        return float(
            tx.execute(
                text(
                    "SELECT extract(epoch FROM percentile_disc(0.95) WITHIN GROUP"
                    " (ORDER BY fetched_at) - (SELECT min(opened_at) FROM ticks)) FROM pages"
                    " WHERE quarantined IS NULL"
                )
            ).scalar_one()
        )
