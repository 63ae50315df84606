"""Doing what a correction says, in one transaction: as it is made, and as it is told by a file.

Told by a file it finds stories otherwise than they were: articles that are not there, others that
moved, stories under other ids. So each says which articles it is about, and what it says of them
is kept even for those that are yet to come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from pipeline.context import Context
from pipeline.io.store import correctionbook, corrections, partitions, stories
from pipeline.io.store.correctionbook import Correction
from pipeline.io.store.partitions import Pair
from pipeline.records import ArticleId, StoryId
from pipeline.stages.score import let_go_of, score_stories
from pipeline.stories.cluster import story_id as founded_id

#: What undoing needs to know of how it was.
Before = Mapping[str, Any]


def enact(ctx: Context, tx: Connection, one: Correction) -> Before:
    """Do what a correction says, as far as its articles are there; return how it was before."""
    return _ENACT[one.kind](ctx, tx, one)


def _merge(ctx: Context, tx: Connection, one: Correction) -> Before:
    """Join the articles of two stories for good, and let one take the other over."""
    whole = [*one.others, *one.articles]
    # An import ties what a file lists together, which may be because of this very merge.
    apart = {frozenset((a, b)) for a in one.articles for b in one.others}
    ties = [
        tie
        for tie in partitions.ties_at(tx, whole)
        if tie["kind"] == "cannot" or frozenset((tie["one"], tie["other"])) not in apart
    ]
    before = {"memberships": corrections.memberships_of(tx, one.articles), "ties": ties}
    partitions.untie(tx, "cannot", whole)
    partitions.tie(tx, "must", _star(whole), at=one.at)
    at = stories.stories_of(tx, whole)
    into = _live(tx, [one.story, *(at.get(article) for article in whole)])
    if into is None:
        return before
    moved = [article for article in one.articles if at.get(article, into) != into]
    corrections.move_articles(tx, moved, into)
    settle(ctx, tx, {into, *(at[article] for article in moved)}, into)
    return before


def _split(ctx: Context, tx: Connection, one: Correction) -> Before:
    """Part articles from the rest of their story for good, and make them one of their own."""
    whole = [*one.others, *one.articles]
    before = {
        "memberships": corrections.memberships_of(tx, one.articles),
        "ties": partitions.ties_at(tx, whole, one.articles),
    }
    held = partitions.ties_of(tx, whole).must
    partitions.part_from_all(tx, one.articles)
    partitions.tie(tx, "cannot", [(a, b) for a in one.articles for b in one.others], at=one.at)
    partitions.tie(tx, "must", _star(one.articles), at=one.at)
    partitions.tie(tx, "must", _still_joined(one.others, held), at=one.at)
    at = stories.stories_of(tx, whole)
    rest = {at[article] for article in one.others if article in at}
    moved = [article for article in one.articles if at.get(article) in rest]
    if not moved:
        return before
    origins = {at[article] for article in moved}
    new = one.other or new_id(tx, moved[0])
    fate = stories.fates_of(tx, [new]).get(new)
    if fate is not None and (fate.state != "live" or new in rest):
        new, fate = new_id(tx, moved[0]), None
    if fate is None:
        corrections.found_by_split(tx, new, min(origins))
    corrections.move_articles(tx, moved, new)
    score_stories(ctx, tx, sorted({new, *origins}))
    return before


def _retract(ctx: Context, tx: Connection, one: Correction) -> Before:
    """Withdraw a story's articles for good; those that are yet to come are refused."""
    here = {*stories.stories_of(tx, one.articles), *corrections.withdrawn(tx, one.articles)}
    before = corrections.memberships_of(tx, one.articles)
    let_go_of(ctx, tx, [article for article in one.articles if article in here])
    refused = [
        article
        for article in one.articles
        if article not in here and corrections.block(tx, "url", article, reason=one.why, at=one.at)
    ]
    return {"memberships": before, "blocked": refused}


def _say(ctx: Context, tx: Connection, one: Correction) -> Before:
    """Let a story follow what is said of it; the book has it already."""
    if one.story is not None:
        score_stories(ctx, tx, [*correctionbook.survivors_of(tx, [one.story]).values()])
    return {}


def _block(ctx: Context, tx: Connection, one: Correction) -> Before:
    """Refuse an address or a domain from now on."""
    del ctx
    kind, value = blocked_as(one)
    return {"blocked": [value] if _block_it(tx, kind, value, one) else []}


def _forget(ctx: Context, tx: Connection, one: Correction) -> Before:
    """Erase what is there of an address or a domain, and refuse it from now on."""
    kind, value = blocked_as(one)
    _block_it(tx, kind, value, one)
    found = articles_of(tx, kind, value)
    let_go_of(ctx, tx, found, last="forgotten")
    corrections.forget_ended(tx, found)
    corrections.erase_articles(tx, found)
    correctionbook.silence(tx, found)
    return {"erased": len(found)}


_ENACT: Final[Mapping[str, Callable[[Context, Connection, Correction], Before]]] = {
    "merge": _merge,
    "split": _split,
    "retract": _retract,
    "pin-lead": _say,
    "retitle": _say,
    "block": _block,
    "forget": _forget,
}


def blocked_as(one: Correction) -> tuple[str, str]:
    """Return kind and value of what a correction refuses: ``url KEY`` or ``domain NAME``."""
    kind, _, value = one.value.partition(" ")
    return kind, value


def articles_of(tx: Connection, kind: str, value: str) -> list[ArticleId]:
    """Return the articles that are to be forgotten: those not erased yet."""
    find = corrections.articles_at if kind == "url" else corrections.articles_of_provider
    return find(tx, value)


def _block_it(tx: Connection, kind: str, value: str, one: Correction) -> bool:
    return corrections.block(tx, kind, value, reason=one.why, at=one.at)


def new_id(tx: Connection, founder: ArticleId) -> StoryId:
    """Return an id for the story of a founder that was never given out."""
    counter = 0
    while stories.is_taken(tx, found := founded_id(founder, counter)):
        counter += 1
    return found


def settle(ctx: Context, tx: Connection, touched: Collection[StoryId], into: StoryId) -> None:
    """Score stories after articles moved; those without any left are merged into one."""
    left = stories.members_of(tx, touched).keys()
    for story_id in sorted(touched - left):
        stories.end_story(tx, story_id, state="merged", into=into)
    score_stories(ctx, tx, sorted(left))


def _live(tx: Connection, wanted: Sequence[StoryId | None]) -> StoryId | None:
    """Return the first of the stories that lives, or what took it over; None without any."""
    named = [story_id for story_id in wanted if story_id is not None]
    now = correctionbook.survivors_of(tx, named)
    fates = stories.fates_of(tx, now.values())
    alive = (now[one] for one in named if now[one] in fates and fates[now[one]].state == "live")
    return next(alive, None)


def _star(articles: Sequence[ArticleId]) -> list[Pair]:
    return [(articles[0], other) for other in articles[1:]]


def _still_joined(articles: Sequence[ArticleId], held: Sequence[Pair]) -> list[Pair]:
    """Return the pairs that keep together those of the articles that hung together before.

    What joined them may have been one of the articles that go.
    """
    near: dict[ArticleId, set[ArticleId]] = defaultdict(set)
    for one, other in held:
        near[one].add(other)
        near[other].add(one)
    left, pairs = set(articles), list[Pair]()
    for article in articles:
        found, todo = {article}, [article]
        while todo:
            new = near[todo.pop()] - found
            found |= new
            todo += new
        pairs += _star([one for one in articles if one in found & left])
        left -= found
    return pairs
