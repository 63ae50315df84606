"""The state of each partition (language) of the clusterer, and what operators joined and parted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, or_, select, update

from pipeline.io.schema import articles, memberships, partitions, stories, ties
from pipeline.io.store.statements import insert_missing, one_of, upsert
from pipeline.records import ArticleId, StoryId

#: Two articles.
Pair = tuple[ArticleId, ArticleId]


def ensure(tx: Connection, language: str) -> None:
    """Make the row of a partition at its first use."""
    insert_missing(tx, partitions, [{"language": language, "version": 0}])


def partition(tx: Connection, language: str) -> Row[Any]:
    """Return the row of a partition."""
    return tx.execute(select(partitions).where(partitions.c.language == language)).one()


def newest_articles(tx: Connection, *, until: datetime) -> dict[str, datetime]:
    """Return the time of each partition's newest article in a story, up to a moment."""
    rows = tx.execute(
        select(articles.c.language, func.max(articles.c.published_at).label("newest"))
        .join(memberships, memberships.c.article_id == articles.c.id)
        .where(articles.c.published_at <= until)
        .group_by(articles.c.language)
        .order_by(articles.c.language)
    )
    return {row.language: row.newest for row in rows}


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
    tx.execute(delete(ties).where(ties.c.kind == kind, _within(tx, ids)))


def part_from_all(tx: Connection, ids: Collection[ArticleId]) -> None:
    """Forget what joins these articles to any others."""
    inside = one_of(tx, ties.c.one, ids), one_of(tx, ties.c.other, ids)
    across = inside[0] != inside[1]
    tx.execute(delete(ties).where(ties.c.kind == "must", across))


def ties_at(
    tx: Connection, among: Collection[ArticleId], all_of: Collection[ArticleId] = ()
) -> list[dict[str, str]]:
    """Return the ties among some articles, and all ties of some, as `put_back` takes them."""
    where = or_(_within(tx, among), _touches(tx, all_of))
    rows = tx.execute(select(ties).where(where).order_by(ties.c.one, ties.c.other))
    return [
        {"one": row.one, "other": row.other, "kind": row.kind, "at": row.at.isoformat()}
        for row in rows
    ]


def put_back(
    tx: Connection,
    before: Iterable[Mapping[str, str]],
    among: Collection[ArticleId],
    all_of: Collection[ArticleId] = (),
) -> None:
    """Let articles have the ties again that `ties_at` told of, and no others."""
    tx.execute(delete(ties).where(or_(_within(tx, among), _touches(tx, all_of))))
    upsert(tx, ties, [{**row, "at": datetime.fromisoformat(row["at"])} for row in before])


def _within(tx: Connection, ids: Collection[ArticleId]) -> ColumnElement[bool]:
    """Return the condition that a tie is between two of these articles."""
    return and_(one_of(tx, ties.c.one, ids), one_of(tx, ties.c.other, ids))


def _touches(tx: Connection, ids: Collection[ArticleId]) -> ColumnElement[bool]:
    """Return the condition that a tie is one of these articles'."""
    return or_(one_of(tx, ties.c.one, ids), one_of(tx, ties.c.other, ids))


def is_at_odds(tx: Connection, tick_id: int, language: str) -> bool:
    """Say whether a tick brought a partition articles that stand against an operator's word.

    What is added to the columns keeps their indexes out: from the few ties to their articles, not
    from the many articles of a backfill.
    """
    mine, others = memberships.alias(), memberships.alias()
    against = or_(
        and_(ties.c.kind == "must", mine.c.story_id != others.c.story_id),
        and_(ties.c.kind == "cannot", mine.c.story_id == others.c.story_id),
    )
    for here, there in ((ties.c.one, ties.c.other), (ties.c.other, ties.c.one)):
        found = (
            select(articles.c.id)
            .join(ties, here == articles.c.id)
            .join(mine, mine.c.article_id == here)
            .join(others, others.c.article_id == there)
            .where(articles.c.tick_id + 0 == tick_id, articles.c.language + "" == language, against)
        )
        if tx.execute(found.limit(1)).first() is not None:
            return True
    return False


def ties_of(tx: Connection, ids: Collection[ArticleId]) -> TiesOf:
    """Return the ties among these articles, in one order.

    Two that are joined to a third, which left its story, are joined all the same.
    """
    present, known = set(ids), set[ArticleId]()
    pairs: dict[str, set[Pair]] = {"must": set(), "cannot": set()}
    asked = set(present)
    while asked:
        known |= asked
        found = tx.execute(select(ties).where(_touches(tx, asked))).all()
        asked = set()
        for row in found:
            if row.kind == "must" or {row.one, row.other} <= present:
                pairs[row.kind].add((ArticleId(row.one), ArticleId(row.other)))
            if row.kind == "must":
                asked |= {ArticleId(row.one), ArticleId(row.other)} - known
    return TiesOf(
        must=tuple(sorted(_past_the_absent(pairs["must"], present))),
        cannot=tuple(sorted(pairs["cannot"])),
    )


def _past_the_absent(pairs: Collection[Pair], present: Collection[ArticleId]) -> Iterator[Pair]:
    """Yield the pairs of articles that are there, and those that hang together by others."""
    beyond: dict[ArticleId, set[ArticleId]] = defaultdict(set)
    for pair in pairs:
        if pair[0] in present and pair[1] in present:
            yield pair
            continue
        for one, other in (pair, pair[::-1]):
            beyond[one].add(other)
    waiting = set(beyond) - set(present)
    while waiting:
        found, todo = set[ArticleId](), [waiting.pop()]
        while todo:
            absent = todo.pop()
            found |= beyond[absent]
            new = beyond[absent] & waiting
            waiting -= new
            todo += new
        here = sorted(found & set(present))
        yield from ((here[0], other) for other in here[1:])


def note_grouped(tx: Connection, ids: Iterable[StoryId], *, version: int) -> None:
    """Note by which version of the clusterer stories were grouped last."""
    tx.execute(
        update(stories)
        .where(one_of(tx, stories.c.id, ids), stories.c.cluster_version != version)
        .values(cluster_version=version)
    )
