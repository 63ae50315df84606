"""The change feed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.seedfile.changes import KINDS, ChangeRecord, change_line, fold
from tests.pipeline.seedfile.world import MOMENT

CREATED = ChangeRecord(
    number=1, at=MOMENT, kind="created", story_id="a", path="_news/a.md", sha256="0" * 64
)
UPDATED = replace(CREATED, number=2, kind="updated", sha256="1" * 64)
OTHER = replace(CREATED, number=3, story_id="b", path="_news/b.md")
MERGED = replace(CREATED, number=4, kind="merged", into="b")
RETRACTED = replace(OTHER, number=5, kind="retracted", sha256=None)
ALL = [CREATED, UPDATED, OTHER, MERGED, RETRACTED]

records = st.builds(
    ChangeRecord,
    number=st.integers(1, 10**9),
    at=st.datetimes(
        min_value=datetime(1990, 1, 1),  # noqa: DTZ001 -- hypothesis wants bare bounds
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001 -- likewise
        timezones=st.sampled_from([timezone(timedelta(hours=hours)) for hours in (-8, 0, 5)]),
    ).map(lambda moment: moment.replace(microsecond=0)),
    kind=st.sampled_from(KINDS),
    story_id=st.text("abc234", min_size=1, max_size=3),
    path=st.text(max_size=20).filter(str.isprintable),
    sha256=st.none() | st.just("0" * 64),
    into=st.none() | st.text("abc234", min_size=1, max_size=3),
)


def test_a_change_is_one_line_of_json() -> None:
    line = change_line(replace(MERGED, at=MOMENT.astimezone(timezone(timedelta(hours=1)))))

    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "number": 4,
        "at": "2020-01-23T15:31:00Z",
        "kind": "merged",
        "story_id": "a",
        "path": "_news/a.md",
        "sha256": "0" * 64,
        "into": "b",
    }


def test_folding_leaves_what_became_of_each_story() -> None:
    assert fold(map(change_line, ALL)) == {"a": MERGED, "b": RETRACTED}


def test_no_changes_leave_nothing() -> None:
    assert fold([]) == {}


@pytest.mark.parametrize("cut", [1, 10, len(change_line(RETRACTED)) - 1])
def test_a_torn_last_line_counts_as_not_yet_there(cut: int) -> None:
    lines = [*map(change_line, ALL[:-1]), change_line(RETRACTED)[:cut]]

    assert fold(lines) == {"a": MERGED, "b": OTHER}


def test_damage_anywhere_else_is_an_error() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        fold([change_line(CREATED), b"{torn\n", change_line(UPDATED)])


@given(st.lists(records, max_size=12, unique_by=lambda one: one.number), st.randoms())
@settings(max_examples=60, deadline=None)
def test_a_record_comes_back_and_the_order_of_lines_does_not_matter(
    changes: list[ChangeRecord], chance: object
) -> None:
    expected = {one.story_id: one for one in sorted(changes, key=lambda one: one.number)}
    shuffled = changes[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis' own Random

    assert fold(map(change_line, changes)) == fold(map(change_line, shuffled)) == expected
