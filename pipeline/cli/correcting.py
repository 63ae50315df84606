"""What the commands that correct stories share: names, who and why, dry runs, what is told."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from pipeline.cli.common import err, opened, out, print_json
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store import correctionbook, corrections, stories
from pipeline.io.store.correctionbook import Correction
from pipeline.records import ArticleId, StoryId
from pipeline.stages.carry import as_dict
from pipeline.stages.correct import Author, members
from pipeline.stages.write import preview
from pipeline.urls import url_key

Who = Annotated[
    str | None,
    typer.Option("--who", help="Who decides (default: the login name).", show_default=False),
]
Why = Annotated[str | None, typer.Option("--why", help="Why; it is kept. Asked for on a terminal.")]
WhichStory = Annotated[
    str, typer.Argument(metavar="STORY", help="Id of the story, or enough of its beginning.")
]


@dataclass(frozen=True, slots=True)
class Changed:
    """A document that follows a correction with the next write."""

    site: str
    path: str
    kind: str


def author(who: str | None, why: str | None, *, dry_run: bool) -> Author:
    """Return who decides, and why. Raise UsageError when that is not said; dry runs keep none."""
    if not why and not dry_run and sys.stdin.isatty():
        why = typer.prompt("Why")
    if not (why or "").strip() and not dry_run:
        raise UsageError("--why: say why; it is kept with the correction")
    return Author(_login() if who is None else who, (why or "").strip())


def _login() -> str:
    """Return the login name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError("--who: there is no login name here; say who decides") from error


def carry_out(
    home: Path | None,
    work: Callable[[Context], Sequence[Correction]],
    *,
    dry_run: bool,
    tell: Callable[[Sequence[Correction], Sequence[Changed]], None],
) -> None:
    """Do `work` on the installation, or rehearse it, and tell which documents follow."""
    with opened(home) as ctx:
        if not dry_run:
            tell(*_worked(ctx, work))
            return
        with ctx.store.rehearsal() as store:
            tell(*_worked(replace(ctx, store=store), work))


def _worked(
    ctx: Context, work: Callable[[Context], Sequence[Correction]]
) -> tuple[Sequence[Correction], Sequence[Changed]]:
    """Do work; return it with the documents that follow."""
    before = _behind(ctx)
    done = work(ctx)
    touched = [
        story_id for story_id, revision in _behind(ctx).items() if before.get(story_id) != revision
    ]
    return done, [
        Changed(one.row.site, one.row.path, one.change.kind)
        for one in preview(ctx, touched)
        if one.change is not None
    ]


def _behind(ctx: Context) -> dict[StoryId, int]:
    """Return the stories that a site is behind with, and their revisions."""
    with ctx.store.read() as tx:
        return stories.unwritten(tx, ctx.catalogue.sites)


def make(
    home: Path | None,
    work: Callable[[Context], Correction | None],
    *,
    dry_run: bool,
    json_: bool,
) -> None:
    """Make one correction, or rehearse it; None of `work` means that it holds already."""

    def wrapped(ctx: Context) -> Sequence[Correction]:
        done = work(ctx)
        return [done] if done else []

    def tell(done: Sequence[Correction], changed: Sequence[Changed]) -> None:
        number = done[0].number if done and not dry_run else None
        if json_:
            print_json(
                {
                    "correction": {**as_dict(done[0]), "number": number} if done else None,
                    "dry_run": dry_run,
                    "documents": documents_json(changed),
                }
            )
        elif not done:
            out.print("it is so already; nothing was changed")
        else:
            head = (
                "nothing was changed (--dry-run); it would be"
                if dry_run
                else f"correction {number}:"
            )
            out.print(f"{head} {told(done[0])}", markup=False)
            tell_documents(changed, dry_run=dry_run)

    carry_out(home, wrapped, dry_run=dry_run, tell=tell)


def told(one: Correction) -> str:
    """Say in words what a correction is."""
    count = _articles(len(one.articles))
    what = one.label or one.value
    erased = _articles(one.before.get("erased", 0))
    return {
        "merge": f"{one.other} merged into {one.story}, {count}",
        "split": f"{count} of {one.story} split off as {one.other}",
        "pin-lead": f"{what} leads {one.story}",
        "retitle": f'{one.story} is called "{one.value}"',
        "retract": f"{one.story} retracted, {count}",
        "block": f"{what} kept out",
        "forget": f"{what} forgotten, {erased} erased",
    }[one.kind]


def _articles(count: int) -> str:
    return f"{count} article" if count == 1 else f"{count} articles"


def tell_documents(changed: Sequence[Changed], *, dry_run: bool) -> None:
    """Print the documents that follow."""
    for one in changed:
        out.print(f"  {one.kind:9} {one.site}: {one.path}", markup=False)
    if not changed:
        out.print("  no document changes by it")
    elif not dry_run:
        out.print("`newsloom write` brings the files along, or the next run")


def documents_json(changed: Sequence[Changed]) -> list[dict[str, Any]]:
    """Return the documents that follow, for machines."""
    return [{"site": one.site, "path": one.path, "kind": one.kind} for one in changed]


# --- names ----------------------------------------------------------------------------------------


def story_named(tx: Connection, which: str) -> StoryId:
    """Return the story that is meant; of one that was merged what took it over, which is said."""
    found = correctionbook.begin_with(tx, which)
    if which in found:
        found = [StoryId(which)]
    if len(found) != 1:
        many = "no story has it" if not found else f"{len(found)} stories begin with it"
        raise UsageError(f"story {which!r}: {many}; see `newsloom stories list`")
    now = correctionbook.survivors_of(tx, found)[found[0]]
    if now != found[0]:
        err.print(f"{found[0]} was merged into {now}, which is meant then", markup=False)
    return now


def articles_named(tx: Connection, story_id: StoryId, given: Sequence[str]) -> list[ArticleId]:
    """Return the articles of a story that are meant, by address or id. Raise UsageError."""
    whole = members(tx, story_id)
    return [_article(tx, story_id, whole, name) for name in given]


def _article(tx: Connection, story_id: StoryId, whole: Sequence[ArticleId], name: str) -> ArticleId:
    found = sorted(set(_candidates(tx, whole, name)))
    if len(found) == 1:
        return found[0]
    many = "no article of it" if not found else f"{len(found)} of its articles begin with it"
    remedy = f"take an address of `newsloom stories show {story_id}`"
    raise UsageError(f"story {story_id}: {name}: {many}; {remedy}")


def _candidates(tx: Connection, whole: Sequence[ArticleId], name: str) -> Iterator[ArticleId]:
    """Yield the articles that go, or also go, by an address, or whose ids begin so."""
    if "://" not in name:
        yield from (article for article in whole if article.startswith(name))
        return
    try:
        key = url_key(name)
    except ValueError as error:
        raise UsageError(f"{name}: {error}; write it as https://HOST/PATH") from None
    yield from (article for article in corrections.articles_at(tx, key) if article in whole)


def is_split_off(tx: Connection, story_id: StoryId, given: Sequence[str]) -> bool:
    """Say whether just these articles were parted from a story, and still are."""
    for one in correctionbook.all_of(tx):
        if one.kind == "split" and one.holds and one.story == story_id:
            found = [set(_candidates(tx, one.articles, name)) for name in given]
            if set(one.articles) == set().union(*found):
                return True
    return False
