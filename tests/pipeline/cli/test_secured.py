"""`newsloom secured` as an operator uses it."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.seedfile.render import render
from pipeline.seedfile.secured import Cipher, is_demo_key, parse_master_key, payload
from tests.pipeline.seedfile.world import DOCUMENT, EXAMPLE

Newsloom = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def key_file(newsloom: Newsloom, tmp_path: Path) -> Path:
    assert newsloom("secured", "new-key", "--out", "master.key").returncode == 0
    return tmp_path / "master.key"


def _sealed(key_file: Path) -> bytes:
    """Return a document as the writer leaves it."""
    document = replace(DOCUMENT, secured=None)
    plaintext = payload(
        story_id="k3v9", lead="1-a", related=["1-b", "1-c"], content=render(document, "web")
    )
    cipher = Cipher(parse_master_key(key_file.read_text()))
    return render(replace(document, secured=cipher.seal(plaintext)), "web")


def test_a_new_key_is_for_its_owner_alone_and_never_overwritten(
    newsloom: Newsloom, key_file: Path
) -> None:
    key = key_file.read_text()
    again = newsloom("secured", "new-key", "--out", str(key_file))

    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert not is_demo_key(parse_master_key(key))
    assert again.returncode == 2
    assert "never overwritten" in again.stderr
    assert key_file.read_text() == key


def test_a_new_key_is_printed_when_no_file_is_named(newsloom: Newsloom) -> None:
    first, second = (newsloom("secured", "new-key").stdout for _ in range(2))

    assert len(parse_master_key(first)) == 32
    assert first != second


def test_a_key_cannot_be_put_into_a_folder_that_is_not_there(newsloom: Newsloom) -> None:
    answer = newsloom("secured", "new-key", "--out", "nowhere/master.key")

    assert answer.returncode == 2
    assert "name a folder you can write to" in answer.stderr


def test_a_sealed_document_is_shown(newsloom: Newsloom, key_file: Path, tmp_path: Path) -> None:
    (tmp_path / "one.md").write_bytes(_sealed(key_file))
    (tmp_path / "two.md").write_bytes(_sealed(key_file).replace(b"\n", b"\r\n"))

    answer = newsloom("secured", "show", "one.md", "two.md", "--key-file", str(key_file))
    machine = newsloom("secured", "show", "two.md", "--key-file", str(key_file), "--json")

    assert answer.returncode == 0, answer.stderr
    for word in ("one.md", "two.md", "as sealed", "k3v9", "1-a", "1-b", "1-c"):
        assert word in answer.stdout
    [row] = json.loads(machine.stdout)
    assert row["file"] == "two.md"
    assert (row["story_id"], row["lead"], row["related"]) == ("k3v9", "1-a", ["1-b", "1-c"])
    assert row["unchanged"] is True


def test_the_key_comes_from_the_installation_too(
    newsloom: Newsloom, key_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "one.md").write_bytes(_sealed(key_file))

    answer = newsloom("secured", "show", "one.md", NEWSLOOM_MASTER_KEY_FILE=str(key_file))
    without = newsloom("secured", "show", "one.md")

    assert answer.returncode == 0, answer.stderr
    assert (without.returncode, "no master key" in without.stderr) == (2, True)


def test_a_document_that_was_changed_after_sealing_is_told(
    newsloom: Newsloom, key_file: Path, tmp_path: Path
) -> None:
    changed = _sealed(key_file).replace(b"heat: 97", b"heat: 99")
    (tmp_path / "one.md").write_bytes(changed)

    answer = newsloom("secured", "show", "one.md", "--key-file", str(key_file))

    assert answer.returncode == 1
    assert "changed since" in answer.stdout


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (EXAMPLE.read_bytes(), "made with another key, or changed since"),
        (render(replace(DOCUMENT, secured=None), "seed"), "has no secured line"),
        (b"---\ntitle: x\n---\n\n", "line 2: category is missing"),
        (None, "No such file"),
    ],
)
def test_one_bad_file_does_not_hide_the_others(
    newsloom: Newsloom, key_file: Path, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    (tmp_path / "good.md").write_bytes(_sealed(key_file))
    if content is not None:
        (tmp_path / "bad.md").write_bytes(content)

    answer = newsloom("secured", "show", "bad.md", "good.md", "--key-file", str(key_file))

    assert answer.returncode == 1
    assert "bad.md: " in answer.stderr
    assert reason in answer.stderr
    assert "k3v9" in answer.stdout


@pytest.mark.parametrize("content", ["", "too short", "AAAA", None])
def test_a_key_file_that_is_none_is_a_usage_error(
    newsloom: Newsloom, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "bad.key").write_text(content)

    answer = newsloom("secured", "show", "one.md", "--key-file", "bad.key")

    assert answer.returncode == 2
    assert "key" in answer.stderr
