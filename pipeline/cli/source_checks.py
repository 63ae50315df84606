"""`newsloom sources check`: one look at every feed, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from config.catalogue import SourceEntry
from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    Home,
    opened,
    out,
    print_json,
    require_known,
    shown_time,
)
from pipeline.cli.source_values import access_of, profile_of, said
from pipeline.context import Context
from pipeline.errors import Rejected
from pipeline.feeds.duplicates import FeedProfile, duplicates
from pipeline.io.store import sourcebook, sources
from pipeline.io.web import WebRequest
from pipeline.records import ParsedFeed
from pipeline.stages.looks import Look, look, look_at_pages

#: A feed whose newest entry is older has ended, moved, or is no news (Media Cloud's month).
_OLD = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What one look at a source showed."""

    source: str
    feed: str
    #: Empty when the feed works.
    problem: str
    #: What an operator should know although it works.
    notes: tuple[str, ...] = ()
    dialect: str = ""
    title: str = ""
    entries: int = 0
    undated: int = 0
    skipped: int = 0
    #: Entries that bring a picture.
    pictures: int = 0
    newest: datetime | None = None
    #: Whether the newest entry's page has a picture; None when nobody looked.
    page_picture: bool | None = None
    final_url: str = ""
    #: Where the feed has moved for good, "" if it has not.
    moved_to: str = ""


