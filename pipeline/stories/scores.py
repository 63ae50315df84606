"""Pure: quality of an article, voices and heat of a story, each with the parts it is made of.

The rules are those of 24,246 published documents of the format: quality is a sum of steps, heat
is the lead's quality and W for each related article (docs/format.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.catalogue import Organisation, Scoring
from pipeline.records import Article, ArticleId, ArticleType, Membership, Part, Score
from pipeline.stories.topics import TopicMatches, Where


def quality(
    article: Article,
    *,
    topics: TopicMatches,
    organisation: Organisation | None,
    scoring: Scoring,
) -> Score:
    """Add up what speaks for an article: its provider, its form, its subject."""
    parts = [
        _provider_part(article, organisation, scoring),
        *_form_parts(article, scoring),
        *_topic_parts(topics, scoring),
    ]
    return _sum(parts)


def heat(quality: int, voices: int, scoring: Scoring) -> Score:
    """Return the lead's quality and what independent voices add to it.

    Below the gate voices add nothing: a crowd around a poor page is no news.
    """
    parts = [Part(name="quality", value=quality)]
    if voices and quality >= scoring.quality_gate:
        counted = min(voices, scoring.voices_limit)
        detail = f"{counted} x {scoring.voice}"
        if counted < voices:
            detail += f", of {voices}"
        parts.append(Part(name="voices", value=counted * scoring.voice, detail=detail))
    return _sum(parts)


def related_voices(
    lead: Article,
    related: Sequence[Article],
    memberships: Sequence[Membership],
    organisations: Mapping[str, Organisation],
) -> int:
    """Count the independent voices besides the lead's.

    One text is one voice, whoever prints it; one provider or family of providers is one voice,
    however much it prints. A text speaks with the voice of its oldest known print.
    `organisations`: by domain.
    """
    copy_of = {member.article_id: member.copy_of for member in memberships}
    articles = {article.id: article for article in (lead, *related)}
    lead_text = _root(lead.id, copy_of)
    texts = {_root(article.id, copy_of): article for article in reversed(related)}
    texts.pop(lead_text, None)
    voices = {_voice(articles.get(root, article), organisations) for root, article in texts.items()}
    return len(voices - {_voice(lead, organisations)})


def _provider_part(article: Article, organisation: Organisation | None, scoring: Scoring) -> Part:
    if organisation is None:
        return Part(name="provider", value=scoring.unknown_provider, detail="unknown")
    return Part(name="provider", value=organisation.quality, detail=article.provider)


def _form_parts(article: Article, scoring: Scoring) -> list[Part]:
    """Return the parts for an AMP page, a picture and a video."""
    parts = []
    if article.amp_url:
        parts.append(Part(name="amp", value=scoring.amp))
    if article.image:
        size = f"{article.image.width}x{article.image.height}"
        parts.append(Part(name="image", value=scoring.image, detail=size))
    if article.type is ArticleType.VIDEO:
        parts.append(Part(name="video", value=scoring.video))
    return parts


def _topic_parts(topics: TopicMatches, scoring: Scoring) -> list[Part]:
    """Return the parts for the main topic in the title and for further topics."""
    parts = []
    origin = topics.origins[topics.main] if topics.main else None
    if origin and origin.where is Where.TITLE:
        value = scoring.keyword_in_title
        parts.append(Part(name="keyword in title", value=value, detail=origin.keyword))
    if further := topics.names[1 : 1 + scoring.further_topics_limit]:
        value = len(further) * scoring.further_topic
        parts.append(Part(name="further topics", value=value, detail=", ".join(further)))
    return parts


def _sum(parts: Sequence[Part]) -> Score:
    return Score(value=int(sum(part.value for part in parts)), parts=tuple(parts))


def _root(article_id: ArticleId, copy_of: Mapping[ArticleId, ArticleId | None]) -> ArticleId:
    """Follow copies to their original; a circle ends where it closes, at its smallest id."""
    seen = [article_id]
    while (original := copy_of.get(seen[-1])) is not None:
        if original in seen:
            return min(seen[seen.index(original) :])
        seen.append(original)
    return seen[-1]


def _voice(article: Article, organisations: Mapping[str, Organisation]) -> tuple[str, str]:
    organisation = organisations.get(article.provider)
    if organisation and organisation.family:
        return ("family", organisation.family)
    return ("provider", article.provider)
