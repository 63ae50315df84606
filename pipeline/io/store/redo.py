"""Rows that an operator makes due once more: pages, the articles of stories, documents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from pipeline.io.schema import articles, documents, entries, memberships, pages, sources, stories
from pipeline.io.schema import ticks as ticks_table
from pipeline.io.schema_bodies import page_bodies
from pipeline.io.store import bodies, ledger
from pipeline.io.store.statements import one_of
from pipeline.io.store.stories import make_unwritten
from pipeline.io.store.work import RELEASED
from pipeline.records import PageId, StoryId

#: Begins the error of a page whose article left because today's rules see none on it.
BY_RULE: Final = "by-rule"
#: An article in one of these was taken back: by its publisher, or by us.
_TAKEN_BACK: Final = ("leaving", "gone", "withdrawn", "erased")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What an operator wants done again; every part that is given narrows it."""

    #: Made by a component of a lower version.
    older_than: int | None = None
    #: Time of publication, the second end not included.
    since: datetime | None = None
    until: datetime | None = None
    story: StoryId | None = None
    provider: str | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing narrows it."""
        return self == Chosen()


def pages_chosen(tx: Connection, chosen: Chosen) -> Sequence[Row[Any]]:
    """Return the pages an operator chose that nobody is at work on, with what is known of each.

    Columns: id, host, state, last_error, failures, quarantined, article_id, kept (its body is),
    at (when it was published, as far as that is known). What was taken back, by its publisher or
    by us, stays away, and so do pages that no feed told of: files were imported without any.
    """
    told = (
        select(
            entries.c.page_id,
            func.min(func.coalesce(entries.c.published_at, entries.c.first_seen_at)).label("at"),
        )
        .group_by(entries.c.page_id)
        .subquery()
    )
    at = func.coalesce(articles.c.published_at, told.c.at, type_=entries.c.first_seen_at.type)
    kept = exists().where(page_bodies.c.page_id == pages.c.id)
    columns = ("id", "host", "state", "last_error", "failures", "quarantined", "article_id")
    query: Select[Any] = (
        select(*(pages.c[name] for name in columns), kept.label("kept"), at.label("at"))
        .join(told, told.c.page_id == pages.c.id)
        .outerjoin(articles, articles.c.id == pages.c.article_id)
        .where(
            or_(pages.c.state != "pending", pages.c.tick_id.is_(None)),
            ~exists()
            .where(
                articles.c.page_id == pages.c.id,
                articles.c.state.in_(_TAKEN_BACK),
                ~func.coalesce(pages.c.last_error, "").like(f"{BY_RULE}:%"),
            )
            .correlate(pages),
            *_narrowed(chosen, at=at, version=func.coalesce(pages.c.extractor_version, 0)),
        )
        .order_by(pages.c.id)
    )
    if chosen.provider is not None:
        theirs = (
            exists()
            .where(entries.c.page_id == pages.c.id, entries.c.source_id == sources.c.id)
            .where(sources.c.provider == chosen.provider)
        )
        query = query.where(
            or_(
                articles.c.provider == chosen.provider,
                and_(articles.c.id.is_(None), theirs),
            )
        )
    if chosen.story is not None:
        query = query.where(
            pages.c.article_id.in_(
                select(memberships.c.article_id).where(memberships.c.story_id == chosen.story)
            )
        )
    return tx.execute(query).all()


def _narrowed(
    chosen: Chosen, *, at: ColumnElement[Any], version: ColumnElement[Any]
) -> list[ColumnElement[bool]]:
    """Return the conditions of time and version."""
    conditions: list[ColumnElement[bool]] = []
    if chosen.since is not None:
        conditions.append(at >= chosen.since)
    if chosen.until is not None:
        conditions.append(at < chosen.until)
    if chosen.older_than is not None:
        conditions.append(version < chosen.older_than)
    return conditions


def stories_chosen(
    tx: Connection, chosen: Chosen, stage: str, sites: Iterable[str]
) -> list[StoryId]:
    """Return the live stories an operator chose for a stage: cluster, score or write."""
    query: Select[Any] = (
        select(stories.c.id).where(stories.c.state == "live").order_by(stories.c.id)
    )
    at = stories.c.published_at
    if stage == "write":
        theirs = and_(
            documents.c.story_id == stories.c.id,
            documents.c.state == "live",
            documents.c.site.in_(list(sites)),
            *_narrowed(
                Chosen(older_than=chosen.older_than), at=at, version=documents.c.writer_version
            ),
        )
        query = query.where(exists().where(theirs))
        chosen = Chosen(
            since=chosen.since, until=chosen.until, story=chosen.story, provider=chosen.provider
        )
    version = stories.c.cluster_version if stage == "cluster" else stories.c.score_version
    query = query.where(*_narrowed(chosen, at=at, version=version))
    if chosen.story is not None:
        query = query.where(stories.c.id == chosen.story)
    if chosen.provider is not None:
        members = (
            select(memberships.c.story_id)
            .join(articles, articles.c.id == memberships.c.article_id)
            .where(articles.c.provider == chosen.provider)
        )
        query = query.where(stories.c.id.in_(members))
    return [StoryId(row.id) for row in tx.execute(query)]


def open_run(tx: Connection, kind: str, *, now: datetime, deadline: datetime) -> int:
    """Add an open run that nothing is in yet; return its id."""
    key = tx.execute(
        insert(ticks_table).values(kind=kind, opened_at=now, deadline=deadline)
    ).inserted_primary_key
    assert key is not None
    added: int = key[0]
    return added


def make_pages_due(
    tx: Connection, run_id: int, ids: Collection[PageId], *, read_from: str, now: datetime
) -> int:
    """Take pages into a run, to be read from there; return how many: others may be at them."""
    values: dict[str, Any] = {
        "state": "pending",
        "tick_id": run_id,
        "next_at": now,
        "failures": 0,
        "deaths": 0,
        "quarantined": None,
        # What it held is known: a failure takes nothing away.
        "is_recheck": and_(pages.c.state == "done", pages.c.article_id.is_not(None)),
        "read_from": read_from,
        "fence": pages.c.fence + 1,
        **RELEASED,
    }
    if read_from == bodies.WEB:  # it is wanted whether it changed or not
        values |= {"etag": None, "last_modified": None}
    taken = tx.execute(
        update(pages)
        .where(one_of(tx, pages.c.id, ids))
        .where(or_(pages.c.state != "pending", pages.c.tick_id.is_(None)))
        .where(or_(pages.c.lease_until.is_(None), pages.c.lease_until < now))
        .values(values)
    ).rowcount
    ledger.note(tx, run_id, "extract", ledger.TAKEN, taken)
    return taken


def make_articles_due(
    tx: Connection, run_id: int, ids: Collection[StoryId], *, leads_only: bool
) -> int:
    """Let articles of stories wait for the clusterer once more; return how many.

    Their leads are enough for the stories to be scored anew.
    """
    if leads_only:
        meant = select(stories.c.lead_id).where(one_of(tx, stories.c.id, ids))
    else:
        meant = select(memberships.c.article_id).where(one_of(tx, memberships.c.story_id, ids))
    taken = tx.execute(
        update(articles)
        .where(articles.c.id.in_(meant), articles.c.state == "clustered")
        .values(state="pending", tick_id=run_id)
    ).rowcount
    ledger.note(tx, run_id, "cluster", ledger.TAKEN, taken)
    return taken


def make_documents_due(tx: Connection, sites: Collection[str], ids: Collection[StoryId]) -> None:
    """Let documents be rendered anew, whatever is known of what they were made from."""
    for site in sites:
        tx.execute(
            update(documents)
            .where(documents.c.site == site, documents.c.state == "live")
            .where(one_of(tx, documents.c.story_id, ids))
            .values(fingerprint="")
        )
        make_unwritten(tx, site, ids)


def still_due(tx: Connection, ids: Collection[PageId], *, now: datetime) -> int:
    """Count the pages that could be read now: their run came to its deadline before them."""
    return (
        tx.scalar(
            select(func.count()).where(
                one_of(tx, pages.c.id, ids),
                pages.c.state == "pending",
                pages.c.quarantined.is_(None),
                pages.c.next_at <= now,
            )
        )
        or 0
    )


def grouped_anew(tx: Connection, run_id: int, language: str) -> tuple[datetime, datetime] | None:
    """Return the first and last time of the articles that a run groups anew; None: it does not."""
    kind = tx.scalar(select(ticks_table.c.kind).where(ticks_table.c.id == run_id))
    if kind != "regroup":
        return None
    row = tx.execute(
        select(func.min(articles.c.published_at), func.max(articles.c.published_at)).where(
            articles.c.tick_id == run_id, articles.c.language == language
        )
    ).one()
    return (row[0], row[1]) if row[0] is not None else None
