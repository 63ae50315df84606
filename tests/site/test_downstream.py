"""What docs/downstream.md tells a site's owner to do, done."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from config.catalogue import Site as SiteTable
from pipeline.cli.demo import SEEDS, demo_settings, run_rounds
from pipeline.outcomes import Tally
from pipeline.seedfile.listing import page_path
from pipeline.stages import correct
from pipeline.stages.write import write
from tests.conftest import ROOT
from tests.site.conftest import read_documents
from tests.site.world import THEME, Site, program
from tests.world import APPLES, PIER, TwoOutlets, catalogue, source

pytestmark = pytest.mark.site

PAGE = (ROOT / "docs" / "downstream.md").read_text()


def _code(language: str) -> str:
    """Return the first block of a language on the page."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def world(tmp_path: Path) -> TwoOutlets:
    """Give two outlets whose one site lies in the theme's folder and publishes itself."""
    program("jekyll")
    shutil.copytree(THEME, tmp_path / "out" / "all")
    table = SiteTable(name="all", out="all", threshold=0, after_publish=("sh", "_publish.sh"))
    made = TwoOutlets(tmp_path, catalogue([source("one"), source("two")], sites={"all": table}))
    made.run()
    return made


def test_the_table_on_the_page_makes_a_site(tmp_path: Path) -> None:
    program("jekyll")
    books = shutil.copytree(SEEDS / "catalogue", tmp_path / "catalogue")
    (books / "sites.toml").write_text(_code("toml"))
    shutil.copytree(THEME, tmp_path / "out" / "ai")
    tally = Tally()

    run_rounds(demo_settings(tmp_path).model_copy(update={"catalogue": books}), tally)

    assert tally.failed == 0
    folder = tmp_path / "out" / "ai"
    shown = [path for path, one in read_documents(folder).items() if one.published]
    built = Site(folder / "_site", folder, 0, "", "")
    assert len(shown) >= 7
    assert sorted(built.page("/latest/").xpath("//h3/a/@href")) == sorted(map(page_path, shown))


def test_a_merged_storys_page_goes_and_its_address_leads_to_the_other(world: TwoOutlets) -> None:
    folder = world.home / "out" / "all"
    pages = {one.title: page_path(path) for path, one in read_documents(folder).items()}
    assert all((folder / f"_site{page}index.html").is_file() for page in pages.values())
    assert (folder / "_site" / "_redirects").read_text() == ""

    ids = world.stories()
    with world.open() as ctx:
        correct.merge(ctx, ids[APPLES.title], ids[PIER.title])
        write(ctx, list(ids.values()))

    line = f"{pages[APPLES.title]} {pages[PIER.title]}\n"
    assert (folder / "_site" / "_redirects").read_text() == line
    assert line in _code("text")
    assert not (folder / f"_site{pages[APPLES.title]}").exists()
    assert (folder / f"_site{pages[PIER.title]}index.html").is_file()


def _redirected(
    folder: Path,
    documents: Sequence[tuple[str, str]],
    changes: Sequence[tuple[str, str, str | None]],
) -> list[str]:
    """Run `_merged.py` on stories (name, state) and changes (kind, name, into)."""
    manifest = [
        {"story_id": name, "path": f"_news/2026-03-01-{name}.md", "state": state}
        for name, state in documents
    ]
    lines = [
        {"kind": kind, "path": f"_news/2026-03-01-{name}.md", "into": into}
        for kind, name, into in changes
    ]
    (folder / "manifest.json").write_text(json.dumps({"documents": manifest}))
    (folder / "changes.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    subprocess.run([sys.executable, str(THEME / "_merged.py")], cwd=folder, check=True, timeout=100)
    text = (folder / "_redirects").read_text().replace("/news/2026/03/01/", "")
    return text.splitlines()


def test_redirects_lead_to_the_last_story_of_a_chain_and_outlive_the_change_feed(
    tmp_path: Path,
) -> None:
    first = _redirected(tmp_path, [("a", "tombstone"), ("b", "live")], [("merged", "a", "b")])
    gone = [("a", "tombstone"), ("b", "tombstone"), ("c", "live")]
    second = _redirected(tmp_path, gone, [("merged", "b", "c")])

    assert first == ["a/ b/"]
    assert second == ["a/ c/", "b/ c/"]


def test_a_story_that_came_back_answers_for_itself(tmp_path: Path) -> None:
    _redirected(tmp_path, [("a", "tombstone"), ("b", "live")], [("merged", "a", "b")])

    assert _redirected(tmp_path, [("a", "live"), ("b", "live")], []) == []


def test_nobody_is_sent_to_a_story_that_the_site_never_had(tmp_path: Path) -> None:
    assert _redirected(tmp_path, [("a", "tombstone")], [("merged", "a", "elsewhere")]) == []
