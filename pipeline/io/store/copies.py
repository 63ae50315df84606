"""A part of one database, copied into another: what a rehearsal is played on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, false, func, insert, or_, select, true

from pipeline.io.columns import metadata
from pipeline.io.schema import (
    articles,
    blocks,
    documents,
    entries,
    memberships,
    pages,
    partitions,
    pictures,
    sources,
    stories,
    ticks,
    ties,
    written,
)
from pipeline.io.schema_bodies import page_bodies
from pipeline.io.schema_corrections import corrections
from pipeline.io.store.statements import one_of
from pipeline.records import PageId, StoryId

#: Rows held at a time.
_ROWS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is wanted of a database: pages with their bodies, stories, and all that lies near."""

    pages: Collection[PageId]
    stories: Collection[StoryId]
    #: How far what is near may lie apart.
    reach: timedelta
    #: From when on everything is near: what a tick of today looks at.
    live_since: datetime


def copy(source: Connection, target: Connection, wanted: Wanted) -> None:
    """Copy the rows that what is wanted has to do with; every tick is at its end in the copy."""
    conditions = _conditions(source, wanted)
    for table in metadata.sorted_tables:
        condition = conditions.get(table.name)
        if condition is None:
            continue
        rows = source.execute(
            select(table).where(condition), execution_options={"yield_per": _ROWS}
        )
        for part in rows.partitions():
            target.execute(insert(table), [_changed(table, row._asdict()) for row in part])


def _changed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the copy has it: nothing but the rehearsal itself is under way."""
    if table is ticks:
        row |= {name: row[name] or row["opened_at"] for name in ("closed_at", "clustered_at")}
    if table is partitions:
        row["settled_tick"] = row["placed_tick"]
    if table in (pages, sources):
        row |= {"lease_owner": None, "lease_until": None, "lease_size": None}
        if row["tick_id"] is not None and table is pages and row["state"] == "pending":
            row["tick_id"] = None
    return row


def _conditions(tx: Connection, wanted: Wanted) -> Mapping[str, ColumnElement[bool]]:
    """Return by table which rows are copied."""
    near = _near(tx, wanted)
    about = (
        select(memberships.c.story_id)
        .join(articles, articles.c.id == memberships.c.article_id)
        .where(near)
    )
    story_ids = {row.story_id for row in tx.execute(about.distinct())} | set(wanted.stories)
    of_story = one_of(tx, memberships.c.story_id, story_ids)
    members = select(memberships.c.article_id).where(of_story)
    copied = or_(near, articles.c.id.in_(members))
    of_article = select(articles.c.page_id).where(copied)
    chosen = one_of(tx, entries.c.page_id, wanted.pages)
    return {
        ticks.name: true(),
        sources.name: true(),
        partitions.name: true(),
        ties.name: true(),
        blocks.name: true(),
        corrections.name: true(),
        pictures.name: true(),
        entries.name: chosen,
        pages.name: or_(one_of(tx, pages.c.id, wanted.pages), pages.c.id.in_(of_article)),
        page_bodies.name: one_of(tx, page_bodies.c.page_id, wanted.pages),
        articles.name: copied,
        stories.name: one_of(tx, stories.c.id, story_ids),
        memberships.name: of_story,
        written.name: one_of(tx, written.c.story_id, story_ids),
        documents.name: one_of(tx, documents.c.story_id, story_ids),
    }


def _near(tx: Connection, wanted: Wanted) -> ColumnElement[bool]:
    """Return the condition of articles that what is wanted may be grouped with."""
    theirs = select(articles.c.published_at).where(one_of(tx, articles.c.page_id, wanted.pages))
    of_stories = (
        select(articles.c.published_at)
        .join(memberships, memberships.c.article_id == articles.c.id)
        .where(one_of(tx, memberships.c.story_id, wanted.stories))
    )
    told = select(func.coalesce(entries.c.published_at, entries.c.first_seen_at)).where(
        one_of(tx, entries.c.page_id, wanted.pages)
    )
    times: list[datetime] = [
        time for query in (theirs, of_stories, told) for time in _ends(tx, query)
    ]
    between: ColumnElement[bool] = false()
    if times:
        at = articles.c.published_at
        between = at.between(min(times) - wanted.reach, max(times) + wanted.reach)
    return or_(articles.c.published_at >= wanted.live_since, between)


def _ends(tx: Connection, query: Any) -> Iterable[datetime]:
    """Return the first and the last of some times."""
    times = query.subquery().c[0]
    kind = articles.c.published_at.type
    row = tx.execute(select(func.min(times, type_=kind), func.max(times, type_=kind))).one()
    return [time for time in row if time is not None]
