"""Pure: the members of a group -> the story they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from config.catalogue import Organisation, Scoring, Topic
from pipeline.records import Article, ArticleId, Membership, ScoredArticle, Story, StoryId
from pipeline.stories.lead import choose_lead, order_related
from pipeline.stories.scores import heat, quality, related_voices
from pipeline.stories.topics import topics_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What operators said of a story; it goes before whatever is computed."""

    #: The articles that are to lead: the first that is a member does.
    leads: tuple[ArticleId, ...] = ()
    #: Takes the place of the lead's title; "" where nobody gave one.
    title: str = ""


#: Of most stories nobody said anything.
NO_WORD = Word()


def build_story(
    story_id: StoryId,
    articles: Sequence[Article],
    memberships: Sequence[Membership],
    *,
    topics: Sequence[Topic],
    organisations: Mapping[str, Organisation],
    scoring: Scoring,
    word: Word = NO_WORD,
) -> Story:
    """Choose the lead, order the related articles and score the story.

    The story's topics are its lead's. `organisations`: by domain. Memberships come out in the
    order of the articles; an article without one stands there without a reason. Raises
    ValueError without articles.
    """
    scored = [
        score_article(article, topics=topics, organisations=organisations, scoring=scoring)
        for article in articles
    ]
    lead = choose_lead(scored, word.leads)
    related = order_related(scored, lead)
    voices = related_voices(
        lead.article, [one.article for one in related], memberships, organisations
    )
    reasons = {membership.article_id: membership for membership in memberships}
    return Story(
        id=story_id,
        lead=lead,
        related=related,
        memberships=tuple(
            reasons.get(one.article.id, Membership(article_id=one.article.id))
            for one in (lead, *related)
        ),
        topics=lead.topics,
        heat=heat(lead.quality.value, voices, scoring),
        related_voices=voices,
        title=word.title,
    )


def score_article(
    article: Article,
    *,
    topics: Sequence[Topic],
    organisations: Mapping[str, Organisation],
    scoring: Scoring,
) -> ScoredArticle:
    """Find an article's topics and its quality."""
    matches = topics_of(
        article.title, article.excerpt, topics, url=article.url, provider=article.provider
    )
    score = quality(
        article,
        topics=matches,
        organisation=organisations.get(article.provider),
        scoring=scoring,
    )
    return ScoredArticle(article=article, topics=matches.names, quality=score)
