"""A backfill finds, reads, places and writes what a made-up year has published."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.history.lookup import Span
from pipeline.io.store import backfillbook, backfills, ledger, stories
from tests.archivehost import ArchiveWorld, Offer
from tests.pipeline.backfill.material import Archive

OFFERS: dict[str, Offer] = {
    "archive-links": "archives",
    "sitemap": "sitemap-gz",
    "paging": "paging",
    "wayback": "wayback",
}


def wanted(world: ArchiveWorld, span: Span) -> int:
    """Return how many articles a world has published in a span."""
    pieces = [piece for pieces in world.pieces.values() for piece in pieces]
    return sum(span.since <= piece.published < span.until for piece in pieces)


@pytest.mark.parametrize("method", OFFERS)
def test_each_way_finds_what_was_published(tmp_path: Path, method: str) -> None:
    world = ArchiveWorld(articles=120, outlets=4, months=3)
    world = ArchiveWorld(
        articles=120, outlets=4, months=3, offers=dict.fromkeys(world.names, (OFFERS[method],))
    )
    archive = Archive(tmp_path, world)
    span = Span(since=world.start + timedelta(days=10), until=world.end - timedelta(days=10))

    number = archive.backfill(span)

    with archive.open() as ctx, ctx.store.read() as tx:
        listed = backfillbook.listed(tx, number)
        assert {part.method for part in backfills.parts_of(tx, number)} == {method}
        assert sum(one.article_id is not None for one in listed) == wanted(world, span)
        assert [run for run in ledger.runs(tx) if run.difference] == []
        assert len(list(stories.story_rows(tx))) < wanted(world, span)
    assert list((tmp_path / "out" / "all" / "_news").glob("*.md"))


def test_web_archives_are_read_without_the_network(tmp_path: Path) -> None:
    world = ArchiveWorld(articles=120, outlets=4, months=3)
    archive = Archive(tmp_path / "home", world)
    file = tmp_path / "news.warc.gz"
    world.write_warc(file)
    span = Span(since=world.start + timedelta(days=10), until=world.end - timedelta(days=10))

    number = archive.backfill(span, path=file)

    with archive.open() as ctx, ctx.store.read() as tx:
        listed = backfillbook.listed(tx, number)
        assert sum(one.article_id is not None for one in listed) == wanted(world, span)
        assert [run for run in ledger.runs(tx) if run.difference] == []
    assert archive.web.asked == {}


def test_a_list_of_addresses_is_read_from_the_web(tmp_path: Path) -> None:
    world = ArchiveWorld(articles=60, outlets=3, months=1)
    archive = Archive(tmp_path / "home", world)
    pieces = [piece for pieces in world.pieces.values() for piece in pieces]
    file = tmp_path / "list.csv"
    lines = [f"{world.url(piece)},{piece.published:%Y-%m-%dT%H:%M:%SZ}" for piece in pieces]
    file.write_text("\n".join(["url,published", *lines, "https://elsewhere.example/x,"]))
    span = Span(since=world.start, until=world.end)

    number = archive.backfill(span, path=file)

    with archive.open() as ctx, ctx.store.read() as tx:
        assert all(one.article_id for one in backfillbook.listed(tx, number))
        assert len(backfillbook.listed(tx, number)) == len(pieces)
