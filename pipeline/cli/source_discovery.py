"""`newsloom sources discover, rediscover`: the feeds of a site, and where a lost one went."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from config.catalogue import SourceEntry
from config.problems import ConfigError
from config.sourceblock import source_block
from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    DryRun,
    Home,
    opened,
    out,
    print_json,
    shown_time,
)
from pipeline.cli.source_checks import watched
from pipeline.cli.source_edits import add_checked, change
from pipeline.cli.source_values import access_of, current, name_of, new_id, said, validated
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.feeds.duplicates import FeedProfile, provider_of_entries, same_feed
from pipeline.io.store import sourcebook
from pipeline.records import Source, SourceId
from pipeline.stages.discover import Candidate, Discovery, Offer, Rediscovery, discover, rediscover

_SAMPLE = 3


def discover_(
    url: Annotated[str, typer.Argument(help="Address of a site or page, or of a feed.")],
    home: Home = None,
    add: Annotated[
        str | None, typer.Option("--add", help="Add the feed as a source of this id.")
    ] = None,
    pick: Annotated[
        int | None, typer.Option("--pick", min=1, help="Which feed to add, by its number.")
    ] = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Find the feeds of a site and print a block of sources.toml for each.

    Example: newsloom sources discover https://www.bbc.com/news
    """
    with opened(home) as ctx:
        found = discover(ctx, url)
        if add is not None:
            candidate = _picked(found, pick)
            entry = _entry(candidate, add)
            given = entry.model_dump(exclude_defaults=True)
            add_checked(ctx, given, unchecked=False, dry_run=dry_run, json_=json_)
            return
        known = watched(ctx)
        with ctx.store.read() as tx:
            profiles = sourcebook.profiles(tx)
    shown = [_shown(one, known, profiles) for one in found.candidates]
    if json_:
        print_json({"url": found.url, "is_feed": found.is_feed, "feeds": shown})
    else:
        _print_discovery(found, shown)
    raise typer.Exit(0 if found.feeds else SOME_FAILED)


def _picked(found: Discovery, pick: int | None) -> Candidate:
    """Return the feed to add. Raise UsageError when none or several could be meant."""
    feeds = found.feeds
    if not feeds:
        raise UsageError(f"{found.url}: no feed found; see `newsloom sources discover {found.url}`")
    if pick is None and len(feeds) > 1:
        listed = "; ".join(f"{number} {one.url}" for number, one in enumerate(feeds, start=1))
        raise UsageError(f"several feeds, name one with --pick: {listed}")
    if pick is not None and pick > len(feeds):
        raise UsageError(f"--pick {pick}: there are {len(feeds)} feeds")
    return feeds[(pick or 1) - 1]


def _entry(candidate: Candidate, id_: str) -> SourceEntry:
    """Return the source that a feed would be."""
    feed = candidate.feed
    assert feed is not None, "only feeds become sources"
    return validated(
        {
            "id": id_,
            "feed": candidate.url,
            "provider": provider_of_entries(feed.entries) or candidate.profile.provider,
            "title": name_of(feed.title, candidate.link.title, id_),
            "language": feed.language,
        }
    )


def _shown(
    candidate: Candidate, known: Mapping[str, SourceEntry], profiles: Sequence[FeedProfile]
) -> dict[str, Any]:
    """Return a candidate for people and JSON."""
    base = {"url": candidate.url, "found": candidate.link.found, "problem": candidate.seen.problem}
    feed = candidate.feed
    if feed is None:
        return base
    twins = (same_feed(candidate.profile, one) for one in profiles)
    return base | {
        "kind": feed.dialect,
        "title": feed.title,
        "entries": len(feed.entries),
        "newest": _newest(candidate),
        "sample": [one.title for one in feed.entries[:_SAMPLE]],
        "same_as": candidate.same_as,
        "watched_as": next((said(twin, twin.second) for twin in twins if twin), ""),
        "toml": toml_block(candidate, known),
    }


def toml_block(candidate: Candidate, known: Mapping[str, SourceEntry]) -> str:
    """Return what to paste into sources.toml, "" for a feed at an address that has no place there.

    A host may have underscores, or be an address of IPv6: neither is a provider.
    """
    title = (candidate.feed and candidate.feed.title) or candidate.link.title
    try:
        return source_block(_entry(candidate, new_id(title, candidate.url, known)))
    except ConfigError:
        return ""


def _newest(candidate: Candidate) -> datetime | None:
    """Return the time of a feed's newest entry."""
    entries = candidate.feed.entries if candidate.feed else ()
    return max((one.published_at for one in entries if one.published_at), default=None)


