"""`newsloom evaluate pages` on a small folder of pages made here."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli import evaluate
from pipeline.errors import UsageError
from tests.pipeline.articles.pages import BODY, URL, article, json_ld, markup

app = typer.Typer()
app.add_typer(evaluate.app, name="evaluate")

PAGES = {
    "right.html": article(json_ld(headline="Tide mill turns again", datePublished="2020-01-23")),
    "wrong.html.gz": article(json_ld(headline="Tide mill stands still", datePublished="2020-01-2")),
    "error.html": markup("<title>404 Not Found</title>", "<p>Gone.</p>"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    expected = []
    for number, (name, html) in enumerate(PAGES.items()):
        raw = html.encode()
        (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        expected.append(
            {
                "file": name,
                "url": f"{URL}-{number}",
                "title": "Tide mill turns again",
                "day": None,
                "body": "\n".join(BODY),
                "topics": ["mills"],
            }
        )
    (tmp_path / "expected.json").write_text(json.dumps(expected))
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["evaluate", "pages", *map(str, arguments)])


def report(*arguments: str | Path) -> Any:
    answer = run(*arguments, "--json")
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def test_each_field_is_counted(folder: Path) -> None:
    found = report(folder)

    assert found["pages"] == 3
    assert found["fields"]["title"] == {
        "pages": 3,
        "answered": 2,
        "right": 1,
        "wrong": 1,
        "share": 0.3333,
    }
    assert found["fields"]["opening"]["right"] == 2
    assert "day" not in found["fields"]
    assert list(found["refused"]) == ["error.html"]
    assert found["text_f1"] == pytest.approx(2 / 3, abs=0.001)


def test_one_field_is_shown_with_what_was_wrong(folder: Path) -> None:
    found = report(folder, "--field", "title", "--show-wrong")

    assert list(found["fields"]) == ["title"]
    assert {one["file"]: one["found"] for one in found["wrong"]} == {
        "wrong.html.gz": "Tide mill stands still",
        "error.html": "refused: error-page: 404 Not Found",
    }


def test_people_get_a_table(folder: Path) -> None:
    answer = run(folder, "--show-wrong", "--field", "title")

    assert answer.exit_code == 0
    assert "title      3         2      1      1  33.3%" in answer.stdout
    assert "3 pages, 1 refused as no article" in answer.stdout
    assert (
        "  title: expected Tide mill turns again\n  found Tide mill stands still" in answer.stdout
    )


def test_the_cost_is_measured_beside_trafilatura(folder: Path) -> None:
    cost = report(folder, "--cpu")["cpu"]

    assert cost["ours_ms"] > 0
    assert cost["trafilatura_ms"] > 0
    assert cost["median_ratio"] > 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"file": "a.html"}]', r"expected\.json: 0\.url: Field required"),
        ("nothing", r"expected\.json: : Invalid JSON"),
        ('[{"file": "a.html", "url": "https://a.example/"}]', r"a\.html: .*expected\.json names"),
    ],
)
def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "expected.json").write_text(content)
    answer = run(tmp_path)

    assert isinstance(answer.exception, UsageError)
    assert answer.exception.args
    with pytest.raises(UsageError, match=message):
        raise answer.exception


def test_a_folder_without_expectations_and_an_unknown_field_are_told(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    empty = run(tmp_path_factory.mktemp("empty"))
    assert "name a folder with expected.json" in str(empty.exception)
    unknown = run(folder, "--field", "titel")
    assert "--field titel: unknown; known: title" in str(unknown.exception)


def test_one_page_is_not_timed(tmp_path: Path) -> None:
    (tmp_path / "expected.json").write_text(json.dumps([{"file": "right.html", "url": URL}]))
    (tmp_path / "right.html").write_text(PAGES["right.html"])

    assert "needs two or more" in str(run(tmp_path, "--cpu").exception)
