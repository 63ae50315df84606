"""Rows that nobody will ask for again, forgotten a few at a time: no lock is held for long.

For ever stay what files are made from (stories, their articles and reasons, documents), what keeps
things from coming back (aliases, blocks, ties), and entries that a feed still shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)

from pipeline.io.schema import (
    articles,
    changes,
    entries,
    hosts,
    ledger,
    pages,
    pictures,
    publications,
    sources,
    ticks,
)
from pipeline.io.schema_backfill import backfill_entries, backfills, lookups
from pipeline.io.schema_bodies import page_bodies
from pipeline.io.store.bodies import WEB
from pipeline.stories.tokens import OPENING_CHARS

#: Rows of one transaction.
BATCH: Final = 500
#: A picture of an older article is not looked at any more.
_PICTURES_KEPT: Final = timedelta(days=60)
#: A host that was not asked for so long is met as a new one.
_HOSTS_KEPT: Final = timedelta(days=90)
#: A quarter of runs can be compared; each leaves some thirty rows, so the table stays small.
LEDGER_KEPT: Final = timedelta(days=90)

#: What there is to forget, in an order in which nothing is still named by what follows.
KINDS: Final = (
    "page_bodies",
    "entries",
    "pages",
    "pictures",
    "hosts",
    "ledger",
    "lookups",
    "backfill_entries",
    "ticks",
    "publications",
    "changes",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """As of when, and how much, is kept."""

    now: datetime
    pages: timedelta
    entries: timedelta
    changes: int


@dataclass(frozen=True, slots=True)
class _Old:
    """The rows of a table that nobody will ask for again."""

    table: Table
    #: What names a row, or rows that go together.
    key: tuple[ColumnElement[Any], ...]
    where: ColumnElement[bool]

    @property
    def named_by(self) -> ColumnElement[Any]:
        """The key as one value."""
        return self.key[0] if len(self.key) == 1 else tuple_(*self.key)


def forget_some(tx: Connection, kind: str, keep: Keep) -> int:
    """Delete up to `BATCH` old rows of one kind; return how many."""
    old = _old(kind, keep)
    if kind == "page_bodies":
        return _forget_bodies(tx, old)
    some = select(*old.key).where(old.where).order_by(*old.key).limit(BATCH)
    return tx.execute(delete(old.table).where(old.named_by.in_(some))).rowcount


def count_old(tx: Connection, kind: str, keep: Keep) -> tuple[int, int]:
    """Return how many rows of one kind there are, and how many of them would be forgotten."""
    old = _old(kind, keep)
    total = tx.scalar(select(func.count()).select_from(old.table)) or 0
    gone = tx.scalar(select(func.count()).select_from(old.table).where(old.where)) or 0
    return total, gone


def _forget_bodies(tx: Connection, old: _Old) -> int:
    """Delete bodies; of the articles made from them the opening stays, which stories are made by.

    Whatever more there was of a text served to read the page again.
    """
    ids = list(tx.scalars(select(*old.key).where(old.where).order_by(*old.key).limit(BATCH)))
    made = select(pages.c.article_id).where(pages.c.id.in_(ids))
    opening = func.substr(articles.c.text, 1, OPENING_CHARS)
    tx.execute(
        update(articles)
        .where(articles.c.id.in_(made), func.length(articles.c.text) > OPENING_CHARS)
        .values(text=opening)
    )
    return tx.execute(delete(old.table).where(old.named_by.in_(ids))).rowcount


def _old(kind: str, keep: Keep) -> _Old:
    """Return which rows of a kind are old."""
    quarter = keep.now - LEDGER_KEPT
    simple: Mapping[str, _Old] = {
        "page_bodies": _Old(page_bodies, (page_bodies.c.page_id,), _is_old_body(keep)),
        "entries": _Old(entries, (entries.c.id,), _is_past_entry(keep)),
        "pages": _Old(pages, (pages.c.id,), _leads_nowhere()),
        "pictures": _Old(
            pictures,
            (pictures.c.key,),
            # A stored page that is read again is given the same picture.
            pictures.c.measured_at < keep.now - max(_PICTURES_KEPT, keep.pages),
        ),
        "hosts": _Old(
            hosts,
            (hosts.c.host,),
            and_(hosts.c.next_free_at < keep.now - _HOSTS_KEPT, hosts.c.held_by.is_(None)),
        ),
        # A run as a whole, once it is at its end.
        "ledger": _Old(
            ledger,
            (ledger.c.tick_id,),
            ledger.c.tick_id.in_(select(ticks.c.id).where(ticks.c.clustered_at < quarter)),
        ),
        # A backfill can be verified for as long as its run can be looked at.
        "lookups": _Old(lookups, (lookups.c.id,), _is_of_past_backfill(lookups, quarter)),
        "backfill_entries": _Old(
            backfill_entries,
            tuple(backfill_entries.primary_key),
            _is_of_past_backfill(backfill_entries, quarter),
        ),
        "ticks": _Old(ticks, (ticks.c.id,), _is_bare_tick(quarter)),
        "publications": _Old(publications, (publications.c.id,), _is_past_word(quarter)),
        "changes": _Old(changes, (changes.c.site, changes.c.number), _is_unlisted(keep.changes)),
    }
    return simple[kind]


def _is_old_body(keep: Keep) -> ColumnElement[bool]:
    """Return the condition of bodies stored long ago that nobody is about to read."""
    before = keep.now - keep.pages
    about_to = exists().where(
        pages.c.id == page_bodies.c.page_id, pages.c.state == "pending", pages.c.read_from != WEB
    )
    kept = page_bodies.c.kept_at
    return and_(page_bodies.c.fetched_at < before, or_(kept.is_(None), kept < before), ~about_to)


def _is_past_entry(keep: Keep) -> ColumnElement[bool]:
    """Return the condition of entries that gave no article and that their feed shows no more.

    The clock alone does not tell: a feed that does not change, or cannot be had, for months still
    shows what it showed last. Something new that it showed without them, long ago, does.
    """
    before = keep.now - keep.entries
    newer = entries.alias()
    left_behind = exists().where(
        newer.c.source_id == entries.c.source_id,
        newer.c.first_seen_at > entries.c.last_seen_at,
        newer.c.first_seen_at < before,
    )
    page = pages.alias()
    in_use = exists().where(
        page.c.id == entries.c.page_id,
        or_(page.c.article_id.is_not(None), page.c.state == "pending"),
    )
    named = exists().where(articles.c.page_id == entries.c.page_id)
    return and_(entries.c.last_seen_at < before, ~in_use, ~named, left_behind)


def _leads_nowhere() -> ColumnElement[bool]:
    """Return the condition of pages that no entry leads to and that nothing was made of."""
    return and_(
        pages.c.state != "pending",
        pages.c.article_id.is_(None),
        ~exists().where(entries.c.page_id == pages.c.id),
        ~exists().where(articles.c.page_id == pages.c.id),
        ~exists().where(page_bodies.c.page_id == pages.c.id),
    )


def _is_of_past_backfill(table: Table, before: datetime) -> ColumnElement[bool]:
    """Return the condition of rows of backfills that ended long ago."""
    return table.c.backfill_id.in_(select(backfills.c.id).where(backfills.c.ended_at < before))


def _is_bare_tick(before: datetime) -> ColumnElement[bool]:
    """Return the condition of runs that ended long ago and that no row names any more."""
    named = (articles, pages, sources, ledger, backfills, lookups)
    return and_(
        ticks.c.clustered_at < before,
        *(~exists().where(table.c.tick_id == ticks.c.id) for table in named),
    )


def _is_past_word(before: datetime) -> ColumnElement[bool]:
    """Return the condition of what the gate said long ago; its last word on a site stays."""
    later = publications.alias()
    spoke_since = exists().where(
        later.c.site == publications.c.site, later.c.id > publications.c.id
    )
    return and_(publications.c.at < before, spoke_since)


def _is_unlisted(kept: int) -> ColumnElement[bool]:
    """Return the condition of changes that changes.jsonl does not hold any more."""
    later = changes.alias()
    newest = (
        select(func.max(later.c.number)).where(later.c.site == changes.c.site).scalar_subquery()
    )
    return changes.c.number <= newest - kept
