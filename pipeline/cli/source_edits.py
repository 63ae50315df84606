"""`newsloom sources add, edit, enable, disable, release, remove`: the operator's own word.

What is said here wins over the catalogue file until the source is released to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from config.catalogue import SourceEntry
from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    DryRun,
    Home,
    err,
    load,
    opened,
    opened_store,
    out,
    print_json,
)
from pipeline.cli.source_values import (
    access_of,
    current,
    ending,
    given_options,
    host_or_none,
    laid_over,
    name_of,
    profile_of,
    refuse_duplicate,
    refuse_known,
    require_all,
    say,
    shown_entry,
    validated,
)
from pipeline.context import Context, system_clock
from pipeline.errors import NewsloomError, UsageError
from pipeline.feeds.duplicates import provider_of_entries
from pipeline.io.store import Store, sourcebook
from pipeline.io.web import WebRequest
from pipeline.records import ParsedFeed
from pipeline.stages.looks import look
from pipeline.urls import registrable_domain

_Id = Annotated[str, typer.Argument(help="Id of the source.", show_default=False)]
_Feed = Annotated[str | None, typer.Option("--feed", help="Address of the feed.")]
_Provider = Annotated[
    str | None, typer.Option("--provider", help="Registrable domain of the publisher.")
]
_Title = Annotated[str | None, typer.Option("--title", help="Name of the feed for people.")]
_Language = Annotated[
    str | None, typer.Option("--language", help="Language of its articles, such as en; '': unset.")
]
_Interval = Annotated[
    str | None, typer.Option("--interval", help="Polling interval, 5m to 7d; '': learned.")
]
_Robots = Annotated[
    bool | None, typer.Option("--robots/--no-robots", help="Whether robots.txt holds for pages.")
]
_Header = Annotated[
    list[str] | None,
    typer.Option(
        "--header", help="NAME=env:VARIABLE or NAME=file:PATH (repeatable); NAME= drops it."
    ),
]
_UserAgent = Annotated[
    str | None, typer.Option("--user-agent", help="Name under which it is asked; '': ours.")
]
_Proxy = Annotated[
    str | None,
    typer.Option("--proxy", help="Its own proxy, env:VARIABLE or file:PATH; '': the settings'."),
]
_Reason = Annotated[str, typer.Option("--reason", help="Why; `sources list --json` shows it.")]
_Unchecked = Annotated[
    bool, typer.Option("--unchecked", help="Do not look at the feed first; keep duplicates.")
]


def add(
    id_: _Id,
    feed: Annotated[str, typer.Option("--feed", help="Address of the feed.")],
    home: Home = None,
    provider: _Provider = None,
    title: _Title = None,
    language: _Language = None,
    interval: _Interval = None,
    robots: _Robots = None,
    header: _Header = None,
    user_agent: _UserAgent = None,
    proxy: _Proxy = None,
    unchecked: _Unchecked = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Add a source after one look at its feed, which tells what is not said.

    Example: newsloom sources add bbc-world --feed https://feeds.bbci.co.uk/news/world/rss.xml
    """
    given = given_options(
        feed=feed, provider=provider, title=title, language=language, interval=interval,
        robots=robots, user_agent=user_agent, proxy=proxy,
    )  # fmt: skip
    given["headers"] = laid_over({}, header or [])
    with opened(home) as ctx:
        add_checked(ctx, {"id": id_, **given}, unchecked=unchecked, dry_run=dry_run, json_=json_)


def add_checked(
    ctx: Context, given: Mapping[str, Any], *, unchecked: bool, dry_run: bool, json_: bool
) -> None:
    """Add a source unless its feed is broken or watched already; say what was added."""
    host = host_or_none(str(given["feed"]))
    # What is checked before the feed is asked must be complete; the feed may know better.
    draft = validated({"provider": registrable_domain(host), "title": given["id"], **given})
    refuse_known(ctx.store, draft.id)
    parsed = None if unchecked else _looked(ctx, draft)
    entry = validated({**_told(draft, parsed), **given})
    if not unchecked:
        with ctx.store.read() as tx:
            known = sourcebook.profiles(tx, entry.provider)
        refuse_duplicate(profile_of(entry, parsed), known)
    if not dry_run:
        with ctx.store.write() as tx:
            sourcebook.add_source(tx, entry, now=ctx.clock())
    shown = shown_entry(entry)
    if json_:
        print_json({"dry_run": dry_run, "added": shown})
        return
    for name, value in shown.items():
        out.print(f"{name:11}{value}", markup=False)
    out.print("would be added (--dry-run)" if dry_run else "added; due at the next run")


