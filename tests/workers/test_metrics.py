from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from pipeline.io.logs import without_secrets
from pipeline.io.recorded import RecordedWeb
from pipeline.io.store import Store, counts
from pipeline.io.store.counts import Figure
from pipeline.outcomes import StageCounts, Tally
from tests.conftest import ROOT
from tests.postgres import Postgres
from tests.proxy import playing
from tests.redis import free_port
from tests.workers.test_health import World
from tests.workers.world import BIN, PATIENCE, Installation, install
from tests.world import NOW
from workers import metrics
from workers.logs import taken, warnings

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
    assert found["newsloom_due", "fetch"] == 1
    assert found["newsloom_due", "write"] == 0
    assert found["newsloom_lag_seconds", "fetch"] == 600
    assert found["newsloom_lag_seconds", "extract"] == 0
    assert found["newsloom_queue_age_seconds", ""] == 0
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


def test_a_tick_that_does_not_end_ages_the_queue(world: World) -> None:
    world.run()
    world.change(schema.ticks, clustered_at=None)

    found = gauges(world, FixedClock(NOW + timedelta(minutes=10)))

    assert found["newsloom_queue_age_seconds", ""] == 600


def test_stories_that_wait_for_their_files_are_what_writing_lags_behind(world: World) -> None:
    world.run()
    world.change(schema.stories, revision=schema.stories.c.revision + 1)

    found = gauges(world, FixedClock(NOW + timedelta(minutes=10)))

    assert found["newsloom_due", "write"] == 2
    assert found["newsloom_stories_behind", "all"] == 2
    assert found["newsloom_lag_seconds", "write"] == 600


def test_a_thousand_hostile_reasons_leave_a_handful_of_labels() -> None:
    assert len(set(HOSTILE)) == 1000

    codes = {counts.reason_code(reason) for reason in HOSTILE}

    assert codes == {"http-4xx", "http-5xx", "dns", counts.OTHER}


def count(world: World, *tasks: dict[Figure, float]) -> None:
    with world.open() as ctx:
        for task in tasks:
            with ctx.store.write() as tx:
                counts.add(tx, task)


def test_what_is_counted_keeps_to_the_closed_lists(world: World) -> None:
    counted = StageCounts()
    for number, reason in enumerate(HOSTILE):
        counted.reasons.append((f"https://one.example/{number}", reason))
        counted.ended[f"ended-{number}"] += 1
    counted.ended["failed"] += 5

    count(world, counts.of_task("made-up", {"fetch": counted}, seconds=1, failed=False))

    found = gauges(world)
    assert "example" not in str(found)
    assert found["newsloom_done_total", "failed fetch"] == 5
    assert found["newsloom_done_total", "other fetch"] == 1000
    assert found["newsloom_reasons_total", "http-4xx fetch"] == 100
    assert found["newsloom_task_seconds_count", counts.OTHER] == 1
    rows = [label for name, label in found if name == "newsloom_reasons_total"]
    assert {label.split()[0] for label in rows} <= counts.REASONS | {counts.OTHER}


def test_tasks_add_up_over_processes_and_their_times_fall_into_buckets(world: World) -> None:
    ended = StageCounts()
    ended.ended["fetched"] += 2
    for seconds, failed in ((0.04, False), (0.3, False), (4000, True)):
        count(world, counts.of_task("fetch", {"fetch": ended}, seconds=seconds, failed=failed))

    found = gauges(world)

    assert found["newsloom_done_total", "fetched fetch"] == 6
    assert found["newsloom_task_failures_total", "fetch"] == 1
    assert found["newsloom_task_seconds_sum", "fetch"] == pytest.approx(4000.34)
    assert found["newsloom_task_seconds_count", "fetch"] == 3
    buckets = {
        label.split()[0]: value
        for (name, label), value in found.items()
        if name == "newsloom_task_seconds_bucket"
    }
    assert buckets["0.05"] == 1
    assert buckets["0.5"] == 2
    assert buckets["600.0"] == 2
    assert buckets["+Inf"] == 3


