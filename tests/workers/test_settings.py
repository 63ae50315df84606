"""What the Celery application is set to: each line against a loss that was seen without it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from workers.app import app
from workers.routing import NAMES, route
from workers.schedule import beat_schedule

CONF = app.conf


def _limits() -> list[tuple[float, float]]:
    """Give the soft and hard limit of each task of ours."""
    app.loader.import_default_modules()
    tasks = [task for name, task in app.tasks.items() if name.startswith("workers.")]
    assert len(tasks) == 9
    return [
        (
            task.soft_time_limit or CONF.task_soft_time_limit,
            task.time_limit or CONF.task_time_limit,
        )
        for task in tasks
    ]


def test_messages_are_json_and_results_are_not_kept() -> None:
    assert CONF.accept_content == ["json"]
    assert CONF.task_serializer == CONF.event_serializer == CONF.result_serializer == "json"
    assert CONF.task_ignore_result
    assert CONF.result_backend is None
    assert not CONF.worker_send_task_events
    assert not CONF.task_send_sent_event


def test_a_message_is_acknowledged_at_the_end_and_comes_back_when_its_worker_is_lost() -> None:
    assert CONF.task_acks_late
    assert CONF.task_reject_on_worker_lost
    assert CONF.task_acks_on_failure_or_timeout
    assert CONF.worker_prefetch_multiplier == 1


def test_no_task_runs_for_longer_than_half_the_visibility_timeout() -> None:
    visible = CONF.broker_transport_options["visibility_timeout"]

    for soft, hard in _limits():
        assert soft < hard <= visible / 2


def test_stranded_messages_are_looked_for_every_ten_seconds() -> None:
    options = CONF.broker_transport_options

    assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] == 10


def test_a_broker_that_hangs_or_leaves_blocks_nobody_and_is_waited_for() -> None:
    options = CONF.broker_transport_options

    assert options["socket_timeout"] == options["socket_connect_timeout"] == 10
    assert options["socket_keepalive"]
    assert CONF.broker_connection_retry_on_startup
    assert CONF.broker_connection_max_retries is None


def test_kombu_knows_every_option_that_it_is_given() -> None:
    from kombu.transport.redis import Channel  # noqa: PLC0415 -- heavy

    assert set(CONF.broker_transport_options) <= set(Channel.from_transport_options)


def test_worker_processes_end_softly_and_are_replaced() -> None:
    assert CONF.worker_soft_shutdown_timeout == 5
    assert CONF.worker_max_tasks_per_child == 300
    assert CONF.worker_max_memory_per_child == 512 * 1024


def test_times_are_utc() -> None:
    assert CONF.enable_utc
    assert str(CONF.timezone) == "UTC"


def test_the_queues_are_those_of_the_line_and_as_many_for_backfills() -> None:
    stages = ("fetch", "extract", "cluster", "write")

    assert ("control", *stages, *(f"backfill.{stage}" for stage in stages)) == NAMES
    assert tuple(queue.name for queue in CONF.task_queues) == NAMES
    assert not CONF.task_create_missing_queues


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("tick", "control"),
        ("housekeep", "control"),
        ("fetch", "fetch"),
        ("write", "write"),
        ("find", "backfill.fetch"),
        ("place", "backfill.cluster"),
    ],
)
def test_each_task_goes_to_its_queue(task: str, queue: str) -> None:
    assert route(f"workers.tasks.{task}") == {"queue": queue}


# A worker's clock may be hours off: what is stale is said by the database's.
def test_what_beat_sends_exists_and_expires_by_no_clock() -> None:
    from config.settings import Settings  # noqa: PLC0415 -- beside its only use

    app.loader.import_default_modules()
    schedule = beat_schedule(Settings())

    assert set(schedule) == {"tick", "housekeeping"}
    for entry in schedule.values():
        assert entry["task"] in app.tasks
        assert "expires" not in entry.get("options", {})
    assert schedule["tick"]["schedule"] == 30


def _celery(*args: str, redis_url: str, folder: Path) -> list[str]:
    """Run one of Celery's programs to its end, or its second tick; return what it said."""
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "celery"), "-A", "workers.app", *args],
        cwd=folder,
        env={**os.environ, "NEWSLOOM_BROKER_URL": redis_url, "NEWSLOOM_TICK_EVERY": "1s"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    ticks = 0
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            ticks += "Sending due task tick" in line
            if ticks > 1:  # the first is sent
                break
    finally:
        process.terminate()
        process.communicate(timeout=30)
    return lines


def test_beat_leaves_no_file(redis_url: str, tmp_path: Path) -> None:
    lines = _celery("beat", "-l", "INFO", "--pidfile", "", redis_url=redis_url, folder=tmp_path)

    assert "Sending due task tick" in lines[-1]
    assert list(tmp_path.iterdir()) == []


def test_redbeat_keeps_the_schedule_in_redis(redis_url: str, tmp_path: Path) -> None:
    url = redis_url.replace("/0", "/14")
    args = ("beat", "-S", "redbeat.RedBeatScheduler", "-l", "INFO", "--pidfile", "")
    lines = _celery(*args, redis_url=url, folder=tmp_path)

    assert "Sending due task tick" in lines[-1], "".join(lines)
    with redis.Redis.from_url(url, decode_responses=True) as client:
        assert {"redbeat:tick", "redbeat:housekeeping"} <= set(client.scan_iter("redbeat:*"))
        assert client.llen("control") > 0
        client.flushdb()


def test_a_worker_refuses_a_queue_that_does_not_exist(redis_url: str, tmp_path: Path) -> None:
    lines = _celery("worker", "-Q", "fetsch", redis_url=redis_url, folder=tmp_path)

    assert any("queue 'fetsch' isn't" in line for line in lines), "".join(lines)