def edit(
    id_: _Id,
    home: Home = None,
    feed: _Feed = None,
    provider: _Provider = None,
    title: _Title = None,
    language: _Language = None,
    interval: _Interval = None,
    robots: _Robots = None,
    header: _Header = None,
    user_agent: _UserAgent = None,
    proxy: _Proxy = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Change a source by hand; the catalogue no longer decides about it until it is released.

    Example: newsloom sources edit bbc-world --interval 10m
    """
    given = given_options(
        feed=feed, provider=provider, title=title, language=language, interval=interval,
        robots=robots, user_agent=user_agent, proxy=proxy,
    )  # fmt: skip
    if not given and not header:
        raise UsageError("nothing to change; see `newsloom sources edit --help`")
    with opened_store(home) as store:
        before = current(store, id_)
        if header:
            given["headers"] = laid_over(before.headers, header)
        change(store, before, given, dry_run=dry_run, json_=json_)


def change(
    store: Store, before: SourceEntry, given: Mapping[str, Any], *, dry_run: bool, json_: bool
) -> None:
    """Change a source and say what became of it."""
    after = validated({**before.model_dump(), **given})
    if after.feed != before.feed:
        with store.read() as tx:
            known = sourcebook.profiles(tx, after.provider)
        others = [one for one in known if one.name != after.id]
        refuse_duplicate(profile_of(after, None), others)
    if not dry_run and after != before:
        with store.write() as tx:
            sourcebook.change_source(tx, after, now=system_clock())
    old, new = shown_entry(before), shown_entry(after)
    changed = {name: [old.get(name), new.get(name)] for name in {**old, **new}}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    if json_:
        print_json({"dry_run": dry_run, "source": after.id, "changed": changed})
        return
    for name, (was, is_) in changed.items():
        out.print(f"{name}: {was or '-'} -> {is_ or '-'}", markup=False)
    out.print(ending(f"{len(changed)} changed", dry_run=dry_run))


def enable(
    ids: Annotated[list[str], typer.Argument(help="Ids of sources.")],
    home: Home = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Poll sources again, at once, their failures forgotten and out of quarantine.

    Example: newsloom sources enable bbc-world
    """
    with opened_store(home) as store:
        require_all(store, ids)
        if not dry_run:
            with store.write() as tx:
                for id_ in ids:
                    sourcebook.enable_source(tx, id_, now=system_clock())
    say("enabled", ids, dry_run=dry_run, json_=json_)


def disable(
    ids: Annotated[list[str], typer.Argument(help="Ids of sources.")],
    home: Home = None,
    reason: _Reason = "",
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Poll sources no more; what they have brought stays.

    Example: newsloom sources disable bbc-world --reason "moved behind a paywall"
    """
    with opened_store(home) as store:
        require_all(store, ids)
        if not dry_run:
            with store.write() as tx:
                for id_ in ids:
                    sourcebook.disable_source(tx, id_, reason=reason)
    say("disabled", ids, dry_run=dry_run, json_=json_)


def release(
    ids: Annotated[list[str], typer.Argument(help="Ids of sources.")],
    home: Home = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Let the catalogue decide about sources again; the next sync makes them what it says.

    Example: newsloom sources release bbc-world
    """
    _, catalogue = load(home)
    with opened_store(home) as store:
        require_all(store, ids)
        for id_ in ids:
            if id_ not in catalogue.sources:
                raise UsageError(f"{id_}: not in the catalogue; the next sync would disable it")
        if not dry_run:
            with store.write() as tx:
                for id_ in ids:
                    sourcebook.release_source(tx, id_)
    say("released", ids, dry_run=dry_run, json_=json_)


def remove(
    id_: _Id,
    home: Home = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Delete a source that was added by hand and has brought nothing; others are disabled.

    Example: newsloom sources remove bbc-wrold
    """
    _, catalogue = load(home)
    if id_ in catalogue.sources:
        raise UsageError(f"{id_}: stands in the catalogue; delete it in sources.toml and sync")
    with opened_store(home) as store:
        current(store, id_)
        with store.read() as tx:
            is_used = bool(sourcebook.shown_pages(tx, id_))
        if not is_used and not dry_run:
            with store.write() as tx:
                is_used = not sourcebook.remove_source(tx, id_)
    if is_used:
        err.print(f"{id_} has brought entries, which would come back as new with it; disable it")
        raise typer.Exit(SOME_FAILED)
    say("removed", [id_], dry_run=dry_run, json_=json_)


def _looked(ctx: Context, entry: SourceEntry) -> ParsedFeed:
    """Return the feed of a source. Raise NewsloomError when there is none."""
    request = WebRequest(url=entry.feed, kind="feed", access=access_of(entry))
    [seen] = look(ctx, [request])
    if seen.feed is None:
        raise NewsloomError(f"{entry.feed}: {seen.problem}; --unchecked adds it all the same")
    return seen.feed


def _told(draft: SourceEntry, parsed: ParsedFeed | None) -> dict[str, Any]:
    """Return what a feed tells about itself, over what its address tells."""
    if parsed is None:
        return {"provider": draft.provider, "title": draft.title}
    return {
        "provider": provider_of_entries(parsed.entries) or draft.provider,
        "title": name_of(parsed.title, draft.title),
        "language": parsed.language,
    }
