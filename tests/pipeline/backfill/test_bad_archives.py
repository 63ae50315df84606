"""What archives get wrong: each with a reason, nothing lost, and the other sources go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from pipeline.context import Context
from pipeline.history.lookup import Span
from pipeline.io.store import backfillbook, backfills, ledger
from tests.archivehost import ArchiveWeb, ArchiveWorld, Reply
from tests.pipeline.backfill.material import SMALL, Archive, span_of
from tests.world import HARBOUR, Item, page

_ONE = SMALL.names[0]
Answers = Callable[[str], Reply | None]


class Bent(ArchiveWeb):
    """The web of a world of which some answers are replaced."""

    def __init__(self, archive: Archive, bent: Answers) -> None:
        super().__init__(archive.world, lambda: archive.now)
        self._bent = bent

    def _answer(self, request: httpx.Request) -> httpx.Response:
        reply = self._bent(str(request.url))
        if reply is None:
            return super()._answer(request)
        self.asked[request.url.host] += 1
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body)


def bent(home: Path, world: ArchiveWorld, answers: Answers) -> Archive:
    archive = Archive(home, world)
    archive.web = Bent(archive, answers)
    return archive


def xml(body: str) -> Reply:
    return Reply(200, {"content-type": "application/xml"}, body.encode())


def urlset(urls: list[str], rest: str = "") -> Reply:
    rows = "".join(f"<url><loc>{url}</loc>{rest}</url>" for url in urls)
    return xml(f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{rows}</urlset>")


def stored(ctx: Context, number: int) -> Counter[str]:
    """Count the articles of each source; the books add up."""
    with ctx.store.read() as tx:
        assert [run for run in ledger.runs(tx) if run.difference] == []
        listed = backfillbook.listed(tx, number)
    return Counter(one.source_id for one in listed if one.article_id)


def reasons(ctx: Context, number: int) -> Counter[str]:
    """Count why entries have no article."""
    with ctx.store.read() as tx:
        return Counter(one.reason for one in backfillbook.listed(tx, number) if one.reason)


def entries_left(ctx: Context, number: int) -> Counter[tuple[str, str]]:
    """Count the entries that went nowhere, by how they ended."""
    with ctx.store.read() as tx:
        row = backfills.backfill(tx, number)
        assert row is not None
        [run] = [run for run in ledger.runs(tx) if run.id == row.tick_id]
    return run.stages["entries"].ended


def by_sitemap(world: ArchiveWorld) -> ArchiveWorld:
    return ArchiveWorld(
        articles=world.articles,
        outlets=world.outlets,
        months=world.months,
        offers=dict.fromkeys(world.names, ("sitemap",)),
    )


def of_outlets(world: ArchiveWorld) -> dict[str, int]:
    return {name: len(pieces) for name, pieces in world.pieces.items() if pieces}


@pytest.mark.slow
def test_a_host_that_answers_429_all_along_ends_with_reasons_and_others_go_on(
    tmp_path: Path,
) -> None:
    world = SMALL
    archive = Archive(tmp_path, world)
    with archive.open() as ctx:
        number = archive.plan(ctx, span_of(world))
    pages = f"https://{_ONE}.example/20"
    archive.web = Bent(
        archive, lambda url: Reply(429, {"retry-after": "600"}, b"") if pages in url else None
    )
    archive.go_on(number)
    with archive.open() as ctx:
        wanted = of_outlets(world)
        assert reasons(ctx, number) == {"http-429": wanted.pop(_ONE)}
        assert stored(ctx, number) == wanted
    # It is left alone for so long as it asks, and is not asked once for every page and try.
    assert archive.web.asked[f"{_ONE}.example"] < 60


def test_a_sitemap_that_leads_back_to_itself_is_read_once(tmp_path: Path) -> None:
    world = ArchiveWorld(
        articles=60,
        outlets=3,
        months=1,
        offers=dict.fromkeys(SMALL.names, ("sitemap",)),
        faults={_ONE: "sitemap-loop"},
    )
    archive = Archive(tmp_path, world)
    archive.backfill(span_of(world), only="sitemap")
    assert archive.web.asked[f"{_ONE}.example"] < 20
    with archive.open() as ctx:
        assert stored(ctx, 1).keys() == set(world.names[1:])


def test_pages_of_other_sites_are_counted_and_left_alone(tmp_path: Path) -> None:
    def answers(url: str) -> Reply | None:
        if url.startswith(f"https://{_ONE}.example/sitemap-"):
            return urlset([f"https://elsewhere.example/2026/02/10/{n}.html" for n in range(30)])
        return None

    world = by_sitemap(SMALL)
    archive = bent(tmp_path, world, answers)
    number = archive.backfill(span_of(world), only="sitemap")
    assert "elsewhere.example" not in archive.web.asked
    with archive.open() as ctx:
        assert stored(ctx, number).keys() == set(world.names[1:])
        assert entries_left(ctx, number)["skipped", "another-site"]


def test_pages_of_another_time_and_without_one_are_no_articles_of_the_span(
    tmp_path: Path,
) -> None:
    undated = f"https://{_ONE}.example/undated.html"
    world = by_sitemap(SMALL)
    old = world.pieces[_ONE][0]

    def answers(url: str) -> Reply | None:
        if url.startswith(f"https://{_ONE}.example/sitemap-"):
            return urlset([f"https://{_ONE}.example/story/{old.number}", undated])
        if url in (undated, f"https://{_ONE}.example/story/{old.number}"):
            said = page(Item(url=url, title="A pier", text=HARBOUR, published=None)).encode()
            told = said if url == undated else world.page(old)
            return Reply(200, {"content-type": "text/html"}, told)
        return None

    archive = bent(tmp_path, world, answers)
    span = Span(since=old.published + timedelta(days=2), until=world.end)
    number = archive.backfill(span, only="sitemap", names=[_ONE])
    with archive.open() as ctx:
        assert stored(ctx, number) == {}
        assert set(reasons(ctx, number)) == {"outside-span", "undated"}


def test_an_archive_that_robots_txt_forbids_is_not_asked(tmp_path: Path) -> None:
    def answers(url: str) -> Reply | None:
        forbids = b"User-agent: *\nDisallow: /sitemap\n"
        is_robots = url == f"https://{_ONE}.example/robots.txt"
        return Reply(200, {"content-type": "text/plain"}, forbids) if is_robots else None

    world = by_sitemap(SMALL)
    archive = bent(tmp_path, world, answers)
    number = archive.backfill(span_of(world), only="sitemap")
    # For robots.txt alone, which the finder reads too.
    assert archive.web.asked[f"{_ONE}.example"] <= 3
    with archive.open() as ctx, ctx.store.read() as tx:
        parts = {part.source_id: part for part in backfills.parts_of(tx, number)}
        assert parts[_ONE].method == ""
        assert "robots-disallowed" in parts[_ONE].note
    with archive.open() as ctx:
        assert set(stored(ctx, number)) == set(world.names[1:])


@pytest.mark.slow
def test_a_sitemap_of_fifty_thousand_addresses_is_read_in_a_child(tmp_path: Path) -> None:
    urls = [f"https://{_ONE}.example/2019/01/{1 + n % 28:02}/s-{n}.html" for n in range(49_900)]
    world = by_sitemap(SMALL)
    mine = [world.url(piece) for piece in world.pieces[_ONE]]
    archive = bent(
        tmp_path,
        world,
        lambda url: urlset([*urls, *mine]) if f"{_ONE}.example/sitemap-" in url else None,
    )
    number = archive.backfill(span_of(world), only="sitemap")
    with archive.open() as ctx:
        assert stored(ctx, number) == of_outlets(world)
