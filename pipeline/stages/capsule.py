"""Put a feed or page into a capsule: what is kept of it, and what has to be asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from sqlalchemy import Connection, Row

from config.catalogue import SourceEntry
from config.secretrefs import read_reference
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.capsule import (
    Capsule,
    Ending,
    Held,
    Manifest,
    ShownEntry,
    answers_of,
    failures_of,
    newsloom_version,
    without_secrets,
)
from pipeline.io.robots import Robots
from pipeline.io.store import bodies, pace, sourcebook
from pipeline.io.store.articlebook import KnownPage, known_page
from pipeline.io.store.capsules import (
    entry_of_page,
    entry_of_row,
    pages_of_key,
)
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, WebOutcome
from pipeline.records import Access, Article, Page, PageId
from pipeline.stages.extract import EXTRACTOR_VERSION

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
#: What is compared between then and now.
_VALUES = (
    "title", "excerpt", "published_at", "published_precision", "updated_at", "url", "language",
    "type", "provider", "authors", "amp_url", "image", "featured_content",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What goes into a capsule."""

    source: SourceEntry
    shown: ShownEntry | None
    happened: Ending
    #: Answers that are kept here.
    kept: tuple[Held, ...]
    #: When the kept page was fetched.
    kept_at: datetime | None
    pictures: dict[str, tuple[int, int]]
    #: What has to be asked for: robots.txt first, whose word holds for the page.
    robots: WebRequest | None
    subject: WebRequest | None


def find(ctx: Context, what: str) -> Wanted:
    """Return what a source's id, an entry's key or a page's address stands for.

    Raise UsageError for what was never met.
    """
    with ctx.store.read() as tx:
        row = sourcebook.source_row(tx, what)
        return _feed(row) if row is not None else _page(tx, what)


def _feed(row: Row[Any]) -> Wanted:
    """Return what goes into the capsule of a feed: its answer is never kept, hence asked for."""
    source = sourcebook.entry_of(row)
    if row.moved_to:
        source = source.model_copy(update={"feed": row.moved_to})
    access = Access(headers=source.headers, user_agent=source.user_agent, proxy=source.proxy)
    return Wanted(
        source=source,
        shown=None,
        happened=Ending(reason=row.last_error or ""),
        kept=(),
        kept_at=None,
        pictures={},
        robots=None,
        subject=WebRequest(url=source.feed, kind="feed", access=access),
    )


def _page(tx: Connection, what: str) -> Wanted:
    """Return what goes into the capsule of a page."""
    known = _known(tx, what)
    page_id = PageId(known.page.id) if known.page is not None else PageId("")
    row = entry_of_page(tx, page_id)
    source = sourcebook.source_row(tx, row.source_id) if row is not None else None
    if known.page is None or row is None or source is None:
        raise UsageError(f"{what}: no feed has shown it; a capsule holds what a feed led to")
    page, entry = known.page, sourcebook.entry_of(source)
    failing = page.last_error is not None and page.state != "skipped"
    # Else what is kept is of an earlier, better day.
    stored = bodies.stored_pages(tx, [page_id]) if page.final_url and not failing else {}
    body = stored.get(page_id)
    address = urljoin(page.url, "/robots.txt")
    rules = pace.robots_of(tx, [page.host], since=_EVER).get(page.host)
    kept = [] if rules is None or rules.text is None else [_robots(address, rules.text)]
    asks_robots = entry.robots and not kept and body is None
    if body is not None:
        kept += _answers(body)
    return Wanted(
        source=entry,
        shown=ShownEntry(
            key=row.entry_key, first_seen_at=row.first_seen_at, entry=entry_of_row(row)
        ),
        happened=page_ending(known),
        kept=tuple(kept),
        kept_at=body.fetched_at if body else None,
        pictures=_pictures(known),
        robots=WebRequest(url=address, kind="robots") if asks_robots else None,
        subject=None if body else WebRequest(url=page.url),
    )


