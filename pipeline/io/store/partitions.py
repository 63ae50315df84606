"""The state of each partition (language) of the clusterer, and what operators joined and parted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from pipeline.io.schema import articles, partitions, ties
from pipeline.io.store.statements import insert_missing, one_of, upsert
from pipeline.records import ArticleId

#: Two articles.
Pair = tuple[ArticleId, ArticleId]


def ensure(tx: Connection, language: str) -> None:
    """Make the row of a partition at its first use."""
    insert_missing(tx, partitions, [{"language": language, "version": 0}])


def partition(tx: Connection, language: str) -> Row[Any]:
    """Return the row of a partition."""
    return tx.execute(select(partitions).where(partitions.c.language == language)).one()


def unsettled(tx: Connection, tick_id: int) -> list[str]:
    """Return the partitions that a tick placed articles in and that are not at rest since."""
    rows = tx.execute(
        select(partitions.c.language)
        .where(partitions.c.placed_tick == tick_id)
        .where(partitions.c.settled_tick.is_distinct_from(tick_id))
        .order_by(partitions.c.language)
    )
    return [row.language for row in rows]


def note(tx: Connection, language: str, **values: Any) -> None:
    """Change columns of a partition."""
    tx.execute(update(partitions).where(partitions.c.language == language).values(values))


def touch(tx: Connection, ids: Iterable[ArticleId], *, far: bool = False) -> None:
    """Raise the version of the partitions of articles whose story changes.

    `far`: they lie so far back that no live tick sees them; then only the past has changed.
    """
    languages = select(articles.c.language).where(one_of(tx, articles.c.id, ids))
    column = partitions.c.past_version if far else partitions.c.version
    tx.execute(
        update(partitions).where(partitions.c.language.in_(languages)).values({column: column + 1})
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TiesOf:
    """What operators said about articles."""

    must: tuple[Pair, ...]
    cannot: tuple[Pair, ...]


def tie(tx: Connection, kind: str, pairs: Iterable[Pair], *, at: datetime) -> None:
    """Keep that pairs of articles must, or cannot, stand in one story; the last word holds."""
    rows = {
        (min(pair), max(pair)): {"one": min(pair), "other": max(pair), "kind": kind, "at": at}
        for pair in pairs
        if pair[0] != pair[1]
    }
    upsert(tx, ties, [rows[pair] for pair in sorted(rows)])


def untie(tx: Connection, kind: str, ids: Collection[ArticleId]) -> None:
    """Forget the ties of one kind among these articles."""
    among = (one_of(tx, ties.c.one, ids), one_of(tx, ties.c.other, ids))
    tx.execute(delete(ties).where(ties.c.kind == kind, *among))


def ties_of(tx: Connection, ids: Collection[ArticleId]) -> TiesOf:
    """Return the ties among these articles, in one order."""
    found = tx.execute(
        select(ties.c.one, ties.c.other, ties.c.kind)
        .where(one_of(tx, ties.c.one, ids), one_of(tx, ties.c.other, ids))
        .order_by(ties.c.one, ties.c.other)
    ).all()
    pairs: dict[str, list[Pair]] = {"must": [], "cannot": []}
    for row in found:
        pairs[row.kind].append((ArticleId(row.one), ArticleId(row.other)))
    return TiesOf(must=tuple(pairs["must"]), cannot=tuple(pairs["cannot"]))
