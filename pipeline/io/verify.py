"""Compare what the database says with what stands on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SeedFileError
from pipeline.io.files import Tree
from pipeline.io.store.documents import DocumentRow
from pipeline.seedfile.parse import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be."""

    site: str
    path: str
    problem: str


def verify_site(site: str, root: Path, expected: Sequence[DocumentRow]) -> list[Finding]:
    """Return what differs: files missing, changed or unreadable, and files without a row."""
    problems = {row.path: _problem(root / row.path, row) for row in expected}
    news = root / "_news"
    strangers = {f"_news/{file.name}" for file in news.glob("*")} if news.is_dir() else set()
    problems |= dict.fromkeys(strangers - problems.keys(), "no story of ours has this file")
    return [
        Finding(site=site, path=path, problem=problem)
        for path, problem in sorted(problems.items())
        if problem
    ]


def _problem(path: Path, row: DocumentRow) -> str:
    """Say what is wrong with one file; "" when nothing is."""
    if path.is_symlink():
        return "is a link; we write files"
    if not path.is_file():
        return "is missing"
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != row.sha256:
        return "was changed since we wrote it"
    try:
        parse(data)
    except SeedFileError as error:
        return f"cannot be read: {error}"
    return ""


def repair_site(root: Path, expected: Sequence[DocumentRow]) -> list[str]:
    """Write every document that is missing or changed again; return their paths.

    Files without a row are left alone: they may be somebody's. Raise OutputError.
    """
    tree = Tree(root)
    repaired = [row.path for row in expected if tree.write(row.path, row.content)]
    tree.sync()
    return repaired
