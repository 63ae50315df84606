"""The archive host of the backfills' tests tells one story, whichever way it is asked."""

from __future__ import annotations

import gzip
import json
import re
import ssl
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from warcio.archiveiterator import ArchiveIterator

from pipeline import line
from pipeline.context import FixedClock
from pipeline.io.store import sources, stories
from tests.archivehost import ENTRIES, WAYBACK, ArchiveWeb, ArchiveWorld
from tests.proxy import playing
from tests.world import catalogue, opened, source

_WORLD = ArchiveWorld(articles=600, outlets=6, months=12)
_LATER = _WORLD.end + timedelta(days=1)
_ONE = "outlet00"
_BASE = f"https://{_ONE}.example"


def _ask(url: str, now: datetime = _LATER, world: ArchiveWorld = _WORLD) -> str:
    reply = world.answer(url, now)
    assert reply.status == 200, url
    body = gzip.decompress(reply.body) if url.endswith(".gz") else reply.body
    return body.decode()


def _links(feed: str) -> set[str]:
    return set(re.findall(r"<link>(https://[^<]*\.html)</link>", feed))


def _all(world: ArchiveWorld = _WORLD) -> set[str]:
    return {world.url(piece) for piece in world.pieces[_ONE]}


def test_a_world_has_the_articles_it_was_asked_for_over_its_months() -> None:
    pieces = [piece for held in _WORLD.pieces.values() for piece in held]
    assert len(pieces) == 600
    months = {f"{piece.published:%Y-%m}" for piece in pieces}
    assert len(months) >= 12
    assert all(_WORLD.start <= piece.published < _WORLD.end for piece in pieces)
    tellings = Counter(piece.event for piece in pieces)
    assert sum(count > 1 for count in tellings.values()) > 150


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    again, other = (
        ArchiveWorld(articles=600, outlets=6),
        ArchiveWorld(seed=2, articles=600, outlets=6),
    )
    assert again.feed_at(_ONE, _LATER) == _WORLD.feed_at(_ONE, _LATER)
    assert other.feed_at(_ONE, _LATER) != _WORLD.feed_at(_ONE, _LATER)


def test_a_feed_is_what_had_been_published_by_then() -> None:
    pieces = _WORLD.pieces[_ONE]
    moment = pieces[50].published
    shown = _links(_WORLD.feed_at(_ONE, moment).decode())
    assert shown == {_WORLD.url(piece) for piece in pieces[50 - ENTRIES + 1 : 51]}
    assert _WORLD.answer(_WORLD.url(pieces[51]), moment).status == 404
    assert "<article>" in _ask(_WORLD.url(pieces[50]), moment)


def test_the_chain_of_archives_reaches_every_article() -> None:
    document = _ask(f"{_BASE}/feed.xml")
    found = _links(document)
    while before := re.search(r"rel='prev-archive' href='([^']*)'", document):
        document = _ask(before[1])
        assert "<fh:archive/>" in document
        found |= _links(document)
    assert found == _all()


def test_an_archive_does_not_change_once_it_is_there() -> None:
    complete = _WORLD.pieces[_ONE][ENTRIES - 1].published
    url = f"{_BASE}/archive/1.xml"
    assert _WORLD.answer(url, complete - timedelta(minutes=1)).status == 404
    assert _ask(url, complete) == _ask(url)


def test_paging_reaches_every_article_and_ends_with_404() -> None:
    found: set[str] = set()
    page = 1
    while (reply := _WORLD.answer(f"{_BASE}/feed.xml?paged={page}", _LATER)).status == 200:
        found |= _links(reply.body.decode())
        page += 1
    assert found == _all()
    assert reply.status == 404


def test_an_outlet_without_paging_gives_its_first_page_again() -> None:
    world = ArchiveWorld(articles=600, outlets=6, offers={_ONE: ()})
    assert _ask(f"{_BASE}/feed.xml?paged=2", world=world) == _ask(f"{_BASE}/feed.xml", world=world)


def test_the_sitemaps_of_the_months_list_every_article() -> None:
    [index] = re.findall(r"Sitemap: (\S+)", _ask(f"{_BASE}/robots.txt"))
    months = re.findall(r"<loc>([^<]*)</loc><lastmod>20", _ask(index))
    assert len(months) >= 12
    assert all(url.endswith(".xml.gz") for url in months)
    listed = [url for month in months for url in re.findall(r"<loc>([^<]*)</loc>", _ask(month))]
    assert set(listed) == _all()


