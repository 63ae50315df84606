"""Runs add up, whatever happens to the process between two commits, and agree with the tables."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from config.catalogue import Catalogue
from pipeline import line
from pipeline.context import Context
from pipeline.io.crashpoints import EXIT_CODE, arm
from pipeline.io.migrate import upgrade
from pipeline.io.schema import articles, documents, entries, stories
from pipeline.io.store import Store, corrections, ledger, sources, ticks
from pipeline.io.store.ledger import Run
from pipeline.records import ArticleId
from pipeline.stages import cluster as stage
from pipeline.stages.cluster import cluster
from pipeline.stages.extract import extract
from pipeline.stages.fetch import fetch
from pipeline.stages.write import write
from pipeline.urls import url_key
from tests.conftest import ROOT
from tests.world import (
    APPLES,
    FERRIES,
    NOW,
    PIER,
    FakeWeb,
    Item,
    catalogue,
    opened,
    publish,
    source,
)

BOOKS = catalogue([source("one"), source("two")])
HOUR = timedelta(hours=1)
#: A page that is no article, one that is lost.
EMPTY = Item(url="https://two.example/empty", title="Nothing", text="Nothing.")
LOST = Item(url="https://two.example/lost", title="Lost", text="Lost.")


def _web() -> FakeWeb:
    web = FakeWeb()
    publish(web, "one.example", [PIER, APPLES])
    publish(web, "two.example", [FERRIES, EMPTY, LOST])
    web.answers[LOST.url] = 404
    return web


@contextmanager
def _opened(
    home: Path, url: str, *, hours: int = 0, web: FakeWeb | None = None, books: Catalogue = BOOKS
) -> Iterator[Context]:
    now = NOW + hours * HOUR
    with opened(home, books, web or _web(), now=now, database_url=url, extract_batch=2) as ctx:
        with ctx.store.write() as tx:
            sources.apply_sync(tx, books.sources, now=now)
        yield ctx


def _runs(ctx: Context) -> list[Run]:
    with ctx.store.read() as tx:
        return ledger.runs(tx)


def _totals(runs: list[Run]) -> dict[str, Counter[str]]:
    """Return the endings of each stage over all runs."""
    found: dict[str, Counter[str]] = {name: Counter() for name in ledger.STAGES}
    for run in runs:
        for name, books in run.stages.items():
            for (outcome, _), count in books.ended.items():
                found[name][outcome] += count
    return found


def _count(ctx: Context, table: Table, *where: Any) -> int:
    with ctx.store.read() as tx:
        return tx.scalar(select(func.count()).select_from(table).where(*where)) or 0


def _agrees_with_tables(ctx: Context) -> None:
    """Assert that every run adds up, and that all of them together made what there is."""
    runs = _runs(ctx)
    assert [run.difference for run in runs] == [0] * len(runs), runs
    totals = _totals(runs)
    assert totals["entries"]["new"] == _count(ctx, entries)
    assert totals["extract"]["new"] == _count(ctx, articles)
    assert totals["cluster"]["founded"] == _count(ctx, stories)
    assert totals["write"]["created"] == _count(ctx, documents)


@pytest.fixture
def url(database_url: str) -> str:
    """Give a migrated database."""
    store = Store(database_url)
    upgrade(store)
    store.close()
    return database_url


def crashing_run(home: Path, url: str, point: str, passes: int, hours: int) -> None:
    """Do a round in a process that ends at a point, having passed it so often."""
    with _opened(home, url, hours=hours) as ctx:
        arm(point, passes=passes)
        line.run(ctx)


_CRASHING = (
    "import sys; from pathlib import Path; from tests.pipeline.test_ledger import crashing_run; "
    "crashing_run(Path(sys.argv[1]), sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))"
)


def _crash(home: Path, url: str, point: str, *, passes: int, hours: int) -> int:
    process = subprocess.run(
        [sys.executable, "-c", _CRASHING, str(home), url, point, str(passes), str(hours)],
        cwd=ROOT,
        timeout=100,
        check=False,
    )
    return process.returncode


def test_a_round_says_what_became_of_each(tmp_path: Path, url: str) -> None:
    with _opened(tmp_path, url) as ctx:
        run_id = line.run(ctx, kind="manual")
        [run] = _runs(ctx)
        _agrees_with_tables(ctx)

    assert (run.id, run.kind) == (run_id, "manual")
    ended = {name: dict(books.ended) for name, books in run.stages.items()}
    assert ended == {
        "fetch": {("fetched", ""): 2},
        "entries": {("new", ""): 5},
        "extract": {("new", ""): 3, ("skipped", "no-text"): 1, ("failed", "http-404"): 1},
        "cluster": {("founded", ""): 2, ("joined", ""): 1},
        "write": {("created", ""): 2},
    }


def test_messages_that_come_twice_are_counted_once(tmp_path: Path, url: str) -> None:
    names = list(BOOKS.sources)
    with _opened(tmp_path, url) as ctx, _opened(tmp_path, url) as other:
        line.open_tick(ctx)
        for one in (ctx, other, ctx):
            pages = fetch(one, names)  # type: ignore[arg-type]  # ids are strings
        for one in (ctx, other, ctx):
            extract(one, pages)
        for one in (ctx, other, ctx):
            write(one, cluster(one, []))
        _agrees_with_tables(ctx)
        [run] = _runs(ctx)

    assert [run.stages[name].taken for name in ledger.STAGES] == [2, 5, 5, 3, 2]


def test_a_round_that_finds_nothing_is_kept_only_when_somebody_asked(
    tmp_path: Path, url: str
) -> None:
    with _opened(tmp_path, url) as ctx:
        first = line.run(ctx)
        assert line.run(ctx) is None
        asked = line.run(ctx, kind="manual")
        runs = _runs(ctx)

    assert [run.id for run in runs] == [asked, first]
    assert runs[0].clustered_at is not None
    assert all(books.taken == 0 for books in runs[0].stages.values())


@pytest.mark.timeout(600)
def test_a_crash_at_any_commit_leaves_rows_and_notes_together(tmp_path: Path, url: str) -> None:
    """Each round goes on where the one before crashed, and crashes two commits later itself."""
    home = tmp_path / "home"
    for number in range(_CRASHES):
        point = ("before-ledger", "after-commit")[number % 2]
        assert _crash(home, url, point, passes=2 * number, hours=number) == EXIT_CODE
        with _opened(home, url) as ctx:
            assert [run.difference for run in _runs(ctx) if run.difference] == []

    with _opened(home, url, hours=_CRASHES) as ctx:
        line.run(ctx)
        _agrees_with_tables(ctx)
        totals = _totals(_runs(ctx))
    assert totals["entries"]["new"] == 5
    assert totals["extract"]["new"] == 3
    assert totals["write"]["created"] == 2


#: Enough for every stage: a whole round has more than twice as many commits.
_CRASHES = 7


def test_an_article_read_anew_while_its_tick_is_clustered_is_the_later_ticks(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = _web()
    corrected = Item(url=PIER.url, title="Harbour opens northern pier", text=PIER.text)
    thinks = stage._assigned

    def meanwhile(*args: Any) -> Any:
        """Let another process poll and read while the clusterer thinks."""
        monkeypatch.setattr(stage, "_assigned", thinks)
        publish(web, "one.example", [corrected, APPLES])
        with _opened(tmp_path, url, hours=2, web=web) as other:
            line.open_tick(other)
            pages = fetch(other, list(BOOKS.sources))  # type: ignore[arg-type]  # ids are strings
            extract(other, pages)
        return thinks(*args)

    with _opened(tmp_path, url, web=web) as ctx:
        first = line.open_tick(ctx)
        extract(ctx, fetch(ctx, list(BOOKS.sources)))  # type: ignore[arg-type]  # ids are strings
        monkeypatch.setattr(stage, "_assigned", meanwhile)
        cluster(ctx, [])
    with _opened(tmp_path, url, hours=3, web=web) as ctx:
        line.run(ctx)
        runs = {run.id: run for run in _runs(ctx)}
        with ctx.store.read() as tx:
            title = tx.scalar(select(articles.c.title).where(articles.c.id == url_key(PIER.url)))

    assert title == corrected.title
    assert [run.difference for run in runs.values()] == [0] * len(runs)
    assert first is not None
    assert runs[first].stages["cluster"].ended["moved", ""] == 1
    assert runs[first + 1].stages["cluster"].ended["rescored", ""] == 1
    document = next((tmp_path / "out" / "all" / "_news").glob("*harbour*")).read_text()
    assert corrected.title in document


def test_a_withdrawn_article_and_a_site_that_cannot_be_written_are_endings(
    tmp_path: Path, url: str
) -> None:
    with _opened(tmp_path, url) as ctx:
        line.open_tick(ctx)
        extract(ctx, fetch(ctx, list(BOOKS.sources)))  # type: ignore[arg-type]  # ids are strings
        with ctx.store.write() as tx:
            ids = [ArticleId(id_) for id_ in tx.scalars(select(articles.c.id))][:1]
            corrections.withdraw_articles(tx, ids)
        (tmp_path / "out").write_text("in the way of the folder")
        line.run(ctx)
        [run] = _runs(ctx)

    assert run.stages["cluster"].ended["withdrawn", ""] == 1
    assert run.stages["write"].ended["failed", "site-not-written"] >= 1
    assert run.difference == 0
    with _opened(tmp_path, url) as ctx, ctx.store.read() as tx:
        assert ticks.count_clustered(tx) == 1
