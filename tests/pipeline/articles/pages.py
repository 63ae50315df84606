"""Pages of this project's own making, as small as each test allows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from pipeline.articles.declared import Declared, read_declared
from pipeline.articles.markup import parse_markup
from pipeline.articles.page import read_page
from pipeline.records import EntryFacts, ExtractedArticle, Page, PageId

NOW = datetime(2020, 1, 23, 18, 0, tzinfo=UTC)
URL = "https://www.harbour-post.example/science/tide-mill"
#: Four paragraphs, the first two of which fill an excerpt.
BODY = (
    "The tide mill on the north quay will grind flour again after standing still for ninety years.",
    (
        "Engineers finished the last repairs to its oak wheel on Tuesday, and the harbour board"
        " opened the sluice for a first trial at high water. The wheel turned for eleven minutes"
        " before the tide fell too low, which was longer than anybody had hoped for in the plans."
    ),
    "The board wants to sell the flour in the market hall from April.",
    "Visitors may watch from the footbridge while the wheel is turning, but not from the quay.",
)


def markup(head: str = "", body: str | None = None, attributes: str = ' lang="en"') -> str:
    """Return a page with this head and body; unset: the paragraphs of `BODY`."""
    text = "".join(f"<p>{line}</p>" for line in BODY) if body is None else body
    return f"<!DOCTYPE html><html{attributes}><head>{head}</head><body>{text}</body></html>"


def article(head: str = "", before: str = "", lines: tuple[str, ...] = BODY) -> str:
    """Return a page with an <article> of a headline, whatever stands before it, and the text."""
    text = "".join(f"<p>{line}</p>" for line in lines)
    headline = "<h1>Tide mill turns again</h1>"
    return markup(head, f"<article>{headline}{before}<div>{text}</div></article>")


def json_ld(**fields: Any) -> str:
    """Return a script that describes a NewsArticle."""
    described = {"@context": "https://schema.org", "@type": "NewsArticle", **fields}
    return f'<script type="application/ld+json">{json.dumps(described)}</script>'


def meta(name: str, content: str) -> str:
    """Return a meta element, by property for og and article, else by name."""
    key = "property" if name.startswith(("og:", "article:")) else "name"
    return f'<meta {key}="{name}" content="{content}">'


def page(html: str | bytes, *, url: str = URL, content_type: str = "text/html") -> Page:
    """Return a fetched page."""
    return Page(
        id=PageId("1-0"),
        url=url,
        final_url=url,
        body=html if isinstance(html, bytes) else html.encode(),
        content_type=content_type,
        fetched_at=NOW,
    )


def read(html: str | bytes, facts: EntryFacts | None = None, *, url: str = URL) -> ExtractedArticle:
    """Return the article on a page."""
    return read_page(page(html, url=url), facts or EntryFacts(), now=NOW)


def declared(html: str, *, url: str = URL) -> Declared:
    """Return what a page declares."""
    return read_declared(parse_markup(html.encode(), "text/html").tree, url=url)
