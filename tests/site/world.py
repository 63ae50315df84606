"""What a site's owner has: the theme, the documents, Jekyll and a browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import html

from pipeline.seedfile.document import SeedDocument
from pipeline.seedfile.render import render
from pipeline.seedfile.style import Dialect
from tests.conftest import ROOT

THEME = ROOT / "seeds" / "site"
#: Jekyll and Chromium take a second each; the CI machine is slow and loaded.
DEADLINE = 300


def program(name: str) -> str:
    """Return the path of a program; without it the test fails, or nobody would miss it."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: apt-get install jekyll ruby chromium")
    return found


@dataclass(frozen=True, slots=True)
class Site:
    """A site that was built: its folder and what Jekyll said."""

    folder: Path
    source: Path
    exit_code: int
    stdout: str
    stderr: str

    @property
    def complaints(self) -> list[str]:
        """Return every line that is not Jekyll's usual report of its doings."""
        usual = (
            r"Configuration file: .*|Source: .*|Destination: .*|Incremental build: disabled\. .*"
            r"|Generating\.\.\.|done in [0-9.]+ seconds\.|Auto-regeneration: disabled\. .*|"
        )
        lines = [line.strip() for line in self.stdout.splitlines()]
        return [line for line in lines if not re.fullmatch(usual, line)] + self.stderr.splitlines()

    def page(self, url: str) -> html.HtmlElement:
        """Return the page that a web server gives for a path of the site."""
        parser = html.HTMLParser(encoding="utf-8")
        return html.document_fromstring(self.file(url).read_bytes(), parser=parser)

    def file(self, url: str) -> Path:
        """Return the file that a web server gives for a path of the site."""
        path = self.folder / unquote(url).lstrip("/")
        return path / "index.html" if url.endswith("/") else path

    def pages(self) -> Iterator[tuple[str, html.HtmlElement]]:
        """Yield every page with its path."""
        for file in sorted(self.folder.rglob("*.html")):
            url = f"/{file.relative_to(self.folder).parent}/".replace("/./", "/")
            yield url, self.page(url)


def build(source: Path, *options: str) -> Site:
    """Build the site whose theme and documents lie in `source`."""
    folder = source / "_site"
    command = [program("jekyll"), "build", "--strict_front_matter", "--disable-disk-cache"]
    done = subprocess.run(
        [*command, "--source", str(source), "--destination", str(folder), *options],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        cwd=source,
    )
    return Site(folder, source, done.returncode, done.stdout, done.stderr)


def lay_out(source: Path, documents: Iterable[SeedDocument], dialect: Dialect = "seed") -> None:
    """Put the theme and some documents into a folder."""
    shutil.copytree(THEME, source, dirs_exist_ok=True)
    (source / "_news").mkdir()
    for number, document in enumerate(documents):
        (source / path_of(number)).write_bytes(render(document, dialect))


def path_of(number: int) -> str:
    """Return the path of a document that was laid out."""
    return f"_news/2020-01-23-story-{number}.md"


def text_of(element: html.HtmlElement) -> str:
    """Return an element's text as a reader sees it."""
    return " ".join(element.text_content().split())


def texts_of(page: html.HtmlElement, xpath: str) -> list[str]:
    """Return the texts of some elements."""
    return [text_of(element) for element in page.xpath(xpath)]
