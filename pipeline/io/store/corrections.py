"""What people decide about stories and articles: moves, withdrawals, blocks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from pipeline.io.schema import (
    article_aliases,
    articles,
    blocks,
    entries,
    memberships,
    pages,
    stories,
)
from pipeline.io.schema_bodies import page_bodies
from pipeline.io.store import ledger, partitions
from pipeline.io.store.statements import insert_missing, insert_new, one_of, upsert
from pipeline.io.store.work import RELEASED
from pipeline.records import ArticleId, StoryId


def move_articles(tx: Connection, ids: Collection[ArticleId], into: StoryId) -> None:
    """Make articles members of another story, by somebody's word rather than by likeness."""
    partitions.touch(tx, ids)
    tx.execute(
        update(memberships)
        .where(one_of(tx, memberships.c.article_id, ids))
        .values(story_id=into, nearest=None, parts=[], score=1.0)
    )


def memberships_of(tx: Connection, ids: Collection[ArticleId]) -> list[dict[str, Any]]:
    """Return the rows of memberships as they stand, for `put_back`."""
    rows = tx.execute(
        select(memberships)
        .where(one_of(tx, memberships.c.article_id, ids))
        .order_by(memberships.c.article_id)
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 -- SQLAlchemy's public name


def put_back(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let articles be members again as `memberships_of` told of them; withdrawn ones come back."""
    ids = [row["article_id"] for row in rows]
    upsert(tx, memberships, rows)
    tx.execute(
        update(articles)
        .where(one_of(tx, articles.c.id, ids), articles.c.state == "withdrawn")
        .values(state="clustered")
    )
    partitions.touch(tx, ids)


def withdrawn(tx: Connection, ids: Collection[ArticleId]) -> set[ArticleId]:
    """Return those of the articles that are withdrawn, but not erased."""
    query = select(articles.c.id).where(one_of(tx, articles.c.id, ids))
    return {ArticleId(row.id) for row in tx.execute(query.where(articles.c.state == "withdrawn"))}


def found_by_split(tx: Connection, story_id: StoryId, origin: StoryId) -> None:
    """Add a story that is split from another; `save_story` fills it in the same transaction."""
    row = tx.execute(select(stories).where(stories.c.id == origin)).one()
    values = dict(row._mapping) | {"id": story_id, "split_from": origin, "revision": 0}  # noqa: SLF001 -- SQLAlchemy's public name
    insert_missing(tx, stories, [values])


def withdraw_articles(
    tx: Connection, ids: Sequence[ArticleId], *, state: str = "withdrawn"
) -> None:
    """Take articles out of their stories.

    ``withdrawn`` ones do not come back by being found again, ``gone`` ones do.
    """
    partitions.touch(tx, ids)
    tx.execute(delete(memberships).where(one_of(tx, memberships.c.article_id, ids)))
    ledger.note_leaving(tx, articles, state, one_of(tx, articles.c.id, ids))
    tx.execute(update(articles).where(one_of(tx, articles.c.id, ids)).values(state=state))


def block(tx: Connection, kind: str, value: str, *, reason: str, at: datetime) -> bool:
    """Refuse a page (`url`, by its key) or everything of a `domain` from now on.

    Return False for what is refused already.
    """
    row = {"kind": kind, "value": value, "reason": reason, "at": at}
    return bool(insert_new(tx, blocks, [row], tell=blocks.c.value))


def unblock(tx: Connection, kind: str, values: Collection[str]) -> None:
    """Refuse pages or domains no longer."""
    tx.execute(delete(blocks).where(blocks.c.kind == kind, one_of(tx, blocks.c.value, values)))


def blocked(tx: Connection, *, url_keys: Iterable[str], domains: Iterable[str]) -> frozenset[str]:
    """Return those of the pages (by key) and of the domains that were refused."""
    found = tx.execute(
        select(blocks.c.value).where(
            or_(
                (blocks.c.kind == "url") & one_of(tx, blocks.c.value, url_keys),
                (blocks.c.kind == "domain") & one_of(tx, blocks.c.value, domains),
            )
        )
    )
    return frozenset(row.value for row in found)


def articles_at(tx: Connection, url_key: str) -> list[ArticleId]:
    """Return the article that goes, or also goes, by a key, unless it is erased."""
    rows = tx.execute(
        select(articles.c.id).where(
            articles.c.state != "erased",
            or_(
                articles.c.id == url_key,
                articles.c.id.in_(
                    select(article_aliases.c.article_id).where(article_aliases.c.url_key == url_key)
                ),
            ),
        )
    )
    return [ArticleId(row.id) for row in rows]


def articles_of_provider(tx: Connection, domain: str) -> list[ArticleId]:
    """Return every article of a provider that is not erased."""
    rows = tx.execute(
        select(articles.c.id)
        .where(articles.c.provider == domain, articles.c.state != "erased")
        .order_by(articles.c.id)
    )
    return [ArticleId(row.id) for row in rows]


def forget_ended(tx: Connection, ids: Collection[ArticleId]) -> None:
    """Let the tombstones go that speak the last words of articles: of stories merged, retracted."""
    tx.execute(
        update(stories)
        .where(one_of(tx, stories.c.lead_id, ids), stories.c.state.in_(("merged", "retracted")))
        .values(state="forgotten", revision=stories.c.revision + 1)
    )


def erase_articles(tx: Connection, ids: Sequence[ArticleId]) -> None:
    """Remove every word and picture of articles: texts, page bodies, the feeds' entries.

    The bare row stays, so that its id means the same for ever.
    """
    page_ids = select(articles.c.page_id).where(one_of(tx, articles.c.id, ids))
    alias_ids = select(article_aliases.c.url_key).where(
        one_of(tx, article_aliases.c.article_id, ids)
    )
    of_article = or_(pages.c.id.in_(page_ids), pages.c.id.in_(alias_ids))
    gone = [row.id for row in tx.execute(select(pages.c.id).where(of_article))]
    tx.execute(delete(page_bodies).where(one_of(tx, page_bodies.c.page_id, gone)))
    tx.execute(delete(entries).where(one_of(tx, entries.c.page_id, gone)))
    ledger.note_leaving(tx, pages, "erased", one_of(tx, pages.c.id, gone))
    tx.execute(
        update(pages)
        .where(one_of(tx, pages.c.id, gone))
        .values(state="skipped", last_error="blocked", fence=pages.c.fence + 1, **RELEASED)
    )
    tx.execute(
        update(articles)
        .where(one_of(tx, articles.c.id, ids))
        .values(
            state="erased",
            url="",
            title="",
            excerpt="",
            text="",
            amp_url=None,
            image=None,
            authors=[],
            featured_content=None,
            origins={},
        )
    )
