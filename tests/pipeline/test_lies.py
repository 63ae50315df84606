"""A run among servers and feeds that lie in every way: each has its reason, nobody else is hurt."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pipeline.io.store import Store, sources
from tests.feeds_that_lie import FEEDS
from tests.misbehaviours import MISBEHAVIOURS
from tests.servers import Server, reply, running_server
from tests.world import HARBOUR, ORCHARD, Item, feed, page, tree

Newsloom = Callable[..., subprocess.CompletedProcess[str]]
#: Feeds that a poll must not be kept by: where they lie about their size, a poll of 10 MiB is long.
ENV = {
    "NEWSLOOM_ALLOW_NETWORKS": "127.0.0.0/8",
    "NEWSLOOM_HOST_SPACING": "PT0S",
    "NEWSLOOM_HOST_BATCH": "100",
    "NEWSLOOM_FEED_MAX_BYTES": str(8 * 2**20),
    "NEWSLOOM_FEED_DEADLINE": "15s",
}


@pytest.fixture
def good() -> Iterator[Server]:
    with running_server(host="127.0.0.41") as server:
        for number, text in enumerate((HARBOUR, ORCHARD)):
            item = Item(url=server.url(f"/{number}.html"), title=f"Report {number}", text=text)
            server.on(f"/{number}.html", reply(page(item).encode()))
            server.on(f"/{number}.xml", reply(feed([item]).encode(), content_type="text/xml"))
        yield server


@pytest.fixture
def bad() -> Iterator[Server]:
    """Give a server with every lie at an address of its own; pages it has none."""
    with running_server(host="127.0.0.42") as server:
        for number, (behaviour, _) in enumerate(MISBEHAVIOURS.values()):
            server.on(f"/http-{number}", behaviour)
        for number, (body, _) in enumerate(FEEDS.values()):
            server.on(f"/feed-{number}", reply(body, content_type="application/rss+xml"))
        yield server


def _run(
    newsloom: Newsloom, home: Path, feeds: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Watch these feeds for one round."""
    newsloom("init", str(home))
    (home / "catalogue" / "sites.toml").write_text(
        '[[site]]\nname = "all"\nout = "all"\nthreshold = 0\n'
    )
    (home / "catalogue" / "sources.toml").write_text(
        "\n".join(
            f'[[source]]\nid = "{name}"\nfeed = "{url}"\nprovider = "outlet.example"\n'
            f'title = "{name}"\n'
            for name, url in feeds.items()
        )
    )
    return newsloom("run", "--json", cwd=home, **ENV)


@pytest.mark.timeout(300)
def test_each_lie_has_its_reason_and_harms_no_other(
    newsloom: Newsloom, tmp_path: Path, good: Server, bad: Server
) -> None:
    fair = {f"good-{number}": good.url(f"/{number}.xml") for number in range(2)}
    http = {f"http-{number}": bad.url(f"/http-{number}") for number in range(len(MISBEHAVIOURS))}
    feeds = {f"feed-{number}": bad.url(f"/feed-{number}") for number in range(len(FEEDS))}
    alone = _run(newsloom, tmp_path / "alone", fair)
    assert alone.returncode == 0, alone.stderr

    among = _run(newsloom, tmp_path / "among", {**fair, **http, **feeds})

    assert among.returncode == 1
    assert "Traceback" not in among.stderr
    stages = json.loads(among.stdout)["stages"]
    assert all(stage["difference"] == 0 for stage in stages.values())
    assert tree(tmp_path / "among" / "out") == tree(tmp_path / "alone" / "out")
    assert _endings(tmp_path / "among") == {
        **dict.fromkeys(fair, "fetched"),
        **{name: reason for name, (_, reason) in zip(http, MISBEHAVIOURS.values(), strict=True)},
        **{name: reason for name, (_, reason) in zip(feeds, FEEDS.values(), strict=True)},
    }
    inside = [one for one in stages["extract"]["reasons"] if "169.254" in one["member"]]
    assert [one["reason"].partition(":")[0] for one in inside] == ["blocked-address"]


def _endings(home: Path) -> dict[str, str]:
    """Return how the last poll of each source ended: its status, or the reason of its failure."""
    store = Store(f"sqlite:///{home / 'state' / 'newsloom.db'}")
    with store.read() as tx:
        rows = sources.all_sources(tx)
    store.close()
    return {
        row.id: (row.last_error or row.last_status).partition(":")[0] for row in rows if row.enabled
    }
