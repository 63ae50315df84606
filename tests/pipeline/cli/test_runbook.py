"""`newsloom runs`: what an operator sees of the ledger."""

from __future__ import annotations

import pytest

from config.load import load_settings
from pipeline.context import database_url
from pipeline.io.store import Store, ledger
from tests.pipeline.cli.conftest import Desk
from tests.servers import reply

pytestmark = pytest.mark.timeout(300)


def _watched(desk: Desk) -> None:
    """Have the desk watch a feed of four pages, one of which is lost."""
    url = desk.serve("/feed.xml")
    desk.server.on("/quarry", reply(b"gone", status=404))
    desk.json("sources", "add", "outlet", "--feed", url)


def test_a_run_is_listed_shown_and_compared(desk: Desk) -> None:
    _watched(desk)
    first = desk.json("run", code=1)["run"]
    second = desk.json("run")["run"]

    listed = desk.json("runs", "list")
    assert [(run["run"], run["kind"], run["state"]) for run in listed] == [
        (second, "manual", "done"),
        (first, "manual", "done"),
    ]
    shown = desk.json("runs", "show", str(first))
    assert shown["difference"] == 0
    assert shown["stages"]["extract"]["taken"] == 4
    assert {"outcome": "failed", "reason": "http-404", "count": 1} in shown["stages"]["extract"][
        "ended"
    ]
    assert shown["stages"]["fetch"]["seconds"] >= 0
    counts = desk.json("runs", "compare", str(first), str(second))["counts"]
    fetched = next(row for row in counts if row["outcome"] == "fetched")
    assert (fetched["a"], fetched["b"], fetched["change"]) == (1, 0, -1)


def test_tables_say_the_same_in_words(desk: Desk) -> None:
    _watched(desk)
    told = desk("run")
    run = desk.json("runs", "list")[0]["run"]
    shown = desk("runs", "show", str(run))
    compared = desk("runs", "compare", str(run), str(run))

    assert f"newsloom runs show {run}" in told.stdout
    assert shown.returncode == 0
    assert f"run {run} (manual), done" in shown.stdout
    assert "extract: 1 failed: http-404" in shown.stdout
    assert "1 failed + " in shown.stdout
    assert "+1" not in compared.stdout
    assert "http-404" in compared.stdout
    assert str(run) in desk("runs", "list", "--limit", "1").stdout


def test_books_that_do_not_add_up_end_with_1(desk: Desk) -> None:
    _watched(desk)
    run = desk.json("run", code=1)["run"]
    store = Store(database_url(load_settings(desk.home)))
    with store.write() as tx:
        ledger.note(tx, run, "extract", ledger.TAKEN)
    store.close()

    assert desk.json("runs", "show", str(run), code=1)["stages"]["extract"]["difference"] == 1
    assert desk.json("runs", "list")[0]["difference"] == 1


def test_a_run_that_finds_nothing_is_listed_all_the_same(desk: Desk) -> None:
    assert desk("run").returncode == 0

    [run] = desk.json("runs", "list", "--since", "1h")
    assert run["kind"] == "manual"
    assert "no counts" in desk("runs", "show", str(run["run"])).stdout


def test_an_unknown_run_is_a_usage_error(desk: Desk) -> None:
    for args in (("show", "7"), ("compare", "7", "8")):
        answer = desk("runs", *args)
        assert answer.returncode == 2
        assert "run 7: there is none" in answer.stderr
    assert desk("runs", "list", "--since", "soon").returncode == 2
