"""`newsloom schema`, mounted as the program mounts it."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli.schema import schema
from pipeline.errors import UsageError
from pipeline.seedfile import schemas

app = typer.Typer()
app.command()(schema)


@pytest.mark.parametrize("name", schemas.names())
def test_a_schema_is_printed_as_it_is_shipped(name: str) -> None:
    answer = CliRunner().invoke(app, [name])

    assert answer.exit_code == 0
    assert json.loads(answer.stdout) == schemas.schema(name)


def test_the_list_names_them_all() -> None:
    assert CliRunner().invoke(app, ["--list"]).stdout.split() == list(schemas.names())


def test_help_gives_an_example() -> None:
    assert "Example: newsloom schema document" in CliRunner().invoke(app, ["--help"]).stdout


@pytest.mark.parametrize("arguments", [["documents"], []])
def test_without_a_known_name_the_known_ones_are_told(arguments: list[str]) -> None:
    answer = CliRunner().invoke(app, arguments)

    assert isinstance(answer.exception, UsageError)
    assert "known: api, changes, document, latest, manifest" in str(answer.exception)
