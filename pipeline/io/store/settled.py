"""Which stories are as their tick leaves them: the others are not written yet.

A tick's articles are placed first, then the live stories are grouped anew, in a transaction each.
What stands between the two is nobody's to see: its files would keep names and tombstones that one
process, which writes after both, never makes. So it is with a backfill, whose steps take hours.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_, select

from pipeline.io.schema import articles, memberships, partitions, stories, ticks


def is_settled() -> ColumnElement[bool]:
    """Return the condition of stories that may be written.

    A story of today that a backfill adds to is written all the while; one that is made of what a
    backfill brought waits for its end.
    """
    between = select(partitions.c.language).where(
        partitions.c.placed_tick.is_not(None),
        partitions.c.settled_tick.is_distinct_from(partitions.c.placed_tick),
    )
    past = select(ticks.c.id).where(ticks.c.kind == "backfill", ticks.c.clustered_at.is_(None))
    of_story = (
        memberships.c.story_id == stories.c.id,
        memberships.c.article_id == articles.c.id,
    )
    of_past = exists().where(*of_story, articles.c.tick_id.in_(past))
    of_present = exists().where(*of_story, articles.c.tick_id.not_in(past))
    return and_(stories.c.language.not_in(between), or_(~of_past, of_present))
