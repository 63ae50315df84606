"""Fixtures of the chaos runs, and their figures at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.cli.demo import ROUNDS, SEEDS, demo_settings, run_rounds
from pipeline.context import FixedClock
from pipeline.io.recorded import RecordedWeb
from pipeline.io.store import Store
from pipeline.outcomes import Tally
from pipeline.seedfile.secured import DEMO_MASTER_KEY
from tests.chaos.corpus import Corpus, corpus
from tests.chaos.world import SETTINGS, Fleet
from tests.postgres import Postgres
from tests.proxy import Proxy, playing
from tests.redis import free_port
from tests.workers.world import install
from tests.world import tree

#: Test -> what it measured, shown at the end.
FIGURES: dict[str, str] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the faults cost."""
    if FIGURES:
        terminalreporter.section("chaos")
        for name, figure in FIGURES.items():
            terminalreporter.write_line(f"{name}: {figure}")


@pytest.fixture(scope="session")
def news() -> Corpus:
    return corpus()


@pytest.fixture(scope="session")
def proxy(news: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with playing(news.web, tmp_path_factory.mktemp("proxy")) as running:
        yield running


@pytest.fixture(scope="session")
def catalogue_folder(news: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue") / "catalogue"
    news.write_catalogue(folder)
    return folder


@pytest.fixture(scope="session")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, proxy: Proxy, news: Corpus, catalogue_folder: Path
) -> dict[str, bytes]:
    """Give the files of `newsloom run`: one process, SQLite, no broker, nothing in its way."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    url = f"sqlite:///{home / 'newsloom.db'}"
    broker = "redis://127.0.0.1:1/0"
    made = install(home, url, broker, proxy, catalogue=catalogue_folder, **SETTINGS)
    answer = made.command("newsloom", "run", "--once")
    assert answer.returncode == 0, answer.stderr
    found = dict(tree(home / "out"))
    stories = sum(name.startswith("_news/") for name in found)
    FIGURES["corpus"] = f"40 feeds, {news.entries} entries, {stories} stories"
    return found


@pytest.fixture
def new_fleet(
    tmp_path: Path, postgres: Postgres, proxy: Proxy, catalogue_folder: Path
) -> Iterator[Callable[[], Fleet]]:
    """Give what makes installations at scale; nothing of them runs yet."""
    with ExitStack() as fleets:

        def make() -> Fleet:
            port, name = free_port(), uuid4().hex
            url = postgres.new_database(f"chaos{name}")
            broker = f"redis://127.0.0.1:{port}/0"
            home = tmp_path / name / "home"
            made = install(home, url, broker, proxy, catalogue=catalogue_folder, **SETTINGS)
            running = Fleet(made, tmp_path / name / "redis", port, Store(url))
            fleets.callback(running.close)
            return running

        yield make


@pytest.fixture
def fleet(new_fleet: Callable[[], Fleet]) -> Fleet:
    """Give an installation at scale; nothing of it runs yet."""
    return new_fleet()


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Give the recorded web of the demo, much smaller than the chaos corpus."""
    web = RecordedWeb(SEEDS / "web", clock=FixedClock(ROUNDS[0]))
    with playing(web, tmp_path_factory.mktemp("recorded")) as running:
        yield running


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Give the files that one process on SQLite writes of the recorded web."""
    home = tmp_path_factory.mktemp("golden")
    run_rounds(demo_settings(home), Tally(), rounds=ROUNDS[:1])
    return dict(tree(home / "out"))


@pytest.fixture
def small_fleet(tmp_path: Path, postgres: Postgres, recorded: Proxy) -> Iterator[Fleet]:
    """Give an installation at scale on the recorded web; nothing of it runs yet."""
    port = free_port()
    url = postgres.new_database(f"point{uuid4().hex}")
    settings = {**SETTINGS, "NEWSLOOM_MASTER_KEY": DEMO_MASTER_KEY}
    broker = f"redis://127.0.0.1:{port}/0"
    books = SEEDS / "catalogue"
    made = install(tmp_path / "home", url, broker, recorded, catalogue=books, **settings)
    running = Fleet(made, tmp_path / "redis", port, Store(url))
    try:
        yield running
    finally:
        running.close()
