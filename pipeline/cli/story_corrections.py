"""`newsloom stories merge|split|pin-lead|retitle|retract|block|forget`: what people decide."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.common import AsJson, DryRun, Home
from pipeline.cli.correcting import (
    WhichStory,
    Who,
    Why,
    articles_named,
    author,
    is_split_off,
    make,
    story_named,
)
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store import correctionbook, stories
from pipeline.io.store.correctionbook import Correction
from pipeline.stages import correct

What = Annotated[str, typer.Argument(metavar="URL|DOMAIN", help="An address, or a whole domain.")]


def merge(
    taken_over: Annotated[str, typer.Argument(metavar="A", help="The story that is taken over.")],
    survivor: Annotated[str, typer.Argument(metavar="B", help="The story that stays.")],
    home: Home = None,
    who: Who = None,
    why: Why = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Let story B take over story A, for good; A's file stays as a tombstone.

    Example: newsloom stories merge k3v9 x2vn --why "one strike, told twice"
    """
    by = author(who, why, dry_run=dry_run)

    def work(ctx: Context) -> Correction | None:
        with ctx.store.read() as tx:
            gone, stays = story_named(tx, taken_over), story_named(tx, survivor)
            one = correctionbook.begin_with(tx, taken_over) == correctionbook.begin_with(
                tx, survivor
            )
        if gone == stays and not one:
            return None
        return correct.merge(ctx, gone, stays, by=by)

    make(home, work, dry_run=dry_run, json_=json_)


def split(
    which: WhichStory,
    given: Annotated[
        list[str], typer.Argument(metavar="ARTICLE...", help="Addresses or ids of its articles.")
    ],
    home: Home = None,
    who: Who = None,
    why: Why = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Make a story of its own of some articles of a story, for good.

    Example: newsloom stories split k3v9 https://one.example/a --why "another fire"
    """
    by = author(who, why, dry_run=dry_run)

    def work(ctx: Context) -> Correction | None:
        with ctx.store.read() as tx:
            story_id = story_named(tx, which)
            if is_split_off(tx, story_id, given):
                return None
            ids = articles_named(tx, story_id, given)
        return correct.split(ctx, story_id, ids, by=by)

    make(home, work, dry_run=dry_run, json_=json_)


def pin_lead(
    which: WhichStory,
    given: Annotated[str, typer.Argument(metavar="ARTICLE", help="Address or id of an article.")],
    home: Home = None,
    who: Who = None,
    why: Why = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Let an article lead its story, whatever the scores say, until it leaves.

    Example: newsloom stories pin-lead k3v9 https://one.example/a --why "the only one on the spot"
    """
    by = author(who, why, dry_run=dry_run)

    def work(ctx: Context) -> Correction | None:
        with ctx.store.read() as tx:
            story_id = story_named(tx, which)
            [article] = articles_named(tx, story_id, [given])
        return correct.pin_lead(ctx, story_id, article, by=by)

    make(home, work, dry_run=dry_run, json_=json_)


def retitle(
    which: WhichStory,
    title: Annotated[str, typer.Argument(help="The title; its file keeps its name.")],
    home: Home = None,
    who: Who = None,
    why: Why = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Give a story a title in the place of its lead's.

    Example: newsloom stories retitle k3v9 "Pier closed for weeks" --why "the lead's is a question"
    """
    by = author(who, why, dry_run=dry_run)

    def work(ctx: Context) -> Correction | None:
        with ctx.store.read() as tx:
            story_id = story_named(tx, which)
        return correct.retitle(ctx, story_id, title, by=by)

    make(home, work, dry_run=dry_run, json_=json_)


def retract(
    which: WhichStory,
    home: Home = None,
    who: Who = None,
    why: Why = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Withdraw a story with its articles; its file stays, hidden.

    Example: newsloom stories retract k3v9 --why "a hoax"
    """
    by = author(who, why, dry_run=dry_run)

    def work(ctx: Context) -> Correction | None:
        with ctx.store.read() as tx:
            story_id = story_named(tx, which)
            if stories.fates_of(tx, [story_id])[story_id].state == "retracted":
                return None
        return correct.retract(ctx, story_id, by=by)

    make(home, work, dry_run=dry_run, json_=json_)


def block(
    what: What,
    home: Home = None,
    who: Who = None,
    why: Why = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Keep an address or a domain out from now on; what is there stays.

    Example: newsloom stories block spam.example --why "advertising"
    """
    by = author(who, why, dry_run=dry_run)

    def work(ctx: Context) -> Correction | None:
        return correct.block(ctx, **_kind(what), by=by)

    make(home, work, dry_run=dry_run, json_=json_)


def forget(
    what: What,
    home: Home = None,
    who: Who = None,
    why: Why = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Erase an article, or all of a domain, from database and files, and keep it out.

    This cannot be undone. Files beside the article's own follow with the next write.
    Example: newsloom stories forget https://one.example/a --why "asked by the outlet"
    """
    by = author(who, why, dry_run=dry_run)

    def work(ctx: Context) -> Correction | None:
        return correct.forget(ctx, **_kind(what), by=by)

    make(home, work, dry_run=dry_run, json_=json_)


def _kind(what: str) -> dict[str, str]:
    """Say whether an address or a domain was given."""
    if not what.strip():
        raise UsageError("name an address or a domain")
    return {"url": what} if "://" in what else {"domain": what}
