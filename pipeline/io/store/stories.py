"""Rows of stories and memberships: what cluster and write load and save."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
    update,
)

from pipeline.io.schema import article_aliases, articles, memberships, stories, written
from pipeline.io.store.articlerows import article_of_row
from pipeline.io.store.ledger import WAITING
from pipeline.io.store.settled import is_settled
from pipeline.io.store.statements import insert_missing, one_of, upsert
from pipeline.records import Article, ArticleId, Membership, Part, Story, StoryId
from pipeline.stories.tokens import OPENING_CHARS


def languages_of_tick(tx: Connection, tick_id: int) -> list[str]:
    """Return the partitions in which a tick has articles to cluster or to let go."""
    rows = tx.execute(
        select(articles.c.language)
        .where(articles.c.tick_id == tick_id, articles.c.state.in_(("pending", "leaving")))
        .distinct()
        .order_by(articles.c.language)
    )
    return [row.language for row in rows]


def waiting_articles(tx: Connection) -> int:
    """Count the articles that are in no story yet, over all ticks."""
    return tx.scalar(select(func.count()).where(articles.c.state == "pending")) or 0


def pending_articles(
    tx: Connection, tick_id: int, language: str, *, until: datetime | None = None
) -> list[Article]:
    """Return a tick's articles of one partition in the order they are taken: time, then id."""
    query = (
        select(articles)
        .where(articles.c.tick_id == tick_id, articles.c.state == "pending")
        .where(articles.c.language == language)
        .order_by(articles.c.published_at, articles.c.id)
    )
    rows = tx.execute(_up_to(query, until))
    return [article_of_row(row) for row in rows]


def still_waiting(tx: Connection, tick_id: int, ids: Iterable[ArticleId]) -> set[ArticleId]:
    """Return those of `ids` that still wait in this tick, and hold them.

    A page that was read anew meanwhile has made its article a later tick's.
    """
    rows = tx.execute(
        select(articles.c.id, articles.c.tick_id, articles.c.state)
        .where(one_of(tx, articles.c.id, ids))
        .order_by(articles.c.id)
        .with_for_update()
    )
    # Not asked of the database, which would look through all that wait in a backfill.
    return {ArticleId(row.id) for row in rows if row.tick_id == tick_id and row.state in WAITING}


def leaving_articles(tx: Connection, tick_id: int, language: str) -> list[ArticleId]:
    """Return a tick's articles of one partition that their publishers took back."""
    rows = tx.execute(
        select(articles.c.id)
        .where(articles.c.tick_id == tick_id, articles.c.state == "leaving")
        .where(articles.c.language == language)
        .order_by(articles.c.id)
    )
    return [ArticleId(row.id) for row in rows]


#: The columns of an article as the clusterer reads it: no more of the text than its opening.
_AS_READ: tuple[ColumnElement[Any], ...] = (
    *(column for column in articles.c if column is not articles.c.text),
    func.substr(articles.c.text, 1, OPENING_CHARS).label("text"),
)
#: Rows of a large answer held at a time.
_ROWS = 1_000


def live_articles(
    tx: Connection, language: str, *, since: datetime, until: datetime | None = None
) -> Iterator[tuple[Article, StoryId]]:
    """Yield the clustered articles of a time with their stories, in order of time.

    Of their texts they have the opening alone.
    """
    query = (
        select(*_AS_READ, memberships.c.story_id)
        .join(memberships, memberships.c.article_id == articles.c.id)
        .where(articles.c.language == language, articles.c.published_at >= since)
        .order_by(articles.c.published_at, articles.c.id)
    )
    rows: Iterable[Any] = tx.execute(_up_to(query, until), execution_options={"yield_per": _ROWS})
    for row in rows:
        yield article_of_row(row), StoryId(row.story_id)


def _up_to(query: Select[Any], until: datetime | None) -> Select[Any]:
    """Leave out the articles that are published later than `until`."""
    return query if until is None else query.where(articles.c.published_at <= until)


def is_small(
    tx: Connection, language: str, *, since: datetime, limit: int, until: datetime | None = None
) -> bool:
    """Say whether a partition has at most `limit` articles in stories from `since` on."""
    query = (
        select(articles.c.id)
        .where(articles.c.language == language, articles.c.published_at >= since)
        .where(articles.c.state == "clustered")
        .limit(limit + 1)
    )
    some = _up_to(query, until).subquery()
    return (tx.scalar(select(func.count()).select_from(some)) or 0) <= limit


