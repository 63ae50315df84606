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


@pytest.mark.parametrize("method", OFFERS)
def test_each_way_finds_what_was_published(tmp_path: Path, method: str) -> None:
    world = ArchiveWorld(articles=120, outlets=4, months=3)
    world = ArchiveWorld(
        articles=120, outlets=4, months=3, offers=dict.fromkeys(world.names, (OFFERS[method],))
    )
    archive = Archive(tmp_path, world)
    span = Span(since=world.start + timedelta(days=10), until=world.end - timedelta(days=10))

    number = archive.backfill(span)

    wanted = sum(
        span.since <= piece.published < span.until
        for pieces in world.pieces.values()
        for piece in pieces
    )
    with archive.open() as ctx, ctx.store.read() as tx:
        listed = backfillbook.listed(tx, number)
        assert {part.method for part in backfills.parts_of(tx, number)} == {method}
        assert sum(one.article_id is not None for one in listed) == wanted
        assert [run for run in ledger.runs(tx) if run.difference] == []
        assert len(list(stories.story_rows(tx))) < wanted
    assert list((tmp_path / "out" / "all" / "_news").glob("*.md"))
