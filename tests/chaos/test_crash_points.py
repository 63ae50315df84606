"""A worker cut off at every point there is, as by kill -9, and another one that goes on.

Smaller than the other chaos, because there are so many points: the recorded web of the demo.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.cli.demo import ROUNDS, SEEDS, demo_settings, run_rounds
from pipeline.context import FixedClock
from pipeline.io.crashpoints import POINTS
from pipeline.io.recorded import RecordedWeb
from pipeline.io.store import Store
from pipeline.outcomes import Tally
from pipeline.seedfile.secured import DEMO_MASTER_KEY
from tests.chaos.conftest import FIGURES
from tests.chaos.world import SETTINGS, Fleet
from tests.postgres import Postgres
from tests.proxy import Proxy, playing
from tests.redis import free_port
from tests.workers.world import install
from tests.world import tree

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

#: The pool process that reaches the point leaves a file behind and dies.
ARMED = """
import os
from pathlib import Path
from types import SimpleNamespace
from pipeline.io import crashpoints

def die(code):
    Path("died").touch()
    os._exit(code)

crashpoints.os = SimpleNamespace(_exit=die)
crashpoints.arm({point!r})
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    web = RecordedWeb(SEEDS / "web", clock=FixedClock(ROUNDS[0]))
    with playing(web, tmp_path_factory.mktemp("recorded")) as running:
        yield running


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Give the files of one process on SQLite."""
    home = tmp_path_factory.mktemp("golden")
    run_rounds(demo_settings(home), Tally(), rounds=ROUNDS[:1])
    return dict(tree(home / "out"))


@pytest.fixture
def small_fleet(tmp_path: Path, postgres: Postgres, recorded: Proxy) -> Iterator[Fleet]:
    port = free_port()
    url = postgres.new_database(f"point{uuid4().hex}")
    settings = {**SETTINGS, "NEWSLOOM_MASTER_KEY": DEMO_MASTER_KEY}
    broker = f"redis://127.0.0.1:{port}/0"
    books = SEEDS / "catalogue"
    made = install(tmp_path / "home", url, broker, recorded, catalogue=books, **settings)
    running = Fleet(made, tmp_path / "redis", port, Store(url))
    try:
        yield running
    finally:
        running.close()


@pytest.mark.parametrize("point", POINTS)
def test_another_worker_goes_on_where_one_was_cut_off(
    point: str, small_fleet: Fleet, golden: dict[str, bytes]
) -> None:
    fleet = small_fleet
    fleet.start_redis()
    fleet.start("beat")
    fleet.start("armed", prelude=ARMED.format(point=point))
    died, deadline = fleet.installation.home / "died", time.monotonic() + 90
    while not died.exists():
        assert time.monotonic() < deadline, fleet.installation.logs()[-4000:]
        time.sleep(0.05)
    fleet.kill("armed")
    fleet.start("next")
    seconds = fleet.wait_until_done()
    assert fleet.files() == golden
    FIGURES[f"cut off at {point}"] = f"done {seconds:.0f} s later"
