"""A real installation at scale: real Redis, real worker processes, the recorded web by proxy."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from config.load import load_catalogue
from pipeline.cli.demo import SEEDS
from pipeline.io.store import Store, ledger, stories, ticks
from pipeline.seedfile.secured import DEMO_MASTER_KEY
from tests.proxy import Proxy
from workers.compose import read_services

BIN = Path(sys.executable).parent
#: Long enough for a busy machine; a worker that does nothing for so long is broken.
PATIENCE = 90.0
COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
#: What a container is told of its servers.
SECRETS = (
    "NEWSLOOM_DATABASE_URL_FILE",
    "NEWSLOOM_BROKER_URL_FILE",
)


@dataclass
class Installation:
    """A folder, its settings, and the programs run in it."""

    home: Path
    env: dict[str, str]
    loglevel: str = "WARNING"

    def command(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment to its end."""
        return subprocess.run(
            [str(BIN / args[0]), *args[1:]],
            cwd=self.home,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def worker(
        self,
        name: str = "w",
        *,
        concurrency: int = 1,
        queues: str = "control,fetch,extract,cluster,write",
    ) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run a worker, on every queue of live work unless told otherwise."""
        return self._celery(
            name, "worker", "-n", f"{name}@%h", "-c", str(concurrency), "-Q", queues
        )

    def beat(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run beat."""
        return self._celery(
            "beat", "beat", "--schedule", str(self.home / f"beat-{uuid4().hex}"), "--pidfile", ""
        )

    def service(self, name: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run a service of docker-compose.yml as it is shipped."""
        shipped = {one.name: one for one in read_services(COMPOSE)}[name]
        told = {key: value for key, value in shipped.environment.items() if key not in SECRETS}
        return self._running(name, *shipped.argv, **told)

    def _celery(self, name: str, *args: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run one of Celery's programs until the end of the block."""
        return self._running(
            name, "celery", "-A", "workers.app", *args, "--loglevel", self.loglevel
        )

    @contextmanager
    def _running(
        self, name: str, program: str, *args: str, **more: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program of the environment until the end of the block."""
        log = (self.home / f"{name}.log").open("ab")
        process = subprocess.Popen(
            [str(BIN / program) if (BIN / program).exists() else program, *args],
            cwd=self.home,
            env={**self.env, "PATH": f"{BIN}:{os.environ['PATH']}", **more},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process)
            log.close()

    def tick(self) -> None:
        """Ring as beat does."""
        code = "from workers.tasks import tick; tick.delay()"
        answer = self.command("python", "-c", code)
        assert answer.returncode == 0, answer.stderr

    def wait_until_done(self, *, sites: Sequence[str] = ("ai",), ring: bool = True) -> None:
        """Wait until every tick is clustered and every story written; ring if beat does not."""
        store = Store(self.env["NEWSLOOM_DATABASE_URL"])
        deadline = time.monotonic() + PATIENCE
        rung = 0.0
        try:
            while True:
                with store.read() as tx:
                    seen = ticks.count_clustered(tx)
                    busy = ticks.in_work(tx) or stories.unwritten(tx, sites)
                if seen and not busy:
                    return
                if ring and time.monotonic() - rung > 1:
                    self.tick()
                    rung = time.monotonic()
                assert time.monotonic() < deadline, self.logs()
                time.sleep(0.1)
        finally:
            store.close()

    def made(self) -> dict[str, int]:
        """Return what the runs say they made, over all of them; every one must add up."""
        store = Store(self.env["NEWSLOOM_DATABASE_URL"])
        try:
            with store.read() as tx:
                runs = ledger.runs(tx)
        finally:
            store.close()
        assert [run for run in runs if run.difference] == []
        return made_in(runs)

    def logs(self) -> str:
        """Return what the workers said."""
        return "\n".join(path.read_text() for path in sorted(self.home.glob("*.log")))


def made_in(runs: Sequence[ledger.Run]) -> dict[str, int]:
    """Return how much of each kind runs made: the same whatever went wrong meanwhile."""
    made = (
        ("entries", "new"), ("extract", "new"), ("cluster", "founded"), ("cluster", "joined"),
        ("write", "created"),
    )  # fmt: skip
    return {
        f"{stage} {outcome}": sum(run.stages[stage].ended[outcome, ""] for run in runs)
        for stage, outcome in made
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a worker and all it started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill -9 a worker with its children, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


def install(
    home: Path,
    database_url: str,
    redis_url: str,
    proxy: Proxy,
    *,
    catalogue: Path = SEEDS / "catalogue",
    **more: str,
) -> Installation:
    """Make an installation that watches the recorded web, or what another catalogue names."""
    home.mkdir(parents=True)
    shutil.copytree(catalogue, home / "catalogue")
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("NEWSLOOM_")},
        "NEWSLOOM_DATABASE_URL": database_url,
        "NEWSLOOM_BROKER_URL": redis_url,
        "NEWSLOOM_CATALOGUE": "catalogue",
        "NEWSLOOM_MASTER_KEY": DEMO_MASTER_KEY,
        "NEWSLOOM_HOST_SPACING": "PT0S",
        "NEWSLOOM_EXTRACT_BATCH": "5",
        "NEWSLOOM_LEASE": "PT31S",
        "NEWSLOOM_CHILDREN": "1",
        **proxy.settings(),
        **more,
    }
    made = Installation(home, env)
    for args in (("newsloom", "db", "upgrade"), ("newsloom", "sources", "sync")):
        answer = made.command(*args)
        assert answer.returncode == 0, answer.stderr
    assert load_catalogue(home / "catalogue").sources
    return made
