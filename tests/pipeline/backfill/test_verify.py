"""What `newsloom backfill verify` calls missing, and what it does not."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from pipeline.cli.backfill_verify import Day, by_day, empty_days
from pipeline.io.store import backfillbook
from tests.archivehost import ArchiveWorld, Reply
from tests.pipeline.backfill.material import span_of
from tests.pipeline.backfill.test_bad_archives import Bent, bent, urlset

#: Five articles a day.
WORLD = ArchiveWorld(articles=150, outlets=1, months=1, offers={"outlet00": ("sitemap",)})
(NAME,) = WORLD.names


def test_lost_pages_are_missing_dropped_days_are_told_and_refusals_are_neither(
    tmp_path: Path,
) -> None:
    pieces = WORLD.pieces[NAME]
    by_date = Counter(piece.published.date() for piece in pieces)
    dropped = sorted(by_date)[10]
    kept = [piece for piece in pieces if piece.published.date() != dropped]
    lost = {WORLD.url(piece) for piece in kept[:3]}
    home = f"https://{NAME}.example/about.html"

    def answers(url: str) -> Reply | None:
        if url == f"https://{NAME}.example/sitemap.xml":
            return urlset([*map(WORLD.url, kept), home])
        if url in lost:
            return Reply(404, {}, b"")
        if url == home:
            return Reply(200, {"content-type": "text/html"}, b"<html><p>We are here.</p></html>")
        return None

    archive = bent(tmp_path, WORLD, answers)
    assert isinstance(archive.web, Bent)
    number = archive.backfill(span_of(WORLD), only="sitemap")

    with archive.open() as ctx, ctx.store.read() as tx:
        days = by_day(backfillbook.listed(tx, number), [NAME])
    [of] = days.values()
    assert sum(day.missing for day in of.values()) == len(lost)
    assert sum(day.stored for day in of.values()) == len(kept) - len(lost)
    assert sum(day.none for day in of.values()) == 1
    assert sum((day.reasons for day in of.values()), Counter())["http-404"] == len(lost)
    assert empty_days(of) == [dropped]


def test_sparse_sources_are_not_judged_by_the_day() -> None:
    first, last = date(2026, 2, 1), date(2026, 2, 10)
    assert empty_days({first: Day(listed=14), last: Day(listed=15)}) == []
    assert len(empty_days({first: Day(listed=15), last: Day(listed=15)})) == 8
