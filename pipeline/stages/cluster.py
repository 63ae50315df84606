"""Stage three: the articles of closed ticks -> stories.

Ticks are taken in their order, each language by whoever holds its lease; without the lease the
stage leaves the rows as they are. Nothing here decides: `pipeline.stories` does.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from pipeline.context import Context
from pipeline.io.store import corrections, leases, stories, ticks
from pipeline.records import Article, ArticleId, StoryId
from pipeline.stories.cluster import Assignment, LiveArticle, assign
from pipeline.stories.duplicates import ALIAS_WITHIN
from pipeline.stories.story import build_story

#: Raised when the same articles would be grouped in another way.
CLUSTER_VERSION = 1
#: Raised when the same story would get another lead, topic or score.
SCORE_VERSION = 1


def cluster(ctx: Context, ids: Sequence[ArticleId]) -> list[StoryId]:
    """Cluster every tick that is ready; return the stories whose files are behind.

    `ids` only rings: what is to be done is found by asking the store.
    """
    del ids
    with ctx.store.write() as tx:
        closed = ticks.close_done(tx, now=ctx.clock())
    for tick in closed:
        for stage, left in (("fetch", tick.sources_left), ("extract", tick.pages_left)):
            ctx.tally.due(stage, left)
            ctx.tally.end(stage, "deferred", left)
    while (tick_id := _next_tick(ctx)) is not None:
        if not _cluster_tick(ctx, tick_id):
            break
    with ctx.store.read() as tx:
        return list(stories.unwritten(tx, ctx.catalogue.sites))


def _next_tick(ctx: Context) -> int | None:
    """Return the tick whose turn it is, None when it is still open or there is none."""
    with ctx.store.read() as tx:
        return ticks.next_to_cluster(tx)


def _cluster_tick(ctx: Context, tick_id: int) -> bool:
    """Cluster all partitions of a tick; say whether its books could be closed."""
    with ctx.store.read() as tx:
        languages = stories.languages_of_tick(tx, tick_id)
    for language in languages:
        _cluster_partition(ctx, tick_id, language)
    with ctx.store.write() as tx:
        return ticks.mark_clustered(tx, tick_id, now=ctx.clock())


def _cluster_partition(ctx: Context, tick_id: int, language: str) -> None:
    """Cluster one language of a tick under its lease."""
    name = f"cluster:{language}"
    with ctx.store.write() as tx:
        token = leases.take(
            tx, name, owner=ctx.store.owner, now=ctx.clock(), lasts=ctx.settings.lease
        )
    if token is None:
        return
    with ctx.store.read() as tx:
        opened = ticks.opened_at(tx, tick_id)
        new = stories.pending_articles(tx, tick_id, language)
        leaving = stories.leaving_articles(tx, tick_id, language)
        placed = stories.stories_of(tx, [article.id for article in new])
        oldest = min([opened, *(article.published_at for article in new)])
        since = oldest - max(ctx.settings.window, ALIAS_WITHIN)
        live = stories.live_articles(tx, language, since=since)
    assignments = assign(
        [article for article in new if article.id not in placed],
        [LiveArticle(article=article, story_id=story_id) for article, story_id in live],
        window=ctx.settings.window,
        is_taken=lambda story_id: _is_taken(ctx, story_id),
    )
    _save(ctx, new, assignments, set(placed.values()), leaving, lease=(name, token))


def _is_taken(ctx: Context, story_id: StoryId) -> bool:
    """Say whether a story id was ever given out."""
    with ctx.store.read() as tx:
        return stories.is_taken(tx, story_id)


def _save(
    ctx: Context,
    new: Sequence[Article],
    assignments: Sequence[Assignment],
    rescored: set[StoryId],
    leaving: Sequence[ArticleId],
    *,
    lease: tuple[str, int],
) -> None:
    """Save memberships and the stories they touch, unless the lease was lost meanwhile."""
    aliases = {item.article_id: item.alias_of for item in assignments if item.alias_of}
    members = [item for item in assignments if not item.alias_of]
    language = new[0].language if new else ""
    with ctx.store.write() as tx:
        if not leases.holds(tx, *lease):
            return
        stories.add_memberships(
            tx, [(item.story_id, language, item.membership) for item in members]
        )
        stories.settle_articles(
            tx, [article.id for article in new if article.id not in aliases], aliases
        )
        score_stories(ctx, tx, sorted(rescored | {item.story_id for item in members}))
        let_go_of(ctx, tx, leaving, state="gone")
        leases.give_back(tx, *lease)
    _count(ctx, new, assignments)
    ctx.tally.due("cluster", len(leaving))
    ctx.tally.end("cluster", "gone", len(leaving))


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


def _count(ctx: Context, new: Sequence[Article], assignments: Sequence[Assignment]) -> None:
    """Count how each article ended."""
    ctx.tally.due("cluster", len(new))
    ctx.tally.end("cluster", "rescored", len(new) - len(assignments))
    for item in assignments:
        ending = "alias" if item.alias_of else "founded" if item.founded else "joined"
        ctx.tally.end("cluster", ending)
