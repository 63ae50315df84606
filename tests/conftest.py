"""Fixtures: real servers out of locked packages, real databases, the recorded web's two rounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.postgres import Postgres, running_postgres
from tests.redis import running_redis

#: The repository's folder.
ROOT = Path(__file__).parents[1]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their place: packed ones hold the second they were made in.

    Two processes that share the tests must agree on every name, or neither begins.
    """
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> None:
    """No setting of the caller reaches a test."""
    for name in list(os.environ):
        if name.startswith("NEWSLOOM_"):
            del os.environ[name]


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """SIGINT interrupts us and what we start: shells let background jobs ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Give a running PostgreSQL that makes fresh databases."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a running Redis."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give a fresh database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'newsloom.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database(f"t{uuid4().hex}")


@pytest.fixture
def newsloom(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give the command as a user runs it: a process of its own, in a folder of its own."""
    return newsloom_in(tmp_path)


def newsloom_in(folder: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return the command as it is run in a folder."""

    def run(*args: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "newsloom"), *args]
        environment = {**os.environ, "COLUMNS": "200", **env}
        return subprocess.run(
            command,
            cwd=cwd or folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    return run
