"""An extracted page, its provider and its measured picture -> the article that is stored."""

from __future__ import annotations

from pipeline.articles.provider import Provider
from pipeline.records import Article, ArticleId, ExtractedArticle, Image, Page
from pipeline.urls import url_key


def article_of(
    extracted: ExtractedArticle,
    *,
    page: Page,
    provider: Provider,
    image: Image | None,
) -> Article:
    """Return the article; its id is the key of the address it goes by.

    Its origins are those of the page and who named the provider and the picture.
    """
    origins = {**extracted.origins, "provider": provider.origin}
    for candidate in extracted.image_candidates:
        if image is not None and candidate.url == image.url:
            origins.setdefault("image", candidate.origin)
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
        provider=provider.domain,
        provider_name=provider.name,
        amp_url=extracted.amp_url,
        authors=extracted.authors,
        image=image,
        featured_content=extracted.featured_content,
        origins=origins,
    )
