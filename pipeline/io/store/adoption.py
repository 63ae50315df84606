"""Rows of stories that come from files: what an import looks up and what it leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pipeline.io.schema import (
    article_aliases,
    articles,
    blocks,
    changes,
    documents,
    memberships,
    pages,
    stories,
    written,
)
from pipeline.io.store import ledger, partitions
from pipeline.io.store.articlerows import article_values
from pipeline.io.store.documents import ChangeRow, change_values
from pipeline.io.store.statements import insert_missing, one_of
from pipeline.records import Article, ArticleId, StoryId
from pipeline.urls import host_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store knows of articles, before files add to it."""

    owners: Mapping[ArticleId, StoryId]
    #: Stories among them that have no file on the site.
    homeless: frozenset[StoryId]
    #: Articles that were withdrawn or erased, or that a block keeps out.
    refused: frozenset[ArticleId]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedStory:
    """A story's row as its file gives it."""

    id: StoryId
    language: str
    lead: ArticleId
    topics: tuple[str, ...]
    quality: int
    heat: int
    published_at: datetime
    #: live | merged | retracted.
    state: str
    merged_into: StoryId | None
    revision: int
    articles: tuple[Article, ...]


def aliases_of(tx: Connection, keys: Collection[str]) -> dict[str, ArticleId]:
    """Return the articles that also go by some of these keys."""
    table = article_aliases
    query = select(table.c.url_key, table.c.article_id)
    rows = tx.execute(query.where(one_of(tx, table.c.url_key, keys)))
    return {row.url_key: ArticleId(row.article_id) for row in rows}


def known_of(tx: Connection, site: str, domains: Mapping[ArticleId, str]) -> Known:
    """Return what is known of articles, given with their providers' domains."""
    query = select(memberships.c.article_id, memberships.c.story_id)
    owners = {
        ArticleId(row.article_id): StoryId(row.story_id)
        for row in tx.execute(query.where(one_of(tx, memberships.c.article_id, domains)))
    }
    housed = {
        row.story_id
        for row in tx.execute(select(documents.c.story_id).where(documents.c.site == site))
    }
    gone = select(articles.c.id).where(articles.c.state.in_(("withdrawn", "erased")))
    refused = {
        ArticleId(row.id) for row in tx.execute(gone.where(one_of(tx, articles.c.id, domains)))
    }
    blocked = {(row.kind, row.value) for row in tx.execute(select(blocks.c.kind, blocks.c.value))}
    refused |= {
        article_id
        for article_id, domain in domains.items()
        if ("url", article_id) in blocked or ("domain", domain) in blocked
    }
    return Known(
        owners=owners,
        homeless=frozenset(owners.values()) - housed,
        refused=frozenset(refused),
    )


def paths_of(tx: Connection, site: str) -> dict[str, StoryId]:
    """Return every path that a site gave away, case-folded, with its story."""
    rows = tx.execute(
        select(documents.c.path_key, documents.c.story_id).where(documents.c.site == site)
    )
    return {row.path_key: StoryId(row.story_id) for row in rows}


def story_ids(tx: Connection) -> set[StoryId]:
    """Return every story id that was ever given out."""
    return {StoryId(row.id) for row in tx.execute(select(stories.c.id))}


def add_stories(
    tx: Connection, found: Sequence[AdoptedStory], *, sites: Collection[str], now: datetime
) -> None:
    """Insert stories with their articles, as a tick that is over, written on `sites`.

    They have version 0 of everything, so that a reprocessing finds them. Their articles stay
    together: how they were published is somebody's word.
    """
    if not found:
        return
    tick_id = ledger.add_ended(tx, "import", now=now)
    members = [(story, article) for story in found for article in story.articles]
    insert_missing(tx, pages, [_page(article, now) for _, article in members])
    values = [article_values(article, tick_id=tick_id, state="clustered") for _, article in members]
    insert_missing(tx, articles, values)
    insert_missing(tx, stories, [_story(story) for story in found])
    insert_missing(tx, memberships, [_membership(story, article) for story, article in members])
    together = [
        (story.articles[0].id, article.id) for story in found for article in story.articles[1:]
    ]
    partitions.tie(tx, "must", together, at=now)
    partitions.touch(tx, [article.id for _, article in members])
    insert_missing(
        tx,
        written,
        [
            {"site": site, "story_id": story.id, "revision": story.revision}
            for site in sites
            for story in found
        ],
    )


def make_due(tx: Connection, ids: Sequence[StoryId]) -> None:
    """Let every site write stories again."""
    tx.execute(
        update(stories).where(one_of(tx, stories.c.id, ids)).values(revision=stories.c.revision + 1)
    )


def restore_changes(tx: Connection, site: str, rows: Sequence[ChangeRow]) -> None:
    """Store the changes of a change feed under their own numbers, unless the site has some."""
    has_some = tx.execute(select(changes.c.number).where(changes.c.site == site).limit(1)).first()
    if rows and has_some is None:
        tx.execute(insert(changes), [change_values(site, row, row.number) for row in rows])


def _page(article: Article, now: datetime) -> dict[str, Any]:
    """Return the row of a page that was read before our time."""
    return {
        "id": article.page_id,
        "url": article.url,
        "host": host_of(article.url),
        "state": "done",
        "final_url": article.url,
        "article_id": article.id,
        "extractor_version": 0,
        "next_at": now,
    }


def _story(story: AdoptedStory) -> dict[str, Any]:
    """Return a story's row."""
    return {
        "id": story.id,
        "language": story.language,
        "lead_id": story.lead,
        "topics": list(story.topics),
        "quality": story.quality,
        "heat": story.heat,
        "published_at": story.published_at,
        "revision": story.revision,
        "state": story.state,
        "merged_into": story.merged_into,
        "cluster_version": 0,
        "score_version": 0,
    }


def _membership(story: AdoptedStory, article: Article) -> dict[str, Any]:
    """Return the row of a membership that nobody can explain any more."""
    return {"article_id": article.id, "story_id": story.id, "score": 1.0, "parts": []}
