"""The short set of the chaos, for every `make test`: a small fleet is struck from all sides."""

from __future__ import annotations

import pytest

from tests.chaos.world import QUEUES, Fleet, multiplied

pytestmark = pytest.mark.timeout(240)


def test_killed_wiped_cut_off_and_told_everything_thrice_a_fleet_writes_the_same_files(
    small_fleet: Fleet, golden: dict[str, bytes]
) -> None:
    fleet = small_fleet
    fleet.start_redis()
    with multiplied(fleet.redis_port, QUEUES.split(","), copies=3):
        for name in ("beat", "a", "b"):
            fleet.start(name)
        fleet.wait_for_share(0.1)
        fleet.wait_until(fleet.kill_a_child)
        fleet.wait_for_share(0.3)
        fleet.kill("a")
        fleet.start("c")
        fleet.wait_until(fleet.cut_connections)
        fleet.wait_for_share(0.5)
    fleet.kill_redis(wipe=True)
    fleet.start_redis()
    fleet.wait_until_done()

    assert fleet.files() == golden
    assert fleet.quarantined() == []
    # Each run's books add up, whatever was cut off in the middle.
    assert fleet.installation.made()["extract new"] > 0
