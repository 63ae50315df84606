"""A fleet at scale that faults are done to: two workers, beat, PostgreSQL, a Redis of its own."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis
from sqlalchemy import text

from pipeline.io.files import TEMP_PREFIX
from pipeline.io.store import Store, quarantine
from tests.redis import start_redis
from tests.workers.world import Installation, kill_group
from tests.world import tree

#: Seconds that the fleet has for everything after the last fault.
RECOVERY = 120.0
#: Leases end soon after a kill, and still long after the slowest batch.
SETTINGS = {
    "NEWSLOOM_LEASE": "PT12S",
    "NEWSLOOM_FEED_DEADLINE": "PT8S",
    "NEWSLOOM_PAGE_DEADLINE": "PT8S",
    "NEWSLOOM_CHILD_CPU_SECONDS": "5",
    "NEWSLOOM_TICK_EVERY": "PT2S",
    "NEWSLOOM_EXTRACT_BATCH": "10",
    # Without a key: what the demo's would seal, the demo's alone may.
    "NEWSLOOM_MASTER_KEY": "",
    "REMAP_SIGTERM": "SIGQUIT",
}
QUEUES = "control,fetch,extract,cluster,write"


@dataclass
class Fleet:
    """An installation at scale, its servers and its processes."""

    installation: Installation
    redis_folder: Path
    redis_port: int
    store: Store
    redis: subprocess.Popen[bytes] | None = None
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    def start_redis(self) -> None:
        """Start Redis; what its append-only file holds is there again."""
        self.redis, _ = start_redis(self.redis_folder, self.redis_port)

    def kill_redis(self, *, wipe: bool = False) -> None:
        """End Redis by kill -9, and lose its data on demand."""
        assert self.redis is not None
        self.redis.kill()
        self.redis.wait()
        if wipe:
            shutil.rmtree(self.redis_folder)

    def start(
        self,
        name: str,
        *,
        concurrency: int = 1,
        prelude: str = "",
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a worker, or beat; `prelude` is Python that is run before, in the same process."""
        args = (
            ["beat", "--pidfile", ""]
            if name.startswith("beat")
            else ["worker", "-n", f"{name}@%h", "-c", str(concurrency), "-Q", QUEUES]
        )
        code = f"{prelude}\nfrom celery.__main__ import main\nmain()"
        log = (self.installation.home / f"{name}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-c", code, "-A", "workers.app", *args, "--loglevel", "WARNING"],
            cwd=self.installation.home,
            env={**self.installation.env, **(env or {})},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.processes[name] = process
        return process

    def start_all(self, *names: str) -> None:
        """Start Redis, beat and workers of these names."""
        self.start_redis()
        for name in ("beat", *names):
            self.start(name)

    def stop(self, name: str, *, grace: float = 10.0) -> float:
        """End a process as a container is ended; return the seconds that it took."""
        process = self.processes.pop(name)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=grace)
        return time.monotonic() - started

    def kill(self, name: str) -> None:
        """End a process and all it started by kill -9."""
        kill_group(self.processes.pop(name))

    def kill_a_child(self) -> bool:
        """Kill -9 a pool process of some worker; say whether there was one."""
        parents = [one.pid for name, one in self.processes.items() if not name.startswith("beat")]
        children = [child for parent in parents for child in _children(parent)]
        if children:
            os.kill(self.rng.choice(children), signal.SIGKILL)
        return bool(children)

    def cut_connections(self) -> int:
        """End every other connection to the database; return how many."""
        with self.store.read() as tx:
            rows = tx.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            ).all()
        return len(rows)

    def done_share(self) -> float:
        """Return the share of the known pages that is read; 0 before the feeds are."""
        with self.store.read() as tx:
            row = tx.execute(
                text("SELECT count(*) AS pages, count(fetched_at) AS read FROM pages")
            ).one()
        return row.read / row.pages if row.pages else 0.0

    def wait_for_share(self, share: float, *, seconds: float = 100.0) -> None:
        """Wait until so much of the pages is read."""
        self._wait(lambda: self.done_share() >= share, seconds)

    def wait_until(self, done: Callable[[], object]) -> None:
        """Do something again and again until it says that it was done."""
        self._wait(done, RECOVERY)

    def wait_until_done(self) -> float:
        """Wait until all is written; return the seconds that it took."""
        return self._wait(self._is_done, RECOVERY)

    def _is_done(self) -> bool:
        with self.store.read() as tx:
            return bool(tx.execute(text(_DONE)).scalar_one())

    def _wait(self, until: Callable[[], object], seconds: float) -> float:
        started = time.monotonic()
        while not until():
            spent = time.monotonic() - started
            assert spent < seconds, f"not after {spent:.0f} s\n{self.installation.logs()[-8000:]}"
            time.sleep(0.2)
        return time.monotonic() - started

    def quarantined(self) -> list[tuple[str, str]]:
        """Return what was set aside, and why."""
        with self.store.read() as tx:
            return [(row.id, row.reason) for row in quarantine.held_rows(tx)]

    def files(self) -> Mapping[str, bytes]:
        """Return what is written, without the hidden files that a crash leaves for an hour."""
        return {
            name: data
            for name, data in tree(self.installation.home / "out").items()
            if TEMP_PREFIX not in name
        }

    def close(self) -> None:
        """End everything."""
        for process in self.processes.values():
            if process.poll() is None:
                kill_group(process)
        if self.redis is not None:
            self.redis.kill()
            self.redis.wait()
        self.store.close()


#: Every feed was asked, every tick is clustered, and each story is as new on disk as in its row.
_DONE = """
SELECT (SELECT count(*) FROM ticks WHERE clustered_at IS NOT NULL) > 0
   AND NOT EXISTS (SELECT 1 FROM sources WHERE tick_id IS NOT NULL OR last_polled_at IS NULL)
   AND NOT EXISTS (SELECT 1 FROM ticks WHERE clustered_at IS NULL)
   AND NOT EXISTS (SELECT 1 FROM pages WHERE state = 'pending' AND quarantined IS NULL)
   AND NOT EXISTS (
       SELECT 1 FROM stories LEFT JOIN written ON written.story_id = stories.id
       WHERE coalesce(written.revision, 0) < stories.revision)
"""


def _children(parent: int) -> list[int]:
    path = Path(f"/proc/{parent}/task/{parent}/children")
    try:
        return [int(word) for word in path.read_text().split()]
    except FileNotFoundError:
        return []


@contextmanager
def multiplied(port: int, queues: Sequence[str], *, copies: int) -> Iterator[None]:
    """Deliver every message so often, in any order, for the length of the block."""
    import json  # noqa: PLC0415
    from uuid import uuid4  # noqa: PLC0415

    client = redis.Redis(port=port)
    over = threading.Event()
    rng = random.Random(3)

    def copy(raw: bytes) -> list[bytes]:
        message = json.loads(raw)
        if message["headers"].get("copied"):
            return [raw]
        message["headers"]["copied"] = True
        made = []
        for _ in range(copies):
            message["properties"]["delivery_tag"] = uuid4().hex
            made.append(json.dumps(message).encode())
        return made

    def work() -> None:
        while not over.wait(0.05):
            for queue in queues:
                made = []
                while isinstance(raw := client.rpop(queue), bytes):
                    made += copy(raw)
                rng.shuffle(made)
                if made:
                    client.lpush(queue, *made)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        client.close()
