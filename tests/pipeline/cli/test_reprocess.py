"""`newsloom reprocess` at an operator's desk."""

from __future__ import annotations

import pytest

from pipeline.io.store import Store
from pipeline.stages.extract import EXTRACTOR_VERSION
from tests.pipeline.cli.conftest import NAMES, Desk
from tests.servers import reply
from tests.world import page

EVERY = ("reprocess", "--stage", "extract", "--what", "all")


@pytest.fixture
def read(desk: Desk) -> Desk:
    """Give a desk that has read the outlet's articles once."""
    sites = desk.home / "catalogue" / "sites.toml"
    sites.write_text('[[site]]\nname = "all"\nout = "all"\nthreshold = 0\n')
    feed = desk.serve("/feed.xml")
    assert desk("sources", "add", "outlet", "--feed", feed).returncode == 0
    assert desk("run").returncode == 0
    return desk


def test_stored_pages_are_read_again_in_a_run_that_adds_up(read: Desk) -> None:
    asked = len(read.server.asked)
    told = read.json(*EVERY, "--fetch", "never")

    assert told["chosen"]["from_stored_bodies"] == len(NAMES)
    assert told["stages"]["extract"]["ended"] == {"unchanged": len(NAMES)}
    assert len(read.server.asked) == asked
    shown = read.json("runs", "show", str(told["run"]))
    assert (shown["kind"], shown["difference"]) == ("reprocess", 0)
    assert shown["stages"]["extract"]["taken"] == len(NAMES)


def test_a_dry_run_counts_and_shows_differences(read: Desk) -> None:
    topics = read.home / "catalogue" / "topics.toml"
    topics.write_text('[[topic]]\nname = "Rails"\nkeywords = ["tramway"]\n')
    told = read.json("reprocess", "--stage", "score", "--what", "all", "--dry-run")
    plain = read("reprocess", "--stage", "score", "--what", "all", "--dry-run", "--limit", "0")

    assert told["dry_run"] is True
    assert told["chosen"]["stories"] >= 1
    assert any("Rails" in one["diff"] for one in told["files"]["shown"])
    assert "nothing was changed (--dry-run)" in plain.stdout


def test_without_waiting_the_next_run_does_it(read: Desk) -> None:
    told = read.json(*EVERY, "--no-wait")
    assert told["stages"]["extract"]["due"] == 0
    read.server.on("/pier", reply(page(read.items()[0]).replace("reopens", "shut").encode()))

    assert read("run").returncode == 0
    shown = read.json("runs", "show", str(told["run"]))
    assert shown["stages"]["extract"]["ended"][0]["outcome"] == "unchanged"


def test_nothing_to_do_is_said_and_ends_well(read: Desk) -> None:
    answer = read("reprocess", "--stage", "extract")

    assert answer.returncode == 0
    assert "0 pages from their stored bodies; nothing to do" in answer.stdout


def test_a_page_that_fails_again_ends_with_1(read: Desk) -> None:
    store = Store(f"sqlite:///{read.home / 'state' / 'newsloom.db'}")
    with store.write() as tx:
        tx.exec_driver_sql("DELETE FROM page_bodies")
        tx.exec_driver_sql("UPDATE pages SET article_id = NULL, state = 'skipped'")
    store.close()
    for name in NAMES:
        read.server.on(f"/{name}", reply(b"", status=503))

    answer = read("reprocess", "--stage", "extract", "--fetch", "missing")

    assert answer.returncode == 1
    assert f"{len(NAMES)} to be fetched from 1 hosts" in answer.stdout
    assert "http-503" in answer.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--stage", "extract", "--older-than", "writer=1"), "write extractor=N"),
        (("--stage", "extract", "--older-than", f"extractor={EXTRACTOR_VERSION + 1}"), "today's"),
        (("--stage", "score"), "name what"),
        (("--stage", "score", "--what", "failed"), "is about pages"),
        (("--stage", "extract", "--since", "soon"), "no date"),
        (("--stage", "extract", "--since", "2999-01-01"), "lies ahead"),
        (("--stage", "extract", "--since", "2026-02-01", "--until", "2026-01-01"), "later than"),
        (("--stage", "extract", "--story", "nosuch"), "there is none"),
        (("--stage", "fetch"), "extract"),
    ],
)
def test_what_cannot_be_meant_is_refused(desk: Desk, args: tuple[str, ...], said: str) -> None:
    answer = desk("reprocess", *args)

    assert answer.returncode == 2
    assert said in answer.stderr