def _print_discovery(found: Discovery, shown: Sequence[Mapping[str, Any]]) -> None:
    """Print the feeds, then what to paste."""
    if found.is_feed:
        out.print(f"{found.url} is a feed itself", markup=False)
    if found.problem:
        out.print(f"{found.url}: {found.problem}", markup=False)
    feeds = [one for one in shown if not one["problem"] and not one["same_as"]]
    if feeds:
        out.print(_table(feeds))
    for one in shown:
        if one["problem"]:
            out.print(f"no feed: {one['url']} ({one['found']}): {one['problem']}", markup=False)
        elif one["same_as"]:
            out.print(f"the same feed: {one['url']} = {one['same_as']}", markup=False)
    for one in feeds:
        if one["toml"] and not one["watched_as"]:
            out.print(f"\n{one['toml'].rstrip()}", markup=False)
    out.print(f"\n{len(feeds)} feeds", markup=False)


def _table(feeds: Sequence[Mapping[str, Any]]) -> Table:
    """Return the table of feeds, numbered for --pick."""
    table = Table(box=None, pad_edge=False)
    for column in ("", "kind", "entries", "newest", "found", "title and address"):
        table.add_column(column)
    for number, one in enumerate(feeds, start=1):
        lines = [one["title"] or "-", one["url"], *(f"  {title}" for title in one["sample"])]
        if one["watched_as"]:
            lines.insert(2, f"  watched already: {one['watched_as']}")
        table.add_row(
            str(number),
            one["kind"],
            str(one["entries"]),
            shown_time(one["newest"]),
            one["found"],
            Text("\n".join(lines)),
        )
    return table


def rediscover_(
    id_: Annotated[str, typer.Argument(help="Id of the source.", show_default=False)],
    home: Home = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Take the best offer if it is told to be the same feed.")
    ] = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Look for the feed of a source where it was, where that leads, and at its provider's home.

    Example: newsloom sources rediscover bbc-world --apply
    """
    with opened(home) as ctx:
        before = current(ctx.store, id_)
        found = _rediscovered(ctx, before)
        best = next(iter(found.offers), None)
        if apply and best is not None and best.is_safe:
            change(ctx.store, before, {"feed": best.candidate.url}, dry_run=dry_run, json_=json_)
            return
    works = found.now.feed is not None and not found.now.moved_to
    if json_:
        print_json(
            {
                "source": id_,
                "feed": before.feed,
                "works": works,
                "problem": found.now.problem,
                "offers": [_offered(offer) for offer in found.offers],
            }
        )
    else:
        _print_offers(before, found, works=works)
    failed = not works and (apply or best is None)
    raise typer.Exit(SOME_FAILED if failed else 0)


def _rediscovered(ctx: Context, entry: SourceEntry) -> Rediscovery:
    """Look for a source's feed."""
    with ctx.store.read() as tx:
        known: Collection[str] = sourcebook.shown_pages(tx, entry.id)
    source = Source(
        id=SourceId(entry.id),
        feed_url=entry.feed,
        provider=entry.provider,
        title=entry.title,
        access=access_of(entry),
    )
    return rediscover(ctx, source, known)


def _offered(offer: Offer) -> dict[str, Any]:
    """Return an offer for people and JSON."""
    feed = offer.candidate.feed
    return {
        "url": offer.candidate.url,
        "title": feed.title if feed else "",
        "entries": len(feed.entries) if feed else 0,
        "shared": offer.shared,
        "same_title": offer.same_title,
        "is_safe": offer.is_safe,
    }


def _print_offers(entry: SourceEntry, found: Rediscovery, *, works: bool) -> None:
    """Say what became of a feed, and what to do about it."""
    if works:
        out.print(f"{entry.feed} works", markup=False)
        return
    if found.now.moved_to:
        out.print(f"{entry.feed} has moved for good", markup=False)
    else:
        out.print(f"{entry.feed}: {found.now.problem}", markup=False)
    for offer in found.offers:
        reasons = [f"{offer.shared} known entries"] if offer.shared else []
        reasons += ["the same title"] if offer.same_title else []
        why = " and ".join(reasons) or "the provider's, but nothing tells that it is the same feed"
        out.print(f"{offer.candidate.url}: {why}", markup=False)
    if not found.offers:
        out.print(f"nothing found at {entry.provider}; try `newsloom sources discover URL`")
        return
    best = found.offers[0]
    command = (
        f"newsloom sources rediscover {entry.id} --apply"
        if best.is_safe
        else f"newsloom sources edit {entry.id} --feed {best.candidate.url}"
    )
    out.print(f"take it with `{command}`", markup=False)
