"""One pace for workers and command line together, seen from the servers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest

from tests.postgres import Postgres
from tests.servers import Server, redirect, reply, running_server
from tests.workers.world import BIN, Installation
from tests.world import HARBOUR, ORCHARD, Item, feed, page

pytestmark = pytest.mark.timeout(300)
SPACING = 0.4
#: The spacing that one of the hosts asks for.
DELAY = 1.0
#: A picture whose size the page does not tell: 1x1, GIF.
PICTURE = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00"


@pytest.fixture
def hosts() -> Iterator[list[Server]]:
    """Give four hosts: two outlets, one that pictures and redirects lead to, a slow one."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(running_server(host=f"127.0.0.{31 + number}"))
            for number in range(4)
        ]


def _items(server: Server, count: int) -> list[Item]:
    texts = (HARBOUR, ORCHARD)
    return [
        Item(
            url=server.url(f"/{number}.html"),
            title=f"Report {number} of the {server.host} office on its {number + 3} piers",
            text=f"{texts[number % 2]}\nThis is report {number} of the office {server.host}.",
        )
        for number in range(count)
    ]


def _serve(hosts: list[Server]) -> dict[str, str]:
    """Put feeds and pages on the hosts; return the feeds' addresses by source."""
    one, two, far, slow = hosts
    far.on("/picture.gif", reply(PICTURE, content_type="image/gif"))
    feeds = {}
    for name, server in (("one", one), ("two", two), ("slow", slow)):
        items = _items(server, 5)
        for number, item in enumerate(items):
            image = f'<meta property="og:image" content="{far.url("/picture.gif")}?{number}">'
            html = page(item).replace("<head>", f"<head>{image}").encode()
            path = item.url.removeprefix(server.url(""))
            if number == 1:  # moved within its host
                server.on(path, redirect("/moved.html"))
                server.on("/moved.html", reply(html))
            elif number == 2:  # and to another one
                server.on(path, redirect(far.url(f"/{name}.html")))
                far.on(f"/{name}.html", reply(html))
            else:
                server.on(path, reply(html))
        for part in ("a", "b"):
            feeds[f"{name}-{part}"] = server.on(
                f"/{part}.xml",
                reply(feed(items).encode(), content_type="application/rss+xml"),
            )
    slow.on("/robots.txt", reply(f"User-agent: *\nCrawl-delay: {DELAY:g}\n".encode()))
    return feeds


# Both take half a minute: `make test-all` does SQLite, too.
@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"])
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, redis_url: str, hosts: list[Server]
) -> Installation:
    """Give an installation that watches the hosts."""
    url = f"sqlite:///{tmp_path / 'newsloom.db'}"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database(f"p{uuid4().hex}")
    env = {
        "PATH": str(BIN),
        "NEWSLOOM_DATABASE_URL": url,
        "NEWSLOOM_BROKER_URL": redis_url.replace("/0", f"/{int(uuid4().int % 15) + 1}"),
        "NEWSLOOM_CATALOGUE": "catalogue",
        "NEWSLOOM_ALLOW_NETWORKS": "127.0.0.0/8",
        "NEWSLOOM_HOST_SPACING": f"PT{SPACING}S",
        "NEWSLOOM_CHILDREN": "1",
    }
    home = tmp_path / "home"
    made = Installation(home, env)
    subprocess.run([str(BIN / "newsloom"), "init", str(home)], check=True, env=env)
    (home / "catalogue" / "sources.toml").write_text(
        "\n".join(
            f'[[source]]\nid = "{name}"\nfeed = "{address}"\n'
            f'provider = "{address.split("/")[2].partition(":")[0]}"\ntitle = "{name}"\n'
            for name, address in _serve(hosts).items()
        )
    )
    for args in (("newsloom", "db", "upgrade"), ("newsloom", "sources", "sync")):
        answer = made.command(*args)
        assert answer.returncode == 0, answer.stderr
    return made


def _started(installation: Installation, *args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(BIN / "newsloom"), *args],
        cwd=installation.home,
        env=installation.env,
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr,
    )


def _gaps(server: Server) -> list[float]:
    times = sorted(asked.at for asked in server.asked)
    return [after - before for before, after in pairwise(times)]


def test_no_host_is_asked_twice_within_its_spacing(
    installation: Installation, hosts: list[Server]
) -> None:
    one, two, far, slow = hosts
    with installation.worker(concurrency=2):
        beside = [
            _started(installation, "run"),
            _started(installation, "run"),
            _started(installation, "sources", "check"),
        ]
        installation.wait_until_done(sites=["technology"])
        for process in beside:
            process.wait(timeout=90)

    pages = {asked.target for server in (one, two, slow) for asked in server.asked}
    assert {"/0.html", "/4.html", "/moved.html", "/a.xml", "/b.xml", "/robots.txt"} <= pages
    assert len(far.requests("/picture.gif")) > 0
    for server in (one, two, far):
        assert min(_gaps(server)) >= SPACING, (server.host, sorted(_gaps(server))[:5])
        assert server.most_at_once <= 1
    learned = next(asked.at for asked in slow.asked if asked.target == "/robots.txt")
    after = sorted(asked.at for asked in slow.asked if asked.at > learned)
    assert min(later - before for before, later in pairwise(after)) >= DELAY


def test_pages_that_robots_forbid_are_not_read(
    installation: Installation, hosts: list[Server]
) -> None:
    one, _, far, _ = hosts
    one.on("/robots.txt", reply(b"User-agent: newsloom\nDisallow: /0.html\nDisallow: /moved\n"))
    far.on("/robots.txt", reply(b"busy", status=503))

    answer = installation.command("newsloom", "run", "--source", "one-a", "--json")

    assert one.requests("/0.html") == []
    assert '"robots-disallowed"' in answer.stdout
    assert one.requests("/3.html") != []
