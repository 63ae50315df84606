"""A worker cut off at every point there is, as by kill -9, and another one that goes on.

Smaller than the other chaos, because there are so many points: the recorded web of the demo.
"""

from __future__ import annotations

import time

import pytest

from pipeline.io.crashpoints import POINTS
from tests.chaos.conftest import FIGURES
from tests.chaos.world import Fleet

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
