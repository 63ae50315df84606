"""The demo's output as a site: built once, read by many tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.cli.demo import demo_settings, run_rounds
from pipeline.outcomes import Tally
from pipeline.seedfile.document import SeedDocument
from pipeline.seedfile.parse import parse
from tests.site.hostile import PLAIN, TEXTS, saying
from tests.site.world import THEME, Site, build, lay_out


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Give the site that Jekyll makes of what the line makes of the recorded web."""
    home = tmp_path_factory.mktemp("demo")
    run_rounds(demo_settings(home), Tally())
    shutil.copytree(THEME, home / "out", dirs_exist_ok=True)
    return build(home / "out")


@pytest.fixture(scope="session")
def documents(site: Site) -> dict[str, SeedDocument]:
    """Give every document of the site by its path, published or not."""
    return read_documents(site.source)


def read_documents(source: Path) -> dict[str, SeedDocument]:
    """Return the documents below a folder by their paths."""
    files = sorted((source / "_news").glob("*.md"))
    return {f"_news/{file.name}": parse(file.read_bytes()).document for file in files}


@pytest.fixture(scope="session")
def published(documents: dict[str, SeedDocument]) -> dict[str, SeedDocument]:
    """Give the documents that the site shows."""
    return {path: document for path, document in documents.items() if document.published}


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Give a site of one document for each hostile text, and of the plain one, the last."""
    source = tmp_path_factory.mktemp("hostile")
    lay_out(source, [*map(saying, TEXTS), PLAIN])
    return build(source)
