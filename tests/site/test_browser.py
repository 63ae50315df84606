"""A browser opens the pages, on a desk and in the hand: everything is there, nothing sticks out."""

from __future__ import annotations

import json
import struct
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from pipeline.seedfile.document import SeedDocument
from pipeline.seedfile.listing import page_path
from tests.servers import Server, reply, running_server
from tests.site.hostile import TEXTS
from tests.site.world import DEADLINE, Site, path_of, program

pytestmark = pytest.mark.site

#: A desk, a phone, and the narrowest screen that WCAG asks for.
WIDTHS = (1280, 390, 320)
_KINDS = {".html": "text/html; charset=utf-8", ".css": "text/css", ".svg": "image/svg+xml"}
#: Shows pages at several widths and tells what became of them. A frame is a page's whole screen,
#: and unlike a window it can be as narrow as a phone.
_MEASURE = """
addEventListener("load", () => {
  const found = [...document.querySelectorAll("iframe")].map((frame) => {
    const page = frame.contentDocument, root = page.documentElement;
    return {
      path: new URL(page.URL).pathname,
      width: frame.clientWidth,
      needs: root.scrollWidth,
      scripts: page.scripts.length,
      heading: page.querySelector("h1").textContent.trim(),
      links: [...page.querySelectorAll("main a")].map((link) => link.getAttribute("href")),
      unseen: [...page.querySelectorAll("main a")]
        .filter((link) => link.getClientRects().length === 0).length,
      columns: new Set([...page.querySelectorAll(".card")].map((card) => card.offsetLeft)).size,
      paper: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
    };
  });
  document.body.textContent = JSON.stringify(found);
});
"""


@contextmanager
def _served(site: Site) -> Iterator[Server]:
    """Serve a built site on a port of its own."""
    with running_server() as server:
        for file in site.folder.rglob("*"):
            if file.is_file():
                path = f"/{file.relative_to(site.folder)}"
                answer = reply(file.read_bytes(), content_type=_KINDS.get(file.suffix, "x/x"))
                server.on(path.removesuffix("index.html"), answer)
        yield server


def _chromium(profile: Path, *options: str) -> str:
    """Run a browser that reaches nothing but this machine; return what it says."""
    done = subprocess.run(
        [
            program("chromium"),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"--user-data-dir={profile}",
            *options,
        ],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
    )
    return done.stdout


def _measured(site: Site, paths: list[str], profile: Path, *options: str) -> list[dict[str, Any]]:
    """Open pages at every width; return what the browser tells of each."""
    frames = "".join(
        f'<iframe src="{path}" style="border:0" width="{width}" height="900"></iframe>'
        for path in paths
        for width in WIDTHS
    )
    with _served(site) as server:
        page = f"<!doctype html><body>{frames}<script>{_MEASURE}</script></body>"
        url = server.on("/measure", reply(page.encode(), content_type=_KINDS[".html"]))
        dumped = _chromium(profile, *options, "--dump-dom", url)
    told: list[dict[str, Any]] = json.loads(html.document_fromstring(dumped).text_content())
    assert [(one["path"], one["width"]) for one in told] == [
        (path, width) for path in paths for width in WIDTHS
    ]
    return told


def _own_pages(published: dict[str, SeedDocument]) -> list[str]:
    """Return the paths of the lists and of every story."""
    return ["/", "/latest/", "/topics/", "/topics/ai/", *map(page_path, published)]


def test_every_page_fits_its_screen_and_shows_its_links(
    site: Site, published: dict[str, SeedDocument], tmp_path: Path
) -> None:
    for told in _measured(site, _own_pages(published), tmp_path):
        assert told["needs"] <= told["width"], told
        assert told["links"] == site.page(told["path"]).xpath("//main//a/@href")
        assert (told["scripts"], told["unseen"]) == (0, 0)
        assert told["heading"]


def test_the_browser_sees_lead_and_related_links(
    site: Site, published: dict[str, SeedDocument], tmp_path: Path
) -> None:
    for told in _measured(site, list(map(page_path, published)), tmp_path):
        [document] = [one for path, one in published.items() if page_path(path) == told["path"]]
        assert told["heading"] == document.title
        assert {document.url, *(one.url for one in document.related)} <= set(told["links"])


def test_no_text_is_too_wide_for_a_screen(hostile: Site, tmp_path: Path) -> None:
    pages = [page_path(path_of(number)) for number in range(len(TEXTS))]

    for told in _measured(hostile, ["/", "/latest/", *pages], tmp_path):
        assert told["needs"] <= told["width"], told["path"]
        assert told["scripts"] == 0


def test_cards_stand_beside_each_other_only_where_there_is_room(site: Site, tmp_path: Path) -> None:
    told = _measured(site, ["/", "/topics/ai/"], tmp_path)

    assert [(one["width"], one["columns"]) for one in told] == [(1280, 3), (390, 1), (320, 1)] * 2


def test_the_reader_chooses_light_or_dark(site: Site, tmp_path: Path) -> None:
    dark = "--blink-settings=preferredColorScheme=0"
    papers = [
        {one["paper"] for one in _measured(site, ["/"], tmp_path / name, *options)}
        for name, options in (("light", []), ("dark", [dark]))
    ]

    assert papers == [{"rgb(251, 250, 248)"}, {"rgb(22, 20, 18)"}]


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_the_browser_can_picture_every_kind_of_page(
    site: Site, published: dict[str, SeedDocument], tmp_path: Path, size: tuple[int, int]
) -> None:
    width, height = size
    for number, path in enumerate(("/", page_path(min(published)), "/topics/ai/")):
        picture = tmp_path / f"{number}.png"
        with _served(site) as server:
            _chromium(
                tmp_path / "profile",
                "--hide-scrollbars",
                f"--window-size={width},{height}",
                f"--screenshot={picture}",
                server.url(path),
            )
            assert [one.target for one in server.requests(path)] == [path]
        *seen, shades = _size_and_shades(picture.read_bytes())
        assert seen == [width, height]
        assert shades > 50  # a blank page has three


def _size_and_shades(png: bytes) -> tuple[int, int, int]:
    """Return a picture's width and height, and how many different bytes its lines have."""
    shades, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        if png[at + 4 : at + 8] == b"IDAT":
            shades += png[at + 8 : at + 8 + length]
        at += length + 12
    width, height = struct.unpack_from(">II", png, 16)
    return width, height, len(set(zlib.decompress(shades)))
