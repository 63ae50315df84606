"""The shipped workers: live work never waits behind a backfill, and SIGTERM strands nothing."""

from __future__ import annotations

import asyncio
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from tests.servers import Asked, Behaviour, Server, reply, running_server
from tests.workers.world import BIN, COMPOSE, PATIENCE, Installation
from tests.world import HARBOUR, Item, feed, page
from workers.compose import read_services

pytestmark = pytest.mark.timeout(300)
#: Messages of the backfill that wait, each for a host that does not answer.
LONG = 200


def _held(until: threading.Event, behaviour: Behaviour) -> Behaviour:
    """Answer when somebody lets go."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> bool:
        await asyncio.to_thread(until.wait, PATIENCE)
        return await behaviour(asked, writer)

    return answer


@pytest.fixture
def hosts() -> Iterator[tuple[Server, Server]]:
    """Give a host of a live source, and one of a source that is filled back."""
    with ExitStack() as stack:
        live, old = (
            stack.enter_context(running_server(host=f"127.0.0.{41 + number}")) for number in (0, 1)
        )
        yield live, old


@pytest.fixture
def installation(tmp_path: Path, redis_url: str, hosts: tuple[Server, Server]) -> Installation:
    """Give an installation that watches the two, each with a feed of one page."""
    lines = []
    for name, server in zip(("live", "old"), hosts, strict=True):
        item = Item(url=server.url("/0.html"), title=f"The {name} harbour report", text=HARBOUR)
        server.on("/0.html", reply(page(item).encode()))
        answer = reply(feed([item]).encode(), content_type="application/rss+xml")
        address = server.on("/feed.xml", answer)
        lines += [f'[[source]]\nid = "{name}"\nfeed = "{address}"\nprovider = "{server.host}"\n']
        lines += [f'title = "{name}"\n']
    env = {
        "PATH": str(BIN),
        "NEWSLOOM_DATABASE_URL": f"sqlite:///{tmp_path / 'newsloom.db'}",
        "NEWSLOOM_BROKER_URL": redis_url.replace("/0", "/15"),
        "NEWSLOOM_CATALOGUE": "catalogue",
        "NEWSLOOM_ALLOW_NETWORKS": "127.0.0.0/8",
        "NEWSLOOM_HOST_SPACING": "PT0S",
        # Nothing expires while a loaded machine gets to it.
        "NEWSLOOM_TICK_EVERY": "10m",
    }
    home = tmp_path / "home"
    made = Installation(home, env)
    subprocess.run([str(BIN / "newsloom"), "init", str(home)], check=True, env=env)
    (home / "catalogue" / "sources.toml").write_text("".join(lines))
    open_tick = "from pipeline import line; from workers.runtime import context as c"
    for args in (
        ("newsloom", "db", "upgrade"),
        ("newsloom", "sources", "sync"),
        ("python", "-c", f"{open_tick}; assert line.open_tick(c())"),
    ):
        answer_ = made.command(*args)
        assert answer_.returncode == 0, answer_.stderr
    return made


@pytest.fixture
def broker(installation: Installation) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(installation.env["NEWSLOOM_BROKER_URL"]) as client:
        client.flushdb()
        yield client
        client.flushdb()


def _send(installation: Installation, queue: str, source: str, times: int = 1) -> None:
    """Put messages for a source into a queue."""
    code = (
        "from workers.tasks import fetch\n"
        f"for _ in range({times}): fetch.apply_async(args=[['{source}']], queue='{queue}')"
    )
    answer = installation.command("python", "-c", code)
    assert answer.returncode == 0, answer.stderr


def _wait(installation: Installation, condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, installation.logs()
        time.sleep(0.05)


def test_a_live_message_overtakes_a_long_backfill(
    installation: Installation, hosts: tuple[Server, Server], broker: redis.Redis
) -> None:
    live, old = hosts
    let_go = threading.Event()
    old.routes["/feed.xml"] = _held(let_go, old.routes["/feed.xml"])
    _send(installation, "backfill.fetch", "old", times=LONG)
    with ExitStack() as running:
        for name in ("worker-backfill", "worker-fetch", "worker-extract"):
            running.enter_context(installation.service(name))
        _wait(installation, lambda: old.requests("/feed.xml"))

        _send(installation, "fetch", "live")
        _wait(installation, lambda: live.requests("/0.html"))

        # Its one process holds a message, and may have taken one more.
        assert broker.llen("backfill.fetch") >= LONG - 2
        let_go.set()
        _wait(installation, lambda: old.requests("/0.html") and not broker.llen("backfill.fetch"))


def test_what_follows_from_a_backfill_waits_behind_backfills(
    installation: Installation, hosts: tuple[Server, Server], broker: redis.Redis
) -> None:
    _, old = hosts
    _send(installation, "backfill.fetch", "old")
    with installation.worker("fetching", queues="backfill.fetch"):
        _wait(installation, lambda: broker.llen("backfill.extract"))

    assert old.requests("/0.html") == []
    assert broker.llen("extract") == 0
    with installation.worker("reading", queues="backfill.extract"):
        _wait(installation, lambda: old.requests("/0.html"))

    assert broker.llen("extract") == 0

    assert len(old.requests("/0.html")) == 1


def test_sigterm_ends_a_busy_worker_within_its_grace_and_hands_its_message_back(
    installation: Installation, hosts: tuple[Server, Server], broker: redis.Redis
) -> None:
    live, _ = hosts
    let_go = threading.Event()
    live.routes["/feed.xml"] = _held(let_go, live.routes["/feed.xml"])
    shipped = {one.name: one for one in read_services(COMPOSE)}["worker-fetch"]
    _send(installation, "fetch", "live")
    with installation.service("worker-fetch") as worker:
        _wait(installation, lambda: live.requests("/feed.xml"))
        assert broker.llen("fetch") == 0

        worker.terminate()

        assert worker.wait(timeout=shipped.grace) == 0, installation.logs()
    let_go.set()
    assert broker.llen("fetch") == 1
    assert broker.hlen("unacked") == 0
