"""`newsloom articles`: what was read on a page, from where in it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    Home,
    opened,
    opened_store,
    out,
    print_json,
    shown_time,
)
from pipeline.errors import Rejected, UsageError
from pipeline.io.store.articlebook import KnownPage, known_page
from pipeline.records import Article, ExtractedArticle
from pipeline.stages.looks import look_at_pages
from pipeline.urls import host_of

app = typer.Typer(
    no_args_is_help=True, help="Single articles: their values and where those are from."
)
Url = Annotated[str, typer.Argument(metavar="URL", help="Address of the page, in any spelling.")]

#: Values of an article in the order they are shown; each may have an origin of its name.
_VALUES = (
    "title", "excerpt", "published_at", "published_precision", "updated_at", "url", "language",
    "type", "provider", "provider_name", "site_name", "authors", "amp_url", "image",
    "featured_content",
)  # fmt: skip
#: Characters of a value shown on a terminal; JSON has all of it.
_SHOWN = 400


@app.command()
def why(url: Url, home: Home = None, json_: AsJson = False) -> None:
    """Explain one stored article: each value with its origin, its page, its story.

    Example: newsloom articles why https://www.bbc.com/news/technology-51220654
    """
    _require_address(url)
    with opened_store(home) as store, store.read() as tx:
        known = known_page(tx, url)
    if known is None:
        raise UsageError(
            f"{url}: no feed has shown it; see what it holds with `newsloom articles read {url}`"
        )
    values = article_values(known.article) if known.article else []
    page = _page(known)
    if json_:
        print_json({"article": by_name(values), "page": page})
        return
    print_values(values)
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(2):
        table.add_column(overflow="fold")
    for name, value in page.items():
        if value:
            shown = "\n".join(value) if isinstance(value, list) else str(value)
            table.add_row(name.replace("_", " "), Text(shown))
    out.print(table)


@app.command()
def read(url: Url, home: Home = None, json_: AsJson = False) -> None:
    """Read a page now, as far as its robots.txt allows, and show what it holds; store nothing.

    Example: newsloom articles read https://www.bbc.com/news/technology-51220654
    """
    _require_address(url)
    with opened(home) as ctx:
        [answer] = look_at_pages(ctx, [url])
    if isinstance(answer, Rejected):
        if json_:
            print_json({"article": None, "refused": answer.reason, "detail": answer.detail})
        else:
            out.print(f"no article: {answer}", markup=False)
        raise typer.Exit(SOME_FAILED)
    values = article_values(answer)
    pictures = [
        {"url": one.url, "origin": one.origin, "width": one.width, "height": one.height}
        for one in answer.image_candidates
    ]
    if json_:
        print_json({"article": by_name(values), "images": pictures, "text": answer.text})
        return
    print_values(values)
    for one in pictures:
        size = f"{one['width'] or '?'}x{one['height'] or '?'}"
        out.print(f"image     {size}  {one['url']}  [{one['origin']}]", markup=False)
    out.print(
        f"text      {len(answer.text)} characters  [{answer.origins.get('text', '')}]", markup=False
    )


def _require_address(url: str) -> None:
    """Raise UsageError for what is no web address."""
    try:
        host_of(url)
    except ValueError as error:
        raise UsageError(f"{url}: {error}; write it as https://HOST/PATH") from None


def article_values(article: Article | ExtractedArticle) -> list[tuple[str, Any, str]]:
    """Return (name, value, origin) of everything an article has."""
    origins = dict(article.origins)
    image = article.image if isinstance(article, Article) else None
    values = {
        **{name: getattr(article, name, None) for name in _VALUES},
        "image": f"{image.url} {image.width}x{image.height}" if image else None,
    }
    shown = [(name, value, origins.pop(name, "")) for name, value in values.items() if value]
    origins.pop("text", None)
    return [*shown, *((name, None, origin) for name, origin in sorted(origins.items()))]


def by_name(values: list[tuple[str, Any, str]]) -> Mapping[str, dict[str, Any]]:
    """Return an article's values for machines."""
    return {name: {"value": value, "from": origin or None} for name, value, origin in values}


def print_values(values: list[tuple[str, Any, str]]) -> None:
    """Print an article's values with their origins."""
    table = Table(box=None, pad_edge=False)
    for column in ("value", "", "from"):
        table.add_column(column, overflow="fold")
    for name, value, origin in values:
        table.add_row(name, Text(_shown(value)), Text(origin))
    out.print(table)


def _shown(value: Any) -> str:
    """Return a value for people."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    text = shown_time(value) if hasattr(value, "tzinfo") else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def _page(known: KnownPage) -> dict[str, Any]:
    """Return what became of the page and its article."""
    page, row = known.page, known.article_row
    facts: dict[str, Any] = {
        "story": known.story_id,
        "article_state": f"{row.state}, revision {row.revision}" if row else None,
        "extractor_version": row.extractor_version if row else None,
        "image_measured": "x".join(map(str, known.measured)) if known.measured else None,
        "also_known_as": [f"{key} ({reason})" for key, reason in known.aliases],
        "shown_by": [f"{source}: {title}" for source, title in known.entries],
    }
    if page is not None:
        facts |= {
            "page_state": page.quarantined or page.state,
            "reason": page.last_error,
            "asked_as": page.url,
            "ended_at": page.final_url,
            "fetched_at": shown_time(page.fetched_at) if page.fetched_at else None,
            "looked_at_again": shown_time(page.recheck_at) if page.recheck_at else None,
            "missing_since": shown_time(page.gone_since) if page.gone_since else None,
        }
    return facts
