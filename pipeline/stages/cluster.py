"""Stage three: the articles of closed ticks -> stories.

Ticks are taken in their order, each language by whoever holds its lease; without the lease the
stage leaves the rows as they are. Nothing here decides: `pipeline.stories` does. What a tick
brings is placed first, then the live stories are grouped anew where that is due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from pipeline.context import Context, LiveWindow
from pipeline.io.crashpoints import crashpoint
from pipeline.io.store import leases, ledger, partitions, stories, ticks
from pipeline.records import Article, ArticleId, StoryId
from pipeline.stages.embed import embedded
from pipeline.stages.regroup import is_taken, regroup
from pipeline.stages.score import let_go_of, score_stories
from pipeline.stages.turn import Heart, Turn, note_placed, window_since
from pipeline.stories.cluster import Assignment, LiveArticle, assign, place
from pipeline.stories.duplicates import ALIAS_WITHIN
from pipeline.stories.strictness import rules_of
from pipeline.stories.vectors import frequencies
from pipeline.stories.window import Window


def cluster(ctx: Context, ids: Sequence[ArticleId]) -> list[StoryId]:
    """Cluster every tick that is ready; return the stories whose files are behind.

    `ids` only rings: what is to be done is found by asking the store.
    """
    del ids
    with ctx.store.write() as tx:
        closed = ticks.close_done(tx, now=ctx.clock())
    crashpoint("ticks-closed")
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
    take_turn(ctx, Turn(tick_id, opened, language, name, token))
    with ctx.store.write() as tx:
        leases.give_back(tx, name, token)


def take_turn(ctx: Context, turn: Turn) -> bool:
    """Place what a turn brings and group anew where that is due; say whether it was saved."""
    if not _place(ctx, turn):
        return False
    crashpoint("cluster-saved")
    saved = regroup(ctx, turn)
    crashpoint("regroup-saved")
    return saved


# --- what a tick brings ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brought:
    """What a tick has for a partition, and the state it was read in."""

    new: Sequence[Article]
    #: Those of `new` that stand in a story already: they were updated.
    placed: dict[ArticleId, StoryId]
    #: Their publishers took them back.
    leaving: Sequence[ArticleId]
    version: tuple[int, ...]


def _place(ctx: Context, turn: Turn) -> bool:
    """Place a tick's articles; say whether that was saved."""
    with ctx.store.read() as tx:
        pending = stories.pending_articles(tx, turn.tick_id, turn.language, until=turn.until)
    new = embedded(ctx.embedder, pending, ctx.tally)
    with ctx.store.read() as tx:
        brought = _Brought(
            new=new,
            placed=stories.stories_of(tx, [article.id for article in new]),
            leaving=stories.leaving_articles(tx, turn.tick_id, turn.language),
            version=turn.version_of(partitions.partition(tx, turn.language)),
        )
        if not (new or brought.leaving):
            return True
        live = _window(ctx, tx, turn, brought.version)
    assignments = _assigned(ctx, turn, brought, live.window)
    crashpoint("cluster-placed")
    return _save(ctx, turn, brought, assignments, live)


def _window(ctx: Context, tx: Connection, turn: Turn, version: tuple[int, ...]) -> LiveWindow:
    """Return the live articles: those at hand, unless somebody changed stories since."""
    since = window_since(ctx, turn)
    known = ctx.windows.pop(turn.window_key, None)
    if known is not None and known.version == version and known.is_fresh(turn.opened):
        known.window.forget(since)
        around, made_at, since = known.window, known.made_at, known.until or turn.opened
    else:
        rule_of = rules_of(ctx.catalogue.topics)
        around = Window(ctx.settings.window, frequencies(turn.language), rule_of)
        made_at, known = turn.opened, None
    if known is None or turn.until is not None:  # the past goes on as time does
        alive = Heart(ctx, turn)
        for article, story_id in stories.live_articles(
            tx, turn.language, since=since, until=turn.until
        ):
            alive()
            if article.id not in around:
                around.add(article, around.read(article), story_id)
    return LiveWindow(around, version, made_at, turn.until)


