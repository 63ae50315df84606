"""Stories after their members changed: scored anew, or ended when none is left."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from pipeline.context import Context
from pipeline.io.store import corrections, stories
from pipeline.records import ArticleId, StoryId
from pipeline.stories.story import build_story

#: Raised when the same articles would be grouped in another way.
CLUSTER_VERSION = 2
#: Raised when the same story would get another lead, topic or score.
SCORE_VERSION = 2


def score_stories(ctx: Context, tx: Connection, ids: Sequence[StoryId]) -> None:
    """Find the lead, topics and scores of stories anew, and make them due for writing."""
    for story_id, rows in sorted(stories.members_of(tx, ids).items()):
        story = build_story(
            story_id,
            [article for article, _ in rows],
            [membership for _, membership in rows],
            topics=ctx.catalogue.topics,
            organisations=ctx.catalogue.organisations,
            scoring=ctx.catalogue.scoring,
        )
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
    touched = set(stories.stories_of(tx, ids).values())
    corrections.withdraw_articles(tx, ids, state=state)
    left = stories.members_of(tx, touched)
    for story_id in sorted(touched - left.keys()):
        stories.end_story(tx, story_id, state=last)
    score_stories(ctx, tx, sorted(left))
