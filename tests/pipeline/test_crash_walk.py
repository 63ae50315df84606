"""A round that is cut off at every point there is, and run again: the files are the same."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline
from pipeline.io.crashpoints import EXIT_CODE, PAST_POINTS, POINTS
from pipeline.io.files import TEMP_PREFIX
from tests.conftest import ROOT
from tests.world import TwoOutlets, tree

#: A round in a process that ends at a point, as by kill -9.
CUT_OFF = """
import sys
from pathlib import Path
from pipeline.io.crashpoints import arm
from tests.world import TwoOutlets
arm(sys.argv[2], passes=int(sys.argv[3]))
TwoOutlets(Path(sys.argv[1])).run()
"""


def files(home: Path) -> dict[str, bytes]:
    """Return the tree without the hidden files that a crash leaves and an hour clears away."""
    return {
        name: data for name, data in tree(home / "out").items() if f"/{TEMP_PREFIX}" not in name
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    home = tmp_path_factory.mktemp("undisturbed")
    TwoOutlets(home).run()
    return files(home)


def cut_off(home: Path, point: str, passes: int = 0) -> int:
    command = [sys.executable, "-c", CUT_OFF, str(home), point, str(passes)]
    return subprocess.run(command, cwd=ROOT, timeout=100, check=False).returncode


@pytest.mark.parametrize("point", POINTS)
def test_a_round_cut_off_and_run_again_writes_the_same_files(
    point: str, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    assert cut_off(tmp_path, point) == EXIT_CODE
    tally = TwoOutlets(tmp_path).run()
    assert files(tmp_path) == undisturbed
    assert tally.failed == 0


def test_a_round_cut_off_again_and_again_ends_all_the_same(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    for point, passes in (("fetch-saved", 0), ("file-mid-write", 3), ("write-in-place", 0)):
        assert cut_off(tmp_path, point, passes) == EXIT_CODE
    TwoOutlets(tmp_path).run()
    assert files(tmp_path) == undisturbed


def test_the_walk_knows_every_point() -> None:
    named = [
        str(node.args[0].value)
        for path in Path(pipeline.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "crashpoint"
        and isinstance(node.args[0], ast.Constant)
    ]
    # Those of the past have a walk of their own (tests.pipeline.backfill.test_cut_off).
    assert sorted(named) == sorted([*POINTS, *PAST_POINTS])
