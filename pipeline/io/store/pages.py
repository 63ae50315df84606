"""Rows of pages and articles: what extract loads and saves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, not_, select, update

from pipeline.io.schema import article_aliases, articles, entries, pages, sources
from pipeline.io.schema_backfill import backfills
from pipeline.io.store import bodies, ledger
from pipeline.io.store.articlerows import article_values
from pipeline.io.store.entries import facts_key
from pipeline.io.store.pace import ClaimTerms
from pipeline.io.store.statements import insert_missing, insert_new, one_of
from pipeline.io.store.work import RELEASED, claim, is_due, spares_the_living, still_ours
from pipeline.records import (
    Article,
    ArticleId,
    EntryFacts,
    Media,
    Page,
    PageId,
    SourceId,
    Validators,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedPage:
    """A page under lease, with what the feeds told about it."""

    id: PageId
    url: str
    facts: EntryFacts
    #: The entry the facts come from, see `facts_key`.
    facts_from: str
    source_provider: str
    #: Not read against the word of its host's robots.txt.
    obeys_robots: bool
    tick_id: int
    row: Row[Any]
    #: Its host is not asked: it is read from its stored body, `stored`, None when that is gone.
    reads_stored: bool = False
    stored: Page | None = None
    #: The time that a backfill looks through, half-open; None for a page of the living.
    span: tuple[datetime, datetime] | None = None

    @property
    def host(self) -> str:
        """The host that is asked for it."""
        return str(self.row.host)

    @property
    def validators(self) -> Validators | None:
        """What makes a second look conditional; None when something new was told of the page."""
        given = Validators(etag=self.row.etag, last_modified=self.row.last_modified)
        conditional = self.row.is_recheck and self.row.read_from == bodies.WEB
        return given if conditional and given != Validators() else None

    @property
    def asks_again(self) -> bool:
        """Whether this is a second look, at its host, at a page whose article is known."""
        return self.row.is_recheck and not self.reads_stored


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResult:
    """What became of one page: an article, a reason to skip it for good, or a retry."""

    claimed: ClaimedPage
    #: done | skipped | retry | quarantined | waiting (nothing was tried yet); of a second look
    #: also kept (the article stays as it is) and gone (it leaves).
    state: str
    error: str | None = None
    next_at: datetime | None = None
    page: Page | None = None
    article: Article | None = None
    content_hash: str = ""
    #: The picture that the page puts first (`pipeline.stages.pictures`).
    image_key: str | None = None
    validators: Validators | None = None
    recheck_at: datetime | None = None
    gone_since: datetime | None = None


def claim_pages(tx: Connection, ids: Sequence[PageId], terms: ClaimTerms) -> list[ClaimedPage]:
    """Lease those of `ids` that are due and whose hosts are free, with their facts.

    Those that are read from their stored bodies ask no host and come in batches of their own.
    """
    waiting = (
        one_of(tx, pages.c.id, ids),
        pages.c.state == "pending",
        pages.c.tick_id.is_not(None),
        spares_the_living(pages, terms.now),
    )
    from_stored = bodies.reads_stored()
    rows = claim(tx, pages, terms, *waiting, from_stored, asks_hosts=False)
    reads_stored = bool(rows)
    rows = rows or claim(tx, pages, terms, *waiting, not_(from_stored))
    facts = _facts(tx, [row.id for row in rows])
    stored = bodies.stored_pages(tx, [row.id for row in rows]) if reads_stored else {}
    spans = spans_of(tx, {row.tick_id for row in rows})
    return [
        ClaimedPage(
            id=PageId(row.id),
            url=row.url,
            facts=_entry_facts(facts[row.id]),
            facts_from=facts_key(SourceId(facts[row.id].source_id), facts[row.id].entry_key),
            source_provider=facts[row.id].provider,
            obeys_robots=facts[row.id].robots,
            tick_id=row.tick_id,
            row=row,
            reads_stored=reads_stored,
            stored=stored.get(PageId(row.id)),
            span=spans.get(row.tick_id),
        )
        for row in rows
    ]


def spans_of(tx: Connection, tick_ids: Collection[int]) -> dict[int, tuple[datetime, datetime]]:
    """Return what those of the runs that are backfills look through."""
    rows = tx.execute(select(backfills).where(backfills.c.tick_id.in_(tick_ids)))
    return {row.tick_id: (row.since, row.until) for row in rows}


def _facts(tx: Connection, ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Return for each page its smallest entry (source, key), with its source's record."""
    rows = tx.execute(
        select(entries, sources.c.provider, sources.c.language, sources.c.robots)
        .join(sources, sources.c.id == entries.c.source_id)
        .where(one_of(tx, entries.c.page_id, ids))
    ).all()
    smallest: dict[str, Row[Any]] = {}
    for row in sorted(rows, key=lambda row: facts_key(row.source_id, row.entry_key)):
        smallest.setdefault(row.page_id, row)
    return smallest


