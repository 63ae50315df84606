"""`newsloom topics` on the installation of the demo."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

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


def draft_of(home: Path, old: str, new: str) -> str:
    """Write a draft of topics.toml beside the catalogue, and return its address."""
    text = (home / "catalogue" / "topics.toml").read_text()
    assert old in text
    draft = home / "draft.toml"
    draft.write_text(text.replace(old, new))
    return str(draft)


def told(home: Path, run: Run, *args: str) -> Any:
    answer = run(home, *args, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_the_rules_are_listed_with_what_they_gave(home: Path, run: Run) -> None:
    stories = told(home, run, "stories", "list")
    listed = told(home, run, "topics", "list")

    given = Counter(name for story in stories for name in story["topics"])
    assert given["Robotics"] > 1
    assert {one["topic"]: one["stories"] for one in listed["topics"] if one["stories"]} == given
    for one in listed["topics"]:
        members = [story["members"] for story in stories if one["topic"] in story["topics"]]
        assert one["articles"] == sum(members)
    assert listed["not_in_catalogue"] == {}
    robotics = next(one for one in listed["topics"] if one["topic"] == "Robotics")
    assert (robotics["parent"], robotics["keywords"], robotics["excludes"]) == ("AI", 7, 0)


def test_a_list_for_other_programs_has_one_line_a_topic(
    home: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    change(home, '"Robotics"', '"[red]Machines"')

    lines = run(home, "topics", "list").stdout.splitlines()

    assert len(lines) == 1 + 11 + 1
    assert lines[0].split()[-2:] == ["stories", "articles"]
    assert "[red]Machines" in {line.split("  ")[0] for line in lines}
    assert lines[-1] == "Robotics: 2 stories have it, the catalogue no more"


def test_a_text_is_tried(home: Path, run: Run) -> None:
    change(home, 'keywords = ["AI",', 'excludes = ["AI Weiwei"]\nkeywords = ["AI",')

    shown = run(home, "topics", "test", "Police try facial recognition").stdout
    excluded = run(home, "topics", "test", "AI Weiwei shows AI", "--json").stdout

    assert "AI  (main): parent, Facial Recognition" in shown
    assert "Facial Recognition: title, facial recognition" in shown
    assert '"AI": "AI Weiwei"' in excluded
    assert run(home, "topics", "test", "Nothing of it").stdout.strip() == "no topic"
    assert run(home, "topics", "test", "x", "--url", "no address").returncode == 2


def test_a_text_is_tried_at_a_place(home: Path, run: Run) -> None:
    rules = """
sections = ["machines"]
providers = ["robots.example"]
not_providers = ["dull.example"]
"""
    change(home, 'name = "Robotics"', f'name = "Robotics"{rules}')

    def at(*place: str) -> Any:
        found = told(home, run, "topics", "test", "A title", *place)
        return [(one["where"], one["by"]) for one in found["topics"]], found["excluded"]

    parent = ("parent", "Robotics")
    section = [parent, ("section", "machines")]
    assert at("--url", "https://one.example/machines/1") == (section, {})
    assert at("--url", "https://www.robots.example/1")[0] == [
        parent,
        ("provider", "robots.example"),
    ]
    assert at("--provider", "robots.example")[0] == [parent, ("provider", "robots.example")]
    assert at("--url", "https://robots.example/1", "--provider", "two.example") == ([], {})
    url = "https://dull.example/machines/1"
    assert at("--url", url) == ([], {"Robotics": "dull.example"})
    shown = run(home, "topics", "test", "A title", "--url", url).stdout
    assert shown.splitlines() == ["not Robotics: excluded by dull.example", "no topic"]
    assert at("--excerpt", "On a robot.")[0] == [parent, ("excerpt", "robot")]


def test_a_publisher_is_called_as_extracting_would_call_it(home: Path, run: Run) -> None:
    with (home / "catalogue" / "organisations.toml").open("a") as file:
        file.write('[[organisation]]\ndomain = "cloud.vast.example"\nname = "V"\nquality = 1\n')

    def publisher(url: str) -> Any:
        return told(home, run, "topics", "test", "A title", "--url", url)["provider"]

    assert publisher("https://blog.cloud.vast.example/1") == "cloud.vast.example"
    assert publisher("https://www.vast.example/1") == "vast.example"
    for wrong in ("https://vast.example", "Vast.example", "vast.example/1", "["):
        answer = run(home, "topics", "test", "A title", "--provider", wrong)
        assert answer.returncode == 2
        assert "write it as example.com" in answer.stderr


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


def test_a_draft_of_the_rules_is_tried_without_touching_anything(home: Path, run: Run) -> None:
    draft = draft_of(home, '"robotics", "robot", "robots"', '"tumours"')
    before = {path: path.read_bytes() for path in (home / "out").rglob("*") if path.is_file()}
    stories = told(home, run, "stories", "list")

    shown = run(home, "topics", "diff", "--topics", draft)
    found = told(home, run, "topics", "diff", "--topics", draft)

    assert shown.returncode == 0
    assert shown.stdout.splitlines()[-1].startswith("nothing was changed; make these rules")
    titles = {story["id"]: story["title"] for story in stories}
    assert found["topics"]["Robotics"] == {"added": 1, "dropped": 1}
    for one in found["stories"]:
        assert titles[one["story"]] == one["title"]
        assert {*one["before"]} - {*one["dropped"]} == {*one["after"]} - {*one["added"]}
        assert f"{one['story']}  {one['title']}" in shown.stdout.splitlines()
    for sign in ("added", "dropped"):
        counts = Counter(name for one in found["stories"] for name in one[sign])
        assert {name: many[sign] for name, many in found["topics"].items() if many[sign]} == counts
    assert told(home, run, "stories", "list") == stories
    assert {path: path.read_bytes() for path in before} == before
    assert "no story would change" in run(home, "topics", "diff").stdout


def test_each_change_is_told_with_what_makes_it(home: Path, run: Run) -> None:
    draft = draft_of(home, 'name = "Robotics"', 'name = "Machines"\nexcludes = ["warehouse"]')
    changes = told(home, run, "topics", "diff", "--topics", draft)["stories"]

    assert {one["dropped"]["Robotics"] for one in changes} == {"not in the catalogue"}
    assert [one["added"] for one in changes if one["added"]] == [
        {"Machines": "title: Lieferroboter"}
    ]

    draft = draft_of(home, '"robotics", "robot", "robots", ', "")
    (change,) = told(home, run, "topics", "diff", "--topics", draft)["stories"]
    assert change["dropped"] == {"AI": "no rule gives it", "Robotics": "no rule gives it"}

    draft = draft_of(home, 'name = "Robotics"', 'name = "Robotics"\nexcludes = ["Halvard"]')
    (change,) = told(home, run, "topics", "diff", "--topics", draft)["stories"]
    assert change["dropped"] == {"AI": "no rule gives it", "Robotics": "excluded: Halvard"}


def test_a_draft_that_would_not_do_is_refused(home: Path, run: Run) -> None:
    draft = draft_of(home, 'parent = "AI"', 'parent = "IA"')
    answer = run(home, "topics", "diff", "--topics", draft)
    assert answer.returncode == 2
    assert f"{draft}, line " in answer.stderr
    assert "unknown topic 'IA'; known: AI, " in answer.stderr
    assert run(home, "topics", "diff", "--topics", "none.toml").returncode == 2


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