def check(
    home: Home = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this source (repeatable).")
    ] = None,
    page: Annotated[
        bool, typer.Option("--page", help="Read the newest entry's page as well.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Fetch each feed once and report what it is and what is wrong; nothing is stored.

    Example: newsloom sources check --source bbc-technology --page
    """
    with opened(home) as ctx:
        checked = _check(ctx, source, pages=page)
    if json_:
        print_json([asdict(item) for item in checked])
    else:
        _print_checked(checked)
    broken = sum(bool(item.problem) for item in checked)
    raise typer.Exit(SOME_FAILED if broken else 0)


def watched(ctx: Context) -> dict[str, SourceEntry]:
    """Return every source by its id, as the next run will see it: the operator's, then the file."""
    with ctx.store.read() as tx:
        rows = {row.id: row for row in sources.all_sources(tx)}
    own = {id_: sourcebook.entry_of(row) for id_, row in rows.items()}
    listed = {
        id_: entry
        for id_, entry in ctx.catalogue.sources.items()
        if id_ not in rows or rows[id_].managed_by == "file"
    }
    return dict(sorted({**own, **listed}.items()))


def _check(ctx: Context, wanted: list[str] | None, *, pages: bool) -> list[Checked]:
    """Look at the enabled sources, or at those an operator named."""
    known = watched(ctx)
    require_known("--source", wanted or [], known)
    entries = [
        entry for id_, entry in known.items() if (id_ in wanted if wanted else entry.enabled)
    ]
    looks = look(ctx, [_request(entry) for entry in entries])
    twins = _twins(ctx, entries, looks)
    now = ctx.clock()
    checked = [
        _checked(entry, seen, twins.get(entry.id, ()), now)
        for entry, seen in zip(entries, looks, strict=True)
    ]
    return _with_pages(ctx, checked, looks) if pages else checked


def _request(entry: SourceEntry) -> WebRequest:
    """Return the request for a source's feed, as a poll would make it."""
    return WebRequest(url=entry.feed, kind="feed", access=access_of(entry))


def _twins(
    ctx: Context, entries: Sequence[SourceEntry], looks: Sequence[Look]
) -> Mapping[str, tuple[str, ...]]:
    """Return for each source what it duplicates, in words; feeds not seen now as last polled."""
    with ctx.store.read() as tx:
        profiles: dict[str, FeedProfile] = {one.name: one for one in sourcebook.profiles(tx)}
    for entry, seen in zip(entries, looks, strict=True):
        if seen.feed or entry.id not in profiles:
            profiles[entry.id] = profile_of(entry, seen.feed)
    found: dict[str, tuple[str, ...]] = {}
    for twin in duplicates(profiles.values()):
        for one, other in ((twin.first, twin.second), (twin.second, twin.first)):
            found[one] = (*found.get(one, ()), f"duplicate: {said(twin, other)}")
    return found


def _checked(entry: SourceEntry, seen: Look, twins: Sequence[str], now: datetime) -> Checked:
    """Say what was seen."""
    if seen.feed is None:
        hint = f"; try `newsloom sources rediscover {entry.id}`"
        lost = seen.problem.startswith(("not-a-feed", "http-404", "http-410"))
        return Checked(
            source=entry.id,
            feed=entry.feed,
            problem=seen.problem + (hint if lost else ""),
            notes=tuple(twins),
            final_url=seen.final_url,
            moved_to=seen.moved_to,
        )
    feed = seen.feed
    times = [entry.published_at for entry in feed.entries if entry.published_at]
    return Checked(
        source=entry.id,
        feed=entry.feed,
        problem="" if feed.entries else "no-entries",
        notes=(*_notes(entry.id, seen, feed, now), *twins),
        dialect=feed.dialect,
        title=feed.title,
        entries=len(feed.entries),
        undated=len(feed.entries) - len(times),
        skipped=len(feed.skipped),
        pictures=sum(bool(one.media) for one in feed.entries),
        newest=max(times, default=None),
        final_url=seen.final_url,
        moved_to=seen.moved_to,
    )


def _notes(id_: str, seen: Look, feed: ParsedFeed, now: datetime) -> Iterator[str]:
    """Yield what an operator should know of a feed that works."""
    if seen.moved_to:
        yield f"moved for good: `newsloom sources edit {id_} --feed {seen.moved_to}`"
    times = [entry.published_at for entry in feed.entries if entry.published_at]
    if undated := len(feed.entries) - len(times):
        yield f"{undated} of {len(feed.entries)} entries without a date"
    if times and now - max(times) > _OLD:
        yield f"nothing new for {(now - max(times)).days} days"
    if feed.skipped:
        yield f"{len(feed.skipped)} left out, first for {feed.skipped[0].reason}"


def _with_pages(ctx: Context, checked: Sequence[Checked], looks: Sequence[Look]) -> list[Checked]:
    """Read the page of each feed's newest entry, and say what is on it."""
    newest = {
        number: seen.feed.entries[0].url
        for number, seen in enumerate(looks)
        if seen.feed and seen.feed.entries
    }
    read = dict(zip(newest, look_at_pages(ctx, list(newest.values())), strict=True))
    found = []
    for number, one in enumerate(checked):
        article = read.get(number)
        if isinstance(article, Rejected):
            found.append(replace(one, notes=(*one.notes, f"its newest page: {article}")))
        elif article is None:
            found.append(one)
        else:
            found.append(replace(one, page_picture=bool(article.image_candidates)))
    return found


def _print_checked(checked: Sequence[Checked]) -> None:
    """Print a table, the broken ones last, and below it what else is worth knowing."""
    table = Table(box=None, pad_edge=False)
    for column in ("source", "kind", "entries", "newest", "pictures", "problem"):
        table.add_column(column)
    ordered = sorted(checked, key=lambda item: (bool(item.problem), item.source))
    for item in ordered:
        pictures = f"{item.pictures}/{item.entries}" if item.entries else "-"
        if item.page_picture is not None:
            pictures += ", page" if item.page_picture else ", not on the page"
        table.add_row(
            item.source,
            item.dialect,
            str(item.entries),
            shown_time(item.newest),
            pictures,
            Text(item.problem),
        )
    out.print(table)
    for item in ordered:
        for note in item.notes:
            out.print(f"{item.source}: {note}", markup=False)
    broken = sum(bool(item.problem) for item in checked)
    out.print(f"{len(checked)} sources = {len(checked) - broken} working + {broken} broken")
