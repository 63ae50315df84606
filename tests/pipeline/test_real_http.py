"""Real HTTP: ten hosts and two hundred articles, asked directly and through a proxy with TLS."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
import yaml

from pipeline.seedfile.parse import parse
from pipeline.seedfile.render import prove
from tests.proxy import playing
from tests.world import Item, feed, page

Newsloom = Callable[..., subprocess.CompletedProcess[str]]
HOSTS = 10
ARTICLES = 20
_NOW = datetime.now(UTC).replace(microsecond=0)
_THINGS = (
    "lighthouse", "tramway", "observatory", "brickworks", "aqueduct", "orchard", "quarry",
    "theatre", "sawmill", "greenhouse", "ferry", "archive", "windmill", "market", "reservoir",
    "bakery", "railway", "museum", "shipyard", "vineyard",
)  # fmt: skip
_PLACES = (
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel", "Ivy", "Juniper",
)  # fmt: skip


def _items(base: str, place: str) -> list[Item]:
    """Return one outlet's articles: each on a thing of its own in a place of its own."""
    return [
        Item(
            url=f"{base}/news/{number}",
            title=f"{place} {thing} reopens after repairs",
            text=(
                f"The {thing} at {place} reopened this week, {number + 2} months after a storm "
                f"tore off part of its roof.\nRepairs took longer than planned because the "
                f"{thing}'s oldest beams had to be cut by hand, the {place} works office said.\n"
                f"Visitors may enter in groups of {number + 5}; the {thing} stays shut on Mondays."
            ),
            published=_NOW - timedelta(hours=1, minutes=number),
        )
        for number, thing in enumerate(_THINGS[:ARTICLES])
    ]


def _answers(base: str, place: str) -> dict[str, str]:
    items = _items(base, place)
    paths = {item.url.removeprefix(base): page(item) for item in items}
    return {"/feed.xml": feed(items), **paths}


@contextmanager
def _host(number: int, stack: ExitStack) -> Iterator[str]:
    """Serve one outlet at an address of its own on the loopback net."""
    answers: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path)
            self.send_response(200 if body else 404)
            kind = "application/rss+xml" if self.path.endswith(".xml") else "text/html"
            self.send_header("content-type", f"{kind}; charset=utf-8")
            self.send_header("content-length", str(len((body or "").encode())))
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its signature
            pass

    server = ThreadingHTTPServer((f"127.0.0.{11 + number}", 0), Handler)
    base = f"http://127.0.0.{11 + number}:{server.server_port}"
    answers.update(_answers(base, _PLACES[number]))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    yield base


def _install(home: Path, feeds: dict[str, str]) -> None:
    """Write a catalogue of these feeds by id."""
    folder = home / "catalogue"
    for name, url in feeds.items():
        host = httpx.URL(url).host
        with (folder / "sources.toml").open("a") as file:
            file.write(
                f'\n[[source]]\nid = "{name}"\nfeed = "{url}"\n'
                f'provider = "{host}"\ntitle = "{name.title()}"\n'
            )


def _empty(home: Path, newsloom: Newsloom) -> None:
    """Make an installation without sources and with a site that takes everything."""
    newsloom("init", str(home))
    (home / "catalogue" / "sources.toml").write_text("")
    (home / "catalogue" / "sites.toml").write_text(
        '[[site]]\nname = "all"\nout = "all"\nthreshold = 0\n'
    )


def _check(home: Path, answer: subprocess.CompletedProcess[str], newsloom: Newsloom) -> None:
    """Hold what a run wrote against what was served."""
    assert answer.returncode == 0, answer.stdout + answer.stderr
    stages = json.loads(answer.stdout)["stages"]
    assert stages["fetch"]["ended"] == {"fetched": HOSTS}
    assert stages["extract"]["ended"] == {"new": HOSTS * ARTICLES}
    assert all(stage["difference"] == 0 for stage in stages.values())
    stories = json.loads(newsloom("stories", "list", "--limit", "500", "--json", cwd=home).stdout)
    assert sum(story["members"] for story in stories) == HOSTS * ARTICLES
    documents = sorted((home / "out" / "all" / "_news").glob("*.md"))
    assert len(documents) == len(stories)
    titles = {
        f"{place} {thing} reopens after repairs"
        for place in _PLACES
        for thing in _THINGS[:ARTICLES]
    }
    for path in documents:
        prove(path.read_bytes(), parse(path.read_bytes()).document)
        document = next(yaml.safe_load_all(path.read_text()))
        assert {document["title"], *(one["title"] for one in document.get("related", []))} <= titles


@pytest.mark.timeout(200)
def test_ten_hosts_asked_directly(newsloom: Newsloom, tmp_path: Path) -> None:
    home = tmp_path / "home"
    _empty(home, newsloom)
    with ExitStack() as stack:
        bases = [stack.enter_context(_host(number, stack)) for number in range(HOSTS)]
        _install(home, {f"s{n}": f"{base}/feed.xml" for n, base in enumerate(bases)})
        answer = newsloom(
            "run",
            "--json",
            cwd=home,
            NEWSLOOM_ALLOW_NETWORKS="127.0.0.0/8",
            NEWSLOOM_HOST_SPACING="PT0S",
        )

    _check(home, answer, newsloom)


@pytest.mark.timeout(200)
def test_ten_hosts_asked_through_a_proxy_with_tls(newsloom: Newsloom, tmp_path: Path) -> None:
    home = tmp_path / "home"
    _empty(home, newsloom)
    bases = {f"https://{place.lower()}.example": place for place in _PLACES}
    answers = {
        base + path: body
        for base, place in bases.items()
        for path, body in _answers(base, place).items()
    }
    _install(home, {f"s{n}": f"{base}/feed.xml" for n, base in enumerate(bases)})

    def web(request: httpx.Request) -> httpx.Response:
        body = answers.get(str(request.url))
        kind = "application/rss+xml" if request.url.path.endswith(".xml") else "text/html"
        headers = {"content-type": f"{kind}; charset=utf-8"}
        return httpx.Response(200 if body else 404, text=body or "", headers=headers)

    with playing(httpx.MockTransport(web), tmp_path / "proxy") as proxy:
        answer = newsloom(
            "run", "--json", cwd=home, NEWSLOOM_HOST_SPACING="PT0S", **proxy.settings()
        )

    _check(home, answer, newsloom)
    assert len(proxy.asked) == HOSTS * (ARTICLES + 2)  # its feed and its robots.txt


def test_a_private_address_is_not_asked_without_the_operators_word(
    newsloom: Newsloom, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    _empty(home, newsloom)
    with ExitStack() as stack:
        base = stack.enter_context(_host(0, stack))
        _install(home, {"inside": f"{base}/feed.xml"})
        answer = newsloom("run", "--json", cwd=home)

    [reason] = json.loads(answer.stdout)["stages"]["fetch"]["reasons"]
    assert answer.returncode == 1
    assert reason["reason"].split(":")[0] in ("blocked-address", "blocked-port")
