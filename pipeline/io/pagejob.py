"""The job of reading a page; imported by children alone.

The extractor that the operator named for the page's domain comes first. It may say that there is
no article; when it fails, the general reader reads the page, and the article's origins tell why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module

from pipeline.articles.page import read_page
from pipeline.errors import NotAnArticle
from pipeline.io.jobs import EXTRACTED_ARTICLE, PAGE_JOB
from pipeline.plugins import PageExtractor
from pipeline.records import EntryFacts, ExtractedArticle, Page

#: Among an article's origins: who read the page, when it was not simply the general reader.
EXTRACTOR = "extractor"


def read(header: bytes, body: bytes) -> bytes:
    """Return the article as JSON. Raise NotAnArticle."""
    job = PAGE_JOB.validate_json(header)
    page = replace(job.page, body=body)
    origins: Mapping[str, str] = {}
    if job.extractor:
        try:
            return _by_plugin(job.extractor, page, job.facts)
        except (NotAnArticle, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 -- the operator's code may raise anything
            failure = f"{job.extractor}: {type(error).__name__}: {error}"
            origins = {EXTRACTOR: f"general, after {failure[:200]}"}
    article = read_page(page, job.facts, now=job.now)
    return _json(replace(article, origins={**article.origins, **origins}))


def _by_plugin(dotted: str, page: Page, facts: EntryFacts) -> bytes:
    """Return what the extractor called `dotted` makes of a page, its times in UTC.

    Raise TypeError when it is no article of ours, ValueError when it cannot be handed on.
    """
    module, _, name = dotted.rpartition(".")
    extractor: PageExtractor = getattr(import_module(module), name)
    article = extractor(page, facts)
    if not isinstance(article, ExtractedArticle):
        raise TypeError(f"returned {type(article).__name__}, not ExtractedArticle")
    return _json(
        replace(
            article,
            published_at=_utc(article.published_at),
            updated_at=_utc(article.updated_at) if article.updated_at else None,
            origins={**article.origins, EXTRACTOR: dotted},
        )
    )


def _utc(moment: datetime) -> datetime:
    """Return a time in UTC. Raise ValueError when it has no zone: nobody can guess it."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)


def _json(article: ExtractedArticle) -> bytes:
    """Return an article as JSON."""
    return EXTRACTED_ARTICLE.dump_json(article, warnings="error")
