"""`newsloom workers list|queues`: who is alive and what waits, from a real broker."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.workers.world import BIN, PATIENCE, Installation
from workers.routing import NAMES


@pytest.fixture
def installation(tmp_path: Path, redis_url: str) -> Installation:
    env = {"PATH": str(BIN), "NEWSLOOM_BROKER_URL": redis_url.replace("/0", "/13")}
    return Installation(tmp_path, env)


def _list(installation: Installation) -> list[dict[str, object]]:
    """Ask until somebody answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = installation.command("newsloom", "workers", "list", "--json")
        found: list[dict[str, object]] = json.loads(answer.stdout)
        assert answer.returncode == (0 if found else 1)
        if found:
            return found
        assert time.monotonic() < deadline, installation.logs()


def test_a_worker_that_is_alive_is_listed_with_its_queues(installation: Installation) -> None:
    with installation.service("worker-fetch"):
        worker = _list(installation)[0]
        shown = installation.command("newsloom", "workers", "list")

    assert str(worker["name"]).startswith("fetch@")
    assert worker["queues"] == ["control", "fetch"]
    assert (worker["processes"], worker["busy"], worker["done"]) == (2, 0, 0)
    assert "control fetch" in shown.stdout


def test_without_workers_the_remedy_is_told(installation: Installation) -> None:
    answer = installation.command("newsloom", "workers", "list", "--timeout", "1s")

    assert answer.returncode == 1
    assert "no worker answers" in answer.stdout


def test_queues_tell_what_waits_and_who_serves_them(installation: Installation) -> None:
    send = "from workers.tasks import extract\nfor _ in range(3): extract.delay([])"
    assert installation.command("python", "-c", send).returncode == 0
    with installation.service("worker-fetch"):
        name = _list(installation)[0]["name"]
        answer = installation.command("newsloom", "workers", "queues", "--json")
        shown = installation.command("newsloom", "workers", "queues")

    queues = {queue["name"]: queue for queue in json.loads(answer.stdout)}
    assert tuple(queues) == NAMES
    assert queues["extract"] == {"name": "extract", "messages": 3, "workers": []}
    assert queues["control"] == {"name": "control", "messages": 0, "workers": [name]}
    assert answer.returncode == 1  # nobody serves `extract`
    assert "nobody" in shown.stdout


def test_a_broker_that_is_away_is_named_without_its_password(installation: Installation) -> None:
    installation.env["NEWSLOOM_BROKER_URL"] = "redis://:hidden@127.0.0.1:1/0"

    answer = installation.command("newsloom", "workers", "queues")

    assert answer.returncode == 1
    assert "127.0.0.1:1" in answer.stderr
    assert "start Redis, or mend broker_url" in answer.stderr
    assert "hidden" not in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_installation_may_be_another_folder(installation: Installation) -> None:
    elsewhere = installation.home / "other"
    elsewhere.mkdir()
    (elsewhere / "newsloom.toml").write_text('broker_url = "redis://127.0.0.1:1/7"\n')
    del installation.env["NEWSLOOM_BROKER_URL"]

    answer = installation.command("newsloom", "workers", "list", "--home", str(elsewhere))

    assert "127.0.0.1:1/7" in answer.stderr
