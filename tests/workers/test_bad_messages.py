"""Messages that no program of ours would send: each is dropped with a word, and work goes on."""

from __future__ import annotations

import base64
import json
import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from pipeline.cli.demo import ROUNDS, SEEDS
from pipeline.context import FixedClock
from pipeline.io.recorded import RecordedWeb
from tests.proxy import Proxy, playing
from tests.workers.world import Installation, install
from tests.world import tree

pytestmark = pytest.mark.timeout(300)
QUEUES = ("control", "fetch", "extract", "cluster", "write")

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    web = RecordedWeb(SEEDS / "web", clock=FixedClock(ROUNDS[0]))
    with playing(web, tmp_path_factory.mktemp("proxy")) as running:
        yield running


@pytest.fixture
def installation(tmp_path: Path, redis_url: str, proxy: Proxy) -> Installation:
    url = f"sqlite:///{tmp_path / 'newsloom.db'}"
    return install(tmp_path / "home", url, redis_url.replace("/0", "/14"), proxy)


class Weapon:
    """What must not be run: unpickling it would leave a file behind."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path("unpickled").touch, ())


def _arguments(*args: Any, **named: Any) -> Change:
    """Return what gives a message other arguments."""
    body = base64.b64encode(json.dumps([args, named, {}]).encode()).decode()
    return lambda message: message.update(body=body)


def _headers(**headers: Any) -> Change:
    """Return what gives a message other headers."""
    return lambda message: message["headers"].update(headers)


def _pickled(message: dict[str, Any]) -> None:
    body = pickle.dumps(([Weapon()], {}, {}))
    message["content-type"] = "application/x-python-serialize"
    message["body"] = base64.b64encode(body).decode()


def _body(text: str) -> Change:
    """Return what gives a message another body."""
    return lambda message: message.update(body=text)


BAD: dict[str, Change] = {
    "pickle": _pickled,
    "a task that is none": _headers(task="workers.tasks.conquer"),
    "a task of another application": _headers(task="os.system"),
    "without its argument": _arguments(),
    "an argument too many": _arguments(["x"], "more"),
    "an argument by a name of a later version": _arguments(["x"], priority=3),
    "ids that do not exist": _arguments(["nobody", "\x00", "'; DROP TABLE pages; --"]),
    "no list of ids": _arguments({"ids": ["x"]}),
    "ids of another type": _arguments([1, None, ["x"], {"y": 1}]),
    "ten megabytes of ids": _arguments([uuid4().hex * 8 for _ in range(40_000)]),
    "a header of a later version": _headers(stale_at="tomorrow"),
    "a body that is no base64": _body("%%%"),
    "a body that is no JSON": _body(base64.b64encode(b"{[").decode()),
    "a body that is a number": _body(base64.b64encode(b"5").decode()),
}


def _one_message(installation: Installation, client: redis.Redis) -> dict[str, Any]:
    """Return a message as a worker would get it, taken off its queue."""
    code = "from workers.tasks import fetch; fetch.delay(['x'])"
    answer = installation.command("python", "-c", code)
    assert answer.returncode == 0, answer.stderr
    raw = client.rpop("fetch")
    assert isinstance(raw, bytes)
    message: dict[str, Any] = json.loads(raw)
    return message


def _changed(message: dict[str, Any], change: Change) -> bytes:
    copy: dict[str, Any] = json.loads(json.dumps(message))
    copy["headers"]["id"] = copy["properties"]["correlation_id"] = str(uuid4())
    copy["properties"]["delivery_tag"] = str(uuid4())
    change(copy)
    return json.dumps(copy).encode()


def test_bad_messages_are_dropped_and_the_same_worker_does_its_work(
    installation: Installation,
) -> None:
    with redis.Redis.from_url(installation.env["NEWSLOOM_BROKER_URL"]) as client:
        message = _one_message(installation, client)
        for queue in ("fetch", "extract"):
            for change in BAD.values():
                raw = _changed(message, change)
                client.lpush(queue, raw.replace(b"tasks.fetch", f"tasks.{queue}".encode()))
        with installation.worker(concurrency=2) as worker:
            deadline = time.monotonic() + 90
            while any(client.llen(queue) for queue in QUEUES) or client.zcard("unacked_index"):
                assert worker.poll() is None, installation.logs()[-4000:]
                assert time.monotonic() < deadline, installation.logs()[-4000:]
                time.sleep(0.1)
            installation.wait_until_done()
            assert worker.poll() is None

    assert len([path for path in tree(installation.home / "out") if "_news/" in path]) > 0
    assert not (installation.home / "unpickled").exists()
    said = installation.logs()
    assert "Refusing to deserialize" in said
    assert "workers.tasks.conquer" in said