def test_a_sitemap_loop_lists_itself() -> None:
    world = ArchiveWorld(articles=100, outlets=6, faults={_ONE: "sitemap-loop"})
    first = _ask(f"{_BASE}/sitemap.xml", world=world)
    assert _ask(f"{_BASE}/sitemap-again.xml", world=world) == first
    assert f"<loc>{_BASE}/sitemap.xml</loc>" in first


def _cdx(query: str) -> list[list[str]]:
    asked = f"https://{WAYBACK}/cdx/search/cdx?url={_ONE}.example/feed.xml&output=json&{query}"
    found: list[list[str]] = json.loads(_ask(asked))
    return found


def test_snapshots_of_a_feed_reach_every_article() -> None:
    head, *rows = _cdx("fl=timestamp,original&collapse=digest")
    assert head == ["timestamp", "original"]
    found = {link for at, url in rows for link in _links(_kept(at, url))}
    assert found == _all()


def _kept(stamp: str, url: str) -> str:
    return _ask(f"https://{WAYBACK}/web/{stamp}id_/{url}")


def test_the_index_of_snapshots_takes_a_span_and_goes_on_where_it_stopped() -> None:
    [_, *month] = _cdx("from=202508&to=202508&fl=timestamp")
    assert len(month) == 62
    assert all(stamp.startswith("202508") for [stamp] in month)
    first = _cdx("from=202508&to=202508&fl=timestamp&limit=40&showResumeKey=true")
    assert first[-2] == []
    rest = _cdx(f"from=202508&to=202508&fl=timestamp&limit=40&resumeKey={first[-1][0]}")
    assert first[1:-2] + rest[1:] == month


def test_a_moment_without_a_snapshot_leads_to_the_nearest() -> None:
    reply = _WORLD.answer(f"https://{WAYBACK}/web/20250815010000id_/{_BASE}/feed.xml", _LATER)
    assert reply.status == 302
    assert reply.headers["location"] == (
        f"https://{WAYBACK}/web/20250815000000id_/{_BASE}/feed.xml"
    )


def test_a_warc_holds_every_page(tmp_path: Path) -> None:
    path = tmp_path / "all.warc.gz"
    _WORLD.write_warc(path)
    held = {}
    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type == "response":
                url = record.rec_headers.get_header("WARC-Target-URI")
                held[url] = record.content_stream().read()
    assert len(held) == 600
    url = _WORLD.url(_WORLD.pieces[_ONE][0])
    assert held[url].decode() == _ask(url)


def test_a_host_that_answers_429_does_so_all_along() -> None:
    world = ArchiveWorld(articles=100, outlets=6, faults={_ONE: "429", WAYBACK: "429"})
    for url in (f"{_BASE}/feed.xml", f"{_BASE}/robots.txt", f"https://{WAYBACK}/cdx/search/cdx"):
        assert world.answer(url, _LATER).status == 429


def test_a_replayed_month_is_polled_into_stories_of_several_outlets(tmp_path: Path) -> None:
    books = catalogue([source(name) for name in _WORLD.names])
    clock = FixedClock(datetime(2025, 8, 1, tzinfo=UTC))
    for moment in _days(clock.now, 10):
        clock.now = moment
        web = ArchiveWeb(_WORLD, clock)
        with opened(tmp_path, books, web, now=moment) as ctx:
            with ctx.store.write() as tx:
                sources.apply_sync(tx, books.sources, now=moment)
            line.run(ctx)
            with ctx.store.read() as tx:
                found = stories.story_rows(tx)
    assert sum(row.members for row in found) > 10
    assert max(row.members for row in found) >= 3
    told = Counter(
        piece.event
        for name in _WORLD.names
        for piece in _WORLD.published(name, clock.now)[-ENTRIES:]
    )
    assert len(found) <= 1.2 * len(told)


def _days(start: datetime, count: int) -> Iterable[datetime]:
    return (start + timedelta(days=day) for day in range(count))


def test_a_real_client_sees_the_world_through_the_loopback_proxy(tmp_path: Path) -> None:
    web = ArchiveWeb(_WORLD, FixedClock(_LATER))
    with (
        playing(web, tmp_path) as proxy,
        httpx.Client(
            proxy=proxy.url, verify=ssl.create_default_context(cafile=proxy.ca_file)
        ) as client,
    ):
        answer = client.get(f"{_BASE}/feed.xml")
    assert answer.content == _WORLD.feed_at(_ONE, _LATER)
    assert web.asked == {f"{_ONE}.example": 1}
