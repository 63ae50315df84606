"""What an operator chooses is done again by today's rules, as a dry run has said before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from config.catalogue import Topic
from pipeline import line
from pipeline.context import Context
from pipeline.io.schema import articles, documents, memberships, pages, stories, ties, written
from pipeline.io.store.redo import Chosen
from pipeline.records import ArticleId, StoryId
from pipeline.stages import correct
from pipeline.stages.rehearse import FileChange, rehearse
from pipeline.stages.reprocess import COMPONENTS, begin, left_over, plan
from pipeline.urls import url_key
from tests.pipeline.stages.archive import Archive
from tests.world import APPLES, FERRIES, NOW, PIER, catalogue, page, source, tree

EVERYTHING = Chosen()


@pytest.fixture
def archive(tmp_path: Path, database_url: str) -> Archive:
    made = Archive(tmp_path, database_url)
    made.run()
    with made.open() as ctx:
        made.rest(ctx)
    made.web.asked.clear()
    return made


def _rehearsed(
    archive: Archive, ctx: Context, stage: str, chosen: Chosen = EVERYTHING
) -> list[FileChange]:
    """Return what a dry run says, and make sure that it changes and asks for nothing."""
    tables = (pages, articles, stories, memberships, documents, written)

    def state() -> tuple[list[list[str]], Any]:
        with ctx.store.read() as tx:
            rows = [sorted(map(repr, tx.execute(select(table)))) for table in tables]
        return rows, tree(archive.home / "out")

    before = state()
    planned = plan(ctx, stage, chosen, what="all", fetch=False)
    changes = rehearse(ctx, planned)

    assert state() == before
    assert archive.web.asked == []
    return changes


def _done(
    ctx: Context, stage: str, chosen: Chosen = EVERYTHING, *, what: str = "all", fetch: bool = False
) -> int:
    """Do a plan to its end; return how much it was."""
    planned = plan(ctx, stage, chosen, what=what, fetch=fetch)
    begin(ctx, planned)
    line.finish(ctx)
    assert left_over(ctx, planned) == 0
    return planned.size


def _told(change: FileChange) -> set[str]:
    """Return the lines that a difference takes away and adds, but for the secured ones."""
    lines = change.diff.splitlines()[2:]
    return {line_ for line_ in lines if line_[0] in "+-" and "secured" not in line_}


def test_a_dry_run_shows_what_the_run_then_does(archive: Archive) -> None:
    with archive.open() as ctx:
        archive.store_bodies(ctx, ("Frost ruins apple harvest", "Frost halves apple harvest"))
        [change] = _rehearsed(archive, ctx, "extract")

        assert _done(ctx, "extract") == 3
        assert (change.site, change.kind) == ("all", "updated")
        path = archive.home / "out" / "all" / change.path
        added = {text[1:] for text in change.diff.splitlines()[2:] if text.startswith("+")}
        assert added <= set(path.read_text().splitlines())
        assert _rehearsed(archive, ctx, "extract") == []


@pytest.mark.parametrize("stage", ["extract", "cluster", "score", "write"])
def test_what_is_up_to_date_gives_the_same_files_again(archive: Archive, stage: str) -> None:
    with archive.open() as ctx:
        before = tree(archive.home / "out" / "all" / "_news")
        members = archive.rows(ctx, memberships.c.article_id, memberships.c.story_id)

        assert _rehearsed(archive, ctx, stage) == []
        assert _done(ctx, stage) > 0
        assert tree(archive.home / "out" / "all" / "_news") == before
        assert archive.rows(ctx, memberships.c.article_id, memberships.c.story_id) == members


def test_a_version_chooses_what_is_older_and_doing_it_again_chooses_nothing(
    archive: Archive,
) -> None:
    with archive.open() as ctx:
        of_apples = stories.c.lead_id == url_key(APPLES.url)
        for stage, column, where in (
            ("extract", pages.c.extractor_version, pages.c.id == url_key(PIER.url)),
            ("score", stories.c.score_version, of_apples),
            ("cluster", stories.c.cluster_version, of_apples),
            ("write", documents.c.writer_version, documents.c.path.like("%apple%")),
        ):
            today = COMPONENTS[stage][1]
            with ctx.store.write() as tx:
                older = update(column.table).where(where).values({column: today - 1})
                assert tx.execute(older).rowcount == 1
            assert _done(ctx, stage, Chosen(older_than=today)) == 1, stage
            assert plan(ctx, stage, Chosen(older_than=today), what="all", fetch=False).size == 0


def test_times_story_and_provider_narrow_what_is_chosen(archive: Archive) -> None:
    with archive.open() as ctx:
        [(apples,)] = [
            (id_,)
            for id_, lead in archive.rows(ctx, stories.c.id, stories.c.lead_id)
            if lead == url_key(APPLES.url)
        ]

        def size(stage: str, **choice: Any) -> int:
            return plan(ctx, stage, Chosen(**choice), what="all", fetch=False).size

        assert size("extract", provider="two.example") == 1
        assert size("extract", story=StoryId(apples)) == 1
        assert size("extract", since=NOW) == 0
        assert size("extract", until=NOW) == 3
        assert size("extract", until=NOW - timedelta(days=1)) == 0
        assert size("score", provider="two.example") == 1
        assert size("score", story=StoryId(apples)) == 1
        assert size("score", since=NOW) == 0
        assert size("write", provider="nobody.example") == 0


def test_a_page_that_gave_no_article_gives_one_by_todays_rules(
    tmp_path: Path, database_url: str
) -> None:
    archive = Archive(tmp_path, database_url)
    archive.web.answers[PIER.url] = (
        page(PIER)
        .replace("<article>", "<p>404")
        .replace("<head>", "<head><meta name='robots' content='noindex'>")
    )
    archive.run()
    with archive.open() as ctx:
        archive.rest(ctx)
        assert len(archive.rows(ctx, articles.c.id)) == 2
        archive.web.asked.clear()
        archive.store_bodies(ctx, ("noindex", "index"), ("<p>404", "<article>"))

        assert _done(ctx, "extract", what="missing") == 1
        assert archive.web.asked == []
        assert (PIER.title,) in archive.rows(ctx, articles.c.title)
        assert _done(ctx, "extract", what="missing") == 0


def test_what_its_publisher_took_back_stays_away(archive: Archive) -> None:
    with archive.open() as ctx:
        with ctx.store.write() as tx:
            tx.execute(update(articles).values(state="gone"))
            tx.execute(update(pages).values(state="skipped", article_id=None, last_error="removed"))

        for what in ("missing", "failed", "all"):
            assert plan(ctx, "extract", EVERYTHING, what=what, fetch=True).size == 0


def test_what_a_rule_took_away_a_better_one_brings_back(archive: Archive) -> None:
    with archive.open() as ctx:
        archive.store_bodies(ctx, ("<head>", "<head><meta name='robots' content='noindex'>"))
        _done(ctx, "extract")
        assert archive.rows(ctx, articles.c.state) == [("gone",)] * 3
        archive.store_bodies(ctx, ("noindex", "index"))

        assert _done(ctx, "extract", what="missing") == 3
        assert archive.rows(ctx, articles.c.state) == [("clustered",)] * 3


def test_pages_that_failed_are_fetched_again_where_that_is_allowed(
    tmp_path: Path, database_url: str
) -> None:
    archive = Archive(tmp_path, database_url)
    archive.web.answers[PIER.url] = 503
    archive.web.answers[FERRIES.url] = "<html><body>nothing</body></html>"
    archive.run()
    with archive.open() as ctx:
        archive.rest(ctx)
        with ctx.store.write() as tx:
            held = {"quarantined": "http-503", "state": "quarantined", "tick_id": None}
            tx.execute(update(pages).where(pages.c.id == url_key(PIER.url)).values(held))
        archive.web.answers[PIER.url] = page(PIER)
        archive.web.asked.clear()

        left = plan(ctx, "extract", EVERYTHING, what="failed", fetch=False)
        assert (left.size, dict(left.left)) == (0, {"body not kept": 1})
        assert _done(ctx, "extract", what="failed", fetch=True) == 1
        assert archive.web.asked == [PIER.url]
        assert (PIER.title,) in archive.rows(ctx, articles.c.title)


def test_changed_topics_reach_stories_and_files(archive: Archive) -> None:
    archive.books = catalogue(
        [source("one"), source("two")],
        topics=(Topic(name="Frost", keywords=("frost",)),),
    )
    with archive.open() as ctx:
        changes = _rehearsed(archive, ctx, "score")
        assert any("Frost" in text for change in changes for text in _told(change))

        assert _done(ctx, "score") == 2
        topics = {tuple(found) for _, found in archive.rows(ctx, stories.c.id, stories.c.topics)}
        assert topics == {("Frost",), ()}
        texts = [
            one.decode() for path, one in tree(archive.home / "out").items() if "_news" in path
        ]
        assert any("Frost" in text for text in texts)


def _parted(ctx: Context) -> tuple[StoryId, StoryId]:
    """Put the two articles on the pier into stories of their own; return the stories."""
    with ctx.store.read() as tx:
        [origin] = {
            row.story_id
            for row in tx.execute(
                select(memberships).where(memberships.c.article_id == url_key(PIER.url))
            )
        }
    found = correct.split(ctx, StoryId(origin), [ArticleId(url_key(FERRIES.url))]).other
    assert found is not None
    return StoryId(origin), found


def test_stories_of_long_ago_are_grouped_anew_and_keep_their_ids(archive: Archive) -> None:
    with archive.open() as ctx:
        origin, found = _parted(ctx)
        with ctx.store.write() as tx:  # parted by an older clusterer, not by an operator
            tx.execute(ties.delete())
        line.finish(ctx)
    archive.hours = 24 * 400
    with archive.open() as ctx:
        assert _rehearsed(archive, ctx, "cluster", Chosen(story=found)) != []
        _done(ctx, "cluster", Chosen(story=found))

        states = dict(archive.rows(ctx, stories.c.id, stories.c.state))
        assert states[origin] == "live"
        assert states[found] == "merged"
        owners = dict(archive.rows(ctx, memberships.c.article_id, memberships.c.story_id))
        assert owners[url_key(FERRIES.url)] == origin


def test_what_an_operator_parted_stays_parted(archive: Archive) -> None:
    with archive.open() as ctx:
        _, found = _parted(ctx)
        line.finish(ctx)
        members = archive.rows(ctx, memberships.c.article_id, memberships.c.story_id)

        assert _rehearsed(archive, ctx, "cluster") == []
        _done(ctx, "cluster", Chosen(story=found))
        assert archive.rows(ctx, memberships.c.article_id, memberships.c.story_id) == members
