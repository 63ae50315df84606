"""What must stay true of the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pipeline

ROOT = Path(pipeline.__file__).parents[1]
FLOOR = ("records", "plaintext", "urls", "dates", "charsets", "entries", "safexml", "sitemaps")
PURE = [
    *(ROOT / "pipeline" / f"{name}.py" for name in FLOOR),
    *(
        path
        for room in ("feeds", "articles", "stories", "seedfile", "history")
        for path in sorted((ROOT / "pipeline" / room).glob("*.py"))
    ),
]
#: Calls that reach out of a pure room although no import shows it.
REACHING = {
    "open",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "feedparser.http",
    "trafilatura.fetch_url",
}


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_the_package_under_test_is_not_the_tests_own() -> None:
    assert "tests" not in Path(pipeline.__file__).relative_to(ROOT).parts


def test_pure_rooms_call_nothing_that_reaches_out() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}: {name}"
        for path in PURE
        for name, call in _calls(ast.parse(path.read_text()))
        if name in REACHING
    ]

    assert found == []


def test_the_contract_would_notice_a_call_that_reaches_out() -> None:
    names = {name for name, _ in _calls(ast.parse("import x\nopen('f')\ndatetime.now()"))}

    assert names >= {"open", "datetime.now"}


def test_only_settings_read_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for folder in ("config", "pipeline", "workers")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "os.environ" in path.read_text() or "getenv(" in path.read_text()
    ]

    assert all(name.startswith("config/") for name in readers), readers


def test_functions_and_modules_stay_small() -> None:
    large = []
    for folder in ("config", "pipeline", "workers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" in path.parts:
                continue  # made by Alembic out of the schema: as long as there are tables
            text = path.read_text()
            if len(text.splitlines()) > 400:
                large.append(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    length = (node.end_lineno or node.lineno) - node.lineno + 1
                    if length > 60:
                        large.append(f"{path.relative_to(ROOT)}:{node.name}: {length} lines")

    assert large == []


def test_the_command_line_starts_without_the_broker_and_the_extractors() -> None:
    code = (
        "import sys, workers.cli, pipeline.cli.app\n"
        "print([m for m in ('celery', 'kombu', 'trafilatura', 'feedparser') if m in sys.modules])"
    )

    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "[]"


def test_lock_files_name_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index-url" not in text
