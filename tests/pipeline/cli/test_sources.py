"""Looking after sources as an operator does: the whole program, a real server on loopback."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli.source_discovery import toml_block
from pipeline.feeds.discovery import FeedLink
from pipeline.records import ParsedFeed
from pipeline.stages.discover import Candidate
from pipeline.stages.looks import Look
from tests.pipeline.cli.conftest import NAMES, NOW, Desk, Run
from tests.servers import redirect, reply
from tests.world import feed

KEY = "Bearer k3y-of-the-harbour"


def test_a_site_is_discovered_and_its_feed_added(desk: Desk) -> None:
    desk.serve("/all.xml")
    link = "<link rel=alternate type=application/rss+xml href=/all.xml>"
    home = desk.server.on("/", reply(link.encode()))

    shown = desk("sources", "discover", home)
    found = desk.json("sources", "discover", home)
    tried = desk.json("sources", "discover", home, "--add", "outlet", "--dry-run")
    before = desk.rows()
    desk.json("sources", "discover", home, "--add", "outlet")

    [one] = found["feeds"]
    [block] = tomllib.loads(one["toml"])["source"]
    assert one["sample"] == ["pier reopens", "tramway reopens", "orchard reopens"]
    assert block["id"] == "the-outlet"
    assert block["feed"] == tried["added"]["feed"] == desk.server.url("/all.xml")
    assert 'id = "the-outlet"' in shown.stdout
    assert before == []
    [row] = desk.rows()
    assert (row["id"], row["provider"], row["managed_by"]) == ("outlet", "127.0.0.1", "operator")
    assert desk.json("sources", "discover", home)["feeds"][0]["watched_as"]


def test_a_title_that_no_catalogue_takes_is_made_one(desk: Desk) -> None:
    url = desk.serve("/all.xml", title="  \U0001f468\u200d\U0001f469 Out\u00adlet\ue000 ")

    [one] = desk.json("sources", "discover", url)["feeds"]

    [block] = tomllib.loads(one["toml"])["source"]
    assert block["title"] == "\U0001f468\U0001f469 Outlet"


def test_a_feed_that_can_be_no_source_has_no_block() -> None:
    url = "https://under_score.example/feed"
    parsed = ParsedFeed(dialect="rss20", parser="fast", title="Outlet", entries=())
    seen = Look(url=url, final_url=url, feed=parsed)
    candidate = Candidate(link=FeedLink(url=url, found="itself"), seen=seen)

    assert toml_block(candidate, {}) == ""


def test_a_site_without_feeds_fails(desk: Desk) -> None:
    home = desk.server.on("/", reply(b"<html>nothing here</html>"))

    assert desk.json("sources", "discover", home, code=1)["feeds"] == []
    assert desk("sources", "discover", home, "--add", "outlet").returncode == 2


def test_an_operators_source_is_added_changed_disabled_and_survives_a_sync(desk: Desk) -> None:
    url = desk.serve("/all.xml")

    desk.json("sources", "add", "outlet", "--feed", url)
    changed = desk.json("sources", "edit", "outlet", "--interval", "10m", "--title", "Mine")
    desk.json("sources", "disable", "outlet", "--reason", "too loud")
    synced = desk.json("sources", "sync")
    [row] = [row for row in desk.json("sources", "list") if row["id"] == "outlet"]
    desk.json("sources", "enable", "outlet")
    run = desk.json("run")

    assert changed["changed"] == {"title": ["The Outlet", "Mine"], "interval": [None, "10m"]}
    assert synced["changed"] == synced["disabled"] == []
    assert (row["enabled"], row["decision"]) == (False, "disabled by hand: too loud")
    assert run["stages"]["fetch"]["ended"] == {"fetched": 1}
    assert desk("sources", "remove", "outlet").returncode == 1


def test_what_is_shown_is_what_is_meant(desk: Desk) -> None:
    url = desk.serve("/all.xml", title="Outlet [bold] :x:")

    shown = desk("sources", "discover", url).stdout
    added = desk("sources", "add", "outlet", "--feed", url).stdout
    listed = desk("sources", "list").stdout

    for text in (shown, added, listed):
        assert "Outlet [bold] :x:" in text


def test_dry_runs_change_nothing(desk: Desk) -> None:
    url = desk.serve("/all.xml")
    desk.json("sources", "add", "outlet", "--feed", url, "--dry-run")
    nothing = desk.rows()
    desk.json("sources", "add", "outlet", "--feed", url)
    before = desk.rows()
    desk.json("sources", "edit", "outlet", "--title", "Mine", "--dry-run")
    desk.json("sources", "disable", "outlet", "--dry-run")
    desk.json("sources", "remove", "outlet", "--dry-run")

    assert nothing == []
    assert desk.rows() == before
    desk.json("sources", "remove", "outlet")
    assert desk.rows() == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("add", "Out Let", "--feed", "URL"), 2, "ID: 'Out Let' has not the right form"),
        (("add", "two", "--feed", "URL", "--interval", "1m"), 2, "--interval: '1m' must be at"),
        (("add", "two", "--feed", "ftp://x.example/"), 2, "--feed: 'ftp://x.example/'"),
        (("add", "outlet", "--feed", "URL"), 2, "this id is taken"),
        (("add", "two", "--feed", "URL#top"), 2, "the same address as outlet"),
        (("add", "two", "--feed", "GONE"), 1, "http-404; --unchecked adds it all the same"),
        (("add", "two", "--feed", "GONE", "--header", "Cookie=secret"), 2, "no reference"),
        (("edit", "nobody", "--title", "x"), 2, "nobody: no such source"),
        (("edit", "outlet"), 2, "nothing to change"),
        (("disable", "nobody"), 2, "nobody: no such source"),
        (("release", "outlet"), 2, "not in the catalogue"),
        (("check", "--source", "nobody"), 2, "--source nobody: unknown"),
    ],
)
def test_what_cannot_be_is_said_with_the_right_exit_code(
    desk: Desk, arguments: tuple[str, ...], code: int, words: str
) -> None:
    url = desk.serve("/all.xml")
    desk.json("sources", "add", "outlet", "--feed", url, "--unchecked")
    places = {"URL": url, "URL#top": f"{url}#top", "GONE": desk.server.url("/gone")}

    answer = desk("sources", *(places.get(word, word) for word in arguments))

    assert answer.returncode == code, answer.stdout + answer.stderr
    assert words in answer.stderr
    assert "secret" not in answer.stderr
    assert len(desk.rows()) == 1


def test_a_feed_that_is_watched_under_another_address_is_refused(desk: Desk) -> None:
    copy = desk.serve("/copy.xml")
    desk.json("sources", "add", "outlet", "--feed", desk.serve("/all.xml"))
    desk.json("fetch")

    answer = desk("sources", "add", "two", "--feed", copy)

    assert answer.returncode == 2
    assert "100% of its entries are those of outlet" in answer.stderr


def test_headers_are_sent_and_the_secret_shown_nowhere(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = desk.serve("/all.xml")
    monkeypatch.setenv("OUTLET_KEY", KEY)

    added = desk(
        "sources", "add", "outlet", "--feed", url, "--header", "Authorization=env:OUTLET_KEY",
        "--user-agent", "outlet-reader/1",
    )  # fmt: skip
    ran = desk("run", "--json")
    shown = [
        desk(*words)
        for words in (
            ("sources", "list", "--json"),
            ("sources", "check", "--json"),
            ("sources", "export", "--toml"),
            ("sources", "export"),
            ("config", "show"),
        )
    ]
    monkeypatch.delenv("OUTLET_KEY")
    missing = desk.json("sources", "check", code=1)

    polls = desk.server.requests("/all.xml")
    assert [asked.headers.get("authorization") for asked in polls] == [KEY] * 3
    assert {asked.headers["user-agent"] for asked in polls} == {"outlet-reader/1"}
    assert 'headers = { "Authorization" = "env:OUTLET_KEY" }' in shown[2].stdout
    for answer in (added, ran, *shown):
        assert KEY not in answer.stdout + answer.stderr
    database = b"".join(path.read_bytes() for path in (desk.home / "state").glob("newsloom.db*"))
    assert b"env:OUTLET_KEY" in database
    assert KEY.encode() not in database
    assert missing[0]["problem"].startswith("no-secret Authorization from env:OUTLET_KEY")


def test_a_lost_feed_is_found_again_and_taken(desk: Desk) -> None:
    desk.json("sources", "add", "outlet", "--feed", desk.serve("/old.xml"))
    desk.json("fetch")
    desk.server.on("/old.xml", reply(b"gone", status=404))
    new = desk.serve("/new.xml", (*NAMES[1:], "ferry"), "Another title")
    link = "<link rel=alternate type=application/atom+xml href=/new.xml>"
    desk.server.on("/", reply(link.encode()))

    told = desk("sources", "rediscover", "outlet")
    tried = desk.json("sources", "rediscover", "outlet", "--apply", "--dry-run")
    [before] = desk.rows()
    desk.json("sources", "rediscover", "outlet", "--apply")
    [after] = desk.rows()
    works = desk.json("sources", "rediscover", "outlet")

    assert told.returncode == 0
    assert "3 known entries" in told.stdout
    assert tried["changed"]["feed"] == [before["feed_url"], new]
    assert (after["feed_url"], after["managed_by"]) == (new, "operator")
    assert works["works"] is True


def test_a_lost_feed_that_nothing_resembles_is_not_replaced(desk: Desk) -> None:
    url = desk.server.url("/old.xml")
    desk.json("sources", "add", "outlet", "--feed", url, "--unchecked", "--title", "The Outlet")
    desk.serve("/sport.xml", title="Sport")
    link = "<link rel=alternate type=application/atom+xml href=/sport.xml>"
    desk.server.on("/", reply(link.encode()))

    answer = desk.json("sources", "rediscover", "outlet", "--apply", code=1)

    assert [offer["is_safe"] for offer in answer["offers"]] == [False]
    assert desk.rows()[0]["feed_url"] == url


def test_list_and_why_say_what_to_do_about_a_feed_that_keeps_failing(desk: Desk) -> None:
    desk.json("sources", "add", "outlet", "--feed", desk.server.url("/no"), "--unchecked")
    assert "rediscover" not in desk("sources", "list").stdout
    for _ in range(6):  # each weighs one half
        desk("fetch", "--source", "outlet")

    alarm = "failing: 3 failures in a row; try `newsloom sources rediscover`"
    assert f"outlet: {alarm}" in desk("sources", "list").stdout
    told = desk.json("sources", "why", "outlet")
    assert told["alarms"] == [alarm]
    assert told["failures"] == "3 in a row, weighted"
    assert told["because"].startswith("in 1.5 h: 3 failures in a row")
    assert "http-404" in desk("sources", "why", "outlet").stdout
    assert desk("sources", "why", "nosuch").returncode == 2


def test_a_source_goes_back_to_the_catalogue(desk: Desk) -> None:
    (desk.home / "catalogue" / "sources.toml").write_text(
        '[[source]]\nid = "post"\nfeed = "https://post.example/rss"\n'
        'provider = "post.example"\ntitle = "The Post"\n'
    )
    desk.json("sources", "sync")
    desk.json("sources", "edit", "post", "--title", "Mine")
    kept = desk.json("sources", "sync")
    desk.json("sources", "release", "post")
    synced = desk.json("sources", "sync")

    assert (kept["kept"], kept["changed"]) == (["post"], [])
    assert (synced["kept"], synced["changed"]) == ([], ["post"])
    assert [row["title"] for row in desk.rows()] == ["The Post"]
    assert "stands in the catalogue" in desk("sources", "remove", "post").stderr


def test_check_tells_what_is_wrong_with_each_feed(desk: Desk) -> None:
    server = desk.server
    good = desk.serve("/good.xml")
    old = feed(replace(item, published=NOW - timedelta(days=90)) for item in desk.items(("a", "b")))
    undated = feed(replace(item, published=None) for item in desk.items(("c", "d")))
    urls = {
        "copy": desk.serve("/copy.xml"),
        "good": good,
        "html": server.on("/html", reply(b"<!doctype html><html><body>Hello</body></html>")),
        "moved": server.on("/moved", redirect(desk.serve("/here.xml", ("x", "y")), 301)),
        "old": server.on("/old", reply(old.encode())),
        "undated": server.on("/undated", reply(undated.encode())),
    }
    for name, url in urls.items():
        desk.json("sources", "add", name, "--feed", url, "--unchecked", "--provider", "a.example")

    checked = {one["source"]: one for one in desk.json("sources", "check", code=1)}
    [paged] = desk.json("sources", "check", "--page", "--source", "good")
    table = desk("sources", "check")

    notes = {name: " | ".join(one["notes"]) for name, one in checked.items()}
    assert [name for name, one in checked.items() if one["problem"]] == ["html"]
    assert "an HTML page; try `newsloom sources rediscover html`" in checked["html"]["problem"]
    assert notes["good"] == "duplicate: 100% of its entries are those of copy"
    assert notes["moved"].endswith(f"--feed {server.url('/here.xml')}`")
    assert notes["old"] == "nothing new for 90 days"
    assert notes["undated"] == "2 of 2 entries without a date"
    assert (checked["good"]["dialect"], checked["good"]["entries"]) == ("rss20", 4)
    assert (checked["good"]["page_picture"], paged["page_picture"]) == (None, False)
    assert "6 sources = 5 working + 1 broken" in table.stdout


def test_lists_come_in_and_go_out_as_opml(desk: Desk, tmp_path: Path) -> None:
    url = desk.server.url("/all.xml")
    desk.json("sources", "add", "mine", "--feed", url, "--unchecked", "--interval", "2h")
    file = tmp_path / "list.opml"
    file.write_text(
        "<opml version='2.0'><body><outline text='Press'>"
        f"<outline text='Mine' xmlUrl='{url}'/>"
        "<outline text='Herald &amp; Post' xmlUrl='https://herald.example/rss' language='en-GB'/>"
        "<outline text='Again' xmlUrl='http://www.herald.example/rss/'/>"
        "<outline text='Bad' xmlUrl='ftp://bad.example/'/>"
        "<outline text='Herald Post' xmlUrl='https://herald.example/2'/></outline></body></opml>"
    )

    tried = desk.json("sources", "import", str(file), "--dry-run", code=1)
    before = desk.rows()
    desk.json("sources", "import", str(file), code=1)
    again = desk.json("sources", "import", str(file), code=1)
    exported = desk("sources", "export").stdout
    file.write_text(exported)
    back = desk.json("sources", "import", str(file))

    assert tried["counts"] == {"added": 2, "known": 1, "twice": 1, "refused": 1}
    assert [row["id"] for row in before] == ["mine"]
    assert again["counts"] == {"added": 0, "known": 4, "twice": 0, "refused": 1}
    assert [row["id"] for row in desk.rows()] == ["herald-post", "herald-post-2", "mine"]
    assert set(back["counts"].items()) > {("added", 0), ("refused", 0)}


def test_an_export_rebuilds_the_sources_elsewhere(desk: Desk, run: Run) -> None:
    url = desk.server.url("/all.xml")
    desk.json("sources", "add", "mine", "--feed", url, "--unchecked", "--interval", "2h")
    desk.json("sources", "disable", "mine")
    blocks = desk("sources", "export", "--toml").stdout
    other = Desk(desk.home.parent / "other", desk.server, run)
    (other.home / "list.opml").write_text(desk("sources", "export").stdout)

    other.json("sources", "import", "list.opml")

    assert other("sources", "export", "--toml").stdout == blocks
    (other.home / "catalogue" / "sources.toml").write_text(blocks)
    assert other("config", "check").returncode == 0


@pytest.mark.parametrize("body", ["<html/>", "", "<opml><body>"])
def test_a_file_that_is_no_list_is_a_usage_error(desk: Desk, body: str) -> None:
    (desk.home / "list.opml").write_text(body)

    answer = desk("sources", "import", "list.opml")

    assert answer.returncode == 2
    assert "list.opml" in answer.stderr
