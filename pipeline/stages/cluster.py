"""Stage three: the articles of closed ticks -> stories.

Ticks are taken in their order, each language by whoever holds its lease; without the lease the
stage leaves the rows as they are. Nothing here decides: `pipeline.stories` does. What a tick
brings is placed first, then the live stories are grouped anew where that is due.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from pipeline.context import Context, LiveWindow
from pipeline.io.store import corrections, leases, partitions, stories, ticks
from pipeline.records import Article, ArticleId, StoryId
from pipeline.stories.cluster import Assignment, LiveArticle, assign, place
from pipeline.stories.duplicates import ALIAS_WITHIN
from pipeline.stories.refine import Refinement, refine
from pipeline.stories.similarity import shipped_model
from pipeline.stories.story import build_story
from pipeline.stories.vectors import frequencies
from pipeline.stories.window import Window

#: Raised when the same articles would be grouped in another way.
CLUSTER_VERSION = 2
#: Raised when the same story would get another lead, topic or score.
SCORE_VERSION = 1
#: Articles in live stories up to which they are grouped anew with every tick: half a second.
_SMALL = 500


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
        languages = {*stories.languages_of_tick(tx, tick_id), *partitions.unsettled(tx, tick_id)}
        opened = ticks.opened_at(tx, tick_id)
    for language in sorted(languages):
        _cluster_partition(ctx, tick_id, opened, language)
    with ctx.store.write() as tx:
        if partitions.unsettled(tx, tick_id):
            return False
        return ticks.mark_clustered(tx, tick_id, now=ctx.clock())


@dataclass(frozen=True, slots=True)
class _Turn:
    """One partition of one tick, under a lease."""

    tick_id: int
    opened: datetime
    language: str
    lease: str
    token: int

    def since(self, reach: timedelta) -> datetime:
        """From when on articles are in the window: all that a week's arrivals may be near to."""
        return self.opened - ALIAS_WITHIN - reach


def _cluster_partition(ctx: Context, tick_id: int, opened: datetime, language: str) -> None:
    """Cluster one language of a tick under its lease."""
    name = f"cluster:{language}"
    with ctx.store.write() as tx:
        token = leases.take(
            tx, name, owner=ctx.store.owner, now=ctx.clock(), lasts=ctx.settings.lease
        )
        partitions.ensure(tx, language)
    if token is None:
        return
    turn = _Turn(tick_id, opened, language, name, token)
    if _place(ctx, turn):
        _refine(ctx, turn)
    with ctx.store.write() as tx:
        leases.give_back(tx, name, token)


# --- what a tick brings ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brought:
    """What a tick has for a partition, and the state it was read in."""

    new: Sequence[Article]
    #: Those of `new` that stand in a story already: they were updated.
    placed: dict[ArticleId, StoryId]
    #: Their publishers took them back.
    leaving: Sequence[ArticleId]
    version: int


def _place(ctx: Context, turn: _Turn) -> bool:
    """Place a tick's articles; say whether that was saved."""
    with ctx.store.read() as tx:
        new = stories.pending_articles(tx, turn.tick_id, turn.language)
        brought = _Brought(
            new=new,
            placed=stories.stories_of(tx, [article.id for article in new]),
            leaving=stories.leaving_articles(tx, turn.tick_id, turn.language),
            version=partitions.partition(tx, turn.language).version,
        )
        if not (new or brought.leaving):
            return True
        around = _window(ctx, tx, turn, brought.version)
    assignments = _assigned(ctx, turn, brought, around)
    return _save(ctx, turn, brought, assignments, around)


def _window(ctx: Context, tx: Connection, turn: _Turn, version: int) -> Window:
    """Return the live articles of a partition: those at hand when nobody changed them since."""
    reach = ctx.settings.window
    known = ctx.windows.pop(turn.language, None)
    if known and known.version == version and known.since <= turn.since(reach):
        known.window.forget(turn.since(reach))
        return known.window
    around = Window(reach, frequencies(turn.language))
    for article, story_id in stories.live_articles(tx, turn.language, since=turn.since(reach)):
        around.add(article, around.read(article), story_id)
    return around


