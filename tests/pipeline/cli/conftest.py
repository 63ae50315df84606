"""An operator's desk: the program on an installation of its own, and an outlet to watch."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.app import app
from pipeline.cli.common import guarded
from tests.servers import Server, reply, running_server
from tests.world import HARBOUR, Item, feed, page

NOW = datetime.now(UTC).replace(microsecond=0)
NAMES = ("pier", "tramway", "orchard", "quarry")


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


#: Runs the program in this process: dozens of real ones take minutes on a busy machine.
Run = Callable[..., Answer]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("NEWSLOOM_ALLOW_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("NEWSLOOM_HOST_SPACING", "PT0S")
    monkeypatch.setenv("COLUMNS", "200")

    def once(home: Path, *args: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["newsloom", *args])
        monkeypatch.chdir(home)
        capsys.readouterr()
        code: Any = 0
        try:
            guarded(app)
        except SystemExit as ended:
            code = ended.code or 0
        told = capsys.readouterr()
        return Answer(int(code), told.out, told.err)

    return once


class Desk:
    """An installation without sources, and an outlet to watch."""

    def __init__(self, home: Path, server: Server, run: Run) -> None:
        self.home, self.server, self._run = home, server, run
        home.mkdir()
        assert self("init", ".").returncode == 0
        (home / "catalogue" / "sources.toml").write_text("")
        assert self("sources", "sync").returncode == 0

    def __call__(self, *args: str) -> Answer:
        return self._run(self.home, *args)

    def json(self, *args: str, code: int = 0) -> Any:
        answer = self(*args, "--json")
        assert answer.returncode == code, answer.stdout + answer.stderr
        return json.loads(answer.stdout)

    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("sources", "list")
        return [row for row in found if row["enabled"]]

    def items(self, names: tuple[str, ...] = NAMES) -> list[Item]:
        published = NOW - timedelta(hours=1)
        return [
            Item(
                url=self.server.url(f"/{name}"),
                title=f"{name} reopens",
                text=HARBOUR,
                published=published,
            )
            for name in names
        ]

    def serve(self, path: str, names: tuple[str, ...] = NAMES, title: str = "The Outlet") -> str:
        items = self.items(names)
        for name, item in zip(names, items, strict=True):
            self.server.on(f"/{name}", reply(page(item).encode()))
        body = feed(items, title).encode()
        return self.server.on(path, reply(body, content_type="application/rss+xml"))


@pytest.fixture
def desk(tmp_path: Path, run: Run) -> Iterator[Desk]:
    with running_server() as server:
        yield Desk(tmp_path / "home", server, run)
