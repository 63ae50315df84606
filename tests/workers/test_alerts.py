from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import insert

from pipeline import line
from pipeline.cli.demo import ROUNDS, SEEDS
from pipeline.context import FixedClock
from pipeline.io import schema
from pipeline.io.policy import web_policy
from pipeline.io.recorded import RecordedWeb
from pipeline.io.store import Store
from pipeline.io.web import Web
from pipeline.stages import alert as alerts
from tests.proxy import playing
from tests.workers.test_health import World
from tests.workers.world import PATIENCE, install
from tests.world import NOW

HOOK = "https://hooks.example/newsloom/token-4711"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(tmp_path: Path, database_url: str, redis_url: str) -> World:
    return World(tmp_path / "home", database_url, redis_url).upgraded()


class Hook:
    """An address that takes messages, or does not."""

    def __init__(self) -> None:
        self.status = 200
        self.taken: list[Mapping[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "POST"
        assert request.headers["content-type"] == "application/json"
        if self.status == 200:
            self.taken.append(json.loads(request.content))
        return httpx.Response(self.status)

    @property
    def lines(self) -> list[list[str]]:
        """Return the lines of each message: state, kind, subject."""
        return [
            [f"{one['state']} {one['kind']} {one['subject']}".rstrip() for one in message["alerts"]]
            for message in self.taken
        ]


@pytest.fixture
def hook(world: World) -> Hook:
    found = Hook()
    world.web.answers[HOOK] = found
    return found


def look(world: World, now: datetime = NOW) -> None:
    """Look once, as a worker that was rung for it."""
    with world.open(now, alert_webhook=SecretStr(HOOK)) as ctx:
        alerts.alert(ctx)


def gate(world: World, *reasons: str, at: datetime = NOW) -> None:
    """Let the gate say something of the site's last set."""
    said = {"site": "all", "at": at, "reasons": list(reasons), "forced": None}
    with world.open() as ctx, ctx.store.write() as tx:
        tx.execute(insert(schema.publications).values(**said))


def test_each_kind_of_trouble_is_named_with_what_it_is_about(world: World) -> None:
    world.run()
    with world.open() as ctx:
        assert alerts.wrong(ctx) == []
    world.change(schema.sources, alarm="missing: 12 %; quiet: nothing new since 2026-01-01")
    world.change(schema.sources, quarantined="not-a-feed", next_at=NOW)
    gate(world, "half of it would go")
    world.latest.unlink()

    with world.open() as ctx:
        found = {one.key: one.words for one in alerts.wrong(ctx)}

    assert set(found) == {
        ("quiet", "one"),
        ("gate", "all"),
        ("output", "all"),
        ("quarantine", "sources"),
    }
    assert "newsloom sources why one" in found["quiet", "one"]
    assert "half of it would go" in found["gate", "all"]
    assert "latest.json is missing" in found["output", "all"]


def test_a_page_in_quarantine_is_no_growth_yet(world: World) -> None:
    world.run()
    world.change(schema.pages, quarantined="worker-died", next_at=NOW)

    with world.open() as ctx:
        assert alerts.wrong(ctx) == []


def test_work_that_nobody_does_is_told(world: World) -> None:
    world.run()
    world.change(schema.sources, next_at=NOW, lease_until=None)

    with world.open(NOW + timedelta(hours=2)) as ctx:
        [found] = alerts.wrong(ctx)

    assert found.key == ("progress", "")
    assert "fetch for 2 h" in found.words


def test_trouble_is_told_when_it_begins_and_when_it_is_over(world: World, hook: Hook) -> None:
    world.run()
    look(world)
    gate(world, "half of it would go")
    look(world, NOW + MINUTE)
    look(world, NOW + 2 * MINUTE)
    world.change(schema.sources, alarm="quiet: nothing new since 2026-01-01")
    look(world, NOW + 3 * MINUTE)
    gate(world)
    look(world, NOW + 4 * MINUTE)
    look(world, NOW + 5 * MINUTE)

    assert hook.lines == [["new gate all"], ["new quiet one"], ["over gate all"]]
    assert hook.taken[0]["text"].startswith("newsloom, new: gate all: half of it would go")
    assert hook.taken[0]["at"] == "2026-03-01T12:01:00Z"


def test_trouble_that_lasts_is_told_again_after_a_day(world: World, hook: Hook) -> None:
    world.run()
    gate(world, "half of it would go")
    world.change(schema.sources, next_at=NOW + timedelta(days=9))
    for hours in (0, 23, 24, 47, 48):
        look(world, NOW + timedelta(hours=hours))

    assert hook.lines == [["new gate all"], ["still gate all"], ["still gate all"]]


def test_a_message_that_did_not_arrive_is_sent_later_and_not_at_once(
    world: World, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    world.run()
    gate(world, "half of it would go")
    hook.status = 503
    look(world)
    hook.status = 200
    look(world, NOW + 4 * MINUTE)
    assert hook.taken == []
    look(world, NOW + 5 * MINUTE)

    assert hook.lines == [["new gate all"]]
    assert "alert_webhook took no message: http-503" in caplog.text
    assert "token-4711" not in caplog.text


def test_a_run_for_another_site_ends_no_trouble_of_this_one(world: World, hook: Hook) -> None:
    world.run()
    gate(world, "half of it would go")
    look(world)
    mine = world.books
    world.books = mine.model_copy(update={"sites": {}})
    look(world, NOW + MINUTE)
    world.books = mine
    look(world, NOW + 2 * MINUTE)

    assert hook.lines == [["new gate all"]]


def test_two_that_look_in_the_same_minute_send_one_message(world: World, hook: Hook) -> None:
    world.run()
    gate(world, "half of it would go")
    for seconds in (0, 1, 59):
        look(world, NOW + timedelta(seconds=seconds))

    assert len(hook.taken) == 1


def test_many_at_once_are_one_message_with_the_rest_counted(world: World, hook: Hook) -> None:
    with world.open() as ctx:
        lines = [
            alerts.Told(state="new", kind="quiet", subject=f"s{number}", words="silent")
            for number in range(12)
        ]
        assert alerts.post(ctx, HOOK, lines) == ""

    [message] = hook.taken
    assert len(message["alerts"]) == 12
    assert message["text"].splitlines()[-1] == "and 2 more: `newsloom alerts`"
    assert len(message["text"].splitlines()) == 11


def test_a_round_tells_by_itself_and_a_hook_that_refuses_does_not_stop_it(
    world: World, hook: Hook
) -> None:
    world.run()
    gate(world, "half of it would go")
    world.change(schema.sources, next_at=NOW + timedelta(days=1))
    with world.open(alert_webhook=SecretStr(HOOK)) as ctx:
        line.run(ctx)
    assert hook.lines == [["new gate all"]]

    hook.status = 500
    gate(world)
    with world.open(NOW + MINUTE, alert_webhook=SecretStr(HOOK)) as ctx:
        line.run(ctx)
    assert len(hook.taken) == 1


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://127.0.0.1/token-4711", "blocked-address"),
        ("https://hooks.example:22/token-4711", "blocked-port"),
        (HOOK, "http-302"),
    ],
)
def test_the_guard_stands_before_the_webhook_too(address: str, reason: str, world: World) -> None:
    world.web.answers[HOOK] = lambda _: httpx.Response(302, headers={"location": "https://a.b/"})
    with world.open() as ctx:
        line_ = alerts.Told(state="new", kind="test", subject="", words="x")
        assert alerts.post(ctx, address, [line_]) == reason

    assert world.web.asked in ([], [HOOK])


def test_a_webhook_that_never_answers_is_left_at_its_deadline(world: World) -> None:
    with world.open() as ctx, closing(Web(web_policy(ctx.settings), transport=_Deaf())) as web:
        assert web.post_json(HOOK, {}, seconds=0.2) == "deadline"


class _Deaf(httpx.AsyncBaseTransport):
    """A web that takes requests and says nothing."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError(request)


def test_the_command_shows_what_is_wrong_and_tries_the_webhook(
    newsloom: Callable[..., subprocess.CompletedProcess[str]], world: World
) -> None:
    world.home.mkdir(exist_ok=True)
    env = {f"NEWSLOOM_{name.upper()}": url for name, url in world.urls.items()}
    env |= {"NEWSLOOM_ALERT_WEBHOOK": "https://127.0.0.1/token-4711"}

    well = newsloom("alerts", cwd=world.home, **env)
    test = newsloom("alerts", "--test", cwd=world.home, **env)
    env["NEWSLOOM_ALERT_WEBHOOK"] = "http://hooks.example"
    plain = newsloom("alerts", cwd=world.home, **env)

    assert (well.returncode, well.stdout) == (0, "nothing is wrong\n")
    assert test.returncode == 2
    assert "blocked-address" in test.stderr
    assert "token-4711" not in test.stderr + test.stdout
    assert plain.returncode == 2
    assert "write https://HOST/PATH" in plain.stderr


class HookedWeb(httpx.AsyncBaseTransport):
    """The recorded web, and a webhook that answers or keeps everybody waiting."""

    def __init__(self, *, answers: bool) -> None:
        self.web = RecordedWeb(SEEDS / "web", clock=FixedClock(ROUNDS[0]))
        self.answers = answers
        self.taken: list[Mapping[str, Any]] = []
        self.asked = threading.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "hooks.example":
            return await self.web.handle_async_request(request)
        self.taken.append(json.loads(request.content))
        self.asked.set()
        if not self.answers:
            await asyncio.Event().wait()
        return httpx.Response(204)


@pytest.mark.parametrize("answers", [True, False])
def test_workers_tell_the_webhook_and_hold_up_nothing_for_it(
    answers: bool, tmp_path: Path, redis_url: str
) -> None:
    url = f"sqlite:///{tmp_path / 'newsloom.db'}"
    web = HookedWeb(answers=answers)
    with playing(web, tmp_path) as proxy:
        installation = install(tmp_path / "home", url, redis_url.replace("/0", "/14"), proxy)
        installation.env["NEWSLOOM_ALERT_WEBHOOK"] = HOOK
        with closing(Store(url)) as store, store.write() as tx:
            said = {"site": "ai", "at": NOW, "reasons": ["half would go"], "forced": None}
            tx.execute(insert(schema.publications).values(**said))
        with installation.worker(concurrency=2):
            installation.tick()
            assert web.asked.wait(PATIENCE), installation.logs()
            installation.wait_until_done()

    assert [one["kind"] for one in web.taken[0]["alerts"]] == ["gate"]
    assert "Traceback" not in installation.logs()
