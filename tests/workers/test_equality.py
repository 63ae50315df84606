"""The same input through workers and through one process gives the same files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.cli.demo import ROUNDS, SEEDS, demo_settings, run_rounds
from pipeline.context import FixedClock, database_url
from pipeline.io.recorded import RecordedWeb
from pipeline.io.store import Store, ledger
from pipeline.outcomes import Tally
from tests.postgres import Postgres
from tests.proxy import Proxy, playing
from tests.workers.world import Installation, install, kill_group, made_in
from tests.world import tree

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    web = RecordedWeb(SEEDS / "web", clock=FixedClock(ROUNDS[0]))
    with playing(web, tmp_path_factory.mktemp("proxy")) as running:
        yield running


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of one process on SQLite after the first round."""
    home = tmp_path_factory.mktemp("undisturbed")
    run_rounds(demo_settings(home), Tally(), rounds=ROUNDS[:1])
    return home


@pytest.fixture(scope="module")
def undisturbed(alone: Path) -> dict[str, bytes]:
    """Give its files."""
    return dict(tree(alone / "out"))


@pytest.fixture(scope="module")
def counted(alone: Path) -> dict[str, int]:
    """Give what its run says it made."""
    store = Store(database_url(demo_settings(alone)))
    with store.read() as tx:
        runs = ledger.runs(tx)
    store.close()
    return made_in(runs)


@pytest.fixture
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, redis_url: str, proxy: Proxy
) -> Installation:
    kind = getattr(request, "param", "sqlite")
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'newsloom.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database(f"w{uuid4().hex}")
    number = int(uuid4().int % 15) + 1
    return install(tmp_path / "home", url, redis_url.replace("/0", f"/{number}"), proxy)


@pytest.mark.parametrize("installation", ["sqlite", "postgresql"], indirect=True)
def test_workers_write_the_files_of_one_process(
    installation: Installation, undisturbed: dict[str, bytes], counted: dict[str, int]
) -> None:
    with installation.worker(concurrency=2):
        installation.wait_until_done()

    assert dict(tree(installation.home / "out")) == undisturbed
    assert installation.made() == counted


def test_beat_alone_drives_it_and_two_beats_do_no_harm(
    installation: Installation,
    undisturbed: dict[str, bytes],
    counted: dict[str, int],
    proxy: Proxy,
) -> None:
    installation.env["NEWSLOOM_TICK_EVERY"] = "2s"
    asked = len(proxy.asked)
    with installation.worker(), installation.beat(), installation.beat():
        installation.wait_until_done(ring=False)

    feeds = [url for url in proxy.asked[asked:] if "feed" in url or "rss" in url]
    assert dict(tree(installation.home / "out")) == undisturbed
    assert installation.made() == counted
    assert len(feeds) == len(set(feeds))


# On SQLite it waits for the same leases for as long again: `make test-all` does both.
@pytest.mark.parametrize(
    "installation",
    [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"],
    indirect=True,
)
def test_workers_killed_between_stages_lose_and_double_nothing(
    installation: Installation, undisturbed: dict[str, bytes], counted: dict[str, int]
) -> None:
    for number in range(3):
        with installation.worker(f"killed{number}") as worker:
            installation.tick()
            time.sleep(2.5 + number)
            kill_group(worker)
    with installation.worker("last", concurrency=2):
        installation.wait_until_done()

    assert dict(tree(installation.home / "out")) == undisturbed
    assert installation.made() == counted