def live_members(
    tx: Connection, language: str, *, since: datetime, until: datetime | None = None
) -> list[tuple[Article, StoryId]]:
    """Return all members of the stories with an article from `since` to `until`, in order of time.

    The stories are whole: members of another time are among them.

    Of their texts they have the opening alone.
    """
    live = (
        select(memberships.c.story_id)
        .join(articles, memberships.c.article_id == articles.c.id)
        .where(articles.c.language == language, articles.c.published_at >= since)
    )
    if until is not None:
        live = live.where(articles.c.published_at <= until)
    rows: Iterable[Any] = tx.execute(
        select(*_AS_READ, memberships.c.story_id)
        .join(memberships, memberships.c.article_id == articles.c.id)
        .where(memberships.c.story_id.in_(_up_to(live, until)))
        .order_by(articles.c.published_at, articles.c.id)
    )
    return [(article_of_row(row), StoryId(row.story_id)) for row in rows]


def stories_of(tx: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, StoryId]:
    """Return the story of each article that has one."""
    rows = tx.execute(
        select(memberships.c.article_id, memberships.c.story_id).where(
            one_of(tx, memberships.c.article_id, ids)
        )
    )
    return {ArticleId(row.article_id): StoryId(row.story_id) for row in rows}


def is_taken(tx: Connection, story_id: StoryId) -> bool:
    """Say whether a story of that id exists or ever did."""
    return bool(tx.scalar(select(exists().where(stories.c.id == story_id))))


def add_memberships(tx: Connection, placed: Sequence[tuple[StoryId, str, Membership]]) -> None:
    """Put articles into stories, given as (story, language, membership); found missing stories."""
    insert_missing(tx, stories, [_founded(story_id, language) for story_id, language, _ in placed])
    upsert(
        tx,
        memberships,
        [
            {
                "article_id": membership.article_id,
                "story_id": story_id,
                "nearest": membership.nearest,
                "score": membership.score,
                "parts": [asdict(part) for part in membership.parts],
                "copy_of": membership.copy_of,
            }
            for story_id, _, membership in placed
        ],
    )


def _founded(story_id: StoryId, language: str) -> dict[str, Any]:
    """Return a story's row before it is scored; `save_story` fills it in the same transaction."""
    return {
        "id": story_id,
        "language": language,
        "lead_id": "",
        "topics": [],
        "quality": 0,
        "heat": 0,
        "published_at": _EPOCH,
        "revision": 0,
        "state": "live",
        "cluster_version": 0,
        "score_version": 0,
    }


#: A time no article has; overwritten before the transaction ends.
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def members_of(
    tx: Connection, ids: Iterable[StoryId]
) -> dict[StoryId, list[tuple[Article, Membership]]]:
    """Return the members of each story, in order of time."""
    rows = tx.execute(
        select(
            articles,
            memberships.c.story_id,
            memberships.c.nearest,
            memberships.c.score.label("membership_score"),
            memberships.c.parts,
            memberships.c.copy_of,
        )
        .join(memberships, memberships.c.article_id == articles.c.id)
        .where(one_of(tx, memberships.c.story_id, ids))
        .order_by(articles.c.published_at, articles.c.id)
    )
    found: dict[StoryId, list[tuple[Article, Membership]]] = {}
    for row in rows:
        found.setdefault(StoryId(row.story_id), []).append((article_of_row(row), _membership(row)))
    return found


def _membership(row: Row[Any]) -> Membership:
    """Make the record of a membership's row."""
    return Membership(
        article_id=ArticleId(row.id),
        nearest=ArticleId(row.nearest) if row.nearest else None,
        score=row.membership_score,
        parts=tuple(Part(**part) for part in row.parts),
        copy_of=ArticleId(row.copy_of) if row.copy_of else None,
    )


def save_embeddings(tx: Connection, given: Iterable[Article]) -> None:
    """Keep the embeddings of articles; those without lose the one of their earlier text."""
    rows = [
        {
            "key": article.id,
            "embedding": article.embedding.vectors if article.embedding else None,
            "embedding_model": article.embedding.model if article.embedding else None,
        }
        for article in given
    ]
    if rows:
        tx.execute(update(articles).where(articles.c.id == bindparam("key")), rows)


