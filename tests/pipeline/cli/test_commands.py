"""The command line as a user meets it: real processes, exit codes, words."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pipeline.cli.app import app
from tests.conftest import ROOT

Newsloom = Callable[..., subprocess.CompletedProcess[str]]


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Walk the tree; typer brings its own click, so the types are looked at, not named."""
    children = getattr(command, "commands", None)
    if children is None:
        yield " ".join(path), command
        return
    for name, child in children.items():
        yield from _commands(child, (*path, name))


COMMANDS = dict(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    text = COMMANDS[name].help or ""

    assert text.splitlines()[0].endswith((".", ":"))
    assert "Example: newsloom " in " ".join(text.split())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_says_what_it_does(name: str) -> None:
    silent = [
        parameter.name
        for parameter in COMMANDS[name].params
        if parameter.param_type_name == "option" and not parameter.help
    ]

    assert silent == []


@pytest.mark.parametrize("name", sorted({name.split()[0] for name in COMMANDS}))
def test_the_readme_names_every_command(name: str) -> None:
    assert (
        f"`{name}" in (ROOT / "README.md").read_text()
        or f" {name}" in (ROOT / "README.md").read_text()
    )


def test_no_command_prints_help(newsloom: Newsloom) -> None:
    answer = newsloom()

    assert "Usage: newsloom" in answer.stdout + answer.stderr
    assert answer.returncode in (0, 2)


def test_an_unknown_command_is_a_usage_error(newsloom: Newsloom) -> None:
    assert newsloom("weave").returncode == 2


def test_a_new_installation_is_ready_to_run(newsloom: Newsloom, tmp_path: Path) -> None:
    made = newsloom("init", "mynews")
    assert made.returncode == 0, made.stderr
    home = tmp_path / "mynews"

    assert newsloom("config", "check", cwd=home).returncode == 0
    assert newsloom("status", "--json", cwd=home).returncode == 0
    synced = newsloom("sources", "sync", "--json", cwd=home)
    listed = newsloom("sources", "list", "--json", cwd=home)
    assert json.loads(synced.stdout)["added"] == []
    due = json.loads(newsloom("run", "--dry-run", "--json", cwd=home).stdout)
    assert due["due"] == [row["id"] for row in json.loads(listed.stdout)] != []


def test_init_leaves_existing_files_alone(newsloom: Newsloom, tmp_path: Path) -> None:
    newsloom("init", "mynews")
    file = tmp_path / "mynews" / "newsloom.toml"
    file.write_text("concurrency = 7\n")
    newsloom("init", "mynews")

    assert file.read_text() == "concurrency = 7\n"


def test_a_broken_setting_is_named_with_file_key_and_remedy(
    newsloom: Newsloom, tmp_path: Path
) -> None:
    (tmp_path / "newsloom.toml").write_text("concurency = 7\n")

    answer = newsloom("status")

    assert answer.returncode == 2
    for word in ("newsloom.toml", "concurency", "concurrency"):
        assert word in answer.stderr


def test_a_broken_catalogue_is_named_with_file_key_and_remedy(
    newsloom: Newsloom, tmp_path: Path
) -> None:
    newsloom("init", "mynews")
    file = tmp_path / "mynews" / "catalogue" / "sites.toml"
    file.write_text(file.read_text().replace("threshold", "treshold"))

    answer = newsloom("config", "check", cwd=tmp_path / "mynews")

    assert answer.returncode == 2
    for word in ("sites.toml", "treshold", "threshold"):
        assert word in answer.stderr


def test_secrets_are_masked(newsloom: Newsloom) -> None:
    canary = "Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5LWNhbm8="
    answer = newsloom("config", "show", "--json", NEWSLOOM_MASTER_KEY=canary)

    rows = {row["name"]: row for row in json.loads(answer.stdout)}
    assert rows["master_key"]["origin"] == "environment"
    assert canary not in answer.stdout + answer.stderr


def test_run_refuses_the_published_key(newsloom: Newsloom) -> None:
    from pipeline.seedfile.secured import DEMO_MASTER_KEY  # noqa: PLC0415 -- beside its one use

    answer = newsloom("run", NEWSLOOM_MASTER_KEY=DEMO_MASTER_KEY)

    assert answer.returncode == 2
    assert "published demo key" in answer.stderr


def test_an_unknown_source_is_a_usage_error(newsloom: Newsloom) -> None:
    newsloom("init", ".")
    answer = newsloom("run", "--source", "nobody")

    assert answer.returncode == 2
    assert "--source nobody: unknown" in answer.stderr


def test_a_database_that_is_none_is_a_usage_error(newsloom: Newsloom, tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_bytes(b"not a database, just notes. " * 50)

    answer = newsloom("status", NEWSLOOM_DATABASE_URL="sqlite:///notes.db")

    assert answer.returncode == 2
    assert "move the file away" in answer.stderr


@pytest.mark.parametrize("duration", ["0m", "soon", "15", "-1h"])
def test_a_duration_that_is_none_is_a_usage_error(newsloom: Newsloom, duration: str) -> None:
    assert newsloom("run", "--every", duration).returncode == 2
