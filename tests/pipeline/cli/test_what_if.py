"""Questions about the clusterer: what people had to tell it, and what other weights would do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.stories.similarity import as_json, shipped_model
from tests.pipeline.cli.conftest import Run
from tests.pipeline.cli.newsroom import Newsroom
from tests.world import APPLES, FERRIES, PIER, tree


@pytest.fixture
def room(tmp_path: Path, run: Run) -> Newsroom:
    return Newsroom(tmp_path / "home", run)


def asked(room: Newsroom, *args: str) -> Any:
    answer = room._run(room.home, "cluster", *args, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_a_higher_threshold_parts_and_a_lower_one_joins_and_nothing_is_written(
    room: Newsroom,
) -> None:
    before, ids, members = tree(room.home), room.stories(), room.members()
    [high] = asked(room, "--what-if", "threshold=0.9999999")
    [split] = high["gained"]
    assert (split["kind"], split["story"], len(split["articles"])) == ("split", ids[PIER.title], 1)
    assert (high["lost"], high["articles"], high["stories"]) == ([], 3, 2)
    [low] = asked(room, "--what-if", "threshold=0.0001", "--since", "72h")
    [merge] = low["gained"]
    assert merge["kind"] == "merge"
    assert {merge["story"], merge["into"]} == {ids[APPLES.title], ids[PIER.title]}
    told = room._run(room.home, "cluster", "--what-if", "threshold=0.9999999").stdout
    assert "gained: 0 merges, 1 splits" in told
    assert f"split off {ids[PIER.title]} ({PIER.title})" in told

    assert room.members() == members
    assert tree(room.home / "out") == {
        name.removeprefix("out/"): data for name, data in before.items() if name.startswith("out/")
    }


def test_what_operators_joined_and_parted_holds_for_any_weights(room: Newsroom) -> None:
    ids = room.stories()
    room.decide("merge", ids[APPLES.title], ids[PIER.title])
    room.decide("split", ids[PIER.title], FERRIES.url)
    [high] = asked(room, "--what-if", "threshold=0.9999999")
    [low] = asked(room, "--what-if", "threshold=0.0001")
    assert (high["gained"], low["gained"]) == ([], [])


def test_weights_of_a_file_are_asked_about(room: Newsroom) -> None:
    (room.home / "strict.json").write_text(json.dumps({**as_json(shipped_model()), "bias": -50}))
    [found] = asked(room, "--what-if", "weights=strict.json")
    assert [one["kind"] for one in found["gained"]] == ["split"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--what-if", "threshold=2"), "between 0 and 1"),
        (("--what-if", "window=3"), "write threshold=NUMBER or weights=FILE"),
        (("--what-if", "weights=none.json"), "none.json"),
        (("--since", "72h"), "--since goes with --what-if"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    room: Newsroom, args: tuple[str, ...], message: str
) -> None:
    answer = room._run(room.home, "cluster", *args)
    assert answer.returncode == 2
    assert message in answer.stderr


def test_the_clusterer_is_judged_by_the_corrections_alone(room: Newsroom) -> None:
    ids = room.stories()
    room.decide("split", ids[PIER.title], FERRIES.url)
    room.decide("merge", ids[APPLES.title], ids[PIER.title])
    answer = room._run(room.home, "evaluate", "stories", "--corrections", "--json")
    told = json.loads(answer.stdout)

    assert told["corrections"] == 2
    assert told["must"] == {"pairs": 1, "right": 0}
    assert told["cannot"] == {"pairs": 1, "right": 0}, "left to itself it would join them again"
    assert {(one["kind"], one["correction"]) for one in told["misses"]} == {
        ("must", 2),
        ("cannot", 1),
    }
    shown = room._run(room.home, "evaluate", "stories", "--corrections").stdout
    assert "2 corrections: joined pairs 0 of 1 found together" in shown
    assert "together, though parted by correction 1, score " in shown

    room.decide("undo", "2")
    room.decide("split", ids[PIER.title], FERRIES.url)
    room.decide("undo", "1")
    told = json.loads(room._run(room.home, "evaluate", "stories", "--corrections", "--json").stdout)
    assert (told["corrections"], told["cannot"], told["must"]["pairs"]) == (
        0,
        {"pairs": 0, "right": 0},
        0,
    )


def test_without_data_it_says_what_to_give(room: Newsroom) -> None:
    answer = room._run(room.home, "evaluate", "stories")
    assert answer.returncode == 2
    assert "name --articles with their --labels, or --corrections" in answer.stderr
