"""Whether live news waits while a backfill of a hundred thousand entries runs.

    python -m tests.bench.backfill_delay [--entries 100000] [--rounds 30]

The shipped workers run on real PostgreSQL and Redis. Every few seconds each of eight outlets
publishes an article and is polled; its delay is the time until its story is in its file. First with
nothing else to do, then while a backfill reads its entries from a hundred hosts. The worker of
backfills has the share of the processor that docker-compose.yml gives it. Exit code 1 when the 95th
percentile with the backfill is more than twice that without.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from pipeline.io.recorded import HostedWeb
from pipeline.io.schema import articles, memberships, stories, written
from pipeline.io.store import Store, backfills, sources
from pipeline.records import SourceId
from tests.archivenews import News, Piece
from tests.postgres import running_postgres
from tests.proxy import playing
from tests.redis import running_redis
from tests.workers.world import Installation, install
from tests.world import Item, feed, page

MOST = 2.0
LIVE = tuple(f"live{number}" for number in range(8))
WORKERS = ("fetch", "extract", "stories", "backfill")
#: Seconds between two articles of an outlet: a tick is every two.
_EVERY = 5.0
_PATIENCE = 120.0


@dataclass
class LiveNews:
    """Outlets that publish when they are told to, and the past of a hundred others."""

    past: News
    #: Lends the live outlets its texts, one after the other.
    texts: News = field(default_factory=lambda: News(seed=9, articles=5_000, outlets=1))
    shown: list[tuple[str, Item]] = field(default_factory=list)

    def publish(self) -> list[str]:
        """Let each live outlet publish an article; return the titles."""
        now = datetime.now(UTC).replace(microsecond=0)
        pieces = self.texts.pieces["outlet00"]
        titles = []
        for outlet in LIVE:
            piece = pieces[len(self.shown)]
            title = f"{self.texts.title(piece)} {len(self.shown)}"
            url = f"https://{outlet}.example/{len(self.shown)}.html"
            item = Item(url=url, title=title, text=self.texts.text(piece), published=now)
            self.shown.append((outlet, item))
            titles.append(title)
        return titles

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as the hosts of all outlets."""
        host = (request.url.host or "").removesuffix(".example")
        url = str(request.url)
        mine = [item for outlet, item in self.shown if outlet == host]
        if url.endswith("/feed.xml"):
            return httpx.Response(
                200,
                text=feed(reversed(mine[-20:])),
                headers={"content-type": "application/rss+xml"},
            )
        for item in mine:
            if item.url == url:
                return _page(page(item).encode())
        piece = self._piece(url)
        return _page(self.past.page(piece)) if piece is not None else httpx.Response(404)

    def _piece(self, url: str) -> Piece | None:
        number = urlsplit(url).path.rpartition("-")[2].removesuffix(".html")
        return self.past.by_number.get(int(number)) if number.isdigit() else None


def _page(body: bytes) -> httpx.Response:
    return httpx.Response(200, content=body, headers={"content-type": "text/html; charset=utf-8"})


