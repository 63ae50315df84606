"""Corrections in a file: a lost database comes back out of its own files and knows them again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.pipeline.cli.conftest import Run
from tests.pipeline.cli.newsroom import Newsroom
from tests.world import APPLES, FERRIES, ORCHARD, PIER, Item, publish, tree

QUARRY = Item(
    url="https://one.example/quarry",
    title="Quarry reopens after a century",
    text="The slate quarry above the village opens again as a museum.\nTwo of its old cranes were "
    "mended by the pupils of a technical school, who will also guide the visitors.",
)


@pytest.fixture
def room(tmp_path: Path, run: Run) -> Newsroom:
    """Give a newsroom in which everything was corrected, and its files were written."""
    room = Newsroom(tmp_path / "home", run)
    publish(room.web, "one.example", [PIER, APPLES, QUARRY])
    room.run()
    ids = room.stories()
    room.decide("split", ids[PIER.title], FERRIES.url)
    room.decide("merge", ids[APPLES.title], ids[PIER.title])
    room.decide("pin-lead", ids[PIER.title], APPLES.url)
    room.decide("retitle", ids[PIER.title], "A pier and its apples")
    room.decide("retract", ids[QUARRY.title])
    room.decide("block", "spam.example")
    room.decide("retitle", ids[PIER.title], "Taken back")
    room.decide("undo", "7")
    room.written()
    return room


def exported(room: Newsroom) -> Path:
    file = room.home / "corrections.jsonl"
    file.write_text(room("corrections", "--json").stdout)
    return file


def lost_and_imported(room: Newsroom) -> None:
    for database in (room.home / "state").glob("newsloom.db*"):
        database.unlink()
    answer = room._run(room.home, "import", "out/all")
    assert answer.returncode == 0, answer.stderr


def test_a_database_out_of_its_own_files_knows_them_again(room: Newsroom) -> None:
    file, members, files = exported(room), room.members(), tree(room.home / "out")
    book = room.book()
    lost_and_imported(room)
    assert room.book() == []

    answer = room("corrections", "--apply", file.name)
    assert answer.returncode == 0, answer.stderr
    assert "7 corrections = 7 applied + 0 known already" in answer.stdout
    assert (room.book(), room.members()) == (book, members)
    assert "0 applied + 7 known already" in room("corrections", "--apply", file.name).stdout
    room.written()
    assert {name: data for name, data in tree(room.home / "out").items() if "_news" in name} == {
        name: data for name, data in files.items() if "_news" in name
    }


def test_and_keeps_to_them_when_the_feeds_are_read_again(room: Newsroom) -> None:
    file = exported(room)
    lost_and_imported(room)
    assert room("corrections", "--apply", file.name).returncode == 0
    offer = Item(url="https://spam.example/offer", title="Strawberries", text=ORCHARD)
    publish(room.web, "two.example", [FERRIES, offer])
    room.run()

    [pier] = [urls for urls in room.members().values() if PIER.url in urls]
    assert pier == {PIER.url, APPLES.url}
    known = {url for urls in room.members().values() for url in urls}
    assert known == {PIER.url, APPLES.url, FERRIES.url}, "retracted and blocked ones stay away"
    lead = room.document("A pier and its apples")
    assert lead.url == APPLES.url


def test_and_they_can_be_taken_back_there(room: Newsroom) -> None:
    file = exported(room)
    lost_and_imported(room)
    room("corrections", "--apply", file.name)
    for number in ("5", "2", "1"):
        room.decide("undo", number)
    room.written()
    room.run()

    groups = list(room.members().values())
    assert {APPLES.url} in groups
    assert {PIER.url, FERRIES.url} in groups
    assert {QUARRY.url} in groups, "the feeds bring what was retracted"


def test_corrections_made_before_the_import_are_kept_too(room: Newsroom) -> None:
    file, members = exported(room), room.members()
    for database in (room.home / "state").glob("newsloom.db*"):
        database.unlink()
    assert room("corrections", "--apply", file.name).returncode == 0
    room._run(room.home, "import", "out/all")
    room.run()

    assert room.members() == members
    assert room.document("A pier and its apples").url == APPLES.url


def test_a_dry_run_tells_what_would_be_applied(room: Newsroom) -> None:
    file = exported(room)
    lost_and_imported(room)
    told = json.loads(room("corrections", "--apply", file.name, "--dry-run", "--json").stdout)
    assert len(told["applied"]) == 7
    assert room.book() == []


def test_the_book_is_shown_with_who_and_why(room: Newsroom) -> None:
    shown = room("corrections").stdout
    assert "7 corrections, 1 of them undone" in shown
    assert 'is called "A pier and its apples"' in shown
    assert "undone" in shown
    assert "by anna: it is so" in shown


def test_a_title_by_an_operator_survives_another_by_the_outlet(room: Newsroom) -> None:
    publish(room.web, "one.example", [PIER, replace(APPLES, title="Frost: new figures"), QUARRY])
    room.run()
    assert room.document("A pier and its apples").url == APPLES.url
