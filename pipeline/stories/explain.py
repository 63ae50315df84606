"""Pure: a story -> plain data that says why it is as it is, for `newsloom stories why`.

Everything comes from what was kept when the articles were placed, so the answer is what was
decided then, not what today's weights would say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.records import ArticleId, Membership, Part, Score, ScoredArticle, Story

#: Part names: the story score's two halves, the nearest pair's terms, and what goes beside.
LINK, PAIR, SHARED, VETOES, RUNNER_UP = "link.", "pair.", "shared", "vetoes", "runner-up"
#: The rule of the articles' topics, where there is one.
RULE = "topic-rule"


def explain_story(story: Story) -> dict[str, Any]:
    """Return the story's lead, heat and members with their reasons, as JSON-able data."""
    reasons = {membership.article_id: membership for membership in story.memberships}
    titles = {one.article.id: one.article.title for one in (story.lead, *story.related)}
    return {
        "story": story.id,
        "topics": list(story.topics),
        "heat": explain_score(story.heat),
        "voices": story.related_voices,
        "members": [
            {
                **_article(one, is_lead=one is story.lead),
                "placed": _placed(reasons[one.article.id], titles),
            }
            for one in (story.lead, *story.related)
        ],
    }


def explain_score(score: Score) -> dict[str, Any]:
    """Return a score with the parts it is the sum of."""
    return {"value": score.value, "parts": [_part(part) for part in score.parts]}


def _article(scored: ScoredArticle, *, is_lead: bool) -> dict[str, Any]:
    article = scored.article
    return {
        "article": article.id,
        "lead": is_lead,
        "title": article.title,
        "url": article.url,
        "provider": article.provider,
        "published_at": article.published_at.isoformat(),
        "topics": list(scored.topics),
        "quality": explain_score(scored.quality),
    }


def _placed(membership: Membership, titles: Mapping[ArticleId, str]) -> dict[str, Any]:
    """Say how an article came into the story; `founded` when nothing was near."""
    if membership.nearest is None:
        return {"founded": True}
    beside = {part.name: part for part in membership.parts}
    answer: dict[str, Any] = {
        "founded": False,
        "score": round(membership.score, 4),
        "nearest": membership.nearest,
        "nearest_title": titles.get(membership.nearest, ""),
        "link": _group(membership, LINK),
        "pair": _group(membership, PAIR),
        "shared": beside[SHARED].detail.split(", ") if SHARED in beside else [],
    }
    if VETOES in beside:
        answer["vetoes_passed"] = beside[VETOES].detail.split(", ")
    if membership.copy_of:
        answer["copy_of"] = membership.copy_of
    if RULE in beside:
        answer["rule"] = beside[RULE].detail
    if RUNNER_UP in beside:
        answer["runner_up"] = _part(beside[RUNNER_UP])
    return answer


def _group(membership: Membership, prefix: str) -> list[dict[str, Any]]:
    """Return the parts of one kind, their prefix cut off."""
    return [
        {**_part(part), "name": part.name.removeprefix(prefix)}
        for part in membership.parts
        if part.name.startswith(prefix)
    ]


def _part(part: Part) -> dict[str, Any]:
    return {"name": part.name, "value": round(part.value, 4), "detail": part.detail}
