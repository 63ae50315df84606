"""What is known of one article and its page, for people who ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from pipeline.io.schema import (
    article_aliases,
    articles,
    entries,
    memberships,
    pages,
    pictures,
    stories,
)
from pipeline.io.store.articlerows import article_of_row
from pipeline.records import Article, ArticleId, StoryId
from pipeline.urls import url_key


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPage:
    """A page, the article it gave if any, and where that is."""

    #: Rows as they stand; None where there is none.
    page: Row[Any] | None
    article_row: Row[Any] | None
    article: Article | None
    story_id: StoryId | None
    #: (source, title) of the entries that lead to it, by source.
    entries: tuple[tuple[str, str], ...]
    #: Other keys under which the article is known, and why.
    aliases: tuple[tuple[str, str], ...]
    #: True size of its picture as measured, None when it was not.
    measured: tuple[int, int] | None


def known_page(tx: Connection, url: str) -> KnownPage | None:
    """Return what is known under an address; None when it was never met."""
    key = url_key(url)
    row = _article(tx, key)
    page = tx.execute(select(pages).where(pages.c.id == (row.page_id if row else key))).first()
    if page is None and row is None:
        return None
    story = select(memberships.c.story_id).where(
        memberships.c.article_id == (row.id if row else "")
    )
    found = tx.scalar(story)
    return KnownPage(
        page=page,
        article_row=row,
        article=article_of_row(row) if row else None,
        story_id=StoryId(found) if found else None,
        entries=tuple((one.source_id, one.title) for one in _entries(tx, page)),
        aliases=tuple(_aliases(tx, ArticleId(row.id))) if row else (),
        measured=_measured(tx, row),
    )


def providers_by_topic(tx: Connection) -> set[tuple[str, str]]:
    """Return each publisher with each topic of the stories that its articles are in."""
    rows: Iterable[Any] = tx.execute(
        select(articles.c.provider, stories.c.topics)
        .join(memberships, memberships.c.article_id == articles.c.id)
        .join(stories, stories.c.id == memberships.c.story_id)
    )
    return {(row.provider, topic) for row in rows for topic in row.topics}


def _article(tx: Connection, key: str) -> Row[Any] | None:
    """Return the article that goes, or also goes, by a key, or that its page gave."""
    of_alias = select(article_aliases.c.article_id).where(article_aliases.c.url_key == key)
    query = select(articles).where(
        or_(articles.c.id == key, articles.c.id.in_(of_alias), articles.c.page_id == key)
    )
    return tx.execute(query.order_by(articles.c.id != key, articles.c.id)).first()


def _entries(tx: Connection, page: Row[Any] | None) -> Sequence[Any]:
    """Return the entries that lead to a page."""
    query = select(entries.c.source_id, entries.c.title).order_by(entries.c.source_id)
    return tx.execute(query.where(entries.c.page_id == page.id)).all() if page else ()


def _aliases(tx: Connection, article_id: ArticleId) -> list[tuple[str, str]]:
    """Return the other keys of an article."""
    table = article_aliases
    query = select(table.c.url_key, table.c.reason).where(table.c.article_id == article_id)
    return [(row.url_key, row.reason) for row in tx.execute(query.order_by(table.c.url_key))]


def _measured(tx: Connection, row: Row[Any] | None) -> tuple[int, int] | None:
    """Return the measured size of an article's picture."""
    if row is None or row.image is None:
        return None
    key = url_key(row.image["url"])
    found = tx.execute(select(pictures).where(pictures.c.key == key)).first()
    return (found.width, found.height) if found and found.width else None
