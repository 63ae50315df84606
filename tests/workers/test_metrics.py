from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from config.settings import Settings
from pipeline.cli.demo import ROUNDS, SEEDS
from pipeline.context import FixedClock
from pipeline.io import schema
from pipeline.io.recorded import RecordedWeb
from pipeline.outcomes import StageCounts, Tally
from tests.conftest import ROOT
from tests.postgres import Postgres
from tests.proxy import playing
from tests.redis import free_port
from tests.workers.test_health import World
from tests.workers.world import BIN, PATIENCE, Installation, install
from tests.world import NOW
from workers import metrics
from workers.logs import taken, without_secrets

DOCS = ROOT / "docs" / "operations"
#: Names in prose, YAML and JSON; `_bucket`, `_sum` and `_count` belong to their histogram.
_NAME = re.compile(r"\bnewsloom_[a-z_]+")


@pytest.fixture
def world(tmp_path: Path, database_url: str, redis_url: str) -> World:
    return World(tmp_path / "home", database_url, redis_url).upgraded()


def gauges(world: World, clock: FixedClock | None = None) -> dict[tuple[str, str], float]:
    """Return what a scrape gives, by name and the values of its labels in their order."""
    settings = Settings.model_validate({"home": world.home, **world.urls})
    registry = CollectorRegistry()
    registry.register(
        metrics.InstallationCollector(settings, world.books.sites, clock or FixedClock(NOW))
    )
    return samples(generate_latest(registry).decode())