def _assigned(ctx: Context, turn: _Turn, brought: _Brought, around: Window) -> list[Assignment]:
    """Decide where a tick's articles belong, and bring the window up to date with it."""
    updated = [article for article in brought.new if article.id in brought.placed]
    known = {article.id for article in updated if article.id in around}
    around.drop({*brought.leaving, *known})
    for article in updated:
        if article.id in known:
            around.add(article, around.read(article), brought.placed[article.id])
    fresh = [article for article in brought.new if article.id not in brought.placed]
    late = [article for article in fresh if article.published_at < turn.opened - ALIAS_WITHIN]
    placed = _assigned_late(ctx, turn, late)
    for article, one in zip(late, placed, strict=True):
        if article.published_at >= turn.since(ctx.settings.window) and not one.alias_of:
            around.add(article, around.read(article), one.story_id)
    is_taken, model = partial(_is_taken, ctx), shipped_model()
    return [*placed, *(place(article, around, is_taken, model) for article in fresh[len(late) :])]


def _is_taken(ctx: Context, story_id: StoryId) -> bool:
    """Say whether a story id was ever given out."""
    with ctx.store.read() as tx:
        return stories.is_taken(tx, story_id)


def _assigned_late(ctx: Context, turn: _Turn, late: Sequence[Article]) -> list[Assignment]:
    """Decide where articles belong that are older than the window, each among its own time's."""
    reach = max(ctx.settings.window, ALIAS_WITHIN)
    found: list[Assignment] = []
    for part in _spans(late, reach):
        since, until = part[0].published_at - reach, part[-1].published_at + reach
        with ctx.store.read() as tx:
            live = stories.live_articles(tx, turn.language, since=since, until=until)
        around = [LiveArticle(article=article, story_id=story_id) for article, story_id in live]
        is_taken = partial(_is_taken, ctx)
        found += assign(part, around, window=ctx.settings.window, is_taken=is_taken)
    return found


def _spans(articles: Sequence[Article], reach: timedelta) -> Iterator[list[Article]]:
    """Yield articles (oldest first) in parts that are too far apart to know of each other."""
    part: list[Article] = []
    for article in articles:
        if part and article.published_at - part[-1].published_at > 2 * reach:
            yield part
            part = []
        part.append(article)
    if part:
        yield part


def _save(
    ctx: Context,
    turn: _Turn,
    brought: _Brought,
    assignments: Sequence[Assignment],
    around: Window,
) -> bool:
    """Save memberships and the stories they touch; say whether that could be done.

    It is not when the lease was lost, or somebody corrected stories meanwhile: what was decided is
    of a state that is no more, and the tick is taken up again.
    """
    aliases = {item.article_id: item.alias_of for item in assignments if item.alias_of}
    members = [item for item in assignments if not item.alias_of]
    touched = {*brought.placed.values(), *(item.story_id for item in members)}
    with ctx.store.write() as tx:
        state = partitions.partition(tx, turn.language)
        if not leases.holds(tx, turn.lease, turn.token) or state.version != brought.version:
            return False
        stories.add_memberships(
            tx, [(item.story_id, turn.language, item.membership) for item in members]
        )
        stories.settle_articles(
            tx, [article.id for article in brought.new if article.id not in aliases], aliases
        )
        score_stories(ctx, tx, sorted(touched))
        let_go_of(ctx, tx, brought.leaving, state="gone")
        partitions.note(tx, turn.language, placed_tick=turn.tick_id, version=brought.version + 1)
    since = turn.since(ctx.settings.window)
    ctx.windows[turn.language] = LiveWindow(around, brought.version + 1, since)
    _count(ctx, brought, assignments)
    return True