def _entry_facts(row: Row[Any]) -> EntryFacts:
    """Make the record of an entry's row."""
    return EntryFacts(
        title=row.title,
        summary=row.summary,
        published_at=row.published_at,
        language=row.language,
        authors=tuple(row.authors),
        media=tuple(Media(**media) for media in row.media),
        first_seen_at=row.first_seen_at,
    )


def pending_pages_of_sources(tx: Connection, ids: Sequence[SourceId]) -> list[PageId]:
    """Return the pages that entries of these sources still wait for."""
    rows = tx.execute(
        select(pages.c.id)
        .where(pages.c.state == "pending", pages.c.quarantined.is_(None))
        .where(
            pages.c.id.in_(select(entries.c.page_id).where(one_of(tx, entries.c.source_id, ids)))
        )
        .order_by(pages.c.next_at, pages.c.id)
    )
    return [PageId(row.id) for row in rows]


def due_in_tick(tx: Connection, tick_id: int, now: datetime) -> list[PageId]:
    """Return the pages of a tick that could be fetched now."""
    rows = tx.execute(
        select(pages.c.id)
        .where(pages.c.tick_id == tick_id, pages.c.state == "pending", is_due(pages, now))
        .order_by(pages.c.next_at, pages.c.id)
    )
    return [PageId(row.id) for row in rows]


def pending_articles_of_pages(tx: Connection, ids: Sequence[PageId]) -> list[ArticleId]:
    """Return the articles of these pages that wait to be clustered."""
    rows = tx.execute(
        select(articles.c.id)
        .where(articles.c.state == "pending")
        .where(articles.c.id.in_(select(pages.c.article_id).where(one_of(tx, pages.c.id, ids))))
        .order_by(articles.c.published_at, articles.c.id)
    )
    return [ArticleId(row.id) for row in rows]


def save_pages(
    tx: Connection, results: Sequence[PageResult], *, version: int, now: datetime
) -> dict[PageId, str]:
    """Save pages and their articles; return how each ended, without those whose lease was lost.

    Endings: ``new``, ``updated``, ``unchanged``, ``alias`` (another page already is this
    article), ``withdrawn`` (by somebody's word, for good), ``skipped``, ``retry``,
    ``quarantined``, and of second looks ``kept`` and ``gone``.
    """
    ours = still_ours(tx, pages, [result.claimed.row for result in results])
    endings: dict[PageId, str] = {}
    for result in sorted(results, key=lambda result: result.claimed.id):
        if result.claimed.id not in ours:
            continue
        ending = result.state
        if result.page is not None and result.claimed.stored is None:
            bodies.keep_bodies(tx, [result.page])
        if result.state == "waiting":
            _put_off(tx, result)
            continue
        if result.article is not None:
            ending = _save_article(tx, result, result.article, version=version)
            if ending in ("alias", "withdrawn"):
                result = replace(result, recheck_at=None)  # noqa: PLW2901 -- nobody shows it
        if result.state == "gone":
            _let_leave(tx, result)
        _save_page(tx, result, version=version, now=now)
        if ending != "retry" or result.claimed.span is None:
            outcome = "failed" if ending == "retry" else ending
            ledger.note(tx, result.claimed.tick_id, "extract", outcome, error=result.error)
        endings[result.claimed.id] = ending
    return endings


def _put_off(tx: Connection, result: PageResult) -> None:
    """Give a page back that nothing was tried of."""
    tx.execute(
        update(pages)
        .where(pages.c.id == result.claimed.id)
        .values(next_at=result.next_at, **RELEASED)
    )