def samples(text: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, " ".join(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_gauges_tell_what_the_database_holds(world: World) -> None:
    world.run()
    world.change(schema.pages, quarantined="worker-died")
    world.change(schema.sources, next_at=NOW, lease_until=None, alarm="quiet: since long")
    with world.open() as ctx, ctx.store.write() as tx:
        for at, forced in ((NOW, None), (NOW, "checked"), (NOW - timedelta(days=2), None)):
            said = {"site": "all", "at": at, "reasons": ["half would go"], "forced": forced}
            tx.execute(insert(schema.publications).values(**said))

    found = gauges(world, FixedClock(NOW + timedelta(minutes=10)))

    assert found["newsloom_database_up", ""] == 1
    assert found["newsloom_due", "sources"] == 1
    assert found["newsloom_oldest_overdue_seconds", "sources"] == 600
    assert found["newsloom_oldest_overdue_seconds", "pages"] == 0
    assert found["newsloom_quarantined", "pages"] == 2
    assert found["newsloom_quarantined", "sources"] == 0
    # Both entries were published two hours before they were seen.
    assert found["newsloom_feed_lateness_seconds", "0.5"] == 7200
    assert found["newsloom_feed_lateness_seconds", "0.95"] == 7200
    assert found["newsloom_coverage_risk_ratio", ""] == 0
    assert found["newsloom_quiet_sources", ""] == 1
    assert found["newsloom_gate_failures", "all"] == 1
    assert found["newsloom_output_age_seconds", "all"] == 600
    assert found["newsloom_stories_behind", "all"] == 0
    assert found["newsloom_tick_age_seconds", ""] == 600


def test_coverage_is_at_risk_where_polls_know_no_entry(world: World) -> None:
    world.run()
    with world.open() as ctx, ctx.store.read() as tx:
        [memory] = tx.scalars(schema.sources.select().with_only_columns(schema.sources.c.memory))
    memory["rhythm"]["gaps"] = 0.1
    world.change(schema.sources, memory=memory)

    assert gauges(world)["newsloom_coverage_risk_ratio", ""] == 1


def test_a_database_that_is_gone_is_told_by_one_gauge(world: World) -> None:
    world.urls["database_url"] = f"postgresql://user@127.0.0.1:{free_port()}/none"

    assert gauges(world) == {("newsloom_database_up", ""): 0}


HOSTILE = [
    *(f"http-{status}" for status in range(400, 600)),
    *(f"made-up-{number}: https://one.example/?token={number}" for number in range(400)),
    *(f"https://one.example/{number}" for number in range(200)),
    *(f"dns: host-{number}.example" for number in range(200)),
]


def test_a_thousand_hostile_reasons_leave_a_handful_of_labels() -> None:
    assert len(set(HOSTILE)) == 1000

    codes = {metrics.reason_code(reason) for reason in HOSTILE}

    assert codes == {"http-4xx", "http-5xx", "dns", metrics.OTHER}


def test_what_is_counted_keeps_to_the_closed_lists() -> None:
    counts = StageCounts()
    for number, reason in enumerate(HOSTILE):
        counts.reasons.append((f"https://one.example/{number}", reason))
        counts.ended[f"ended-{number}"] += 1
    counts.ended["failed"] += 5

    metrics.count_members("fetch", counts)

    shown = generate_latest(metrics.MEMBERS).decode() + generate_latest(metrics.REFUSED).decode()
    found = {key: value for key, value in samples(shown).items() if key[0].endswith("_total")}
    assert "example" not in shown
    assert found["newsloom_members_total", "failed fetch"] == 5
    assert found["newsloom_members_total", "other fetch"] == 1000
    labels = {label.split()[0] for _, label in found}
    assert labels <= metrics.ENDS | metrics.REASONS | {metrics.OTHER}


def test_a_tally_is_taken_once() -> None:
    tally = Tally()
    tally.due("fetch", 2)
    tally.end("fetch", "fetched")
    tally.explain("fetch", "failed", "one", "dns")

    assert set(taken(tally)) == {"fetch"}
    assert taken(tally) == {}
    assert tally.failed == 0


def test_addresses_lose_their_secrets() -> None:
    said = "GET https://user:pass@one.example/a?token=4711 after redis://:pass@host:6379/0"

    assert without_secrets(said) == "GET https://one.example/a?... after redis://host:6379/0"


@contextmanager
def serving(home: Path, env: dict[str, str]) -> Iterator[str]:
    """Run `newsloom metrics` on a free port; give its address."""
    process = subprocess.Popen(
        [str(BIN / "newsloom"), "metrics", "--port", "0"],
        cwd=home,
        env={**env, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = iter(process.stdout.readline, "")
        yield next(line_ for line_ in said if line_.startswith("serving ")).split()[1]
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, redis_url: str
) -> Iterator[Installation]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'newsloom.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database(f"m{uuid4().hex}")
    number = int(uuid4().int % 15) + 1
    web = RecordedWeb(SEEDS / "web", clock=FixedClock(ROUNDS[0]))
    with playing(web, tmp_path) as proxy:
        yield install(tmp_path / "home", url, redis_url.replace("/0", f"/{number}"), proxy)


def test_workers_are_counted_and_tell_each_task_as_json(installation: Installation) -> None:
    shared = installation.home / "metrics"
    shared.mkdir()
    installation.env["PROMETHEUS_MULTIPROC_DIR"] = str(shared)
    installation.loglevel = "INFO"
    with installation.worker(concurrency=2):
        installation.wait_until_done()
    health = installation.command("newsloom", "health", "--json", "--timeout", "60s")
    with serving(installation.home, installation.env) as url:
        found = samples(httpx.get(url, timeout=PATIENCE, trust_env=False).text)

    assert health.returncode == 0, health.stdout
    assert found["newsloom_database_up", ""] == 1
    assert found["newsloom_members_total", "fetched fetch"] == 10
    assert found["newsloom_task_seconds_count", "extract done"] >= 1
    assert found["newsloom_output_age_seconds", "ai"] >= 0
    # Celery greets in its own words before it asks how to log.
    said = installation.logs().splitlines()
    lines = [json.loads(line_) for line_ in said if line_.startswith("{")]
    tasks = [one for one in lines if one["event"] == "task done"]
    assert {one["stage"] for one in tasks} == {"tick", "fetch", "extract", "cluster", "write"}
    assert {"level", "timestamp", "task_id", "seconds"} <= set(tasks[0])
    fetched = [one for one in tasks if one["counts"].get("fetch", {}).get("fetched")]
    assert sum(one["counts"]["fetch"]["fetched"] for one in fetched) == 10
    assert all(one["tick_ids"] == [1] for one in fetched)


def test_a_port_in_use_is_told(
    newsloom: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    taken_port = socket.create_server(("127.0.0.1", 0))
    with taken_port:
        port = str(taken_port.getsockname()[1])
        answer = newsloom("metrics", "--port", port)

    assert answer.returncode == 2
    assert "choose another --port" in answer.stderr


def known_names() -> set[str]:
    """Return every name that a scrape can hold."""
    counters = {"newsloom_members_total", "newsloom_reasons_total"}
    histogram = {f"newsloom_task_seconds{end}" for end in ("", "_bucket", "_sum", "_count")}
    return {"newsloom_database_up", *metrics.HELP, *counters, *histogram}


@pytest.mark.parametrize("name", ["monitoring.md", "alerts.yml", "dashboard.json"])
def test_documents_name_only_metrics_that_exist(name: str) -> None:
    named = set(_NAME.findall((DOCS / name).read_text()))

    assert named
    assert named <= known_names()


def test_every_metric_is_explained() -> None:
    text = (DOCS / "monitoring.md").read_text()

    families = {name for name in known_names() if not name.endswith(("_bucket", "_sum", "_count"))}
    assert families <= set(_NAME.findall(text))


def test_alert_rules_and_dashboard_have_their_forms() -> None:
    [group] = yaml.safe_load((DOCS / "alerts.yml").read_text())["groups"]
    dashboard = json.loads((DOCS / "dashboard.json").read_text())

    assert all({"alert", "expr", "for", "annotations"} <= set(rule) for rule in group["rules"])
    assert all(panel["targets"][0]["expr"] for panel in dashboard["panels"])
