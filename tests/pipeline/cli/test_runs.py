"""Runs side by side, runs interrupted, and runs that only say what they would do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.io.store import Store
from pipeline.io.store.status import status
from pipeline.seedfile.parse import parse
from tests.proxy import Proxy, playing
from tests.world import HARBOUR, NOW, ORCHARD, FakeWeb, Item, publish, tree

Newsloom = Callable[..., subprocess.CompletedProcess[str]]
BIN = Path(sys.executable).parent / "newsloom"
ARTICLES = 24


def _world() -> FakeWeb:
    """Make an outlet whose articles alternate between two events."""
    web = FakeWeb()
    items = [
        Item(
            url=f"https://one.example/{number}",
            title=f"{'Harbour pier' if number % 2 else 'Apple harvest'}, report {number}",
            text=HARBOUR if number % 2 else ORCHARD,
        )
        for number in range(ARTICLES)
    ]
    publish(web, "one.example", items)
    return web


class _Slow(httpx.AsyncBaseTransport):
    """A web that takes its time over pages."""

    def __init__(self, web: FakeWeb, seconds: float) -> None:
        self._web, self._seconds = web, seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        import asyncio  # noqa: PLC0415

        await asyncio.sleep(self._seconds)
        return self._web(request)


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with playing(_Slow(_world(), 0.05), tmp_path / "proxy") as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, newsloom: Newsloom) -> Path:
    folder = tmp_path / "home"
    newsloom("init", str(folder))
    (folder / "catalogue" / "sources.toml").write_text(
        '[[source]]\nid = "one"\nfeed = "https://one.example/feed.xml"\n'
        'provider = "one.example"\ntitle = "One"\n'
    )
    (folder / "catalogue" / "sites.toml").write_text(
        '[[site]]\nname = "all"\nout = "all"\nthreshold = 0\n'
    )
    return folder


def _start(home: Path, proxy: Proxy, *args: str) -> subprocess.Popen[str]:
    """Start a run that reads a page at a time."""
    env = {
        **os.environ,
        **proxy.settings(),
        "NEWSLOOM_HOST_SPACING": "0s",
        "NEWSLOOM_HOST_BATCH": "2",
        "NEWSLOOM_EXTRACT_BATCH": "2",
    }
    return subprocess.Popen(
        [str(BIN), "run", "--json", *args],
        cwd=home,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


@pytest.mark.timeout(200)
def test_two_runs_at_once_share_the_work_and_write_the_same(
    home: Path, proxy: Proxy, tmp_path: Path
) -> None:
    both = [_start(home, proxy), _start(home, proxy)]
    ends = [_end(process) for process in both]

    assert [code for code, _, _ in ends] == [0, 0], ends
    reports = [json.loads(out)["stages"] for _, out, _ in ends]
    assert sum(report["extract"]["ended"].get("new", 0) for report in reports) == ARTICLES
    assert sum(report["fetch"]["ended"].get("fetched", 0) for report in reports) == 1
    assert proxy.asked.count("https://one.example/3") == 1
    for name, data in tree(home / "out").items():
        if name.endswith(".md"):
            assert parse(data).document.title


@pytest.mark.timeout(200)
def test_ctrl_c_stops_cleanly_and_the_next_run_finishes_at_once(home: Path, proxy: Proxy) -> None:
    process = _start(home, proxy)
    while len(proxy.asked) < ARTICLES // 3:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    code, _, err = _end(process)

    assert code == 130
    assert "stopped; what was finished is kept" in err
    assert "Traceback" not in err

    started = time.monotonic()
    code, _, err = _end(_start(home, proxy))
    assert code == 0, err
    assert time.monotonic() - started < 60, "it waited for leases nobody holds"
    store = Store(f"sqlite:///{home / 'state' / 'newsloom.db'}")
    with store.read() as tx:
        found = status(tx, sites=["all"], now=NOW)
    store.close()
    assert (found.articles, found.pages_pending, found.stories_unwritten) == (ARTICLES, 0, 0)


def test_dry_runs_change_nothing(home: Path, proxy: Proxy, newsloom: Newsloom) -> None:
    env = {**proxy.settings(), "NEWSLOOM_HOST_SPACING": "0s"}
    for command in (("run",), ("fetch",), ("extract",), ("cluster",), ("write",)):
        answer = newsloom(*command, "--dry-run", cwd=home, **env)
        assert answer.returncode == 0, answer.stderr
    assert proxy.asked == []
    assert not (home / "out").exists()


@pytest.mark.timeout(200)
def test_the_stages_one_by_one_do_what_a_run_does(
    home: Path, proxy: Proxy, newsloom: Newsloom, tmp_path: Path
) -> None:
    env = {**proxy.settings(), "NEWSLOOM_HOST_SPACING": "0s"}
    for command in ("fetch", "extract", "cluster"):
        answer = newsloom(command, "--json", cwd=home, **env)
        assert answer.returncode == 0, answer.stderr
    would = json.loads(newsloom("write", "--dry-run", "--json", cwd=home, **env).stdout)
    assert not (home / "out").exists()
    done = json.loads(newsloom("write", "--json", cwd=home, **env).stdout)

    assert would["stages"]["write"] == done["stages"]["write"]
    assert done["stages"]["write"]["ended"]["created"] >= 2
    assert newsloom("verify", cwd=home).returncode == 0


def test_verify_reports_what_was_changed_removed_and_added(
    home: Path, proxy: Proxy, newsloom: Newsloom
) -> None:
    newsloom("run", cwd=home, NEWSLOOM_HOST_SPACING="0s", **proxy.settings())
    first, second, *_ = sorted((home / "out" / "all" / "_news").glob("*.md"))
    first.write_text(first.read_text().replace("heat: ", "heat: 1"))
    second.unlink()
    (first.parent / "stranger.md").write_text("---\n---\n")

    answer = newsloom("verify", "--json", cwd=home)

    problems = {item["path"]: item["problem"] for item in json.loads(answer.stdout)["findings"]}
    assert answer.returncode == 1
    assert problems == {
        f"_news/{first.name}": "was changed since we wrote it",
        f"_news/{second.name}": "is missing",
        "_news/stranger.md": "no story of ours has this file",
    }

    repaired = json.loads(newsloom("verify", "--repair", "--json", cwd=home).stdout)
    assert set(repaired["repaired"]) == {f"_news/{first.name}", f"_news/{second.name}"}
    assert [item["path"] for item in repaired["findings"]] == ["_news/stranger.md"]


def test_stories_can_be_listed_shown_and_explained(
    home: Path, proxy: Proxy, newsloom: Newsloom
) -> None:
    newsloom("run", cwd=home, NEWSLOOM_HOST_SPACING="0s", **proxy.settings())
    [story, *_] = json.loads(newsloom("stories", "list", "--json", cwd=home).stdout)

    shown = json.loads(newsloom("stories", "show", story["id"], "--json", cwd=home).stdout)
    why = newsloom("stories", "why", story["id"][:10], cwd=home)

    assert len(shown["articles"]) == story["members"]
    assert shown["files"][0]["path"].startswith("_news/")
    for word in ("heat", "quality", "joined at", "nearest to", "founded the story"):
        assert word in why.stdout
    assert newsloom("stories", "why", "nothing", cwd=home).returncode == 2


def test_sources_check_tells_what_each_feed_is(
    home: Path, proxy: Proxy, newsloom: Newsloom
) -> None:
    with (home / "catalogue" / "sources.toml").open("a") as file:
        file.write(
            '[[source]]\nid = "gone"\nfeed = "https://gone.example/feed.xml"\n'
            'provider = "gone.example"\ntitle = "Gone"\n'
        )

    answer = newsloom("sources", "check", "--json", cwd=home, **proxy.settings())

    checked = {item["source"]: item for item in json.loads(answer.stdout)}
    assert answer.returncode == 1
    assert (checked["one"]["dialect"], checked["one"]["entries"]) == ("rss20", ARTICLES)
    assert checked["gone"]["problem"].startswith("http-404")
