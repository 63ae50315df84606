"""Capsules, as an operator makes them and somebody elsewhere replays them."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

from config.load import load_catalogue
from pipeline import line
from pipeline.context import FixedClock
from pipeline.io.recorded import RecordedWeb
from pipeline.io.store import sources
from pipeline.io.store.articlebook import known_page
from tests.conftest import newsloom_in
from tests.proxy import Proxy, playing
from tests.world import HARBOUR, FakeWeb, Item, feed, opened, page

Newsloom = Callable[..., subprocess.CompletedProcess[str]]
_NOW = datetime.now(UTC).replace(microsecond=0)
_TOKEN = "Bearer 7f3c9d2be1884a06"
_COOKIE = "visitor=a81b5f0c77d24e19; theme=dark"
_PIER = Item(
    url="https://one.example/pier",
    title="Harbour closes northern pier",
    text=HARBOUR,
    published=_NOW - timedelta(hours=2),
)
_EMPTY = Item(url="https://one.example/empty", title="Nothing here", text="", published=_NOW)
_WALL = "<html><body><h1>Sign in</h1><p>You are {}</p></body></html>"


@dataclass
class _World:
    """An installation with two sources behind a loopback proxy."""

    home: Path
    web: FakeWeb
    proxy: Proxy
    newsloom: Newsloom

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return self.newsloom(
            *args,
            cwd=self.home,
            NEWSLOOM_HOST_SPACING="PT0S",
            ONE_TOKEN=_TOKEN,
            ONE_COOKIE=_COOKIE,
            **self.proxy.settings(),
        )

    def offline(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run elsewhere: no installation, no web, no secrets."""
        return self.newsloom(*args, NEWSLOOM_PROXY="http://127.0.0.1:1")

    def poll(self, source: str) -> None:
        """Poll a source again at once."""
        for word in ("disable", "enable"):
            assert self.run("sources", word, source).returncode == 0
        self.run("run", "--source", source)

    def capsule(self, what: str) -> Path:
        path = self.home / "held.warc.gz"
        answer = self.run("capsule", what, "--out", str(path))
        assert answer.returncode == 0, answer.stderr
        return path


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an installation that has polled its sources once, to be copied."""
    folder = tmp_path_factory.mktemp("polled")
    home, newsloom = folder / "home", newsloom_in(folder)
    newsloom("init", str(home))
    (home / "catalogue" / "sites.toml").write_text(
        '[[site]]\nname = "all"\nout = "all"\nthreshold = 0\n'
    )
    (home / "catalogue" / "sources.toml").write_text(
        "".join(
            f'[[source]]\nid = "{name}"\nfeed = "https://{name}.example/feed.xml"\n'
            f'provider = "{name}.example"\ntitle = "{name}"\nlanguage = "en"\n'
            for name in ("two", "one")
        )
        + 'headers = { Authorization = "env:ONE_TOKEN", Cookie = "env:ONE_COOKIE" }\n'
    )
    with _opened(home, newsloom) as made:
        assert made.run("sources", "sync").returncode == 0
        made.run("run")
    return home


@pytest.fixture
def world(newsloom: Newsloom, tmp_path: Path, polled: Path) -> Iterator[_World]:
    home = tmp_path / "home"
    shutil.copytree(polled, home)
    with _opened(home, newsloom) as made:
        yield made


@contextmanager
def _opened(home: Path, newsloom: Newsloom) -> Iterator[_World]:
    """Put an installation on a web of its own."""
    web = FakeWeb()
    web.answers["https://one.example/feed.xml"] = feed([_PIER, _EMPTY])
    web.answers[_PIER.url] = page(_PIER)
    web.answers[_EMPTY.url] = page(_EMPTY)
    web.answers["https://two.example/feed.xml"] = _wall
    with playing(httpx.MockTransport(web), home.parent / "proxy") as proxy:
        yield _World(home, web, proxy, newsloom)


def _wall(request: httpx.Request) -> httpx.Response:
    headers = {"content-type": "text/html", "set-cookie": "wall=d41d8cd98f00b204; Secure"}
    return httpx.Response(200, content=_WALL.format("a stranger").encode(), headers=headers)


def _json(answer: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(answer.stdout)


def test_a_feed_that_cannot_be_parsed_fails_the_same_way_offline(world: _World) -> None:
    path = world.capsule("two")

    answer = world.offline("replay", str(path))

    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert "compared  fails the same way: not-a-feed" in answer.stdout
    told = _json(world.offline("replay", str(path), "--json"))
    assert told["fetch"]["reason"].startswith("not-a-feed")
    assert told["fetch"]["entries"] == []


def test_a_page_without_an_article_fails_the_same_way_offline(world: _World) -> None:
    reason = _json(world.run("articles", "why", _EMPTY.url, "--json"))["page"]["reason"]

    answer = world.offline("replay", str(world.capsule(_EMPTY.url)))

    assert answer.returncode == 1
    assert f"compared  fails the same way: {reason}" in answer.stdout
    assert "write     no document" in answer.stdout


def test_a_page_gives_the_same_article_story_and_document_offline(world: _World) -> None:
    path = world.capsule(_PIER.url)
    world.web.answers.clear()

    told = _json(world.offline("replay", str(path), "--json"))

    assert told["compared"] == "the same article as then"
    why = _json(world.run("articles", "why", _PIER.url, "--json"))
    assert told["extract"]["article"] == why["article"]
    assert told["cluster"]["story"] == why["page"]["story"]
    [written] = told["write"]
    [ours] = (world.home / "out" / "all" / "_news").glob("*pier*.md")
    assert (f"_news/{ours.name}", ours.read_text()) == (written["file"], written["document"])


def test_an_entry_is_named_by_its_key_or_by_its_pages_address(world: _World) -> None:
    world.web.answers["https://one.example/feed.xml"] = feed([_PIER]).replace(
        f"<guid>{_PIER.url}</guid>", "<guid>tag:one.example,2026:pier</guid>"
    )
    world.poll("one")
    answer = world.run("capsule", "tag:one.example,2026:pier", "--json")
    assert answer.returncode == 0, answer.stderr
    assert _json(answer)["subject"] == _PIER.url


def test_what_is_kept_is_not_asked_for_again(world: _World) -> None:
    before = len(world.web.asked)
    world.capsule(_PIER.url)
    assert world.web.asked[before:] == []


def test_a_page_that_failed_is_asked_for_again(world: _World) -> None:
    late = Item(url="https://one.example/late", title="A late one", text=HARBOUR, published=_NOW)
    world.web.answers["https://two.example/feed.xml"] = feed([late])
    world.web.answers[late.url] = 503
    world.poll("two")
    path = world.capsule(late.url)

    told = world.offline("replay", str(path))
    assert told.returncode == 1
    assert "compared  fails the same way: http-503" in told.stdout

    world.web.answers[late.url] = page(late)
    path.unlink()
    told = world.offline("replay", str(world.capsule(late.url)))
    assert told.returncode == 0
    assert "compared  no longer fails; then: http-503" in told.stdout


def test_no_secret_is_in_a_capsule(world: _World) -> None:
    def told(request: httpx.Request) -> httpx.Response:
        said = f"{request.headers['authorization']} {request.headers['cookie']}"
        headers = {"content-type": "text/html", "set-cookie": "session=0a1b2c3d4e5f6071"}
        return httpx.Response(200, content=_WALL.format(said).encode(), headers=headers)

    world.web.answers["https://one.example/feed.xml"] = told
    raw = gzip.decompress(world.capsule("one").read_bytes())

    assert b"Sign in" in raw
    assert b"Bearer xxxxxxxxxxxxxxxx" in raw or b"x" * len(_TOKEN) in raw
    for secret in (_TOKEN, _TOKEN[7:], _COOKIE, "a81b5f0c77d24e19", "0a1b2c3d4e5f6071"):
        assert secret.encode() not in raw
    assert b"ONE_TOKEN" not in raw
    assert b"env:" not in raw
    [info] = [record for record in _metadata(raw) if "withheld" in record]
    assert info["withheld"] == ["Authorization", "Cookie"]


def _metadata(raw: bytes) -> list[dict[str, object]]:
    records = ArchiveIterator(BytesIO(raw))
    return [
        json.loads(record.raw_stream.read()) for record in records if record.rec_type == "metadata"
    ]


def test_an_installation_is_kept_and_can_be_looked_at(world: _World, tmp_path: Path) -> None:
    path = world.capsule(_PIER.url)
    answer = world.offline("replay", str(path), "--keep", str(tmp_path / "look"))
    assert answer.returncode == 0, answer.stderr
    kept = str(tmp_path / "look")
    assert "Harbour closes" in world.offline("articles", "why", _PIER.url, "--home", kept).stdout
    again = world.offline("replay", str(path), "--keep", kept)
    assert again.returncode == 2
    assert "name a new or empty folder" in again.stderr


@pytest.mark.parametrize("url", [_PIER.url, _EMPTY.url])
def test_a_fixture_ends_as_the_replay_did(world: _World, tmp_path: Path, url: str) -> None:
    folder = tmp_path / "fixture"
    world.offline("replay", str(world.capsule(url)), "--fixture", str(folder))
    expected = json.loads((folder / "expected.json").read_text())

    clock = FixedClock(datetime.fromisoformat(expected["moment"]))
    books = load_catalogue(folder / "catalogue")
    web = RecordedWeb(folder / "web", clock=clock)
    with opened(tmp_path / "again", books, web, now=clock.now) as ctx:
        with ctx.store.write() as tx:
            sources.apply_sync(tx, books.sources, now=clock.now)
        line.run(ctx)
        with ctx.store.read() as tx:
            known = known_page(tx, url)

    assert known is not None
    assert known.page is not None
    assert (known.page.last_error or "") == expected["reason"]
    assert (known.article.title if known.article else None) == expected["article"].get("title")


def test_a_dry_run_asks_and_writes_nothing(world: _World) -> None:
    before = len(world.web.asked)
    answer = world.run("capsule", "two", "--dry-run")
    assert "would ask https://two.example/feed.xml" in answer.stdout
    assert world.web.asked[before:] == []
    assert list(world.home.glob("*.warc.gz")) == []


def test_what_was_never_met_is_refused_with_a_remedy(world: _World) -> None:
    answer = world.run("capsule", "https://nobody.example/never")
    assert answer.returncode == 2
    assert "newsloom sources list" in answer.stderr


def _warc(*records: tuple[str, str, bytes]) -> bytes:
    data = BytesIO()
    writer = WARCWriter(data, gzip=True)
    for kind, url, body in records:
        writer.write_record(
            writer.create_warc_record(url, kind, payload=BytesIO(body), length=len(body))
        )
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "no capsule of newsloom", id="empty"),
        pytest.param(b"\x00\x01\x02" * 500, "no capsule of newsloom", id="bytes"),
        pytest.param(b"\x1f\x8b garbage", "damaged", id="gzip in name only"),
        pytest.param(gzip.compress(b"garbage" * 99), "no capsule of newsloom", id="packed bytes"),
        pytest.param(gzip.compress(b"0" * (33 * 2**20)), "more than 32 MiB", id="bomb"),
        pytest.param(
            _warc(("metadata", "urn:other", b"{}")), "no capsule of newsloom", id="no manifest"
        ),
        pytest.param(
            _warc(("metadata", "urn:newsloom:capsule", b"{}")),
            "its manifest is not well",
            id="empty manifest",
        ),
        pytest.param(
            _warc(("metadata", "urn:newsloom:capsule", b"\xff[[")),
            "its manifest is not well",
            id="manifest of bytes",
        ),
    ],
)
def test_garbage_is_refused_in_words(
    newsloom: Newsloom, tmp_path: Path, data: bytes, said: str
) -> None:
    path = tmp_path / "foreign.warc.gz"
    path.write_bytes(data)
    answer = newsloom("replay", str(path))
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_capsule_cut_short_anywhere_is_refused(world: _World) -> None:
    path = world.capsule(_PIER.url)
    whole = path.read_bytes()
    plain = gzip.decompress(whole)
    for cut in (whole[: len(whole) // 2], whole[:-3], plain[: len(plain) - 200]):
        path.write_bytes(cut)
        answer = world.offline("replay", str(path))
        assert answer.returncode == 2
        assert "copy it again" in answer.stderr


def test_a_changed_answer_is_noticed(world: _World) -> None:
    path = world.capsule(_PIER.url)
    changed = gzip.decompress(path.read_bytes()).replace(b"northern pier", b"southern pier")
    path.write_bytes(changed)
    answer = world.offline("replay", str(path))
    assert answer.returncode == 2
    assert "damaged" in answer.stderr
