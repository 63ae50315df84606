"""`newsloom topics`: the rules, what they say of a text, and what a changed one would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from config.catalogue import Catalogue
from config.load import load_catalogue
from pipeline.articles.provider import provider_of
from pipeline.cli.common import (
    AsJson,
    DryRun,
    Home,
    duration,
    load,
    load_settings,
    opened,
    opened_store,
    out,
    print_json,
)
from pipeline.cli.source_values import host_or_none
from pipeline.context import system_clock
from pipeline.errors import UsageError
from pipeline.io.store import stories as rows
from pipeline.stages.retopic import TopicChange, apply_topics, count_changes, topic_changes
from pipeline.stories.topics import topics_of
from pipeline.urls import host_of, registrable_domain

app = typer.Typer(no_args_is_help=True, help="What stories are about: the rules and what they do.")
Since = Annotated[
    str | None, typer.Option("--since", help="Only stories of the last 12h, 30d; default: all.")
]
#: Stories named on a terminal; JSON has all of them.
_NAMED = 50


@app.command("list")
def list_(home: Home = None, json_: AsJson = False) -> None:
    """List the topics: how many rules each has, how many stories have it, with how many articles.

    Example: newsloom topics list
    """
    _, catalogue = load(home)
    stories, articles = Counter[str](), Counter[str]()
    with opened_store(home) as store, store.read() as tx:
        for row in rows.story_rows(tx):
            for name in row.topics:
                stories[name] += 1
                articles[name] += row.members
    found = [
        {
            "topic": one.name,
            "parent": one.parent,
            "keywords": len(one.keywords),
            "sections": len(one.sections),
            "providers": len(one.providers),
            "excludes": len(one.excludes) + len(one.not_providers),
            "stories": stories.pop(one.name, 0),
            "articles": articles[one.name],
        }
        for one in catalogue.topics
    ]
    if json_:
        print_json({"topics": found, "not_in_catalogue": dict(sorted(stories.items()))})
        return
    for line in _columns(found):
        out.print(line, markup=False)
    for name, count in sorted(stories.items()):
        out.print(f"{name}: {count} stories have it, the catalogue no more", markup=False)


@app.command("test")
def try_(
    title: Annotated[str, typer.Argument(metavar="TEXT", help="A title, or any text.")],
    home: Home = None,
    excerpt: Annotated[str, typer.Option("--excerpt", help="The excerpt below it.")] = "",
    url: Annotated[str, typer.Option("--url", help="The article's address, for sections.")] = "",
    provider: Annotated[
        str,
        typer.Option("--provider", help="Its publisher's domain; default: that of the address."),
    ] = "",
    json_: AsJson = False,
) -> None:
    """Show which topics a text has, by which rule, and what keeps others off.

    Example: newsloom topics test "Police try facial recognition" --url https://bbc.com/news/uk/1
    """
    _, catalogue = load(home)
    publisher = _publisher(url, provider, catalogue)
    found = topics_of(title, excerpt, catalogue.topics, url=url, provider=publisher)
    told = [
        {
            "topic": name,
            "main": name == found.main,
            "where": found.origins[name].where.value,
            "by": found.origins[name].keyword,
        }
        for name in found.names
    ]
    if json_:
        print_json({"topics": told, "excluded": dict(found.excluded), "provider": publisher})
        return
    for one in told:
        main = "  (main)" if one["main"] else ""
        out.print(f"{one['topic']}{main}: {one['where']}, {one['by']}", markup=False)
    for name, word in found.excluded.items():
        out.print(f"not {name}: excluded by {word}", markup=False)
    if not told:
        out.print("no topic")


@app.command()
def diff(
    home: Home = None,
    since: Since = None,
    topics_file: Annotated[
        Path | None,
        typer.Option("--topics", help="Try this file instead of your catalogue's topics.toml."),
    ] = None,
    draft: Annotated[
        Path | None,
        typer.Option("--catalogue", help="Try this folder instead of your catalogue."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Show what the rules as they are now would add to the stored stories and drop; change nothing.

    Example: newsloom topics diff --topics draft.toml --since 30d
    """
    catalogue = _catalogue(home, draft, topics_file)
    with opened_store(home) as store:
        changes = list(topic_changes(store, catalogue, since=_since(since)))
    _tell(changes, catalogue, json_=json_)
    if not json_:
        first = "make these rules your catalogue's, then " if draft or topics_file else ""
        out.print(f"nothing was changed; {first}`newsloom topics apply` changes stored stories")


