"""A backfilled month is the month as it would have been, had it been polled then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline import line
from pipeline.context import Context, FixedClock
from pipeline.history.lookup import Span
from pipeline.io.schema import articles, memberships, stories
from pipeline.io.store import sources
from pipeline.records import SourceId
from pipeline.stages.past import STEP
from tests.archivehost import ArchiveWeb, ArchiveWorld
from tests.pipeline.backfill.material import Archive, books_of
from tests.world import opened

WORLD = ArchiveWorld(articles=150, outlets=6, months=1)
SPAN = Span(since=WORLD.start, until=WORLD.end)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Story -> its lead, heat and members.
Stories = dict[str, tuple[str, int, frozenset[str]]]


def stories_of(ctx: Context) -> Stories:
    with ctx.store.read() as tx:
        rows = tx.execute(select(stories).where(stories.c.state == "live")).all()
        members: dict[str, set[str]] = {}
        for article, story in tx.execute(select(memberships.c.article_id, memberships.c.story_id)):
            members.setdefault(story, set()).add(article)
    return {row.id: (row.lead_id, row.heat, frozenset(members[row.id])) for row in rows}


def polled(home: Path, world: ArchiveWorld, names: tuple[str, ...]) -> Stories:
    """Poll outlets of a world at the end of each hour in which it has news."""
    clock = FixedClock(world.start)
    pieces = [piece for of in world.pieces.values() for piece in of]
    hours = sorted({EPOCH - (EPOCH - piece.published) // STEP * STEP for piece in pieces})
    with opened(
        home, books_of(world), ArchiveWeb(world, clock), now=world.start, recheck_after=()
    ) as ctx:
        assert isinstance(ctx.clock, FixedClock)
        with ctx.store.write() as tx:
            sources.apply_sync(tx, books_of(world).sources, now=world.start)
        for hour in hours:
            clock.now = ctx.clock.now = hour
            with ctx.store.write() as tx:
                ids = [SourceId(name) for name in names]
                sources.make_due(tx, ids, now=hour)
            line.run(ctx, ids)
        return stories_of(ctx)


def test_stories_leads_and_heat_are_those_of_live_polling(tmp_path: Path) -> None:
    live = polled(tmp_path / "live", WORLD, WORLD.names)

    archive = Archive(tmp_path / "past", WORLD)
    archive.backfill(SPAN)
    with archive.open() as ctx:
        past = stories_of(ctx)

    assert len(live) > 30
    assert any(len(members) > 2 for _, _, members in live.values())
    assert past == live


@pytest.mark.slow  # two months polled and one filled: most of a minute
def test_an_outlet_missed_then_joins_the_stories_of_its_days(tmp_path: Path) -> None:
    everything = polled(tmp_path / "all", WORLD, WORLD.names)
    home = tmp_path / "gap"
    polled(home, WORLD, WORLD.names[1:])

    archive = Archive(home, WORLD)
    archive.backfill(SPAN, names=WORLD.names[:1])
    with archive.open() as ctx, ctx.store.read() as tx:
        found = stories_of(ctx)
        assert tx.scalar(select(articles.c.id).where(articles.c.state == "pending")) is None

    groups = {members for _, _, members in everything.values()}
    refound = [members for _, _, members in found.values() if members in groups]
    assert set().union(*groups) == {one for _, _, of in found.values() for one in of}
    # The others were placed before they could know of what was missed, and stayed.
    assert len(refound) >= 0.97 * len(groups)


def test_stories_of_today_keep_lead_and_heat(tmp_path: Path) -> None:
    live = polled(tmp_path, WORLD, WORLD.names)
    older = ArchiveWorld(seed=2, articles=60, outlets=6, months=1, end=WORLD.start - timedelta(5))

    archive = Archive(tmp_path, older)
    archive.backfill(Span(since=older.start, until=older.end))
    with archive.open() as ctx:
        found = stories_of(ctx)

    assert {story: found[story] for story in live} == live
    assert len(found) > len(live)
