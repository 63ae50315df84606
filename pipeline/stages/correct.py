"""Corrections: what people decide about stories. Files follow with the next write.

Each is one transaction, leaves the stories it touches due and has a number, under which it can be
undone. An id is never given out twice: a story that was taken over or withdrawn keeps its row and,
where it had one, its file's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store import correctionbook, corrections, stories
from pipeline.io.store.correctionbook import Correction
from pipeline.plaintext import clean_line
from pipeline.records import ArticleId, StoryId
from pipeline.stages.enact import articles_of, enact, new_id
from pipeline.stages.score import let_go_of
from pipeline.urls import host_of, registrable_domain, url_key


@dataclass(frozen=True, slots=True)
class Author:
    """Who decides, and why."""

    who: str
    why: str


#: A program of ours rather than a person.
NEWSLOOM = Author("newsloom", "")


def merge(
    ctx: Context, taken_over: StoryId, survivor: StoryId, *, by: Author = NEWSLOOM
) -> Correction:
    """Let `survivor` take over all articles of another story, which leaves a tombstone."""
    if taken_over == survivor:
        raise UsageError(f"story {survivor} cannot be merged with itself; name two")
    with ctx.store.write() as tx:
        require_live(tx, [taken_over, survivor])
        asked = replace(_by(ctx, by, "merge"), story=survivor, other=taken_over)
        articles, others = members(tx, taken_over), members(tx, survivor)
        return _done(ctx, tx, replace(asked, articles=articles, others=others))


def split(
    ctx: Context, origin: StoryId, ids: Sequence[ArticleId], *, by: Author = NEWSLOOM
) -> Correction:
    """Make a story of its own (`other`) of some of a story's articles."""
    with ctx.store.write() as tx:
        require_live(tx, [origin])
        whole = members(tx, origin)
        if not ids or not set(ids) < set(whole):
            raise UsageError(
                f"story {origin}: name some of its {len(whole)} articles, not all, none or others"
            )
        articles = tuple(article for article in whole if article in ids)
        others = tuple(article for article in whole if article not in ids)
        asked = replace(_by(ctx, by, "split"), story=origin, other=new_id(tx, articles[0]))
        return _done(ctx, tx, replace(asked, articles=articles, others=others))


def retract(ctx: Context, story_id: StoryId, *, by: Author = NEWSLOOM) -> Correction:
    """Withdraw a story and its articles; its file stays, hidden."""
    with ctx.store.write() as tx:
        require_live(tx, [story_id])
        asked = replace(_by(ctx, by, "retract"), story=story_id)
        return _done(ctx, tx, replace(asked, articles=members(tx, story_id)))


def pin_lead(
    ctx: Context, story_id: StoryId, article: ArticleId, *, by: Author = NEWSLOOM
) -> Correction | None:
    """Let an article lead its story, whatever its quality, until it leaves; None if it does so."""
    with ctx.store.write() as tx:
        require_live(tx, [story_id])
        found = {one.id: one for one, _ in stories.members_of(tx, [story_id])[story_id]}
        if article not in found:
            raise UsageError(
                f"story {story_id}: no article {article} in it; see `newsloom stories show`"
            )
        word = correctionbook.words_of(tx, [story_id]).get(story_id)
        if word and word.leads[:1] == (article,):
            return None
        asked = replace(_by(ctx, by, "pin-lead"), story=story_id, value=article)
        return _done(ctx, tx, replace(asked, label=found[article].url, articles=(article,)))


def retitle(
    ctx: Context, story_id: StoryId, title: str, *, by: Author = NEWSLOOM
) -> Correction | None:
    """Give a story a title in the place of its lead's; None if it has that already."""
    line = clean_line(title)
    if not line:
        raise UsageError("a title has words; take one back with `newsloom stories undo NUMBER`")
    with ctx.store.write() as tx:
        require_live(tx, [story_id])
        word = correctionbook.words_of(tx, [story_id]).get(story_id)
        if word and word.title == line:
            return None
        return _done(ctx, tx, replace(_by(ctx, by, "retitle"), story=story_id, value=line))