def _save_page(tx: Connection, result: PageResult, *, version: int, now: datetime) -> None:
    """Write the end of the work on one page."""
    retry = result.state == "retry"
    values: dict[str, Any] = {
        "state": _PAGE_STATES.get(result.state, result.state),
        "last_error": result.error,
        "failures": result.claimed.row.failures + 1 if retry else 0,
        "next_at": result.next_at or now,
        "recheck_at": result.recheck_at,
        "gone_since": result.gone_since,
        "quarantined": result.error if result.state == "quarantined" else None,
        "deaths": 0,
        **RELEASED,
    }
    if result.state != "kept":
        values |= {
            "facts_from": result.claimed.facts_from,
            "article_id": result.article.id if result.article else None,
            "final_url": result.page.final_url if result.page else None,
            "extractor_version": version,
        }
    if result.page:
        values |= {
            "fetched_at": result.page.fetched_at,
            "read_at": result.claimed.row.read_at or result.page.fetched_at,
        }
    if result.validators:
        values |= asdict(result.validators)
    if retry:
        if result.claimed.span is None:  # a backfill waits for its own; a tick is held up by none
            values["tick_id"] = None
    else:
        values |= {"is_recheck": False, "read_from": bodies.WEB}
    tx.execute(update(pages).where(pages.c.id == result.claimed.id).values(values))


#: What a page's row becomes where it is not what its result is called.
_PAGE_STATES = {"retry": "pending", "kept": "done", "gone": "skipped"}


def _let_leave(tx: Connection, result: PageResult) -> None:
    """Let the article that a page speaks for leave its story with its tick."""
    tick_id = result.claimed.tick_id
    leaving = tx.execute(
        update(articles)
        .where(articles.c.page_id == result.claimed.id, articles.c.state == "clustered")
        .values(state="leaving", tick_id=tick_id)
    )
    ledger.note(tx, tick_id, "cluster", ledger.TAKEN, leaving.rowcount)


def _save_article(tx: Connection, result: PageResult, article: Article, *, version: int) -> str:
    """Insert or update the article, and say which.

    Several pages can be one article (canonical address): the smallest page of the first tick
    speaks for it, so that the result does not hang on which was fetched first.
    """
    known = tx.execute(
        select(
            articles.c.page_id,
            articles.c.tick_id,
            articles.c.content_hash,
            articles.c.revision,
            articles.c.state,
        )
        .where(articles.c.id == article.id)
        .with_for_update()
    ).first()
    if str(article.id) != str(article.page_id):
        alias = {"url_key": article.page_id, "article_id": article.id, "reason": "canonical"}
        insert_missing(tx, article_aliases, [alias])
    tick_id = result.claimed.tick_id
    if known is None:
        row = _article_row(result, article, revision=1, version=version)
        if not insert_new(tx, articles, [row], tell=articles.c.id):  # another worker was first
            return _save_article(tx, result, article, version=version)
        ledger.note(tx, tick_id, "cluster", ledger.TAKEN)
        return "new"
    if known.state in ("withdrawn", "erased"):
        return "withdrawn"
    if known.page_id != article.page_id and not (
        known.tick_id == tick_id and article.page_id < known.page_id
    ):
        return "alias"
    if known.content_hash == result.content_hash and known.state not in ("leaving", "gone"):
        _offer_picture(tx, article.id, result.image_key)
        return "unchanged"
    row = _article_row(result, article, revision=known.revision + 1, version=version)
    if known.tick_id != tick_id or known.state not in ledger.WAITING:
        ledger.note_leaving(tx, articles, "moved", articles.c.id == article.id)
        ledger.note(tx, tick_id, "cluster", ledger.TAKEN)
    tx.execute(update(articles).where(articles.c.id == article.id).values(row))
    return "updated"


def _offer_picture(tx: Connection, article_id: ArticleId, key: str | None) -> None:
    """Keep which picture a page puts first, though it did not become the article's."""
    tx.execute(update(articles).where(articles.c.id == article_id).values(image_key=key))


def _article_row(
    result: PageResult, article: Article, *, revision: int, version: int
) -> dict[str, Any]:
    """Return the columns of an article that waits to be clustered."""
    return article_values(article, tick_id=result.claimed.tick_id, state="pending") | {
        "content_hash": result.content_hash,
        "image_key": result.image_key,
        "revision": revision,
        "extractor_version": version,
    }
