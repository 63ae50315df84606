"""Pure: which article speaks for its story, and in what order the others follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pipeline.records import ArticleId, ScoredArticle


def choose_lead(scored: Sequence[ScoredArticle], pinned: Sequence[ArticleId] = ()) -> ScoredArticle:
    """Return the best article: highest quality, then earliest, then smallest URL.

    The first of `pinned` that is there goes before all. Raises ValueError when there is none.
    """
    places = {article_id: place for place, article_id in enumerate(pinned)}
    return min(scored, key=lambda one: (places.get(one.article.id, len(places)), _rank(one)))


def order_related(
    scored: Sequence[ScoredArticle], lead: ScoredArticle
) -> tuple[ScoredArticle, ...]:
    """Return all but the lead by quality, then age, then URL; no address twice."""
    by_url = {lead.article.url: lead}
    for candidate in sorted(scored, key=_rank):
        by_url.setdefault(candidate.article.url, candidate)
    return tuple(one for one in by_url.values() if one.article.id != lead.article.id)


def _rank(scored: ScoredArticle) -> tuple[int, datetime, str, ArticleId]:
    """Order best first; the id only parts articles that share an address."""
    article = scored.article
    return (-scored.quality.value, article.published_at, article.url, article.id)
