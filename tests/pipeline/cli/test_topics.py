"""`newsloom topics` on the installation of the demo."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.cli.demo import SEEDS, demo_settings, run_rounds
from pipeline.outcomes import Tally
from tests.pipeline.cli.conftest import Run


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an installation with the demo's stories and a catalogue of its own."""
    home = tmp_path_factory.mktemp("home")
    run_rounds(demo_settings(home), Tally())
    shutil.copytree(SEEDS / "catalogue", home / "catalogue")
    (home / "newsloom.toml").write_text('catalogue = "catalogue"\n')
    return home


@pytest.fixture
def home(rehearsed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(rehearsed, tmp_path / "home"))


def change(home: Path, old: str, new: str) -> None:
    file = home / "catalogue" / "topics.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_rules_are_listed_with_what_they_gave(home: Path, run: Run) -> None:
    shown = run(home, "topics", "list").stdout

    assert "Facial Recognition" in shown
    assert run(home, "topics", "list", "--json").stdout.count('"stories"') >= 6


def test_a_text_is_tried(home: Path, run: Run) -> None:
    change(home, 'keywords = ["AI",', 'excludes = ["AI Weiwei"]\nkeywords = ["AI",')

    shown = run(home, "topics", "test", "Police try facial recognition").stdout
    excluded = run(home, "topics", "test", "AI Weiwei shows AI", "--json").stdout

    assert "AI  (main): parent, Facial Recognition" in shown
    assert "Facial Recognition: title, facial recognition" in shown
    assert '"AI": "AI Weiwei"' in excluded
    assert run(home, "topics", "test", "Nothing of it").stdout.strip() == "no topic"
    assert run(home, "topics", "test", "x", "--url", "no address").returncode == 2


def test_what_a_changed_rule_would_do_is_shown_before_it_is_done(home: Path, run: Run) -> None:
    assert "no story would change" in run(home, "topics", "diff").stdout
    draft = home / "draft"
    shutil.copytree(home / "catalogue", draft)
    change(home, 'name = "Robotics"', 'name = "Robotics"\nexcludes = ["warehouse robot"]')

    same = run(home, "topics", "diff", "--catalogue", str(draft)).stdout
    shown = run(home, "topics", "diff").stdout
    tried = run(home, "topics", "apply", "--dry-run").stdout
    again = run(home, "topics", "diff").stdout

    assert "no story would change" in same
    assert "Robotics  +0     -1" in shown
    assert "- Robotics  (excluded: warehouse robot)" in shown
    assert "would be changed" in tried
    assert again == shown


def test_changed_rules_are_applied_and_the_files_follow(home: Path, run: Run) -> None:
    change(home, 'name = "Robotics"', 'name = "Machines"')
    before = {path: path.read_bytes() for path in (home / "out" / "_news").iterdir()}

    assert "were changed" in run(home, "topics", "apply").stdout
    assert "no story would change" in run(home, "topics", "diff").stdout
    assert run(home, "write").returncode == 0

    changed = [path for path, content in before.items() if path.read_bytes() != content]
    assert changed
    assert all(b"Machines" in path.read_bytes() for path in changed)


def test_only_stories_of_the_last_days_are_looked_at_if_wanted(home: Path, run: Run) -> None:
    change(home, 'name = "Robotics"', 'name = "Machines"')

    assert "no story would change" in run(home, "topics", "diff", "--since", "1d").stdout
    assert run(home, "topics", "diff", "--since", "soon").returncode == 2
