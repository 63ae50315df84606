"""An extracted page, its provider and its measured picture -> the article that is stored."""

from __future__ import annotations

from pipeline.records import Article, ArticleId, ExtractedArticle, Image, Page
from pipeline.urls import url_key


def article_of(
    extracted: ExtractedArticle,
    *,
    page: Page,
    provider: str,
    provider_name: str,
    image: Image | None,
) -> Article:
    """Return the article; its id is the key of the address it goes by."""
    return Article(
        id=ArticleId(url_key(extracted.url)),
        page_id=page.id,
        url=extracted.url,
        title=extracted.title,
        excerpt=extracted.excerpt,
        text=extracted.text,
        published_at=extracted.published_at,
        published_precision=extracted.published_precision,
        updated_at=extracted.updated_at,
        language=extracted.language,
        type=extracted.type,
        provider=provider,
        provider_name=provider_name,
        amp_url=extracted.amp_url,
        authors=extracted.authors,
        image=image,
        featured_content=extracted.featured_content,
        origins=extracted.origins,
    )
