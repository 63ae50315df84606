"""`newsloom quarantine`: told, tried again, given up."""

from __future__ import annotations

import sqlite3

import pytest

from tests.pipeline.cli.conftest import Desk
from tests.servers import reply


@pytest.fixture
def held(desk: Desk) -> Desk:
    """Give a desk with a source and a page in quarantine."""
    feed = desk.serve("/all.xml")
    assert desk("sources", "add", "outlet", "--feed", feed).returncode == 0
    assert desk("run", "--once").returncode == 0
    with sqlite3.connect(desk.home / "state" / "newsloom.db") as database:
        database.execute(
            "update pages set state='quarantined', quarantined='http-500', last_error='http-500',"
            " failures=5 where url like '%/pier'"
        )
        database.execute(
            "update sources set quarantined='worker-died', deaths=3, last_error='3 workers died'"
            " where id='outlet'"
        )
    return desk


def test_what_is_held_is_listed_with_its_reason(held: Desk) -> None:
    rows = held.json("quarantine", "list")

    assert [(row["kind"], row["reason"]) for row in rows] == [
        ("source", "worker-died"),
        ("page", "http-500"),
    ]
    assert [row["kind"] for row in held.json("quarantine", "list", "--reason", "http-500")] == [
        "page"
    ]
    assert "2 in quarantine" in held("quarantine", "list").stdout
    assert held("quarantine", "list", "--kind", "story").returncode == 2
    assert "newsloom sources check outlet" in held("quarantine", "show", "outlet").stdout


def test_a_row_is_tried_again_with_the_next_round(held: Desk) -> None:
    page = held.json("quarantine", "list", "--kind", "page")[0]["id"]

    tried = held("quarantine", "retry", page[:12], "--dry-run")
    assert "1 would be retried" in tried.stdout
    assert len(held.json("quarantine", "list")) == 2
    held.json("quarantine", "retry", "--all")
    assert held.json("quarantine", "list") == []
    assert held("run", "--once").returncode == 0

    answer = held.json("articles", "why", held.server.url("/pier"))
    assert answer["page"]["page_state"] == "done"


def test_a_row_is_given_up(held: Desk) -> None:
    held.server.on("/pier", reply(b"never asked for"))

    assert held.json("quarantine", "drop", "--all")["dry_run"] is False

    assert held.json("quarantine", "list") == []
    why = held.json("articles", "why", held.server.url("/pier"))
    assert why["page"]["reason"] == "dropped by an operator"
    assert held.rows() == [], "the source is disabled"


def test_it_must_be_clear_what_is_meant(held: Desk) -> None:
    assert held("quarantine", "retry").returncode == 2
    assert held("quarantine", "retry", "outlet", "--all").returncode == 2
    unknown = held("quarantine", "drop", "nothing-like-it")
    assert unknown.returncode == 2
    assert "see `newsloom quarantine list`" in unknown.stderr
