"""Corrections by the command line: each holds, is told beforehand, and can be taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.pipeline.cli.conftest import Run
from tests.pipeline.cli.newsroom import Newsroom
from tests.world import APPLES, FERRIES, ORCHARD, PIER, Item, publish, tree

TITLE = "Pier closed for weeks: what is known"


@pytest.fixture
def room(tmp_path: Path, run: Run) -> Newsroom:
    return Newsroom(tmp_path / "home", run)


def later(room: Newsroom) -> None:
    """Let a further article on each event arrive, with which all is grouped anew."""
    cracks = Item(
        url="https://two.example/later",
        title="Harbour pier: cracks in northern pillars were known, divers say",
        text=FERRIES.text + "\nDivers said that they had reported the cracks a year ago.",
    )
    frost = Item(
        url="https://two.example/frost", title="Apple harvest ruined by frost", text=ORCHARD
    )
    publish(room.web, "two.example", [FERRIES, cracks, frost])
    room.run()


def pages(room: Newsroom) -> dict[str, bytes]:
    """Return the documents as they stand, by name."""
    return {name: data for name, data in tree(room.home / "out" / "all").items() if "_news" in name}


# --- merge and split --------------------------------------------------------------------------


def test_merged_stories_stay_together_and_come_apart_as_they_were(room: Newsroom) -> None:
    ids, before, files = room.stories(), room.members(), pages(room)
    done = room.decide("merge", ids[APPLES.title][:6], ids[PIER.title][:6])
    assert {one["kind"] for one in done["documents"]} == {"merged", "updated"}
    room.written()
    later(room)
    together = room.members()[ids[PIER.title]]
    assert {PIER.url, FERRIES.url, APPLES.url} <= together

    room.decide("undo", "1")
    assert {
        one: urls & {PIER.url, FERRIES.url, APPLES.url}
        for one, urls in room.members().items()
        if one in before
    } == before
    room.written()
    assert pages(room).keys() >= files.keys()
    assert room.document(APPLES.title).published


def test_an_undone_merge_gives_the_bytes_of_before(room: Newsroom) -> None:
    ids, files = room.stories(), pages(room)
    room.decide("merge", ids[APPLES.title], ids[PIER.title])
    room.written()
    assert pages(room) != files
    room.decide("undo", "1")
    room.written()
    assert pages(room) == files


def test_what_was_split_stays_apart_and_comes_together_as_it_was(room: Newsroom) -> None:
    ids, files = room.stories(), pages(room)
    pier = ids[PIER.title]
    done = room.decide("split", pier, FERRIES.url)
    new = done["correction"]["other"]
    room.written()
    later(room)
    members = room.members()
    assert FERRIES.url in members[new]
    assert PIER.url in members[pier]
    assert FERRIES.url not in members[pier]

    room.decide("undo", "1")
    assert {PIER.url, FERRIES.url} <= room.members()[pier]
    assert new not in room.members()
    room.run()
    assert {PIER.url, FERRIES.url} <= room.members()[pier]
    assert files.keys() < pages(room).keys()
    assert room.document(FERRIES.title).published is False


def test_the_same_word_twice_is_one_correction(room: Newsroom) -> None:
    ids = room.stories()
    pier, apples = ids[PIER.title], ids[APPLES.title]
    for args in (
        ("retitle", pier, TITLE),
        ("pin-lead", pier, FERRIES.url),
        ("split", pier, FERRIES.url),
        ("block", "spam.example"),
        ("merge", apples, pier),
        ("retract", pier),
        ("forget", APPLES.url),
    ):
        assert room.decide(*args)["correction"] is not None
        assert room.decide(*args)["correction"] is None, args
    assert len(room.book()) == 7


def test_of_a_merged_story_what_took_it_over_is_meant(room: Newsroom) -> None:
    ids = room.stories()
    room.decide("merge", ids[APPLES.title], ids[PIER.title])
    answer = room("retitle", ids[APPLES.title], TITLE, "--why", "clearer")
    assert answer.returncode == 0
    assert f"{ids[APPLES.title]} was merged into {ids[PIER.title]}" in answer.stderr
    room.written()
    assert room.document(TITLE).url == PIER.url


def test_the_last_word_on_the_same_articles_is_taken_back_first(room: Newsroom) -> None:
    ids = room.stories()
    room.decide("merge", ids[APPLES.title], ids[PIER.title])
    room.decide("split", ids[PIER.title], APPLES.url)
    refused = room("undo", "1", "--why", "no")
    assert refused.returncode == 2
    assert "undo 2 first" in refused.stderr
    room.decide("undo", "2")
    room.decide("undo", "1")
    assert room.members()[ids[APPLES.title]] == {APPLES.url}
    again = room("undo", "1", "--why", "no")
    assert "was undone by anna already" in again.stderr


# --- lead and title ---------------------------------------------------------------------------


def test_a_pinned_article_leads_until_it_leaves(room: Newsroom) -> None:
    pier = room.stories()[PIER.title]
    name = next(name for name in pages(room) if "closes" in name)
    room.decide("pin-lead", pier, FERRIES.url)
    room.written()
    assert room.document(FERRIES.title).related[0].url == PIER.url
    later(room)
    assert room.document(FERRIES.title).url == FERRIES.url
    assert name in pages(room), "the name is frozen"

    room.decide("forget", FERRIES.url)
    room.written()
    assert room.document(PIER.title).url == PIER.url


def test_a_title_holds_whatever_leads_and_the_one_before_comes_back(room: Newsroom) -> None:
    pier, names = room.stories()[PIER.title], pages(room).keys()
    room.decide("retitle", pier, "First   title")
    room.decide("retitle", pier, TITLE)
    room.decide("pin-lead", pier, FERRIES.url)
    room.written()
    assert room.document(TITLE).url == FERRIES.url
    publish(room.web, "two.example", [replace(FERRIES, title="Pier: ferries moved again")])
    room.run()
    later(room)
    assert room.document(TITLE).url == FERRIES.url
    assert pages(room).keys() >= names

    room.decide("undo", "2")
    room.written()
    assert room.document("First title").url == FERRIES.url
    room.decide("undo", "1")
    room.decide("undo", "3")
    room.written()
    assert room.document(PIER.title).url == PIER.url


def test_what_was_said_of_a_story_goes_with_it_and_the_survivors_own_goes_first(
    room: Newsroom,
) -> None:
    ids = room.stories()
    room.decide("retitle", ids[APPLES.title], "Of the apples")
    room.decide("pin-lead", ids[APPLES.title], APPLES.url)
    room.decide("merge", ids[APPLES.title], ids[PIER.title])
    room.written()
    news = [one for one in room.documents().values() if one.published]
    assert [(one.title, one.url) for one in news] == [("Of the apples", APPLES.url)]

    room.decide("retitle", ids[PIER.title], TITLE)
    room.written()
    assert room.document(TITLE).url == APPLES.url
    room.decide("undo", "3")
    room.written()
    assert (room.document(TITLE).url, room.document("Of the apples").url) == (PIER.url, APPLES.url)


def test_files_that_follow_are_as_verify_expects_them(room: Newsroom) -> None:
    room.decide("retitle", room.stories()[PIER.title], TITLE)
    room.written()
    assert room._run(room.home, "verify").returncode == 0
    assert TITLE in {row["title"] for row in json.loads(room("list", "--json").stdout)}


# --- retract, block, forget -------------------------------------------------------------------


def test_a_retracted_story_stays_away_until_that_is_undone(room: Newsroom) -> None:
    files = pages(room)
    room.decide("retract", room.stories()[APPLES.title])
    room.written()
    publish(room.web, "one.example", [PIER, replace(APPLES, title="Frost ruins the apple harvest")])
    room.run()
    assert room.document(APPLES.title).published is False

    room.decide("undo", "1")
    room.written()
    assert pages(room) == files
    room.run()
    assert room.document(APPLES.title).published


@pytest.mark.parametrize("what", ["two.example", "https://two.example/frost"])
def test_what_is_blocked_is_kept_out_until_that_is_undone(room: Newsroom, what: str) -> None:
    before = room.members()
    room.decide("block", what)
    frost = Item(url="https://two.example/frost", title="Strawberries frozen", text=ORCHARD)
    publish(room.web, "two.example", [FERRIES, frost])
    room.run()
    assert room.members() == before, "what is there stays"

    room.decide("undo", "1")
    more = Item(url="https://two.example/more", title="Divers look on", text=FERRIES.text)
    publish(room.web, "two.example", [FERRIES, frost, more])
    room.run()
    assert frost.url in {url for urls in room.members().values() for url in urls}


def test_what_a_link_elsewhere_leads_to_is_kept_out_too(room: Newsroom) -> None:
    room.decide("block", "spam.example")
    bait = Item(url="https://two.example/bait", title="Strawberries for nothing", text=ORCHARD)
    target = replace(bait, url="https://spam.example/offer")
    publish(room.web, "two.example", [FERRIES, bait])

    def led_away(_: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": target.url})

    room.web.answers[bait.url] = led_away
    publish(room.web, "spam.example", [target])
    room.run()
    assert target.url in room.web.asked
    assert all("spam" not in url for urls in room.members().values() for url in urls)


def test_what_is_forgotten_is_erased_and_cannot_come_back(room: Newsroom) -> None:
    room.decide("merge", room.stories()[APPLES.title], room.stories()[PIER.title])
    done = room.decide("forget", APPLES.url)
    assert [one["kind"] for one in done["documents"]] == ["retracted"], "the tombstone goes too"
    refused = room("undo", "2", "--why", "no")
    assert refused.returncode == 2
    assert "cannot come back" in refused.stderr
    room.written()
    assert all(b"Frost ruins" not in data for data in tree(room.home / "out").values())
    assert b"apple harvest in a decade" not in (room.home / "state" / "newsloom.db").read_bytes()


# --- beforehand -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "kinds"),
    [
        (("merge", "{apples}", "{pier}"), ["merged", "updated"]),
        (("split", "{pier}", FERRIES.url), ["split", "updated"]),
        (("pin-lead", "{pier}", FERRIES.url), ["updated"]),
        (("retitle", "{pier}", TITLE), ["updated"]),
        (("retract", "{pier}"), ["retracted"]),
        (("block", "two.example"), []),
        (("forget", "one.example"), ["retracted", "updated"]),
    ],
)
def test_a_dry_run_names_the_documents_and_changes_nothing(
    room: Newsroom, args: tuple[str, ...], kinds: list[str]
) -> None:
    ids, members = room.stories(), room.members()
    given = [one.format(apples=ids[APPLES.title], pier=ids[PIER.title]) for one in args]
    dry = json.loads(room(*given, "--dry-run", "--json").stdout)
    assert sorted(one["kind"] for one in dry["documents"]) == kinds
    assert (room.members(), room.book()) == (members, [])

    done = room.decide(*given)
    assert done["documents"] == dry["documents"]
    room.written()
    told = {path for kind, path in room.changes()[2:]}
    assert told == {one["path"] for one in dry["documents"]}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("retitle", "zzz", "x", "--why", "y"), "no story has it"),
        (("retitle", "{pier}", " ", "--why", "y"), "a title has words"),
        (("retract", "{pier}"), "--why: say why"),
        (("split", "{pier}", "https://one.example/none", "--why", "y"), "no article of it"),
        (("split", "{pier}", PIER.url, FERRIES.url, "--why", "y"), "not all"),
        (("pin-lead", "{pier}", APPLES.url, "--why", "y"), "no article of it"),
        (("merge", "{pier}", "{pier}", "--why", "y"), "with itself"),
        (("block", "www.one.example", "--why", "y"), "name one.example"),
        (("block", "not a domain", "--why", "y"), "write https://HOST"),
        (("undo", "7", "--why", "y"), "there is none"),
        (("corrections", "--apply", "none.jsonl"), "none.jsonl"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_remedy(
    room: Newsroom, args: tuple[str, ...], message: str
) -> None:
    pier = room.stories()[PIER.title]
    answer = room(*(one.format(pier=pier) for one in args))
    assert answer.returncode == 2
    assert message in answer.stderr
    assert room.book() == []