def _count(ctx: Context, brought: _Brought, assignments: Sequence[Assignment]) -> None:
    """Count how each article ended."""
    ctx.tally.due("cluster", len(brought.new) + len(brought.leaving))
    ctx.tally.end("cluster", "rescored", len(brought.new) - len(assignments))
    ctx.tally.end("cluster", "gone", len(brought.leaving))
    for item in assignments:
        ending = "alias" if item.alias_of else "founded" if item.founded else "joined"
        ctx.tally.end("cluster", ending)


# --- the live stories as a whole ------------------------------------------------------------------


def _refine(ctx: Context, turn: _Turn) -> None:
    """Group the live stories of a partition anew where that is due, and let it rest."""
    with ctx.store.read() as tx:
        state = partitions.partition(tx, turn.language)
    found = _refined(ctx, turn, state)
    with ctx.store.write() as tx:
        now = partitions.partition(tx, turn.language)
        if not leases.holds(tx, turn.lease, turn.token) or now.version != state.version:
            return
        if found is not None:
            _move(ctx, tx, turn, found)
            partitions.note(tx, turn.language, refined_at=turn.opened)
        partitions.note(tx, turn.language, settled_tick=turn.tick_id)
        version = partitions.partition(tx, turn.language).version
    if found is not None:
        _follow(ctx, turn, found, version)


def _refined(ctx: Context, turn: _Turn, state: Row[Any]) -> Refinement | None:
    """Return the live stories grouped anew; None when it is not yet time."""
    since = turn.opened - ctx.settings.window
    with ctx.store.read() as tx:
        size = stories.count_live(tx, turn.language, since=since)
        if not _is_due(ctx, turn, state, size):
            return None
        members = stories.live_members(tx, turn.language, since=since)
        ties = partitions.ties_of(tx, [article.id for article, _ in members])
    return refine(
        [LiveArticle(article=article, story_id=story_id) for article, story_id in members],
        window=ctx.settings.window,
        is_taken=partial(_is_taken, ctx),
        must=ties.must,
        cannot=ties.cannot,
    )


def _is_due(ctx: Context, turn: _Turn, state: Row[Any], size: int) -> bool:
    """Say whether the live stories are looked at again: every time few, every few hours many."""
    if state.placed_tick != turn.tick_id:
        return False
    waited = turn.opened - state.refined_at if state.refined_at else None
    return size <= _SMALL or waited is None or waited >= ctx.settings.refine_every


def _move(ctx: Context, tx: Connection, turn: _Turn, found: Refinement) -> None:
    """Save what a refinement changed: moved articles, split and merged stories."""
    for new, origin in sorted(found.splits.items()):
        corrections.found_by_split(tx, new, origin)
    reasons = [(found.story_of[one.article_id], turn.language, one) for one in found.memberships]
    stories.add_memberships(tx, reasons)
    partitions.touch(tx, [move.article_id for move in found.moves])
    for old, into in sorted(found.aliases.items()):
        stories.end_story(tx, old, state="merged", into=into)
    touched = {story for move in found.moves for story in (move.old, move.new)}
    score_stories(ctx, tx, sorted(touched - found.aliases.keys()))


def _follow(ctx: Context, turn: _Turn, found: Refinement, version: int) -> None:
    """Bring the window at hand along, and tell what became of stories."""
    known = ctx.windows.get(turn.language)
    if known is not None:
        known.window.settle(found.story_of)
        ctx.windows[turn.language] = LiveWindow(known.window, version, known.since)
    for old, into in sorted(found.aliases.items()):
        ctx.tally.note("cluster", old, f"merged into {into}")
    for new, origin in sorted(found.splits.items()):
        ctx.tally.note("cluster", new, f"split from {origin}")
    for warning in found.warnings:
        ctx.tally.note("cluster", turn.language, warning)


# --- scores, and articles that leave --------------------------------------------------------------


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