def test_many_processes_counting_at_once_lose_nothing(database_url: str, world: World) -> None:
    figures: dict[Figure, float] = {
        Figure("fetch", "end", name): 1.0 for name in ("fetched", "failed", "unchanged")
    }

    def work() -> None:
        store = Store(database_url)
        try:
            for _ in range(25):
                with store.write() as tx:
                    counts.add(tx, figures)
        finally:
            store.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for _ in range(4)]:
            done.result()

    found = gauges(world)
    assert found["newsloom_done_total", "fetched fetch"] == 100
    assert found["newsloom_done_total", "failed fetch"] == 100


def test_a_tally_is_taken_once() -> None:
    tally = Tally()
    tally.due("fetch", 2)
    tally.end("fetch", "fetched")
    tally.explain("fetch", "failed", "one", "dns")

    assert set(taken(tally)) == {"fetch"}
    assert taken(tally) == {}
    assert tally.failed == 0


def test_what_a_stage_warns_of_is_told_and_counted() -> None:
    tally = Tally()
    tally.note("cluster", "en", "warning: story b has 300 articles, more than 200")
    tally.note("cluster", "a", "merged into b")
    stages = taken(tally)

    assert warnings(stages) == [("cluster", "en: warning: story b has 300 articles, more than 200")]
    assert (
        counts.of_task("cluster", stages, seconds=1, failed=False)[
            Figure("cluster", "reason", "warning")
        ]
        == 1
    )


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
    installation.env["NEWSLOOM_LOG_FORMAT"] = "json"
    installation.loglevel = "INFO"
    with installation.worker(concurrency=2):
        installation.wait_until_done()
    health = installation.command("newsloom", "health", "--json", "--timeout", "60s")
    with serving(installation.home, installation.env) as url:
        found = samples(httpx.get(url, timeout=PATIENCE, trust_env=False).text)

    assert health.returncode == 0, health.stdout
    assert found["newsloom_database_up", ""] == 1
    assert found["newsloom_done_total", "fetched fetch"] == 10
    assert found["newsloom_task_seconds_count", "extract"] >= 1
    assert found["newsloom_output_age_seconds", "ai"] >= 0
    # Celery greets in its own words before it asks how to log.
    said = installation.logs().splitlines()
    lines = [json.loads(line_) for line_ in said if line_.startswith("{")]
    tasks = [one for one in lines if one["event"] == "task done"]
    assert {one["stage"] for one in tasks} == {"tick", "fetch", "extract", "cluster", "write"}
    assert {"level", "timestamp", "task_id", "seconds"} <= set(tasks[0])
    fetched = [one for one in tasks if one["counts"].get("fetch", {}).get("fetched")]
    assert sum(one["counts"]["fetch"]["fetched"] for one in fetched) == 10
    # One id leads from the tick to the file.
    [tick] = {one["run_id"] for one in fetched}
    stages = {one["stage"] for one in tasks if one["run_id"] == tick}
    assert {"tick", "fetch", "extract"} <= stages


def test_rounds_of_one_process_are_counted_and_logged_too(tmp_path: Path, redis_url: str) -> None:
    web = RecordedWeb(SEEDS / "web", clock=FixedClock(ROUNDS[0]))
    url = f"sqlite:///{tmp_path / 'newsloom.db'}"
    with playing(web, tmp_path) as proxy:
        # Of a key of its own: the demo's is refused.
        installation = install(tmp_path / "home", url, redis_url, proxy)
        del installation.env["NEWSLOOM_MASTER_KEY"]
        plain = installation.command("newsloom", "run")
        installation.env["NEWSLOOM_LOG_FORMAT"] = "json"
        as_json = installation.command("newsloom", "run")
    with serving(installation.home, installation.env) as address:
        found = samples(httpx.get(address, timeout=PATIENCE, trust_env=False).text)

    assert "round done" not in plain.stderr
    said = [json.loads(row) for row in as_json.stderr.splitlines() if row.startswith("{")]
    [done] = [one for one in said if one["event"] == "round done"]
    assert done["run_id"]
    assert found["newsloom_task_seconds_count", "run"] == 2
    assert found["newsloom_done_total", "fetched fetch"] == 10


