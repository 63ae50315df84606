"""`newsloom stories`: what was found, and why it is so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy import Connection

from config.catalogue import Catalogue
from pipeline.cli import correction_log, story_corrections, story_training
from pipeline.cli.common import (
    AsJson,
    Home,
    duration,
    load,
    opened_store,
    out,
    print_json,
    shown_time,
)
from pipeline.context import system_clock
from pipeline.errors import UsageError
from pipeline.io.store import Store, correctionbook, documents
from pipeline.io.store import stories as rows
from pipeline.records import ArticleId, Story, StoryId
from pipeline.stages.score import stories_in
from pipeline.stories.explain import explain_story
from pipeline.stories.storymap import Dot, Row, draw_map
from pipeline.stories.whypage import why_page

app = typer.Typer(no_args_is_help=True, help="The stories and the reasons behind them.")
app.command()(story_training.train)
for command in (
    story_corrections.merge,
    story_corrections.split,
    story_corrections.pin_lead,
    story_corrections.retitle,
    story_corrections.retract,
    story_corrections.block,
    story_corrections.forget,
    correction_log.corrections,
    correction_log.undo,
):
    app.command()(command)
Which = Annotated[str, typer.Argument(help="Id of the story, or enough of its beginning.")]


@app.command("list")
def list_(
    home: Home = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    json_: AsJson = False,
) -> None:
    """List the stories, hottest first.

    Example: newsloom stories list --limit 10
    """
    with opened_store(home) as store, store.read() as tx:
        found = rows.story_rows(tx, limit=limit)
        words = correctionbook.words_of(tx, [row.id for row in found])
    titles = {row.id: words[row.id].title if row.id in words else "" for row in found}
    if json_:
        names = (
            "id", "title", "heat", "quality", "topics", "members", "provider_name",
            "published_at", "language", "revision",
        )  # fmt: skip
        told = ({name: getattr(row, name) for name in names} for row in found)
        print_json([{**one, "title": titles[one["id"]] or one["title"]} for one in told])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("story", "heat", "articles", "published", "lead"):
        table.add_column(column)
    for row in found:
        table.add_row(
            row.id,
            str(row.heat),
            str(row.members),
            shown_time(row.published_at),
            f"{titles[row.id] or row.title} ({row.provider_name})",
        )
    out.print(table)
    out.print(f"{len(found)} stories")


@app.command()
def show(which: Which, home: Home = None, json_: AsJson = False) -> None:
    """Show one story: its articles, topics, scores and files.

    Example: newsloom stories show k3v9
    """
    _, catalogue = load(home)
    with opened_store(home) as store:
        story = _find(store, which, catalogue)
        files = _files(store, story.id, catalogue)
    if json_:
        print_json(_as_json(story, files))
        return
    out.print(f"{story.id}  heat {story.heat.value}  topics {', '.join(story.topics) or '-'}")
    if story.title:
        out.print(f"title by an operator: {story.title}", markup=False)
    for scored in (story.lead, *story.related):
        article = scored.article
        out.print(
            f"{scored.quality.value:4}  {shown_time(article.published_at)}  {article.title}"
            f" ({article.provider_name})\n      {article.url}",
            markup=False,
        )
    for file in files:
        out.print(f"file  {file['site']}: {file['path']} ({file['state']})", markup=False)


@app.command()
def why(
    which: Which,
    home: Home = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write it as a page for a browser to this file.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Explain one story: why each article is in it, and every part of its scores.

    Example: newsloom stories why k3v9 --html why.html
    """
    _, catalogue = load(home)
    with opened_store(home) as store:
        story = _find(store, which, catalogue)
    explained = explain_story(story)
    if html is not None:
        _write_page(html, why_page(explained))
    if json_:
        print_json(explained)
        return
    for line in _lines(explained):
        out.print(line, markup=False)


@app.command("map")
def map_(
    home: Home = None,
    since: Annotated[str, typer.Option("--since", help="From how long ago: 12h, 3d.")] = "3d",
    out_: Annotated[
        Path, typer.Option("--out", help="File of the picture.", show_default=True)
    ] = Path("stories.svg"),
    limit: Annotated[int, typer.Option("--limit", min=1, help="The hottest of so many.")] = 100,
    json_: AsJson = False,
) -> None:
    """Draw the stories over time as a picture (SVG): what was put together, and what stands alone.

    Example: newsloom stories map --since 2d --out map.svg
    """
    with opened_store(home) as store, store.read() as tx:
        newest = max((row.published_at for row in rows.story_rows(tx)), default=system_clock())
        until = min(newest, system_clock())
        found = _rows(tx, until - duration(since), limit)
    _write_page(out_, draw_map(found, since=until - duration(since), until=until))
    if json_:
        print_json({"file": str(out_), "stories": len(found)})
    else:
        out.print(f"{out_}: {len(found)} stories")


