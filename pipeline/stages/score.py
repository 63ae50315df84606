"""Stories after their members changed: scored anew, or ended when none is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from config.catalogue import Catalogue
from pipeline.context import Context
from pipeline.io.store import correctionbook, corrections, stories
from pipeline.records import ArticleId, Story, StoryId
from pipeline.stories.story import NO_WORD, build_story

#: Raised when the same articles would be grouped in another way.
CLUSTER_VERSION = 3
#: Raised when the same story would get another lead, topic or score.
SCORE_VERSION = 2


def stories_in(
    tx: Connection, catalogue: Catalogue, ids: Iterable[StoryId]
) -> dict[StoryId, Story]:
    """Return those of the stories that have articles, as rules and operators' word make them."""
    members = stories.members_of(tx, ids)
    words = correctionbook.words_of(tx, members)
    return {
        story_id: build_story(
            story_id,
            [article for article, _ in rows],
            [membership for _, membership in rows],
            topics=catalogue.topics,
            organisations=catalogue.organisations,
            scoring=catalogue.scoring,
            word=words.get(story_id, NO_WORD),
        )
        for story_id, rows in members.items()
    }


def score_stories(ctx: Context, tx: Connection, ids: Sequence[StoryId]) -> None:
    """Find the lead, topics and scores of stories anew, and make them due for writing."""
    for _, story in sorted(stories_in(tx, ctx.catalogue, ids).items()):
        stories.save_story(tx, story, cluster_version=CLUSTER_VERSION, score_version=SCORE_VERSION)


def let_go_of(
    ctx: Context,
    tx: Connection,
    ids: Sequence[ArticleId],
    *,
    state: str = "withdrawn",
    last: str = "retracted",
) -> None:
    """Take articles out of their stories; a story without any ends as `last`."""
    if not ids:
        return
    touched = set(stories.stories_of(tx, ids).values())
    corrections.withdraw_articles(tx, ids, state=state)
    left = stories.members_of(tx, touched)
    for story_id in sorted(touched - left.keys()):
        stories.end_story(tx, story_id, state=last)
    score_stories(ctx, tx, sorted(left))