def _assigned(ctx: Context, turn: Turn, brought: _Brought, around: Window) -> list[Assignment]:
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
        if article.published_at >= window_since(ctx, turn) and not one.alias_of:
            around.add(article, around.read(article), one.story_id)
    taken = partial(is_taken, ctx)
    return [*placed, *(place(article, around, taken, ctx.model) for article in fresh[len(late) :])]


def _assigned_late(ctx: Context, turn: Turn, late: Sequence[Article]) -> list[Assignment]:
    """Decide where articles belong that are older than the window, each among its own time's."""
    reach = max(ctx.settings.window, ALIAS_WITHIN)
    found: list[Assignment] = []
    for part in _spans(late, reach):
        since, until = part[0].published_at - reach, part[-1].published_at + reach
        with ctx.store.read() as tx:
            live = list(stories.live_articles(tx, turn.language, since=since, until=until))
        around = [LiveArticle(article=article, story_id=story_id) for article, story_id in live]
        taken = partial(is_taken, ctx)
        found += assign(
            part,
            around,
            window=ctx.settings.window,
            is_taken=taken,
            model=ctx.model,
            rule_of=rules_of(ctx.catalogue.topics),
        )
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
    turn: Turn,
    brought: _Brought,
    assignments: Sequence[Assignment],
    live: LiveWindow,
) -> bool:
    """Save memberships and the stories they touch; say whether that could be done.

    It is not when the lease was lost, or somebody corrected stories meanwhile: what was decided is
    of a state that is no more, and the tick is taken up again.
    """
    members = [item for item in assignments if not item.alias_of]
    touched = {*brought.placed.values(), *(item.story_id for item in members)}
    with ctx.store.write() as tx:
        state = partitions.partition(tx, turn.language)
        if not leases.holds(tx, turn.lease, turn.token):
            return False
        if turn.version_of(state) != brought.version:
            return False
        stories.add_memberships(
            tx, [(item.story_id, turn.language, item.membership) for item in members]
        )
        if ctx.embedder is not None:
            stories.save_embeddings(tx, brought.new)
        leaving = _settle(tx, turn, brought, assignments)
        score_stories(ctx, tx, sorted(touched))
        let_go_of(ctx, tx, leaving, state="gone")
        version = note_placed(ctx, tx, turn, state)
    ctx.windows[turn.window_key] = replace(live, version=version)
    _count(ctx, brought, assignments)
    return True


def _settle(
    tx: Connection, turn: Turn, brought: _Brought, assignments: Sequence[Assignment]
) -> list[ArticleId]:
    """End the wait of a tick's articles that are still its own; return those that leave now.

    Leaving ones are noted in the ledger where they go (`corrections.withdraw_articles`).
    """
    new = [article.id for article in brought.new]
    still = stories.still_waiting(tx, turn.tick_id, [*new, *brought.leaving])
    endings = {item.article_id: _ending(item) for item in assignments}
    for ending, count in Counter(
        endings.get(id_, "rescored") for id_ in new if id_ in still
    ).items():
        ledger.note(tx, turn.tick_id, "cluster", ending, count)
    aliases = {one.article_id: one.alias_of for one in assignments if one.alias_of}
    stories.settle_articles(
        tx,
        [id_ for id_ in new if id_ in still and id_ not in aliases],
        {id_: of for id_, of in aliases.items() if id_ in still},
    )
    return [id_ for id_ in brought.leaving if id_ in still]


def _ending(item: Assignment) -> str:
    """Say what an article became."""
    return "alias" if item.alias_of else "founded" if item.founded else "joined"


def _count(ctx: Context, brought: _Brought, assignments: Sequence[Assignment]) -> None:
    """Count how each article ended."""
    ctx.tally.due("cluster", len(brought.new) + len(brought.leaving))
    ctx.tally.end("cluster", "rescored", len(brought.new) - len(assignments))
    ctx.tally.end("cluster", "gone", len(brought.leaving))
    for item in assignments:
        ctx.tally.end("cluster", _ending(item))