def test_plain_lines_are_for_people_and_none_forges_another() -> None:
    code = (
        "import logging; from pipeline.io.logs import configure; configure('{}');"
        "logging.getLogger('x').warning('GET https://u:p@one.example/?key=1\\nforged')"
    )

    def said(form: str) -> str:
        command = [str(BIN / "python"), "-c", code.format(form)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=True
        ).stderr

    plain, as_json = said("plain"), said("json")

    assert len(plain.splitlines()) == 1
    assert "GET https://one.example/?... forged" in plain
    assert json.loads(as_json)["event"] == "GET https://one.example/?... forged"


def test_a_port_in_use_is_told(
    newsloom: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    taken_port = socket.create_server(("127.0.0.1", 0))
    with taken_port:
        port = str(taken_port.getsockname()[1])
        answer = newsloom("metrics", "--port", port)

    assert answer.returncode == 2
    assert "choose another --port" in answer.stderr


def exported(world: World) -> set[str]:
    """Return the name of every sample that a full scrape holds."""
    world.run()
    ended = StageCounts()
    ended.reasons.append(("one", "dns"))
    ended.ended["failed"] = 1
    count(world, counts.of_task("fetch", {"fetch": ended}, seconds=1, failed=True))
    return {name for name, _ in gauges(world)}


@pytest.mark.parametrize("name", ["monitoring.md", "alerts.yml", "dashboard.json"])
def test_documents_name_only_metrics_that_are_exported(name: str, world: World) -> None:
    named = set(_NAME.findall((DOCS / name).read_text()))

    families = {"newsloom_task_seconds"}
    assert named
    assert named <= exported(world) | families


def test_every_metric_is_explained_and_exported(world: World) -> None:
    text = (DOCS / "monitoring.md").read_text()

    samples_ = exported(world)
    for name in metrics.HELP:
        assert {name, f"{name}_total", f"{name}_count"} & samples_, name
        assert name in text


def expressions() -> list[str]:
    """Return every expression of the rules and of the dashboard."""
    [group] = yaml.safe_load((DOCS / "alerts.yml").read_text())["groups"]
    panels = json.loads((DOCS / "dashboard.json").read_text())["panels"]
    rules = [rule["expr"] for rule in group["rules"]]
    return [*rules, *(target["expr"] for panel in panels for target in panel["targets"])]


def test_every_expression_is_whole_and_groups_by_labels_that_exist() -> None:
    asked = set()
    for expression in expressions():
        assert _NAME.search(expression), expression
        for opening, closing_ in ("()", "{}", "[]"):
            assert expression.count(opening) == expression.count(closing_), expression
        asked |= set(re.findall(r"by \(([a-z, ]+)\)", expression))

    assert {name.strip() for group in asked for name in group.split(",")} <= {
        *("stage", "end", "reason", "site", "kind", "quantile", "le"),
    }


def test_alert_rules_and_dashboard_have_their_forms() -> None:
    [group] = yaml.safe_load((DOCS / "alerts.yml").read_text())["groups"]
    dashboard = json.loads((DOCS / "dashboard.json").read_text())

    assert all({"alert", "expr", "for", "annotations"} <= set(rule) for rule in group["rules"])
    assert all({"summary", "description"} <= set(rule["annotations"]) for rule in group["rules"])
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    assert dashboard["uid"]
    for panel in dashboard["panels"]:
        assert {"x", "y", "w", "h"} == set(panel["gridPos"])
        assert panel["title"]
        assert panel["description"]