def main() -> int:
    """Measure both; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    news = LiveNews(News(seed=3, articles=given.entries, outlets=100, months=12))
    hosts = [f"{name}.example" for name in (*LIVE, *news.past.names)]
    web = HostedWeb(dict.fromkeys(hosts, news))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = stack.enter_context(running_postgres())
        redis_url = stack.enter_context(running_redis(folder / "redis"))
        proxy = stack.enter_context(playing(web, folder))
        catalogue = _catalogue(folder / "catalogue", news)
        url = postgres.new_database(f"d{uuid4().hex}")
        fleet = install(
            folder / "home",
            url,
            redis_url,
            proxy,
            catalogue=catalogue,
            NEWSLOOM_TICK_EVERY="2s",
            NEWSLOOM_HOST_SPACING="PT0.2S",
            NEWSLOOM_RECHECK_AFTER="",
            NEWSLOOM_EXTRACT_BATCH="10",
        )
        fleet.command("newsloom", "sources", "disable", *news.past.names)
        for name in ("beat", *(f"worker-{kind}" for kind in WORKERS)):
            stack.enter_context(fleet.service(name))
        store = Store(url)
        stack.callback(store.close)
        _delays(store, news, 3)
        idle = _delays(store, news, given.rounds)
        _start_backfill(fleet, store, news, folder)
        busy = _delays(store, news, given.rounds)
        with store.read() as tx:
            row = backfills.backfill(tx, 1)
            assert row is not None
            state = backfills.progress(tx, row)
    return _told(idle, busy, f"{state.entries - state.pages_left} of {state.entries} pages read")


def _catalogue(folder: Path, news: LiveNews) -> Path:
    """Write the catalogue of all outlets."""
    folder.mkdir()
    lines = [
        f'[[source]]\nid = "{name}"\nfeed = "https://{name}.example/feed.xml"\n'
        f'provider = "{name}.example"\ntitle = "{name}"\nlanguage = "en"\n'
        for name in (*LIVE, *news.past.names)
    ]
    (folder / "sources.toml").write_text("\n".join(lines))
    (folder / "organisations.toml").write_text("")
    (folder / "topics.toml").write_text("")
    (folder / "sites.toml").write_text('[[site]]\nname = "all"\nout = "all"\nthreshold = 0\n')
    return folder


def _start_backfill(fleet: Installation, store: Store, news: LiveNews, folder: Path) -> None:
    """Let the workers begin with the past, and wait until they read its pages."""
    pieces = news.past.by_number.values()
    listed = folder / "past.csv"
    lines = (f"{news.past.url(one)},{one.published:%Y-%m-%dT%H:%M:%SZ}" for one in pieces)
    listed.write_text("\n".join(("url,published", *lines)))
    since = f"{news.past.start:%Y-%m-%d}"
    names = [word for name in news.past.names for word in ("--source", name)]
    for command in (
        ("plan", "--since", since, "--from", str(listed), *names),
        ("run", "1", "--detach"),
    ):
        answer = fleet.command("newsloom", "backfill", *command)
        if answer.returncode:
            raise SystemExit(answer.stderr or answer.stdout)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with store.read() as tx:
            row = backfills.backfill(tx, 1)
            if row is not None and backfills.progress(tx, row).articles > 50:
                return
        time.sleep(1)
    raise SystemExit(f"the backfill does not begin:\n{fleet.logs()}")


def _delays(store: Store, news: LiveNews, rounds: int) -> list[float]:
    """Publish and poll, round by round; return the delay of each article in seconds."""
    waiting: dict[str, float] = {}
    delays: list[float] = []
    for _ in range(rounds):
        waiting |= dict.fromkeys(news.publish(), time.monotonic())
        with store.write() as tx:
            sources.make_due(tx, [SourceId(name) for name in LIVE], now=datetime.now(UTC))
        next_round = time.monotonic() + _EVERY
        while time.monotonic() < next_round:
            delays += _arrived(store, waiting)
            time.sleep(0.1)
    deadline = time.monotonic() + _PATIENCE
    while waiting and time.monotonic() < deadline:
        delays += _arrived(store, waiting)
        time.sleep(0.1)
    return [*delays, *([_PATIENCE] * len(waiting))]


def _arrived(store: Store, waiting: dict[str, float]) -> list[float]:
    """Take what is in a file by now out of what is waited for; return the delays."""
    query = (
        select(articles.c.title)
        .join(memberships, memberships.c.article_id == articles.c.id)
        .join(stories, stories.c.id == memberships.c.story_id)
        .join(written, written.c.story_id == stories.c.id)
        .where(articles.c.title.in_(waiting), written.c.revision == stories.c.revision)
    )
    with store.read() as tx:
        titles = set(tx.scalars(query))
    now = time.monotonic()
    return [now - waiting.pop(title) for title in titles]


def _told(idle: list[float], busy: list[float], state: str) -> int:
    """Print the figures; return the exit code."""
    table = Table(box=None, pad_edge=False)
    for column in ("", "articles", "median s", "p95 s"):
        table.add_column(column, justify="right")
    for name, delays in (("idle", idle), ("with the backfill", busy)):
        table.add_row(
            name, str(len(delays)), f"{statistics.median(delays):.1f}", f"{_p95(delays):.1f}"
        )
    ratio = _p95(busy) / _p95(idle)
    console = Console(width=100)
    console.print(table)
    console.print(f"p95 with the backfill / idle: {ratio:.2f} (at most {MOST}); {state}")
    return 1 if ratio > MOST else 0


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    sys.exit(main())
