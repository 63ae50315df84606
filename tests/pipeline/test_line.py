"""The whole line on a web that is a plain function: what comes out, and what never goes wrong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml

from config.catalogue import Catalogue, Site
from pipeline import line
from pipeline.io.store import sources
from pipeline.outcomes import Tally
from tests.world import (
    HARBOUR,
    NOW,
    ORCHARD,
    FakeWeb,
    Item,
    catalogue,
    feed,
    opened,
    page,
    publish,
    source,
    tree,
)

PIER = Item(url="https://one.example/pier", title="Harbour closes northern pier", text=HARBOUR)
APPLES = Item(url="https://one.example/apples", title="Frost ruins apple harvest", text=ORCHARD)


def _run(home: Path, books: Catalogue, web: FakeWeb, *, minutes: int = 0, **changes: Any) -> Tally:
    tally = Tally()
    moment = NOW + timedelta(minutes=minutes)
    with opened(home, books, web, now=moment, tally=tally, **changes) as ctx:
        with ctx.store.write() as tx:
            sources.apply_sync(tx, books.sources, now=moment)
        line.run(ctx)
    assert all(counts.difference == 0 for counts in tally.stages.values())
    return tally


def _documents(home: Path) -> list[dict[str, Any]]:
    return [
        next(yaml.safe_load_all(path.read_text()))
        for path in sorted((home / "out" / "all" / "_news").glob("*.md"))
    ]


def _world(items: Iterable[Item] = (PIER, APPLES)) -> tuple[Catalogue, FakeWeb]:
    web = FakeWeb()
    publish(web, "one.example", items)
    return catalogue([source("one")]), web


def test_entries_become_documents(tmp_path: Path) -> None:
    books, web = _world()

    tally = _run(tmp_path, books, web)

    apples, pier = _documents(tmp_path)
    assert pier["title"] == "Harbour closes northern pier"
    assert str(pier["excerpt"]).startswith("The harbour authority closed the northern pier")
    assert pier["topics"] == ["Harbour"]
    assert pier["provider"]["name"] == "One"
    assert apples["sourceUrl"] == "https://one.example/apples"
    assert tally.failed == 0


def test_a_second_run_on_the_same_store_writes_nothing_but_the_freshness_file(
    tmp_path: Path,
) -> None:
    books, web = _world()
    _run(tmp_path, books, web)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*")}

    _run(tmp_path, books, web, minutes=45)

    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*")}
    changed = {path.name for path in after if after[path] != before.get(path)}
    assert changed <= {"latest.json"}


def test_pages_are_fetched_once(tmp_path: Path) -> None:
    books, web = _world()
    _run(tmp_path, books, web)
    _run(tmp_path, books, web, minutes=45)

    assert web.asked.count(PIER.url) == 1
    assert web.asked.count("https://one.example/feed.xml") == 2


def test_a_corrected_entry_changes_its_document_and_keeps_its_name(tmp_path: Path) -> None:
    books, web = _world([PIER])
    _run(tmp_path, books, web)
    [before] = (tmp_path / "out" / "all" / "_news").glob("*.md")
    corrected = Item(url=PIER.url, title="Harbour closes two piers", text=HARBOUR)
    publish(web, "one.example", [corrected])

    tally = _run(tmp_path, books, web, minutes=45)

    [after] = (tmp_path / "out" / "all" / "_news").glob("*.md")
    assert after == before
    assert _documents(tmp_path)[0]["title"] == "Harbour closes two piers"
    assert tally.stages["write"].ended["updated"] == 1


def test_every_bad_source_gives_one_reason_and_harms_nobody(tmp_path: Path) -> None:
    good, web = _world()
    _run(tmp_path / "alone", good, web)

    def endless(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"<rss>" + b"x" * 3_000_000)

    def loop(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": str(request.url)})

    bad: dict[str, tuple[Any, str]] = {
        "missing": (404, "http-404"),
        "broken": (500, "http-500"),
        "html": (page(PIER), "not-a-feed"),
        "nothing": (b"", "empty-body"),
        "garbage": (bytes(range(256)) * 8, "not-a-feed"),
        "looping": (loop, "redirect-loop"),
        "endless": (endless, "too-large"),
    }
    for name, (answer, _) in bad.items():
        web.answers[f"https://{name}.example/feed.xml"] = answer
    books = catalogue([source("one"), *(source(name) for name in bad)])

    tally = _run(tmp_path / "together", books, web, feed_max_bytes=1_000_000)

    reasons = dict(tally.stages["fetch"].reasons)
    assert {name: reasons[name].split(":")[0] for name in bad} == {
        name: reason for name, (_, reason) in bad.items()
    }
    assert tally.stages["fetch"].ended["failed"] == len(bad)
    alone, together = (tree(tmp_path / name / "out") for name in ("alone", "together"))
    assert alone == together


def test_entries_without_link_title_or_date_lose_nothing_else(tmp_path: Path) -> None:
    books, web = _world()
    untitled = Item(url="https://one.example/apples", title="", text=ORCHARD, published=None)
    document = feed([PIER, untitled]).replace(
        "</channel>", "<item><title>No link</title></item></channel>"
    )
    web.answers["https://one.example/feed.xml"] = document
    web.answers[APPLES.url] = page(APPLES)

    tally = _run(tmp_path, books, web)

    assert [document["title"] for document in _documents(tmp_path)] == [APPLES.title, PIER.title]
    assert ("one: No link", "entry-without-link") in tally.stages["fetch"].reasons


def test_a_page_without_text_is_skipped_for_a_reason(tmp_path: Path) -> None:
    books, web = _world()
    web.answers[APPLES.url] = "<html><body></body></html>"

    tally = _run(tmp_path, books, web)

    [(member, reason)] = tally.stages["extract"].reasons
    assert member == APPLES.url
    assert reason.startswith("no-text")
    assert [document["title"] for document in _documents(tmp_path)] == [PIER.title]


def test_a_page_that_fails_is_tried_again_later(tmp_path: Path) -> None:
    books, web = _world()
    web.answers[APPLES.url] = 503
    first = _run(tmp_path, books, web)
    web.answers[APPLES.url] = page(APPLES)

    _run(tmp_path, books, web, minutes=5)

    assert first.stages["extract"].ended["failed"] == 1
    assert len(_documents(tmp_path)) == 2


def test_two_outlets_on_one_event_are_one_story(tmp_path: Path) -> None:
    books, web = _world([PIER])
    other = Item(
        url="https://two.example/news/pier-shut",
        title="Northern pier shut after divers find cracks in harbour pillars",
        text="Divers have found cracks in two old pillars of the harbour's northern pier, and the "
        "authority has closed it.\nPassengers for the outer islands must use the southern basin "
        "while engineers inspect the pier, for about three weeks.\nBoats may unload at night.",
    )
    publish(web, "two.example", [other])
    books = catalogue([source("one"), source("two")])

    _run(tmp_path, books, web)

    [story] = _documents(tmp_path)
    assert story["title"] == PIER.title
    [related] = story["related"]
    assert related["sourceUrl"] == other.url


def test_a_story_that_leaves_the_filter_leaves_a_tombstone(tmp_path: Path) -> None:
    books, web = _world([PIER])
    site = Site(name="all", out="all", threshold=0, topics=("Harbour",))
    books = books.model_copy(update={"sites": {"all": site}})
    _run(tmp_path, books, web)
    assert _documents(tmp_path)[0]["published"] is True
    moved = Item(
        url=PIER.url,
        title="Northern pier closed",
        text=HARBOUR.replace("harbour", "port"),
    )
    publish(web, "one.example", [moved])

    _run(tmp_path, books, web, minutes=45)

    [document] = _documents(tmp_path)
    assert document["published"] is False
    assert document["heat"] == -1


def test_what_a_busy_host_keeps_waiting_is_counted_as_deferred_and_done_next_time(
    tmp_path: Path,
) -> None:
    items = [
        Item(url=f"https://one.example/{n}", title=f"Harbour report {n}", text=HARBOUR)
        for n in range(5)
    ]
    books, web = _world(items)

    first = _run(tmp_path, books, web, host_spacing="60s", tick_deadline="150s")
    second = _run(tmp_path, books, web, minutes=45)

    assert first.stages["extract"].ended["deferred"] > 0
    assert sum(tally.stages["extract"].ended["new"] for tally in (first, second)) == len(items)
