"""Pages are read again from their stored bodies, and nobody is asked for anything."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from pipeline import line
from pipeline.context import Context
from pipeline.io.schema import articles, entries, hosts, pages, pictures
from pipeline.io.schema import sources as sources_table
from pipeline.io.schema_bodies import page_bodies
from pipeline.io.store import bodies
from pipeline.io.store.housekeeping import Keep, forget_some
from pipeline.records import Page, PageId
from pipeline.urls import url_key
from tests.pipeline.stages.archive import HOUR, Archive
from tests.world import APPLES, HARBOUR, NOW, PIER, Item, page, publish

KEPT = timedelta(days=30)
#: An old page that declares a picture nobody has measured.
OLD = Item(
    url="https://one.example/old",
    title="Harbour pier opens",
    text=HARBOUR,
    published=NOW - timedelta(days=500),
)
#: Makes a page one that no article is made of.
TAKEN_BACK = ("<head>", "<head><meta name='robots' content='noindex'>")
OLD_PAGE = page(OLD).replace(
    "<head>", "<head><meta property='og:image' content='https://one.example/old.png'>"
)


@pytest.fixture
def archive(tmp_path: Path, database_url: str) -> Archive:
    return Archive(tmp_path, database_url)


def test_a_stored_page_gives_the_same_article_and_nobody_is_asked(archive: Archive) -> None:
    archive.run()
    archive.web.asked.clear()
    with archive.open(host_spacing=timedelta(minutes=1)) as ctx:
        with ctx.store.write() as tx:  # nobody may be asked, and nothing is known of robots.txt
            tx.execute(
                update(hosts).values(
                    paused_until=NOW + timedelta(days=9), robots=None, robots_at=None
                )
            )
        columns = (articles.c.id, articles.c.content_hash, articles.c.revision)
        before = archive.rows(ctx, *columns)
        paces = archive.rows(ctx, hosts.c.host, hosts.c.next_free_at, hosts.c.held_by)
        archive.mark(ctx, bodies.STORED)
        line.run(ctx)

        assert archive.web.asked == []
        assert archive.rows(ctx, *columns) == before
        assert archive.rows(ctx, hosts.c.host, hosts.c.next_free_at, hosts.c.held_by) == paces
        assert archive.rows(ctx, pages.c.state, pages.c.read_from) == [("done", "web")] * 3


def test_a_stored_page_is_read_by_todays_rules(archive: Archive) -> None:
    archive.run()
    with archive.open() as ctx:
        archive.mark(ctx, bodies.STORED)
        archive.store_bodies(ctx, ("closes northern pier", "closes western pier"))
        line.run(ctx)

        titles = {title for (title,) in archive.rows(ctx, articles.c.title)}
    assert "Harbour closes western pier" in titles
    assert PIER.title not in titles


def test_an_article_that_todays_rules_do_not_see_leaves_its_story(archive: Archive) -> None:
    archive.run()
    with archive.open() as ctx:
        archive.mark(ctx, bodies.STORED)
        archive.store_bodies(ctx, TAKEN_BACK)
        line.run(ctx)

        assert archive.rows(ctx, articles.c.state) == [("gone",)] * 3
        assert archive.rows(ctx, pages.c.state) == [("skipped",)] * 3


@pytest.mark.parametrize(("rule", "asked"), [(bodies.STORED, 3), (bodies.STORED_ONLY, 0)])
def test_a_body_that_is_gone_is_asked_for_or_done_without(
    archive: Archive, rule: str, asked: int
) -> None:
    archive.run()
    archive.web.asked.clear()
    with archive.open() as ctx:
        archive.mark(ctx, rule)
        with ctx.store.write() as tx:
            tx.execute(delete(page_bodies))
        line.run(ctx)

        assert len([url for url in archive.web.asked if "robots" not in url]) == asked
        assert archive.rows(ctx, articles.c.state) == [("clustered",)] * 3
        errors = {error for (error,) in archive.rows(ctx, pages.c.last_error)}
        assert errors == ({None} if asked else {"body-gone"})
        assert archive.rows(ctx, pages.c.read_from) == [("web",)] * 3


def test_what_is_told_anew_of_a_page_is_asked_for_at_its_host(archive: Archive) -> None:
    archive.run()
    with archive.open() as ctx:
        archive.mark(ctx, bodies.STORED)
        with ctx.store.write() as tx:
            tx.execute(update(sources_table).values(next_at=NOW, etag=None, body_hash=None))
    corrected = Item(url=PIER.url, title="Harbour closes pier for weeks", text=PIER.text)
    publish(archive.web, "one.example", [corrected, APPLES])
    archive.web.asked.clear()
    archive.run()

    assert PIER.url in archive.web.asked
    assert APPLES.url not in archive.web.asked


def _bring(ctx: Context, *, kept_at: bool = True) -> None:
    """Bring a page of long ago, as an archive does."""
    key = PageId(url_key(OLD.url))
    at = NOW - timedelta(days=499)
    record = Page(
        id=key,
        url=OLD.url,
        final_url=OLD.url,
        body=OLD_PAGE.encode(),
        content_type="text/html",
        fetched_at=at,
    )
    zeros = dict.fromkeys(("attempts", "deaths", "failures", "fence"), 0)
    with ctx.store.write() as tx:
        tx.execute(
            insert(entries).values(
                source_id="one",
                entry_key=OLD.url,
                page_id=key,
                url=OLD.url,
                title=OLD.title,
                summary="",
                authors=[],
                media=[],
                content_hash="x",
                first_seen_at=at,
                last_seen_at=at,
            )
        )
        tx.execute(
            insert(pages).values(
                id=key,
                url=OLD.url,
                host="one.example",
                state="pending",
                next_at=NOW,
                is_recheck=False,
                read_from=bodies.STORED_ONLY,
                **zeros,
            )
        )
        bodies.keep_bodies(tx, [record], kept_at=ctx.clock() if kept_at else None)


def test_a_page_out_of_an_archive_is_read_as_of_its_time(archive: Archive) -> None:
    with archive.open() as ctx:
        _bring(ctx)
        with ctx.store.write() as tx:
            tx.execute(update(sources_table).values(next_at=NOW + timedelta(days=999)))
        line.run(ctx)

        assert archive.web.asked == []
        assert archive.rows(ctx, articles.c.title, articles.c.published_at) == [
            (OLD.title, OLD.published)
        ]
        assert archive.rows(ctx, pages.c.recheck_at) == [(None,)]
        assert archive.rows(ctx, pictures.c.key) == []


def _keep(now: datetime) -> Keep:
    return Keep(now=now, pages=KEPT, entries=KEPT, changes=100)


def test_what_an_archive_brought_is_kept_from_when_it_came(archive: Archive) -> None:
    with archive.open() as ctx:
        _bring(ctx)
        now = ctx.clock()
        for later, gone in ((timedelta(0), 0), (KEPT + HOUR, 0)):  # pending: about to be read
            with ctx.store.write() as tx:
                count = forget_some(tx, "page_bodies", _keep(now + later))
            assert count == gone
        with ctx.store.write() as tx:
            tx.execute(update(pages).values(state="done", read_from="web"))
        for later, gone in ((KEPT - HOUR, 0), (KEPT + HOUR, 1)):
            with ctx.store.write() as tx:
                count = forget_some(tx, "page_bodies", _keep(now + later))
            assert count == gone
