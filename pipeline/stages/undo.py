"""Taking corrections back: what a decision moved, joined, parted or withdrew is as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store import correctionbook, corrections, partitions, stories
from pipeline.io.store.correctionbook import Correction
from pipeline.records import ArticleId, StoryId
from pipeline.stages.correct import Author, require_live
from pipeline.stages.enact import blocked_as, settle
from pipeline.stages.score import score_stories

#: Decisions about which articles stand together: each builds on the ones before.
_ABOUT_ARTICLES: Final = ("merge", "split", "retract")


def undo(ctx: Context, number: int, *, by: Author) -> Correction:
    """Take a correction back; files follow with the next write.

    Raise UsageError for one that is not there, is undone already, cannot be undone, or on which a
    later one builds.
    """
    with ctx.store.write() as tx:
        book = correctionbook.all_of(tx)
        found = next((one for one in book if one.number == number), None)
        if found is None:
            raise UsageError(
                f"correction {number}: there is none; see `newsloom stories corrections`"
            )
        if not found.holds:
            raise UsageError(f"correction {number} was undone by {found.undone_by} already")
        _require_last(found, book)
        at = ctx.clock()
        correctionbook.mark_undone(tx, number, at=at, who=by.who, why=by.why)
        _UNDO[found.kind](ctx, tx, found)
    return replace(found, undone_at=at, undone_by=by.who, undone_why=by.why)


def _require_last(found: Correction, book: Sequence[Correction]) -> None:
    """Raise UsageError when a later correction is about the same articles."""
    mine = {*found.articles, *found.others}
    for one in reversed(book):
        later = one.number > found.number and one.holds and one.kind in _ABOUT_ARTICLES
        if found.kind in _ABOUT_ARTICLES and later and mine & {*one.articles, *one.others}:
            raise UsageError(
                f"correction {found.number}: number {one.number} ({one.kind}) is about the same "
                f"articles and came later; undo {one.number} first"
            )


def _merge(ctx: Context, tx: Connection, one: Correction) -> None:
    """Let the story that was taken over live again, with the articles that are left of it."""
    assert one.other is not None, "a merge names two stories"
    at = stories.stories_of(tx, one.articles)
    if not at:
        raise UsageError(f"correction {one.number}: no article of story {one.other} is left")
    if one.other not in stories.fates_of(tx, [one.other]):
        raise UsageError(f"correction {one.number}: story {one.other} is not in this database")
    stories.revive_story(tx, one.other)
    _put_back(tx, one, at, one.other)
    settle(ctx, tx, {one.other, *at.values()}, one.other)


def _split(ctx: Context, tx: Connection, one: Correction) -> None:
    """Give the articles back to the story they were parted from; the new one leaves its id."""
    assert one.story is not None, "a split names a story"
    assert one.other is not None, "a split makes a story"
    origin = correctionbook.survivors_of(tx, [one.story])[one.story]
    require_live(tx, [origin])
    newcomers = [
        article.id for article, _ in stories.members_of(tx, [one.other]).get(one.other, [])
    ]
    at = stories.stories_of(tx, [*one.articles, *newcomers])
    corrections.move_articles(tx, list(at), origin)
    _put_back(tx, one, at, origin)
    settle(ctx, tx, {origin, *at.values()}, origin)


def _put_back(
    tx: Connection, one: Correction, at: Mapping[ArticleId, StoryId], into: StoryId
) -> None:
    """Give articles their memberships of before, in a story, and the ties they had."""
    rows: list[Mapping[str, Any]] = one.before.get("memberships", [])
    known = [{**row, "story_id": into} for row in rows if row["article_id"] in at]
    told = {row["article_id"] for row in known}
    corrections.move_articles(
        tx, [article for article in one.articles if article in at.keys() - told], into
    )
    corrections.put_back(tx, known)
    whole = (*one.articles, *one.others)
    ties = one.before.get("ties", [])
    partitions.put_back(tx, ties, whole, one.articles if one.kind == "split" else ())


def _retract(ctx: Context, tx: Connection, one: Correction) -> None:
    """Let a story live again with the articles that were withdrawn; refuse no more of them."""
    corrections.unblock(tx, "url", one.before.get("blocked", []))
    here = corrections.withdrawn(tx, one.articles)
    rows = [row for row in one.before.get("memberships", []) if row["article_id"] in here]
    homes = {StoryId(row["story_id"]) for row in rows}
    for story_id in sorted(homes):
        stories.revive_story(tx, story_id)
    corrections.put_back(tx, rows)
    score_stories(ctx, tx, sorted(homes))


def _say(ctx: Context, tx: Connection, one: Correction) -> None:
    """Let a story follow what is left of what was said of it."""
    assert one.story is not None, "something is said of a story"
    score_stories(ctx, tx, [*correctionbook.survivors_of(tx, [one.story]).values()])


def _block(ctx: Context, tx: Connection, one: Correction) -> None:
    """Let in again what this correction kept out; the next poll of its feeds brings it."""
    del ctx
    corrections.unblock(tx, blocked_as(one)[0], one.before.get("blocked", []))


def _forget(ctx: Context, tx: Connection, one: Correction) -> None:
    """Say that this cannot be done."""
    del ctx, tx
    raise UsageError(
        f"correction {one.number}: what was forgotten is erased and cannot come back; it stays "
        "blocked, too"
    )


_UNDO: Final[Mapping[str, Callable[[Context, Connection, Correction], None]]] = {
    "merge": _merge,
    "split": _split,
    "retract": _retract,
    "pin-lead": _say,
    "retitle": _say,
    "block": _block,
    "forget": _forget,
}
