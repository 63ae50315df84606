"""Real `newsloom backfill` processes: killed at any moment, twice at once, paused from beside."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.archivehost import ArchiveWeb, ArchiveWorld
from tests.proxy import Proxy, playing
from tests.world import differences, tree

END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
WORLD = ArchiveWorld(articles=90, outlets=3, months=1, end=END)
BIN = Path(sys.executable).parent / "newsloom"
#: What a batch of look-ups and one of pages may ask for again.
BATCH = 20

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with playing(ArchiveWeb(WORLD, lambda: END), tmp_path_factory.mktemp("proxy")) as running:
        yield running


class Terminal:
    """An installation, and real processes in it."""

    def __init__(self, home: Path, proxy: Proxy) -> None:
        self.home, self.proxy = home, proxy
        self._environment = {
            **os.environ,
            **proxy.settings(),
            "NEWSLOOM_HOST_SPACING": "0s",
            "NEWSLOOM_FEED_DEADLINE": "3s",
            "NEWSLOOM_PAGE_DEADLINE": "3s",
            "NEWSLOOM_LEASE": "5s",
        }
        home.mkdir()
        assert self("init", ".").returncode == 0
        WORLD.write_catalogue(home / "catalogue")
        assert self("sources", "sync").returncode == 0

    def begin(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [BIN, *args],
            cwd=self.home,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *args: str) -> subprocess.CompletedProcess[str]:
        process = self.begin(*args)
        told = process.communicate(timeout=120)
        return subprocess.CompletedProcess(args, process.returncode, *told)

    def plan(self) -> str:
        answer = self("backfill", "plan", "--since", f"{WORLD.start:%F}", "--json")
        assert answer.returncode == 0, answer.stderr
        return str(json.loads(answer.stdout)["backfill"])

    def status(self, number: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("backfill", "status", number, "--json").stdout)
        return found

    def files(self) -> dict[str, bytes]:
        documents = tree(self.home / "out" / "all" / "_news")
        return {name: data for name, data in documents.items() if not name.startswith(".")}

    def differences(self) -> list[int]:
        return differences(self.home)


def test_a_process_killed_again_and_again_leaves_what_an_undisturbed_one_does(
    tmp_path: Path, proxy: Proxy
) -> None:
    undisturbed = Terminal(tmp_path / "undisturbed", proxy)
    number = undisturbed.plan()
    proxy.asked.clear()
    assert undisturbed("backfill", "run", number).returncode == 0
    needed = len(proxy.asked)

    killed = Terminal(tmp_path / "killed", proxy)
    assert killed.plan() == number
    proxy.asked.clear()
    chance, kills = random.Random(1), 0
    for _ in range(4):
        process = killed.begin("backfill", "run", number)
        time.sleep(chance.uniform(1.5, 6))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
    ended = killed("backfill", "run", number)

    assert kills >= 2
    assert ended.returncode == 0 or "is done" in ended.stderr, ended.stderr
    # A page in hand at three of the kills would be set aside, and its article missing.
    assert killed.files() == undisturbed.files(), killed("quarantine", "list").stdout
    assert killed.differences() == undisturbed.differences() == [0]
    # Each process reads robots.txt of its hosts anew at most.
    assert needed <= len(proxy.asked) <= needed + kills * (BATCH + WORLD.outlets)


def test_the_same_backfill_twice_at_once_is_refused(tmp_path: Path, proxy: Proxy) -> None:
    desk = Terminal(tmp_path / "home", proxy)
    number = desk.plan()
    first = desk.begin("backfill", "run", number)
    while desk.status(number)["state"] == "planned":
        time.sleep(0.2)

    second = desk("backfill", "run", number)

    first.communicate(timeout=120)
    assert first.returncode == 0
    assert second.returncode == 2, second.stderr
    assert "under way in another process" in second.stderr or "is done" in second.stderr


def test_a_pause_from_another_terminal_ends_the_run_and_resume_goes_on(
    tmp_path: Path, proxy: Proxy
) -> None:
    desk = Terminal(tmp_path / "home", proxy)
    number = desk.plan()
    running = desk.begin("backfill", "run", number)
    while not desk.status(number)["articles"]:
        time.sleep(0.1)

    paused = desk("backfill", "pause", number)
    told, _ = running.communicate(timeout=60)

    assert paused.returncode == 0, paused.stderr
    assert running.returncode == 1
    assert "is paused: by an operator" in told
    assert desk.status(number)["state"] == "paused"
    assert desk.differences() == [0]
    assert desk("backfill", "resume", number).returncode == 0
    assert desk.status(number)["articles"] == WORLD.articles
    assert desk.differences() == [0]
