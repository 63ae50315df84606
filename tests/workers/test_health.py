from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr
from sqlalchemy import insert, update

from config.settings import Settings
from pipeline import line
from pipeline.context import Context
from pipeline.io import schema
from pipeline.io.migrate import upgrade
from pipeline.io.store import Store, counts, leases, sources
from tests.conftest import ROOT
from tests.redis import free_port
from tests.world import APPLES, NOW, PIER, FakeWeb, catalogue, opened, publish, source
from workers.health import NAMES, Check, judge, look, note_rung

LATER = NOW + timedelta(hours=2)
WAIT = timedelta(seconds=30)


class World:
    """An installation on one database and one broker, looked at whenever a test likes."""

    def __init__(self, home: Path, database_url: str, broker_url: str) -> None:
        self.home, self.web = home, FakeWeb()
        self.books = catalogue([source("one")])
        self.urls = {"database_url": database_url, "broker_url": broker_url}
        publish(self.web, "one.example", [PIER, APPLES])

    def upgraded(self) -> World:
        store = Store(self.urls["database_url"])
        upgrade(store)
        store.close()
        return self

    @contextmanager
    def open(self, now: datetime = NOW, **changes: Any) -> Iterator[Context]:
        secrets = {name: SecretStr(url) for name, url in self.urls.items()}
        with opened(self.home, self.books, self.web, now=now, **{**secrets, **changes}) as ctx:
            yield ctx

    def run(self, now: datetime = NOW) -> None:
        """Do a round, as a worker that beat has rung."""
        with self.open(now) as ctx:
            with ctx.store.write() as tx:
                sources.apply_sync(tx, self.books.sources, now=now)
            note_rung(ctx)
            line.run(ctx)

    def change(self, table: Any, **values: Any) -> None:
        with self.open() as ctx, ctx.store.write() as tx:
            tx.execute(update(table).values(**values))

    def checks(
        self, now: datetime = NOW, timeout: timedelta = WAIT, only: Sequence[str] = NAMES
    ) -> dict[str, Check]:
        settings = Settings.model_validate({"home": self.home, **self.urls})
        seen = look(settings, self.books.sites, now=now, timeout=timeout, only=only)
        found = {check.name: check for check in judge(seen, settings)}
        assert tuple(found) == tuple(name for name in NAMES if name in only)
        return found

    def bad(self, now: datetime = NOW, timeout: timedelta = WAIT) -> dict[str, str]:
        checks = self.checks(now, timeout)
        return {name: check.words for name, check in checks.items() if not check.ok}

    @property
    def latest(self) -> Path:
        return self.home / "out" / "all" / "latest.json"


@pytest.fixture
def world(tmp_path: Path, database_url: str, redis_url: str) -> World:
    return World(tmp_path / "home", database_url, redis_url).upgraded()


def nobody() -> str:
    return f"redis://user:secret@127.0.0.1:{free_port()}/0"


def test_a_round_just_done_is_healthy(world: World) -> None:
    world.run()

    checks = world.checks(NOW + timedelta(seconds=30))

    assert [name for name, check in checks.items() if not check.ok] == []
    assert checks["beat"].age == 30
    assert checks["progress"].age == 30
    assert checks["output"].age == 30
    assert checks["database"].age is None


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_that_is_not_there_is_told_and_not_made(
    kind: str, tmp_path: Path, redis_url: str
) -> None:
    url = f"sqlite:///{tmp_path / 'state' / 'none.db'}"
    if kind == "postgresql":
        url = f"postgresql://user:secret@127.0.0.1:{free_port()}/none"
    world = World(tmp_path, url, redis_url)

    bad = world.bad()

    assert list(bad) == ["database", "progress", "beat", "output"]
    remedy = "run `newsloom db upgrade`" if kind == "sqlite" else "start PostgreSQL"
    assert remedy in bad["database"]
    assert "secret" not in str(bad)
    assert not (tmp_path / "state").exists()


