"""Articles as rows and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, select

from pipeline.io.schema import articles
from pipeline.io.store.statements import one_of
from pipeline.records import Article, ArticleId, ArticleType, Embedding, Image, PageId


def article_values(article: Article, *, tick_id: int, state: str) -> dict[str, Any]:
    """Return the columns of an article that no extractor of ours has read yet."""
    image = article.image
    return {
        "id": article.id,
        "page_id": article.page_id,
        "tick_id": tick_id,
        "state": state,
        "url": article.url,
        "title": article.title,
        "excerpt": article.excerpt,
        "text": article.text,
        "published_at": article.published_at,
        "published_precision": article.published_precision,
        "updated_at": article.updated_at,
        "language": article.language,
        "type": article.type.value,
        "provider": article.provider,
        "provider_name": article.provider_name,
        "amp_url": article.amp_url,
        "authors": list(article.authors),
        "image": {"url": image.url, "width": image.width, "height": image.height}
        if image
        else None,
        "featured_content": article.featured_content,
        "origins": dict(article.origins),
        "content_hash": "",
        "revision": 1,
        "extractor_version": 0,
    }


def article_of_row(row: Row[Any]) -> Article:
    """Make the record of an article's row."""
    return Article(
        id=ArticleId(row.id),
        page_id=PageId(row.page_id),
        url=row.url,
        title=row.title,
        excerpt=row.excerpt,
        text=row.text,
        published_at=row.published_at,
        published_precision=row.published_precision,
        updated_at=row.updated_at,
        language=row.language,
        type=ArticleType(row.type),
        provider=row.provider,
        provider_name=row.provider_name,
        amp_url=row.amp_url,
        authors=tuple(row.authors),
        image=Image(**row.image) if row.image else None,
        featured_content=row.featured_content,
        origins=row.origins,
        embedding=Embedding(row.embedding_model, row.embedding) if row.embedding else None,
    )


def load_articles(tx: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, Article]:
    """Return the articles of `ids`."""
    rows = tx.execute(select(articles).where(one_of(tx, articles.c.id, ids)))
    return {ArticleId(row.id): article_of_row(row) for row in rows}
