"""The live stories of a partition once more, as a whole: merges and splits, with ids that last."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from pipeline.context import Context
from pipeline.io.store import backfills, corrections, leases, partitions, redo, stories
from pipeline.outcomes import WARNING
from pipeline.records import StoryId
from pipeline.stages.score import CLUSTER_VERSION, score_stories
from pipeline.stages.turn import Heart, Turn, is_far
from pipeline.stories.cluster import LiveArticle
from pipeline.stories.refine import SMALL, Refinement, refine
from pipeline.stories.strictness import rules_of


def regroup(ctx: Context, turn: Turn) -> bool:
    """Group the live stories of a partition anew where that is due, and let it rest.

    Say whether that was saved: not when the lease was lost or somebody corrected stories.
    """
    with ctx.store.read() as tx:
        state = partitions.partition(tx, turn.language)
    found = _regrouped(ctx, turn, state)
    with ctx.store.write() as tx:
        now = partitions.partition(tx, turn.language)
        if not leases.holds(tx, turn.lease, turn.token):
            return False
        if turn.version_of(now) != turn.version_of(state):
            return False
        if found is not None:
            _move(ctx, tx, turn, found)
        _settle(tx, turn, is_refined=found is not None)
        version = turn.version_of(partitions.partition(tx, turn.language))
    if found is not None:
        _follow(ctx, turn, found, version)
    return True


def _settle(tx: Connection, turn: Turn, *, is_refined: bool) -> None:
    """Note that a partition is at rest after this turn."""
    refined = {"refined_at": turn.opened} if is_refined else {}
    if turn.backfill_id is None:
        partitions.note(tx, turn.language, settled_tick=turn.tick_id, **refined)
        return
    backfills.note_partition(
        tx, turn.backfill_id, turn.language, settled_until=turn.opened, **refined
    )


def _regrouped(ctx: Context, turn: Turn, state: Row[Any]) -> Refinement | None:
    """Return the live stories, or those an operator chose, grouped anew; None: not yet time."""
    window = ctx.settings.window
    with ctx.store.read() as tx:
        chosen = redo.grouped_anew(tx, turn.tick_id, turn.language)
        if not (chosen or _is_due(ctx, tx, turn, state)):
            return None
        since = chosen[0] - window if chosen else turn.opened - window
        until = chosen[1] + window if chosen else turn.until
        members = stories.live_members(tx, turn.language, since=since, until=until)
        ties = partitions.ties_of(tx, [article.id for article, _ in members])
    return refine(
        [LiveArticle(article=article, story_id=story_id) for article, story_id in members],
        window=ctx.settings.window,
        is_taken=partial(is_taken, ctx),
        must=ties.must,
        cannot=ties.cannot,
        model=ctx.model,
        rule_of=rules_of(ctx.catalogue.topics),
        alive=Heart(ctx, turn),
    )


def _is_due(ctx: Context, tx: Connection, turn: Turn, state: Row[Any]) -> bool:
    """Say whether the live stories are looked at again: every time few, every few hours many.

    An article that came back is placed without asking what operators said of it: that is put right
    at once.
    """
    refined_at = state.refined_at
    if turn.backfill_id is not None:
        refined_at = backfills.partition(tx, turn.backfill_id, turn.language).refined_at
    elif state.placed_tick != turn.tick_id:
        return False
    if refined_at is None or turn.opened - refined_at >= ctx.settings.refine_every:
        return True
    if partitions.is_at_odds(tx, turn.tick_id, turn.language):
        return True
    since = turn.opened - ctx.settings.window
    return stories.is_small(tx, turn.language, since=since, until=turn.until, limit=SMALL)


def _move(ctx: Context, tx: Connection, turn: Turn, found: Refinement) -> None:
    """Save what a refinement changed: moved articles, split and merged stories."""
    for new, origin in sorted(found.splits.items()):
        corrections.found_by_split(tx, new, origin)
    reasons = [(found.story_of[one.article_id], turn.language, one) for one in found.memberships]
    stories.add_memberships(tx, reasons)
    partitions.touch(tx, [move.article_id for move in found.moves], far=is_far(ctx, turn))
    for old, into in sorted(found.aliases.items()):
        stories.end_story(tx, old, state="merged", into=into)
    touched = {story for move in found.moves for story in (move.old, move.new)}
    score_stories(ctx, tx, sorted(touched - found.aliases.keys()))
    partitions.note_grouped(tx, set(found.story_of.values()), version=CLUSTER_VERSION)


def _follow(ctx: Context, turn: Turn, found: Refinement, version: tuple[int, ...]) -> None:
    """Bring the window at hand along, and tell what became of stories."""
    known = ctx.windows.get(turn.window_key)
    if known is not None:
        known.window.settle(found.story_of)
        ctx.windows[turn.window_key] = replace(known, version=version)
    for old, into in sorted(found.aliases.items()):
        ctx.tally.note("cluster", old, f"merged into {into}")
    for new, origin in sorted(found.splits.items()):
        ctx.tally.note("cluster", new, f"split from {origin}")
    for warning in found.warnings:
        ctx.tally.note("cluster", turn.language, f"{WARNING}: {warning}")


def is_taken(ctx: Context, story_id: StoryId) -> bool:
    """Say whether a story id was ever given out."""
    with ctx.store.read() as tx:
        return stories.is_taken(tx, story_id)