@app.command()
def apply(
    home: Home = None, since: Since = None, dry_run: DryRun = False, json_: AsJson = False
) -> None:
    """Give stored stories the topics of today's rules; files follow with the next write.

    New rules count for new articles at once; this is for what is stored already.
    Example: newsloom topics apply --since 30d --dry-run
    """
    with opened(home) as ctx:
        changes = list(topic_changes(ctx.store, ctx.catalogue, since=_since(since)))
        if not dry_run:
            apply_topics(ctx, [change.story_id for change in changes])
    _tell(changes, ctx.catalogue, json_=json_)
    if not json_:
        done = "would be" if dry_run else "were"
        out.print(f"{len(changes)} stories {done} changed; `newsloom write` brings the files along")


def _since(text: str | None) -> datetime | None:
    """Return the moment that many hours or days ago."""
    return None if text is None else system_clock() - duration(text)


def _publisher(url: str, provider: str, catalogue: Catalogue) -> str:
    """Return the publisher given, else that of an article at `url`. Raise UsageError."""
    if provider or not url:
        return _domain(provider)
    try:
        own = registrable_domain(host_of(url))
    except ValueError as error:
        raise UsageError(f"--url {url}: {error}; write it as https://HOST/PATH") from None
    known = catalogue.organisations
    return provider_of(url, source_provider=own, organisations=known, site_name=None).domain


def _domain(provider: str) -> str:
    """Return a publisher's domain, "" for none. Raise UsageError for anything else."""
    if provider and host_or_none(f"https://{provider}/") != provider:
        raise UsageError(f"--provider {provider}: no domain; write it as example.com")
    return provider


def _catalogue(home: Path | None, draft: Path | None, topics_file: Path | None) -> Catalogue:
    """Return the installation's catalogue, or that with what is given instead."""
    settings = load_settings(home)
    own = settings.path(settings.catalogue) if settings.catalogue else None
    return load_catalogue(draft or own, topics_file=topics_file)


def _tell(changes: list[TopicChange], catalogue: Catalogue, *, json_: bool) -> None:
    """Print what changes, by topic and by story."""
    counts = count_changes(changes)
    if json_:
        print_json(
            {
                "topics": {
                    name: {"added": added, "dropped": dropped}
                    for name, (added, dropped) in counts.items()
                },
                "stories": [_as_json(change, catalogue) for change in changes],
            }
        )
        return
    counted = [
        {"topic": name, "added": f"+{added}", "dropped": f"-{dropped}"}
        for name, (added, dropped) in counts.items()
    ]
    for line in _columns(counted):
        out.print(line, markup=False)
    for change in changes[:_NAMED]:
        _tell_one(change, catalogue)
    if len(changes) > _NAMED:
        out.print(f"... and {len(changes) - _NAMED} more; --json has them all")
    if not changes:
        out.print("no story would change")


def _columns(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a headline and rows as lines of columns, never broken: other programs read them too."""
    told = [["-" if value is None else str(value) for value in row.values()] for row in rows]
    told[:0] = [list(row) for row in rows[:1]]
    widths = [max(map(len, column)) for column in zip(*told, strict=True)]
    for cells in told:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _tell_one(change: TopicChange, catalogue: Catalogue) -> None:
    """Print what changes for one story, and why."""
    out.print(f"{change.story_id}  {change.title}", markup=False)
    for name, why in _added(change).items():
        out.print(f"    + {name}  ({why})", markup=False)
    for name, why in _dropped(change, catalogue).items():
        out.print(f"    - {name}  ({why})", markup=False)
    if not (change.added or change.dropped):
        out.print(f"    order: {', '.join(change.after)}", markup=False)


def _as_json(change: TopicChange, catalogue: Catalogue) -> dict[str, Any]:
    """Return one change for machines."""
    return {
        "story": change.story_id,
        "title": change.title,
        "before": list(change.before),
        "after": list(change.after),
        "added": _added(change),
        "dropped": _dropped(change, catalogue),
    }


def _added(change: TopicChange) -> dict[str, str]:
    """Return the topics a story would get, and by which rule."""
    origins = {name: change.origins[name] for name in change.added}
    return {name: f"{origin.where.value}: {origin.keyword}" for name, origin in origins.items()}


def _dropped(change: TopicChange, catalogue: Catalogue) -> dict[str, str]:
    """Return the topics a story would lose, and why; the rule that once gave one is not stored."""
    left = {topic.name: "no rule gives it" for topic in catalogue.topics}
    excluded = {name: f"excluded: {by}" for name, by in change.excluded.items()}
    why = {**left, **excluded}
    return {name: why.get(name, "not in the catalogue") for name in change.dropped}