def _known(tx: Connection, what: str) -> KnownPage:
    """Return the page of an address, or that an entry's key leads to."""
    with suppress(ValueError):
        if (known := known_page(tx, what)) is not None:
            return known
    found = pages_of_key(tx, what)
    if len(found) > 1:
        raise UsageError(f"{what}: the key of several entries; name one page: {', '.join(found)}")
    known = known_page(tx, found[0]) if found else None
    if known is None:
        raise UsageError(
            f"{what}: no source, page or entry that is known here; "
            "see `newsloom sources list` and `newsloom articles why URL`"
        )
    return known


def _robots(url: str, text: bytes) -> Held:
    """Return a host's rules as it answered; none of them is what a 404 says."""
    headers = {"content-type": "text/plain"}
    return Held(url=url, status=200 if text else 404, headers=headers, body=text)


def _answers(stored: Page) -> Iterator[Held]:
    """Yield the answers that led to a kept page; several redirects have become one."""
    if stored.final_url != stored.url:
        yield Held(url=stored.url, status=302, headers={"location": stored.final_url})
    headers = {"content-type": stored.content_type}
    if stored.robots_tag:
        headers["x-robots-tag"] = stored.robots_tag
    yield Held(url=stored.final_url, status=200, headers=headers, body=stored.body)


def _pictures(known: KnownPage) -> dict[str, tuple[int, int]]:
    """Return the article's picture with its measured size."""
    image = known.article.image if known.article else None
    return {image.url: known.measured} if image and known.measured else {}


def page_ending(known: KnownPage) -> Ending:
    """Return how a page ended."""
    reason = (known.page.quarantined or known.page.last_error) if known.page is not None else None
    values = _values(known.article) if known.article and not reason else {}
    return Ending(reason=reason or "", article=values)


def _values(article: Article) -> dict[str, str]:
    """Return an article's values as text."""
    found = {name: getattr(article, name) for name in _VALUES}
    found["image"] = article.image.url if article.image else None
    found["type"] = article.type.value
    found["authors"] = ", ".join(article.authors)
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in found.items()
        if value
    }


def fill(ctx: Context, wanted: Wanted) -> Capsule:
    """Ask for what is missing, as far as robots.txt allows, and put it all together."""
    asked: list[WebOutcome] = []
    if wanted.robots is not None:
        asked += ctx.web.get_many([wanted.robots])
    if wanted.subject is not None and _may(ctx, wanted, asked):
        asked += ctx.web.get_many([wanted.subject])
    answers = (*wanted.kept, *(held for outcome in asked for held in answers_of(outcome)))
    failures = tuple(failed for outcome in asked for failed in failures_of(outcome))
    now = ctx.clock()
    source = wanted.source
    manifest = Manifest(
        newsloom=newsloom_version(),
        extractor=EXTRACTOR_VERSION,
        made_at=now,
        clock=wanted.kept_at or now,
        source=source.model_copy(update={"interval": None, "verified": None, "listed_at": None}),
        withheld=(*sorted(source.headers), *(["proxy"] if source.proxy else [])),
        shown=wanted.shown,
        pictures=wanted.pictures,
        failures=failures,
        origins={
            **{one.url: "kept" for one in wanted.kept},
            **{outcome.url: "asked again" for outcome in asked},
        },
        happened=wanted.happened,
        responses=len(answers),
    )
    return without_secrets(Capsule(manifest=manifest, answers=answers), _secrets(ctx, source))


def _may(ctx: Context, wanted: Wanted, asked: list[WebOutcome]) -> bool:
    """Say whether robots.txt, kept or just asked for, lets the page be asked for again."""
    assert wanted.subject is not None, "somebody is to be asked"
    if wanted.shown is None or not wanted.source.robots:
        return True
    texts = [one.body for one in wanted.kept]
    texts += [one.body for one in asked if isinstance(one, Fetched)]
    agent = ctx.settings.user_agent
    return all(Robots(text, user_agent=agent).allows(wanted.subject.url) for text in texts)


def _secrets(ctx: Context, source: SourceEntry) -> Iterator[str]:
    """Yield every secret that an answer could repeat, and where those of the source are kept."""
    references = [*source.headers.values(), *([source.proxy] if source.proxy else [])]
    yield from references
    for reference in references:
        with suppress(OSError, ValueError):  # not there: then it was not sent either
            yield read_reference(reference, ctx.settings.home)
    if ctx.settings.proxy is not None:
        yield ctx.settings.proxy.get_secret_value()
