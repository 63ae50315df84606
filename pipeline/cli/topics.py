"""`newsloom topics`: the rules, what they say of a text, and what a changed one would do."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from config.catalogue import Catalogue
from config.load import load_catalogue
from pipeline.cli.common import (
    AsJson,
    DryRun,
    Home,
    duration,
    load,
    opened,
    opened_store,
    out,
    print_json,
)
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
    """List the topics with their rules and how many stories have each.

    Example: newsloom topics list
    """
    _, catalogue = load(home)
    with opened_store(home) as store, store.read() as tx:
        counts = Counter(name for row in rows.story_rows(tx) for name in row.topics)
    found = [
        {
            "topic": topic.name,
            "parent": topic.parent,
            "keywords": len(topic.keywords),
            "sections": len(topic.sections),
            "providers": len(topic.providers),
            "excludes": len(topic.excludes),
            "stories": counts.pop(topic.name, 0),
        }
        for topic in catalogue.topics
    ]
    if json_:
        print_json({"topics": found, "not_in_catalogue": dict(sorted(counts.items()))})
        return
    table = Table(box=None, pad_edge=False)
    for column in found[0] if found else ():
        table.add_column(column)
    for row in found:
        table.add_row(*("-" if value is None else str(value) for value in row.values()))
    out.print(table)
    for name, count in sorted(counts.items()):
        out.print(f"{name}: {count} stories have it, the catalogue no more", markup=False)


@app.command("test")
def try_(
    title: Annotated[str, typer.Argument(metavar="TEXT", help="A title, or any text.")],
    home: Home = None,
    excerpt: Annotated[str, typer.Option("--excerpt", help="The excerpt below it.")] = "",
    url: Annotated[str, typer.Option("--url", help="The article's address, for sections.")] = "",
    json_: AsJson = False,
) -> None:
    """Show which topics a text has, and by which rule.

    Example: newsloom topics test "Police try facial recognition" --url https://bbc.com/news/uk/1
    """
    _, catalogue = load(home)
    try:
        provider = registrable_domain(host_of(url)) if url else ""
    except ValueError as error:
        raise UsageError(f"--url {url}: {error}; write it as https://HOST/PATH") from None
    found = topics_of(title, excerpt, catalogue.topics, url=url, provider=provider)
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
        print_json({"topics": told, "excluded": dict(found.excluded)})
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
    draft: Annotated[
        Path | None,
        typer.Option("--catalogue", help="Try the rules of this folder instead of your catalogue."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Show what the rules as they are now would add to the stored stories and drop; change nothing.

    Example: newsloom topics diff --catalogue draft --since 30d
    """
    catalogue = _catalogue(home, draft)
    with opened_store(home) as store:
        changes = list(topic_changes(store, catalogue, since=_since(since)))
    _tell(changes, json_=json_)
    if not json_:
        out.print("nothing was changed; `newsloom topics apply` does it with the catalogue's rules")


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
    _tell(changes, json_=json_)
    if not json_:
        done = "would be" if dry_run else "were"
        out.print(f"{len(changes)} stories {done} changed; `newsloom write` brings the files along")


def _since(text: str | None) -> datetime | None:
    """Return the moment that many hours or days ago."""
    return None if text is None else system_clock() - duration(text)


def _catalogue(home: Path | None, draft: Path | None) -> Catalogue:
    """Return the installation's catalogue, or the one in the folder given instead."""
    return load_catalogue(draft) if draft else load(home)[1]


def _tell(changes: list[TopicChange], *, json_: bool) -> None:
    """Print what changes, by topic and by story."""
    counts = count_changes(changes)
    if json_:
        print_json(
            {
                "topics": {
                    name: {"added": added, "dropped": dropped}
                    for name, (added, dropped) in counts.items()
                },
                "stories": [_as_json(change) for change in changes],
            }
        )
        return
    table = Table(box=None, pad_edge=False)
    for column in ("topic", "added", "dropped"):
        table.add_column(column)
    for name, (added, dropped) in counts.items():
        table.add_row(Text(name), f"+{added}", f"-{dropped}")
    if counts:
        out.print(table)
    for change in changes[:_NAMED]:
        _tell_one(change)
    if len(changes) > _NAMED:
        out.print(f"... and {len(changes) - _NAMED} more; --json has them all")
    if not changes:
        out.print("no story would change")


def _tell_one(change: TopicChange) -> None:
    """Print what changes for one story, and why."""
    out.print(f"{change.story_id}  {change.title}", markup=False)
    for name in change.added:
        origin = change.origins.get(name)
        why = f"  ({origin.where.value}: {origin.keyword})" if origin else ""
        out.print(f"    + {name}{why}", markup=False)
    for name in change.dropped:
        word = change.excluded.get(name)
        out.print(f"    - {name}" + (f"  (excluded: {word})" if word else ""), markup=False)
    if not (change.added or change.dropped):
        out.print(f"    order: {', '.join(change.after)}", markup=False)


def _as_json(change: TopicChange) -> dict[str, Any]:
    """Return one change for machines."""
    return {
        "story": change.story_id,
        "title": change.title,
        "before": list(change.before),
        "after": list(change.after),
        "added": {
            name: f"{change.origins[name].where.value}: {change.origins[name].keyword}"
            for name in change.added
            if name in change.origins
        },
        "dropped": list(change.dropped),
    }
