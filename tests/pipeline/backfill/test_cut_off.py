"""A backfill whose process is ended at any point, and run again, is as if nothing had happened."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.context import Context
from pipeline.io.crashpoints import EXIT_CODE, PAST_POINTS
from pipeline.io.schema import articles, memberships, stories
from pipeline.io.store import backfillbook, backfills, ledger
from tests.conftest import ROOT
from tests.pipeline.backfill.material import SMALL, Archive, span_of
from tests.pipeline.test_crash_walk import files

#: A backfill in a process that ends at a point, as by kill -9, and tells what it asked for.
CUT_OFF = """
import json, sys
from pathlib import Path
from pipeline.io import crashpoints
from tests.pipeline.backfill.material import SMALL, Archive, span_of
home, point, passes = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
archive = Archive(home, SMALL)
end = crashpoints.os._exit
def told(code):
    (home / "asked.json").write_text(json.dumps(archive.web.asked))
    end(code)
crashpoints.os._exit = told
with archive.open() as ctx:
    number = archive.plan(ctx, span_of(SMALL))
archive.web.asked.clear()
crashpoints.arm(point, passes=passes)
archive.go_on(number)
"""
#: Points that a backfill passes on its way, and how often it passes them first.
POINTS = (
    *((point, 1) for point in PAST_POINTS),
    ("extract-saved", 1),
    ("write-rows-saved", 0),
)
#: The others, and the first ones at the very beginning.
MORE = (
    *((point, 0) for point in PAST_POINTS),
    ("after-commit", 20),
    ("extract-claimed", 1),
    ("extract-read", 0),
    ("cluster-placed", 5),
    ("cluster-saved", 0),
    ("regroup-saved", 4),
    ("write-staged", 0),
    ("file-mid-write", 3),
    ("documents-in-place", 0),
    ("write-marked", 0),
)
#: Look-ups of a batch and pages of a batch: what may be asked for twice.
BATCH = 20


def rows_of(ctx: Context) -> dict[str, Any]:
    """Return what there is in the end, without times of work."""
    with ctx.store.read() as tx:
        live = select(stories).where(stories.c.state == "live").order_by(stories.c.id)
        return {
            "stories": [(row.id, row.lead_id, row.heat) for row in tx.execute(live)],
            "members": sorted(
                map(tuple, tx.execute(select(memberships.c.article_id, memberships.c.story_id)))
            ),
            "articles": sorted(
                map(tuple, tx.execute(select(articles.c.id, articles.c.state, articles.c.text)))
            ),
            "listed": backfillbook.listed(tx, 1),
            "runs": [run.difference for run in ledger.runs(tx)],
            "state": [row.state for row in backfills.all_backfills(tx)],
        }


class Undisturbed:
    """The same backfill by one process that nobody ends."""

    def __init__(self, home: Path) -> None:
        archive = Archive(home, SMALL)
        with archive.open() as ctx:
            number = archive.plan(ctx, span_of(SMALL))
        archive.web.asked.clear()
        archive.go_on(number)
        self.asked = Counter(archive.web.asked)
        self.files = files(home)
        with archive.open() as ctx:
            self.rows = rows_of(ctx)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


def cut_off(home: Path, point: str, passes: int) -> Counter[str]:
    """Run a backfill up to a point; return what was asked for by then."""
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-c", CUT_OFF, str(home), point, str(passes)]
    assert subprocess.run(command, cwd=ROOT, timeout=100, check=False).returncode == EXIT_CODE
    return Counter(json.loads((home / "asked.json").read_text()))


@pytest.mark.parametrize(
    ("point", "passes"), [*POINTS, *(pytest.param(*one, marks=pytest.mark.slow) for one in MORE)]
)
def test_a_backfill_cut_off_and_run_again_leaves_the_same(
    point: str, passes: int, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    asked = cut_off(tmp_path, point, passes)

    archive = Archive(tmp_path, SMALL)
    archive.go_on(1)

    assert files(tmp_path) == undisturbed.files
    with archive.open() as ctx:
        assert rows_of(ctx) == undisturbed.rows
    again = (asked + archive.web.asked).total() - undisturbed.asked.total()
    assert 0 <= again <= BATCH
