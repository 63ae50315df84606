"""`newsloom evaluate stories` and `newsloom stories train` on the labelled days of the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli import evaluate, stories
from pipeline.errors import UsageError
from pipeline.stories.similarity import DENSE_TERMS, TERMS

DATA = Path(__file__).parents[2] / "quality" / "stories"
app = typer.Typer()
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(stories.app, name="stories")


@pytest.fixture
def some(tmp_path: Path) -> list[str]:
    """Give the options that name the first forty articles and their labels."""
    options = []
    for option, name in (("--articles", "articles.jsonl"), ("--labels", "labels.tsv")):
        lines = (DATA / name).read_text().splitlines(keepends=True)
        (tmp_path / name).write_text("".join(lines[:40]))
        options += [option, str(tmp_path / name)]
    return options


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def figures(*arguments: str) -> dict[str, Any]:
    result = run("evaluate", "stories", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)["articles.jsonl"]
    return found


def test_figures_of_the_shipped_model(some: list[str]) -> None:
    found = figures(*some)
    assert found["articles"] == 40
    assert 0.8 < found["pair_f1"] <= 1
    low, high = found["interval_90"]["b3_f1"]
    assert low <= found["b3_f1"] <= high


def test_figures_of_models_that_have_not_seen_the_stories(some: list[str]) -> None:
    found = figures(*some, "--folds", "2", "--without", "names")
    assert len(found["thresholds"]) == 2
    assert 0.5 < found["b3_f1"] <= 1


def test_at_arrival_nothing_moves(some: list[str]) -> None:
    assert figures(*some, "--at-arrival")["churn"] == 0


def test_a_table_tells_the_worst_mistakes(some: list[str]) -> None:
    result = run("evaluate", "stories", *some, "--show-wrong", "--without", "vetoes")
    assert result.exit_code == 0
    assert "merged" in result.stdout


def test_titles_alone_tell_less(some: list[str]) -> None:
    assert figures(*some, "--without", "opening")["pair_f1"] < figures(*some)["pair_f1"]


def test_with_embeddings_meaning_is_weighed_too(some: list[str], tmp_path: Path) -> None:
    assert 0.8 < figures(*some, "--embeddings")["b3_f1"] <= 1
    out = tmp_path / "weights.json"
    assert run("stories", "train", *some, "--embeddings", "--out", str(out)).exit_code == 0
    assert set(json.loads(out.read_text())["weights"]) == {*TERMS, *DENSE_TERMS}


def test_the_stories_are_written(some: list[str], tmp_path: Path) -> None:
    out = tmp_path / "found.tsv"
    assert run("evaluate", "stories", *some, "--out", str(out)).exit_code == 0
    lines = [line.split("\t") for line in out.read_text().splitlines()]
    assert len({name for name, _ in lines}) == 40


def test_weights_are_trained_and_written_unless_it_is_a_rehearsal(
    some: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "weights.json"
    assert run("stories", "train", *some, "--out", str(out), "--dry-run").exit_code == 0
    assert not out.exists()
    assert run("stories", "train", *some, "--out", str(out)).exit_code == 0
    assert set(json.loads(out.read_text())["weights"]) == set(TERMS)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("articles.jsonl", "{}\n", "articles.jsonl:1: id: Field required"),
        ("labels.tsv", "only\n", "labels.tsv:1: no tab"),
        ("labels.tsv", "else\t-\n", "no label for"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    some: list[str], tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    result = run("evaluate", "stories", *some)
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--without", "magic"], "unknown; known:"),
        (["--without", "names"], "needs --folds"),
        (["--without", "meaning", "--folds", "2"], "needs --embeddings"),
        (["--weight", "1", "--weight", "2"], "1 --articles and 2 --weight"),
        (["--labels", "more.tsv"], "1 --articles and 2 --labels"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    some: list[str], more: list[str], said: str
) -> None:
    result = run("evaluate", "stories", *some, *more)
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)
