"""`newsloom demo` as a newcomer runs it, and what is done with its result."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

Newsloom = Callable[..., subprocess.CompletedProcess[str]]
EXAMPLE = "2020-01-23-twitter-demands-ai-company-stops-collecting-faces.md"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    import sys  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("demo")
    command = [
        str(Path(sys.executable).parent / "newsloom"),
        "demo",
        "--json",
        "--keep",
        str(folder),
    ]
    return folder, subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


def test_the_demo_ends_well_and_equals_the_golden_documents(
    kept: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, answer = kept
    assert answer.returncode == 0, answer.stdout + answer.stderr
    report = json.loads(answer.stdout)

    assert len(report["golden"]["equal"]) == len(list((ROOT / "seeds" / "_news").glob("*.md")))
    assert all(stage["difference"] == 0 for stage in report["stages"].values())


def test_the_users_example_is_remade_byte_for_byte(
    kept: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = kept
    ours = (folder / "out" / "_news" / EXAMPLE).read_bytes().split(b"\n")
    example = (ROOT / "seeds" / "_news" / EXAMPLE).read_bytes().split(b"\n")

    different = [(a, b) for a, b in zip(ours, example, strict=True) if a != b]

    assert [a.split(b":")[0] for a, _ in different] == [b"secured"]


def test_its_secured_value_opens_with_the_demo_key(
    kept: tuple[Path, subprocess.CompletedProcess[str]], newsloom: Newsloom
) -> None:
    from pipeline.seedfile.secured import DEMO_MASTER_KEY  # noqa: PLC0415

    folder, _ = kept
    file = folder / "out" / "_news" / EXAMPLE

    answer = newsloom("secured", "show", "--json", str(file), NEWSLOOM_MASTER_KEY=DEMO_MASTER_KEY)

    assert answer.returncode == 0, answer.stderr
    assert "story" in answer.stdout


def test_every_document_reads_back_in_yaml(
    kept: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = kept
    for file in sorted((folder / "out" / "_news").glob("*.md")):
        document = next(yaml.safe_load_all(file.read_text()))
        assert document["category"] == "news"
        assert isinstance(document["published"], bool)
        urls = [entry["sourceUrl"] for entry in document.get("related", [])]
        assert len(set(urls)) == len(urls)
        assert document["sourceUrl"] not in urls


def test_the_demo_leaves_the_repository_as_it_was(
    kept: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    assert kept
    changed = subprocess.run(
        ["git", "status", "--porcelain", "seeds"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert not [line for line in changed.stdout.splitlines() if line.startswith("??")]
