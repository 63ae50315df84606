"""Folders that cannot be written: old files stay, other sites go on, and the message helps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config.catalogue import Site
from tests.world import FERRIES, Item, TwoOutlets, publish, tree

LATER = Item(
    url="https://two.example/later",
    title="Harbour pier: cracks in northern pillars were known, divers say",
    text=FERRIES.text + "\nDivers said that they had reported the cracks a year ago.",
)


@pytest.fixture
def world(tmp_path: Path) -> TwoOutlets:
    """Give an installation with two sites that has run once, and news for it."""
    made = TwoOutlets(tmp_path)
    sites = {name: Site(name=name, out=name, threshold=0) for name in ("all", "other")}
    made.books = made.books.model_copy(update={"sites": sites})
    made.run()
    publish(made.web, "two.example", [FERRIES, LATER])
    return made


def _a_file(folder: Path) -> str:
    folder.write_text("in the way")
    return "no plain folder"


def _a_link(folder: Path) -> str:
    folder.symlink_to(folder.with_name("kept"))
    return "is a link"


def _a_link_to_nothing(folder: Path) -> str:
    folder.symlink_to(folder.with_name("nowhere"))
    return "is a link"


@pytest.mark.parametrize("put_there", [_a_file, _a_link, _a_link_to_nothing])
@pytest.mark.parametrize("place", ["", "_news", "api"])
def test_a_folder_that_is_replaced_fails_its_site_alone_and_is_written_when_it_is_back(
    world: TwoOutlets, put_there: Callable[[Path], str], place: str
) -> None:
    site = world.home / "out" / "all"
    folder = site / place if place else site
    before = tree(site)
    folder.rename(folder.with_name("kept"))
    said = put_there(folder)
    kept = folder.with_name("kept")

    tally = world.run()

    assert tally.failed == 1
    [(member, reason)] = tally.stages["write"].reasons
    assert member == "all"
    assert str(folder) in reason
    assert said in reason
    assert {path: data for path, data in before.items() if path.startswith(place)} == {
        str(Path(place) / path): data for path, data in tree(kept).items()
    }
    assert _related(world, "other") == 2

    folder.unlink()
    kept.rename(folder)
    assert world.run().failed == 0
    assert _related(world, "all") == 2
    assert tree(site) == {
        path: data.replace(b"other", b"all") for path, data in tree(site.parent / "other").items()
    }


def _related(world: TwoOutlets, site: str) -> int:
    """Return how many related articles the pier's story lists on a site."""
    [path] = (world.home / "out" / site / "_news").glob("*pier*")
    return path.read_text().count("two.example/ferries") + path.read_text().count("later\n")