def settle_articles(
    tx: Connection, clustered: Iterable[ArticleId], aliases: Mapping[ArticleId, ArticleId]
) -> None:
    """End the wait of articles: clustered, or another name of one that is."""
    tx.execute(
        update(articles).where(one_of(tx, articles.c.id, clustered)).values(state="clustered")
    )
    tx.execute(update(articles).where(one_of(tx, articles.c.id, aliases)).values(state="alias"))
    insert_missing(
        tx,
        article_aliases,
        [
            {"url_key": alias, "article_id": article, "reason": "same-title"}
            for alias, article in aliases.items()
        ],
    )


def save_story(tx: Connection, story: Story, *, cluster_version: int, score_version: int) -> None:
    """Store what the stories room found out, and make the story due for writing."""
    grouped = stories.c.cluster_version  # 0 of a new one; later see `partitions.note_grouped`
    tx.execute(
        update(stories)
        .where(stories.c.id == story.id)
        .values(
            lead_id=story.lead.article.id,
            topics=list(story.topics),
            quality=story.lead.quality.value,
            heat=story.heat.value,
            published_at=story.lead.article.published_at,
            revision=stories.c.revision + 1,
            cluster_version=case((grouped == 0, cluster_version), else_=grouped),
            score_version=score_version,
        )
    )


def unwritten(
    tx: Connection, sites: Iterable[str], ids: Sequence[StoryId] | None = None
) -> dict[StoryId, int]:
    """Return the settled stories (of `ids`) that one of `sites` is behind with, with revision."""
    behind: dict[StoryId, int] = {}
    for site in sites:
        query = (
            select(stories.c.id, stories.c.revision)
            .outerjoin(written, and_(written.c.story_id == stories.c.id, written.c.site == site))
            .where(func.coalesce(written.c.revision, 0) < stories.c.revision, is_settled())
            .order_by(stories.c.id)
        )
        if ids is not None:
            query = query.where(one_of(tx, stories.c.id, ids))
        behind |= {StoryId(row.id): row.revision for row in tx.execute(query)}
    return dict(sorted(behind.items()))


def mark_written(tx: Connection, site: str, revisions: Mapping[StoryId, int]) -> None:
    """Record that a site is up to date with these revisions."""
    upsert(
        tx,
        written,
        [
            {"site": site, "story_id": story_id, "revision": revision}
            for story_id, revision in revisions.items()
        ],
    )


def make_unwritten(tx: Connection, site: str, ids: Iterable[StoryId]) -> None:
    """Make stories due for writing again, e.g. because their file was changed by hand."""
    tx.execute(
        update(written)
        .where(written.c.site == site, one_of(tx, written.c.story_id, ids))
        .values(revision=0)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a story that has no articles of its own any more."""

    #: live | merged | retracted.
    state: str
    merged_into: StoryId | None
    split_from: StoryId | None


def fates_of(tx: Connection, ids: Iterable[StoryId]) -> dict[StoryId, Fate]:
    """Return what became of each story."""
    rows = tx.execute(
        select(stories.c.id, stories.c.state, stories.c.merged_into, stories.c.split_from).where(
            one_of(tx, stories.c.id, ids)
        )
    )
    return {
        StoryId(row.id): Fate(
            state=row.state,
            merged_into=StoryId(row.merged_into) if row.merged_into else None,
            split_from=StoryId(row.split_from) if row.split_from else None,
        )
        for row in rows
    }


def end_story(
    tx: Connection, story_id: StoryId, *, state: str, into: StoryId | None = None
) -> None:
    """Mark a story as merged or retracted, due for its tombstone; its id stays taken for ever."""
    tx.execute(
        update(stories)
        .where(stories.c.id == story_id)
        .values(state=state, merged_into=into, revision=stories.c.revision + 1)
    )


def revive_story(tx: Connection, story_id: StoryId) -> None:
    """Let a story that was merged or retracted live again, due for writing."""
    tx.execute(
        update(stories)
        .where(stories.c.id == story_id)
        .values(state="live", merged_into=None, revision=stories.c.revision + 1)
    )


def story_rows(tx: Connection, *, limit: int | None = None) -> Sequence[Row[Any]]:
    """Return the stories with their lead's title and size, hottest first."""
    counted = (
        select(memberships.c.story_id, func.count().label("members"))
        .group_by(memberships.c.story_id)
        .subquery()
    )
    query = (
        select(stories, articles.c.title, articles.c.provider_name, counted.c.members)
        .join(articles, articles.c.id == stories.c.lead_id)
        .join(counted, counted.c.story_id == stories.c.id)
        .order_by(stories.c.heat.desc(), stories.c.published_at.desc(), stories.c.id)
    )
    return tx.execute(query.limit(limit) if limit else query).all()
