"""The door of the room: a fetched page and what the feed said about it -> the article it holds.

    bytes -> markup (one tree) -> declared -> kind? -> metadata, text -> excerpt, pictures, AMP

One tree serves every reader and is changed by none, so the same page gives the same article
whatever was read before it.
"""

from __future__ import annotations

from datetime import datetime

from pipeline.articles.amp import amp_url_of
from pipeline.articles.declared import Declared, read_declared
from pipeline.articles.excerpt import excerpt_of
from pipeline.articles.images import image_candidates
from pipeline.articles.kinds import access_of, refusal_of
from pipeline.articles.language import language_of
from pipeline.articles.markup import Markup, parse_markup
from pipeline.articles.metadata import Metadata, descriptions_of, read_metadata
from pipeline.articles.refusals import BAD_URL, NO_TEXT, NO_TITLE
from pipeline.articles.robots import Robots, robots_of
from pipeline.articles.text import main_text
from pipeline.articles.titles import titles_of
from pipeline.errors import NotAnArticle
from pipeline.plaintext import plain_line
from pipeline.records import EntryFacts, ExtractedArticle, Page
from pipeline.urls import resolve


def read_page(page: Page, facts: EntryFacts, *, now: datetime) -> ExtractedArticle:
    """Return the article on a page.

    A page too costly to extract text from still makes an article of its metadata and the feed's
    summary; its origins say so. Raise NotAnArticle with a code of `refusals` when there is none.
    """
    url = resolve("", page.final_url)
    if url is None:
        raise NotAnArticle(BAD_URL, page.final_url[:200])
    markup = parse_markup(page.body, page.content_type)
    declared = read_declared(markup.tree, url=url)
    text, text_origin = main_text(
        markup,
        declared.json_ld,
        url=url,
        titles=[*declared.headlines, *(title for _, title in titles_of(declared))],
        descriptions=[line for _, line in descriptions_of(declared)],
    )
    if refusal := refusal_of(declared, markup.tree, text=text):
        raise NotAnArticle(*refusal)
    metadata = read_metadata(
        declared, facts, markup.tree, now=now, search_date=markup.too_costly is None
    )
    summary = plain_line(facts.summary)
    if not metadata.title:
        raise NotAnArticle(NO_TITLE, url[:200])
    if not (text or metadata.description or summary):
        raise NotAnArticle(NO_TEXT, text_origin)
    return _assembled(
        declared,
        facts,
        markup,
        metadata,
        text=(text, text_origin),
        summary=summary,
        robots=robots_of(declared, page.robots_tag),
    )


def _assembled(
    declared: Declared,
    facts: EntryFacts,
    markup: Markup,
    metadata: Metadata,
    *,
    text: tuple[str, str],
    summary: str,
    robots: Robots,
) -> ExtractedArticle:
    """Add what follows from text and metadata: language, excerpt, pictures, AMP."""
    body, text_origin = text
    language, language_origin = language_of(
        declared,
        feed=facts.language,
        text=f"{metadata.title} {body or metadata.description or summary}",
    )
    excerpt, excerpt_origin = excerpt_of(
        body,
        title=metadata.title,
        description=metadata.description,
        summary=summary,
        authors=metadata.authors,
        robots=robots,
    )
    amp_url = amp_url_of(declared, url=metadata.url)
    origins = metadata.origins | {
        "text": text_origin,
        "language": language_origin or "unknown",
        "excerpt": excerpt_origin or "none",
    }
    if amp_url:
        origins["amp_url"] = "page" if declared.is_amp else "amphtml"
    if access := access_of(declared, body):
        origins["access"] = access
    if not robots.may_index:
        origins["robots"] = "noindex"
    return ExtractedArticle(
        url=metadata.url,
        title=metadata.title,
        excerpt=excerpt,
        text=body,
        published_at=metadata.published.at,
        published_precision=metadata.published.precision,
        updated_at=metadata.updated.at if metadata.updated else None,
        language=language,
        type=metadata.type,
        amp_url=amp_url,
        site_name=metadata.site_name or None,
        authors=metadata.authors,
        image_candidates=image_candidates(declared, facts, markup.tree),
        featured_content=metadata.featured_content,
        origins=origins,
    )