def test_a_database_without_tables_is_told(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    if database_url.startswith("sqlite:///"):
        Path(database_url.removeprefix("sqlite:///")).touch()
    world = World(tmp_path, database_url, redis_url)

    assert "is empty; run `newsloom db upgrade`" in world.bad()["database"]


def test_a_database_that_never_answers_is_not_waited_for(tmp_path: Path, redis_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        world = World(tmp_path, f"postgresql://user@127.0.0.1:{port}/none", redis_url)

        bad = world.bad(timeout=timedelta(seconds=1))

    assert bad["database"] == "no answer within 1 s"


def test_a_broker_that_is_gone_is_told_where_workers_ever_ran(world: World) -> None:
    world.run()
    world.urls["broker_url"] = nobody()

    bad = world.bad()

    assert list(bad) == ["broker"]
    assert "start Redis, or mend broker_url" in bad["broker"]
    assert "secret" not in bad["broker"]


def test_a_broker_that_never_answers_is_told(world: World) -> None:
    world.run()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        world.urls["broker_url"] = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"

        assert list(world.bad(timeout=timedelta(seconds=1))) == ["broker"]


def test_one_process_needs_neither_broker_nor_beat(world: World) -> None:
    world.urls["broker_url"] = nobody()
    with world.open() as ctx:
        with ctx.store.write() as tx:
            sources.apply_sync(tx, world.books.sources, now=NOW)
        line.run(ctx)

    checks = world.checks(NOW + timedelta(days=1))

    assert [check.name for check in checks.values() if "skipped" in check.words] == [
        "broker",
        "progress",
        "beat",
    ]
    assert all(check.ok for check in checks.values())


def test_one_process_beside_a_broker_of_others_needs_no_beat(world: World) -> None:
    with world.open() as ctx, ctx.store.write() as tx:
        sources.apply_sync(tx, world.books.sources, now=NOW)
        counts.add(tx, counts.of_task("run", {}, seconds=1, failed=False))

    checks = world.checks(LATER)

    assert checks["broker"].words.endswith("answers")
    assert all(checks[name].ok and "skipped" in checks[name].words for name in ("beat", "progress"))


def test_who_asks_for_the_broker_by_name_gets_no_guess_that_there_is_none(world: World) -> None:
    world.urls["broker_url"] = nobody()

    checks = world.checks(only=("broker", "database"))

    assert {name: check.ok for name, check in checks.items()} == {"database": True, "broker": False}


def test_one_check_asks_nothing_that_another_needs(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        world.urls["broker_url"] = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"

        checks = world.checks(only=("output",))

        deaf.setblocking(False)
        with pytest.raises(BlockingIOError):
            deaf.accept()
    assert checks["output"].ok


def test_ticks_that_nobody_takes_any_more_are_told(world: World) -> None:
    world.run()

    assert "beat" not in world.bad(NOW + timedelta(seconds=150))
    told = world.bad(NOW + timedelta(seconds=151))["beat"]
    assert "151 s ago" in told or "2.52 min ago" in told
    assert "workers.app beat" in told


def test_beat_that_never_rang_is_told_once_something_is_overdue(world: World) -> None:
    assert "beat" not in world.bad()
    with world.open() as ctx, ctx.store.write() as tx:
        sources.apply_sync(tx, world.books.sources, now=NOW)

    assert "taken never" in world.bad(LATER)["beat"]


def test_workers_that_finish_nothing_are_told(world: World) -> None:
    world.run()
    world.change(schema.sources, next_at=NOW, lease_until=None)

    told = world.bad(LATER)["progress"]

    assert "fetch for 2 h" in told
    assert "start workers" in told


def test_work_that_somebody_is_at_is_no_standstill(world: World) -> None:
    world.run()
    world.change(schema.sources, next_at=NOW, lease_until=None)
    with world.open(LATER) as ctx, ctx.store.write() as tx:
        assert leases.take(tx, "cluster:en", owner="somebody", now=LATER, lasts=WAIT)

    assert "progress" not in world.bad(LATER)


def test_a_rest_without_anything_due_is_no_standstill(world: World) -> None:
    world.run()
    world.change(schema.sources, next_at=LATER + timedelta(hours=1))

    assert "progress" not in world.bad(LATER)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.unlink(), "latest.json is missing"),
        (lambda path: path.write_text("{}"), "is no latest.json"),
        (
            lambda path: path.write_text('{"generated_at": "2026-02-01T00:00:00Z"}'),
            "is of 2026-02-01 00:00:00Z",
        ),
    ],
)
def test_output_behind_its_newest_story_is_told(
    damage: Callable[[Path], object], told: str, world: World
) -> None:
    world.run()
    damage(world.latest)

    assert told in world.bad()["output"]
    assert "newsloom write" in world.bad()["output"]


def test_stories_that_nobody_writes_are_told_with_the_gates_word(world: World) -> None:
    world.run()
    world.change(schema.stories, revision=schema.stories.c.revision + 1)

    assert "output" not in world.bad(NOW + timedelta(minutes=1))
    assert "`newsloom write` says why" in world.bad(LATER)["output"]
    with world.open() as ctx, ctx.store.write() as tx:
        said = {"site": "all", "at": NOW, "reasons": ["half of it would go"], "forced": None}
        tx.execute(insert(schema.publications).values(**said))
    assert "half of it would go" in world.bad(LATER)["output"]


def test_the_command_ends_with_the_worst(
    newsloom: Callable[..., subprocess.CompletedProcess[str]], world: World
) -> None:
    world.home.mkdir(exist_ok=True)
    env = {f"NEWSLOOM_{name.upper()}": url for name, url in world.urls.items()}

    well = newsloom("health", "--json", "--timeout", "60s", cwd=world.home, **env)
    env["NEWSLOOM_DATABASE_URL"] = f"sqlite:///{world.home / 'none.db'}"
    bad = newsloom("health", "--only", "broker, database", cwd=world.home, **env)
    usage = newsloom("health", "--only", "weather", cwd=world.home, **env)

    assert (well.returncode, bad.returncode, usage.returncode) == (0, 1, 2), well.stderr
    answer = json.loads(well.stdout)
    assert answer["healthy"] is True
    assert [set(check) for check in answer["checks"]] == [{"name", "ok", "age", "words"}] * 5
    assert [row.split()[:2] for row in bad.stdout.splitlines()] == [
        ["BAD", "database:"],
        ["ok", "broker:"],
    ]
    assert "unknown" in usage.stderr


def test_containers_ask_for_checks_that_exist(
    newsloom: Callable[..., subprocess.CompletedProcess[str]], world: World
) -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    asked = {
        tuple(service["healthcheck"]["test"][1:])
        for service in services.values()
        if service["healthcheck"]["test"][1] == "newsloom"
    }
    world.home.mkdir(exist_ok=True)
    env = {f"NEWSLOOM_{name.upper()}": url for name, url in world.urls.items()}

    assert len(asked) == 3
    for command in asked:
        answer = newsloom(*command[1:], "--timeout", "60s", cwd=world.home, **env)
        assert answer.returncode == 0, answer.stdout + answer.stderr