def block(
    ctx: Context, *, url: str = "", domain: str = "", by: Author = NEWSLOOM
) -> Correction | None:
    """Keep an address or a whole domain out from now on; what is there stays. None if it is out."""
    kind, value = _named(url, domain)
    with ctx.store.write() as tx:
        if is_blocked(tx, kind, value):
            return None
        asked = replace(_by(ctx, by, "block"), value=f"{kind} {value}", label=url or domain)
        return _done(ctx, tx, asked)


def forget(
    ctx: Context, *, url: str = "", domain: str = "", by: Author = NEWSLOOM
) -> Correction | None:
    """Erase an article, or all of a domain, from rows and files, and keep it from coming back.

    `before["erased"]` is how many articles went; None if it was done before. Raise UsageError
    unless exactly one of `url`, `domain` is given.
    """
    kind, value = _named(url, domain)
    with ctx.store.write() as tx:
        if is_blocked(tx, kind, value) and not articles_of(tx, kind, value):
            return None
        # The address itself is among what is forgotten: its key has no words.
        asked = replace(_by(ctx, by, "forget"), value=f"{kind} {value}", label=domain)
        return _done(ctx, tx, asked)


def withdraw_article(ctx: Context, article_id: ArticleId) -> None:
    """Take one article out; its story takes a new lead, and is retracted when none is left."""
    with ctx.store.write() as tx:
        let_go_of(ctx, tx, [article_id], last="retracted")


def _by(ctx: Context, by: Author, kind: str) -> Correction:
    """Return a correction that says only who makes it, when, and why."""
    return Correction(kind=kind, at=ctx.clock(), who=by.who, why=by.why)


def _done(ctx: Context, tx: Connection, asked: Correction) -> Correction:
    """Note a correction and do it."""
    noted = correctionbook.add(tx, asked)
    done = replace(noted, before=enact(ctx, tx, noted))
    correctionbook.keep_before(tx, done)
    return done


def _named(url: str, domain: str) -> tuple[str, str]:
    """Return kind and value of what is to be kept out. Raise UsageError for what is neither."""
    if bool(url) == bool(domain):
        raise UsageError("name either an address or a domain")
    try:
        key = url_key(url or f"https://{domain}/")
        host = host_of(f"https://{domain}/") if domain else ""
    except ValueError as error:
        raise UsageError(f"{url or domain}: {error}; write https://HOST/PATH or HOST") from None
    if url:
        return "url", key
    if host != domain:
        raise UsageError(f"{domain}: no domain; write it as {host}")
    own = registrable_domain(domain)
    if own != domain:
        raise UsageError(f"{domain}: what is read goes by whole domains; name {own}")
    return "domain", domain


def is_blocked(tx: Connection, kind: str, value: str) -> bool:
    """Say whether a page (by its key) or a domain is kept out already."""
    given = (
        {"url_keys": [value], "domains": []}
        if kind == "url"
        else {"url_keys": [], "domains": [value]}
    )
    return bool(corrections.blocked(tx, **given))


def members(tx: Connection, story_id: StoryId) -> tuple[ArticleId, ...]:
    """Return a story's articles in order of time."""
    found = stories.members_of(tx, [story_id]).get(story_id, [])
    return tuple(article.id for article, _ in found)


def require_live(tx: Connection, ids: Iterable[StoryId]) -> None:
    """Raise UsageError for a story that is not, or is no more."""
    wanted = list(ids)
    fates = stories.fates_of(tx, wanted)
    now = correctionbook.survivors_of(tx, wanted)
    for story_id in wanted:
        if story_id not in fates:
            raise UsageError(f"story {story_id}: there is none; see `newsloom stories list`")
        state = fates[story_id].state
        if state == "merged":
            raise UsageError(f"story {story_id} was merged into {now[story_id]}; name that one")
        if state != "live":
            raise UsageError(f"story {story_id} was {state}; choose a live one")
