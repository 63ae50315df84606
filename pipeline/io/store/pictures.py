"""Rows of pictures: true sizes, asked for once, and how many articles show the same one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from pipeline.io.schema import articles, pictures
from pipeline.io.store.statements import one_of, upsert

#: Width and height in pixels; (0, 0) for what is no picture.
Size = tuple[int, int]

#: Publishers give a changed picture another address, as a rule.
_KEPT = timedelta(days=30)
#: A picture that was not there may only have been late.
_ABSENCE_KEPT = timedelta(days=1)


def known_sizes(tx: Connection, keys: Collection[str], *, now: datetime | None) -> dict[str, Size]:
    """Return the sizes of those of `keys` that were measured lately; without `now`, ever."""
    query = select(pictures).where(one_of(tx, pictures.c.key, keys))
    if now is not None:
        fresh = or_(
            (pictures.c.width > 0) & (pictures.c.measured_at > now - _KEPT),
            pictures.c.measured_at > now - _ABSENCE_KEPT,
        )
        query = query.where(fresh)
    rows = tx.execute(query)
    return {row.key: (row.width, row.height) for row in rows}


def save_sizes(tx: Connection, sizes: Mapping[str, Size], *, now: datetime) -> None:
    """Keep what was measured."""
    rows = [
        {"key": key, "width": width, "height": height, "measured_at": now}
        for key, (width, height) in sorted(sizes.items())
    ]
    upsert(tx, pictures, rows)


def shown_before(
    tx: Connection, keys: Collection[str], *, tick_id: int
) -> Mapping[tuple[str, str], int]:
    """Count, by provider and picture, the articles of earlier ticks whose page offers it.

    Only earlier ticks count, so that the order of work within one changes nothing.
    """
    rows = tx.execute(
        select(articles.c.provider, articles.c.image_key, func.count().label("articles"))
        .where(one_of(tx, articles.c.image_key, keys), articles.c.tick_id < tick_id)
        .group_by(articles.c.provider, articles.c.image_key)
    )
    return {(row.provider, row.image_key): row.articles for row in rows}
