"""Backfills by workers: the files of one process alone, and live work does not wait."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pipeline.context import FixedClock
from pipeline.io.store import Store, backfills, ledger, stories
from tests.archivehost import ArchiveWeb, ArchiveWorld
from tests.postgres import Postgres
from tests.proxy import Proxy, playing
from tests.workers.world import Installation, install, kill_group
from tests.world import tree

pytestmark = pytest.mark.timeout(300)

WORLD = ArchiveWorld(articles=90, outlets=4, months=1)
LATER = WORLD.end + timedelta(days=30)
PATIENCE = 150.0


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    web = ArchiveWeb(WORLD, FixedClock(LATER))
    with playing(web, tmp_path_factory.mktemp("proxy")) as running:
        yield running


def made(
    home: Path, database_url: str, redis_url: str, proxy: Proxy, tmp_path: Path
) -> Installation:
    """Make an installation that watches the outlets of the world, and plan a backfill."""
    catalogue = tmp_path / "catalogue"
    if not catalogue.exists():
        WORLD.write_catalogue(catalogue)
    found = install(
        home,
        database_url,
        redis_url,
        proxy,
        catalogue=catalogue,
        NEWSLOOM_RECHECK_AFTER="",
        # A killed worker's rows are free after so long.
        NEWSLOOM_LEASE="12s",
        NEWSLOOM_FEED_DEADLINE="10s",
        NEWSLOOM_PAGE_DEADLINE="10s",
        NEWSLOOM_TICK_EVERY="3s",
    )
    span = ("--since", f"{WORLD.start:%F}", "--until", f"{WORLD.end - timedelta(days=1):%F}")
    answer = found.command(
        "newsloom", "backfill", "plan", *span, "--method", "archive-links", "--json"
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["backfill"] == 1
    # Nothing is polled, so that the files are those of the backfill alone.
    disabled = found.command("newsloom", "sources", "disable", *WORLD.names)
    assert disabled.returncode == 0, disabled.stderr
    return found


def wait_until_done(installation: Installation) -> None:
    """Wait until the backfill is done and its stories are written."""
    store = Store(installation.env["NEWSLOOM_DATABASE_URL"])
    deadline = time.monotonic() + PATIENCE
    try:
        while True:
            with store.read() as tx:
                row = backfills.backfill(tx, 1)
                assert row is not None
                if row.state == "done" and not stories.unwritten(tx, ["all"]):
                    assert [run for run in ledger.runs(tx) if run.difference] == []
                    return
            assert time.monotonic() < deadline, installation.logs()
            time.sleep(0.2)
    finally:
        store.close()


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory, redis_url: str, proxy: Proxy
) -> dict[str, bytes]:
    """Give the files of one process alone, on SQLite."""
    tmp_path = tmp_path_factory.mktemp("alone")
    home = tmp_path / "home"
    url = f"sqlite:///{tmp_path / 'alone.db'}"
    one = made(home, url, redis_url, proxy, tmp_path)
    answer = one.command("newsloom", "backfill", "run", "1")
    assert answer.returncode == 0, answer.stderr
    return dict(tree(home / "out"))


@pytest.fixture
def many(tmp_path: Path, redis_url: str, postgres: Postgres, proxy: Proxy) -> Installation:
    """Give an installation for workers, on PostgreSQL."""
    url = postgres.new_database(f"b{uuid4().hex}")
    redis = redis_url.replace("/0", f"/{int(uuid4().int % 15) + 1}")
    return made(tmp_path / "many", url, redis, proxy, tmp_path)


def told(installation: Installation, *command: str) -> dict[str, Any]:
    """Do something to the backfill; return what it says of it."""
    answer = installation.command("newsloom", "backfill", *command, "1", "--json")
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_workers_carry_a_backfill_out_though_one_is_killed(
    many: Installation, alone: dict[str, bytes]
) -> None:
    assert many.command("newsloom", "backfill", "run", "1", "--detach").returncode == 0

    with many.service("worker-stories"), many.beat(), many.worker("control", queues="control"):
        with many.service("worker-backfill") as first:
            time.sleep(6)
            kill_group(first)
        with many.service("worker-backfill"):
            wait_until_done(many)

    assert len(alone) > 30
    assert dict(tree(many.home / "out")) == alone


# What a message does while a backfill rests is tested without workers (tests/pipeline/backfill).
@pytest.mark.slow
def test_workers_rest_and_go_on_as_an_operator_says(
    many: Installation, alone: dict[str, bytes]
) -> None:
    assert many.command("newsloom", "backfill", "run", "1", "--detach").returncode == 0

    with (
        many.service("worker-stories"),
        many.service("worker-backfill"),
        many.beat(),
        many.worker("control", queues="control"),
    ):
        while not told(many, "status")["articles"]:
            time.sleep(0.1)
        told(many, "pause")
        # What was in hand is finished first.
        time.sleep(3)
        held = told(many, "status")
        time.sleep(6)
        assert told(many, "status") == held
        assert held["state"] == "paused"
        assert held["pages_left"] + held["articles_left"] > 0
        assert many.command("newsloom", "backfill", "resume", "1", "--detach").returncode == 0
        wait_until_done(many)

    assert dict(tree(many.home / "out")) == alone
