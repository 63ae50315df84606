"""`newsloom stories`: pictures and pages for a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from pipeline.cli.demo import SEEDS, demo_settings, run_rounds
from pipeline.outcomes import Tally
from tests.pipeline.cli.conftest import Run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the installation of the demo."""
    folder = tmp_path_factory.mktemp("home")
    run_rounds(demo_settings(folder), Tally())
    (folder / "newsloom.toml").write_text(f'catalogue = "{SEEDS / "catalogue"}"\n')
    return folder


def test_the_map_shows_the_stories_of_the_last_days(home: Path, run: Run) -> None:
    answer = run(home, "stories", "map", "--out", "map.svg", "--since", "3d")

    assert answer.returncode == 0, answer.stderr
    words = " ".join(etree.parse(home / "map.svg").getroot().itertext())
    assert "12 stories of 41 articles; alone: 1" in words
    assert "Halvard to buy warehouse robot maker" in words


def test_a_file_that_cannot_be_written_is_said(home: Path, run: Run) -> None:
    answer = run(home, "stories", "map", "--out", "missing/map.svg")

    assert answer.returncode == 2
    assert "missing/map.svg" in answer.stderr


def test_a_story_is_explained_on_a_page(home: Path, run: Run) -> None:
    answer = run(home, "stories", "why", "2vnh", "--html", "why.html")

    assert answer.returncode == 0, answer.stderr
    page = (home / "why.html").read_text()
    assert "It joined at" in page
    assert "Shared terms" in page
