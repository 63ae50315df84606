"""Corrections: what people decide about stories. Files follow with the next write.

Each is one transaction and leaves the stories it touches due. An id is never given out twice: a
story that was taken over or withdrawn keeps its row and, where it had one, its file's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store import corrections, partitions, stories
from pipeline.records import ArticleId, StoryId
from pipeline.stages.score import let_go_of, score_stories
from pipeline.stories.cluster import story_id as founded_id
from pipeline.urls import url_key


def merge(ctx: Context, taken_over: StoryId, survivor: StoryId) -> None:
    """Let `survivor` take over all articles of another story, which leaves a tombstone."""
    if taken_over == survivor:
        raise UsageError(f"story {survivor} cannot be merged with itself; name two")
    with ctx.store.write() as tx:
        _require_live(tx, [taken_over, survivor])
        moved, stayed = _members(tx, taken_over), _members(tx, survivor)
        corrections.move_articles(tx, moved, survivor)
        partitions.untie(tx, "cannot", [*stayed, *moved])
        pairs = [(stayed[0], article) for article in (*stayed[1:], *moved)]
        partitions.tie(tx, "must", pairs, at=ctx.clock())
        stories.end_story(tx, taken_over, state="merged", into=survivor)
        score_stories(ctx, tx, [survivor])


def split(ctx: Context, origin: StoryId, ids: Sequence[ArticleId]) -> StoryId:
    """Make a story of its own of some of a story's articles; return its id."""
    with ctx.store.write() as tx:
        _require_live(tx, [origin])
        members = _members(tx, origin)
        if not ids or not set(ids) < set(members):
            raise UsageError(
                f"story {origin}: name some of its {len(members)} articles, not all, none or others"
            )
        founder = min(ids, key=members.index)
        counter = 0
        while stories.is_taken(tx, new := founded_id(founder, counter)):
            counter += 1
        corrections.found_by_split(tx, new, origin)
        corrections.move_articles(tx, ids, new)
        left = [article for article in members if article not in ids]
        parted = [(article, other) for article in ids for other in left]
        partitions.tie(tx, "cannot", parted, at=ctx.clock())
        joined = [(founder, article) for article in ids]
        partitions.tie(tx, "must", joined, at=ctx.clock())
        score_stories(ctx, tx, [origin, new])
    return new


def retract(ctx: Context, story_id: StoryId) -> None:
    """Withdraw a story and its articles; its file stays, hidden."""
    with ctx.store.write() as tx:
        _require_live(tx, [story_id])
        corrections.withdraw_articles(tx, _members(tx, story_id))
        stories.end_story(tx, story_id, state="retracted")


def withdraw_article(ctx: Context, article_id: ArticleId) -> None:
    """Take one article out; its story takes a new lead, and is retracted when none is left."""
    with ctx.store.write() as tx:
        let_go_of(ctx, tx, [article_id], last="retracted")


def forget(ctx: Context, *, reason: str, url: str = "", domain: str = "") -> int:
    """Erase an article, or all of a domain, from rows and files, and keep it from coming back.

    Return how many articles went. Raise UsageError unless exactly one of `url`, `domain` is given.
    """
    if bool(url) == bool(domain):
        raise UsageError("name either an address or a domain to forget")
    with ctx.store.write() as tx:
        if url:
            key = url_key(url)
            corrections.block(tx, "url", key, reason=reason, at=ctx.clock())
            found = corrections.articles_at(tx, key)
        else:
            corrections.block(tx, "domain", domain, reason=reason, at=ctx.clock())
            found = corrections.articles_of_provider(tx, domain)
        let_go_of(ctx, tx, found, last="forgotten")
        corrections.erase_articles(tx, found)
    return len(found)


def _members(tx: Connection, story_id: StoryId) -> list[ArticleId]:
    """Return a story's articles in order of time."""
    return [article.id for article, _ in stories.members_of(tx, [story_id]).get(story_id, [])]


def _require_live(tx: Connection, ids: Iterable[StoryId]) -> None:
    """Raise UsageError for a story that is not, or is no more."""
    wanted = list(ids)
    fates = stories.fates_of(tx, wanted)
    for story_id in wanted:
        if story_id not in fates:
            raise UsageError(f"story {story_id}: there is none; see `newsloom stories list`")
        if fates[story_id].state != "live":
            raise UsageError(f"story {story_id} was {fates[story_id].state}; choose a live one")
