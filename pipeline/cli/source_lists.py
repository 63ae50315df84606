"""`newsloom sources import, export`: lists of feeds from and for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from config.catalogue import SourceEntry
from config.durations import show_duration
from config.problems import ConfigError
from config.sourceblock import source_block
from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    DryRun,
    Home,
    load,
    opened_store,
    out,
    print_json,
)
from pipeline.cli.source_values import ending, host_or_none, name_of, new_id, validated
from pipeline.context import system_clock
from pipeline.entries import language_of
from pipeline.errors import Rejected, UsageError
from pipeline.feeds.opml import MAX_BYTES, Opml, Outline, read_opml, write_opml
from pipeline.io.store import Store, sourcebook, sources
from pipeline.urls import registrable_domain, url_key

_TITLE = "newsloom sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Imported:
    """What became of one feed of a list."""

    feed: str
    #: ``added``, ``known``, ``twice`` or ``refused``.
    ended: str
    #: The source's id, or why there is none.
    detail: str
    entry: SourceEntry | None = None


def import_(
    file: Annotated[Path, typer.Argument(help="OPML file of another program.")],
    home: Home = None,
    disabled: Annotated[
        bool, typer.Option("--disabled", help="Add them without polling them yet.")
    ] = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Add the feeds of an OPML file as sources; those that are watched already stay as they are.

    Example: newsloom sources import feeds.opml --dry-run
    """
    try:
        listed = read_opml(_read(file))
    except Rejected as error:
        raise UsageError(f"{file}: {error}") from error
    with opened_store(home) as store:
        imported = list(_imported(store, listed, disabled=disabled))
        if not dry_run:
            with store.write() as tx:
                for one in imported:
                    if one.entry is not None:
                        sourcebook.add_source(tx, one.entry, now=system_clock())
    ends = [one.ended for one in imported]
    counts = {word: ends.count(word) for word in ("added", "known", "twice", "refused")}
    if json_:
        members = [{"feed": one.feed, "ended": one.ended, "detail": one.detail} for one in imported]
        print_json({"dry_run": dry_run, "counts": counts, "feeds": members})
    else:
        for one in imported:
            out.print(f"{one.ended:9}{one.feed}  {one.detail}", markup=False)
        told = " + ".join(f"{number} {word}" for word, number in counts.items())
        out.print(ending(f"{len(imported)} feeds = {told}", dry_run=dry_run))
    raise typer.Exit(SOME_FAILED if counts["refused"] else 0)


def _read(file: Path) -> bytes:
    """Return what a file holds, a little more than is read of a list at most."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error


def _imported(store: Store, listed: Opml, *, disabled: bool) -> Iterator[_Imported]:
    """Yield what becomes of each feed of a list, in its order."""
    with store.read() as tx:
        known = {url_key(row.feed_url): str(row.id) for row in sources.all_sources(tx)}
    ids = set(known.values())
    seen: dict[str, str] = {}
    for outline in listed.outlines:
        feed = outline.feed_url
        try:
            entry = _entry(outline, ids, disabled=disabled)
            key = url_key(entry.feed)
        except (ConfigError, ValueError) as error:
            yield _Imported(feed=feed, ended="refused", detail=_reason(error))
            continue
        if key in known:
            yield _Imported(feed=feed, ended="known", detail=known[key])
        elif key in seen:
            yield _Imported(feed=feed, ended="twice", detail=seen[key])
        else:
            ids.add(entry.id)
            seen[key] = entry.id
            yield _Imported(feed=feed, ended="added", detail=entry.id, entry=entry)


def _reason(error: Exception) -> str:
    """Return why a feed is refused, without the command line that nobody wrote."""
    if isinstance(error, ConfigError):
        return "; ".join(f"{one.key.removeprefix('--')} {one.wrong}" for one in error.problems)
    return str(error)


def _entry(outline: Outline, taken: set[str], *, disabled: bool) -> SourceEntry:
    """Return the source an outline speaks of. Raise ConfigError for one that cannot be."""
    host = host_or_none(outline.home_url) or host_or_none(outline.feed_url)
    title = name_of(outline.title, host)
    own = outline.own
    id_ = own.get("id", "")
    return validated(
        {
            "id": id_ if id_ and id_ not in taken else new_id(title, outline.feed_url, taken),
            "feed": outline.feed_url,
            "provider": own.get("provider") or registrable_domain(host),
            "title": title,
            "language": language_of(outline.language),
            "interval": own.get("interval"),
            "enabled": not disabled and own.get("enabled") != "false",
        }
    )


def export(
    home: Home = None,
    toml: Annotated[
        bool, typer.Option("--toml", help="Print blocks of sources.toml instead of OPML.")
    ] = False,
) -> None:
    """Print every source as OPML 2.0, or as sources.toml with all that was changed by hand.

    Example: newsloom sources export > feeds.opml
    """
    _, catalogue = load(home)
    with opened_store(home) as store, store.read() as tx:
        rows = sources.all_sources(tx)
    if toml:
        entries = [_kept(sourcebook.entry_of(row), row, catalogue.sources) for row in rows]
        typer.echo("\n".join(map(source_block, entries)), nl=False)
        return
    outlines = tuple(_outline(sourcebook.entry_of(row)) for row in rows)
    typer.echo(write_opml(Opml(title=_TITLE, outlines=outlines)), nl=False)


def _kept(entry: SourceEntry, row: Any, listed: Mapping[str, SourceEntry]) -> SourceEntry:
    """Return a source with what only the catalogue knows, as long as the feed is the same."""
    other = listed.get(entry.id)
    if other is None or other.feed != row.feed_url:
        return entry
    return entry.model_copy(update={"listed_at": other.listed_at, "verified": other.verified})


def _outline(entry: SourceEntry) -> Outline:
    """Return a source as other programs know it; headers stay here."""
    own = {"id": entry.id, "provider": entry.provider}
    if entry.interval is not None:
        own["interval"] = show_duration(entry.interval)
    if not entry.enabled:
        own["enabled"] = "false"
    return Outline(
        title=entry.title,
        feed_url=entry.feed,
        home_url=f"https://{entry.provider}/",
        language=entry.language or "",
        own=own,
    )