def _rows(tx: Connection, since: datetime, limit: int) -> list[Row]:
    """Return the stories that go on, the hottest first, with their articles."""
    known = {StoryId(row.id): row for row in rows.story_rows(tx) if row.published_at >= since}
    members = rows.members_of(tx, list(known)[:limit])
    return [
        Row(
            title=known[story_id].title,
            topic=next(iter(known[story_id].topics), ""),
            heat=known[story_id].heat,
            lead_id=ArticleId(known[story_id].lead_id),
            dots=tuple(
                Dot(
                    article_id=article.id,
                    title=article.title,
                    provider=article.provider_name,
                    published_at=article.published_at,
                    is_copy=membership.copy_of is not None,
                )
                for article, membership in found
            ),
        )
        for story_id, found in members.items()
    ]


def _write_page(path: Path, text: str) -> None:
    """Write a file for a browser. Raise UsageError when that cannot be done."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file that can be written") from error


def _lines(explained: dict[str, Any]) -> Iterator[str]:
    """Tell an explained story in lines of text."""
    yield f"{explained['story']}  topics {', '.join(explained['topics']) or '-'}"
    yield f"heat {_sum(explained['heat'])}"
    for member in explained["members"]:
        yield f"{'lead' if member['lead'] else 'related'}: {member['title']}"
        yield f"    {member['url']}"
        yield f"    quality {_sum(member['quality'])}"
        yield from _placed(member["placed"])


def _sum(score: dict[str, Any]) -> str:
    """Tell a score as the sum it is."""
    parts = [
        f"{part['name']} {part['value']:g}" + (f" ({part['detail']})" if part["detail"] else "")
        for part in score["parts"]
    ]
    return f"{score['value']} = {' + '.join(parts)}"


def _placed(placed: dict[str, Any]) -> Iterator[str]:
    """Tell why an article is in its story."""
    if placed["founded"]:
        yield "    founded the story"
        return
    yield f"    joined at {placed['score']:g}, nearest to: {placed['nearest_title']}"
    for group in ("link", "pair"):
        terms = ", ".join(f"{part['name']} {part['value']:+g}" for part in placed[group])
        yield f"    {group}: {terms}"
    if placed["shared"]:
        yield f"    shared terms: {', '.join(placed['shared'])}"
    if "vetoes_passed" in placed:
        yield f"    vetoes passed: {', '.join(placed['vetoes_passed'])}"
    if "copy_of" in placed:
        yield "    its text is a copy: one voice with the nearest"
    if "rule" in placed:
        yield f"    by the rule of a topic: {placed['rule']}"
    if "runner_up" in placed:
        runner_up = placed["runner_up"]
        yield f"    runner-up: {runner_up['detail']} at {runner_up['value']:g}"


def _find(store: Store, which: str, catalogue: Catalogue) -> Story:
    """Return the story whose id begins with `which`."""
    with store.read() as tx:
        ids = [row.id for row in rows.story_rows(tx) if row.id.startswith(which)]
        if len(ids) != 1:
            found = "no story has it" if not ids else f"{len(ids)} stories begin with it"
            raise UsageError(f"story {which!r}: {found}; see `newsloom stories list`")
        return stories_in(tx, catalogue, [StoryId(ids[0])])[StoryId(ids[0])]


def _files(store: Store, story_id: StoryId, catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return the story's files on every site."""
    with store.read() as tx:
        found = [
            documents.documents_of_stories(tx, site, [story_id]).get(story_id)
            for site in catalogue.sites
        ]
    return [
        {"site": row.site, "path": row.path, "state": row.state, "published": row.published}
        for row in found
        if row
    ]


def _as_json(story: Story, files: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a story for machines."""
    return {
        "id": story.id,
        "title": story.title or story.lead.article.title,
        "heat": story.heat.value,
        "topics": list(story.topics),
        "related_voices": story.related_voices,
        "files": files,
        "articles": [
            {
                "id": scored.article.id,
                "role": "lead" if scored is story.lead else "related",
                "title": scored.article.title,
                "url": scored.article.url,
                "provider": scored.article.provider,
                "published_at": scored.article.published_at,
                "quality": scored.quality.value,
                "topics": list(scored.topics),
            }
            for scored in (story.lead, *story.related)
        ],
    }
