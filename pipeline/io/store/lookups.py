"""Rows of look-ups: claimed like pages, and saved with the old entries that they brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update

from pipeline.io.schema import entries, pages, sources
from pipeline.io.schema_backfill import backfill_entries, backfill_parts, backfills, lookups
from pipeline.io.store import backfills as plans
from pipeline.io.store import bodies, ledger
from pipeline.io.store.backfills import CANCELLED, NewLookup
from pipeline.io.store.corrections import blocked
from pipeline.io.store.entries import EntryIntent, entry_row, new_page
from pipeline.io.store.pace import ClaimTerms
from pipeline.io.store.sources import source_of
from pipeline.io.store.statements import insert_missing, insert_new, one_of
from pipeline.io.store.work import RELEASED, claim, is_due, spares_the_living, still_ours
from pipeline.records import Page, PageId, Source, SourceId

#: Why a page was passed over that another backfill may want (`pipeline.stages.extract`).
OUTSIDE: Final = "outside-span"
UNDATED: Final = "undated"
#: A page skipped for one of these is read again when a backfill lists it.
_AGAIN: Final = (OUTSIDE, UNDATED, CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedLookup:
    """A look-up under lease, with the source and the plan that it is for."""

    row: Row[Any]
    source: Source
    obeys_robots: bool
    method: str
    since: datetime
    until: datetime
    #: The backfill's local file or folder, "" without one.
    path: str
    #: The sources of a backfill out of a local file, by publisher.
    others: Mapping[str, Source] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address that is asked for."""
        return str(self.row.url)

    @property
    def host(self) -> str:
        """The host that is asked, "" for a local file."""
        return str(self.row.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """What became of one look-up."""

    claimed: ClaimedLookup
    #: done | failed | retry | waiting (nothing was tried yet).
    state: str
    error: str | None = None
    next_at: datetime | None = None
    note: str = ""
    #: Entries within the span, by the source they go to.
    intents: Mapping[SourceId, Sequence[EntryIntent]] = field(default_factory=dict)
    #: How many others there were, by (outcome, reason).
    left: Mapping[tuple[str, str], int] = field(default_factory=dict)
    lookups: tuple[NewLookup, ...] = ()
    #: Pages that came with the entries: they are read from these bodies, whoever else has them.
    bodies: Mapping[PageId, Page] = field(default_factory=dict)


def claim_lookups(tx: Connection, ids: Sequence[str], terms: ClaimTerms) -> list[ClaimedLookup]:
    """Lease those of `ids` that are due, whose hosts are free, and whose backfill goes on."""
    running = select(backfills.c.id).where(backfills.c.state == "running")
    rows = claim(
        tx,
        lookups,
        terms,
        one_of(tx, lookups.c.id, ids),
        lookups.c.state == "pending",
        lookups.c.backfill_id.in_(running),
        spares_the_living(lookups, terms.now),
    )
    about = _about(tx, rows)
    return [
        ClaimedLookup(
            row=row,
            source=source_of(about[row.backfill_id, row.source_id]),
            obeys_robots=about[row.backfill_id, row.source_id].robots,
            method=about[row.backfill_id, row.source_id].method,
            since=about[row.backfill_id, row.source_id].since,
            until=about[row.backfill_id, row.source_id].until,
            path=about[row.backfill_id, row.source_id].path,
            others={
                one.provider: source_of(one)
                for (number, _), one in about.items()
                if number == row.backfill_id and one.path
            },
        )
        for row in rows
    ]


def _about(tx: Connection, rows: Sequence[Row[Any]]) -> dict[tuple[int, str], Row[Any]]:
    """Return the source and the plan of each look-up."""
    wanted = {row.backfill_id for row in rows}
    found = tx.execute(
        select(
            sources,
            backfill_parts.c.backfill_id,
            backfill_parts.c.method,
            backfills.c.since,
            backfills.c.until,
            backfills.c.path,
        )
        .join(backfill_parts, backfill_parts.c.source_id == sources.c.id)
        .join(backfills, backfills.c.id == backfill_parts.c.backfill_id)
        .where(backfills.c.id.in_(wanted))
    )
    return {(row.backfill_id, row.id): row for row in found}


def due(tx: Connection, number: int, now: datetime, *, limit: int) -> list[str]:
    """Return look-ups of a backfill that could be made now."""
    rows = tx.execute(
        select(lookups.c.id)
        .where(lookups.c.backfill_id == number, lookups.c.state == "pending", is_due(lookups, now))
        .order_by(lookups.c.next_at, lookups.c.id)
        .limit(limit)
    )
    return [row.id for row in rows]


def pending_pages(tx: Connection, number: int, now: datetime, *, limit: int) -> list[PageId]:
    """Return pages of a backfill that could be read now."""
    tick_id = select(backfills.c.tick_id).where(backfills.c.id == number).scalar_subquery()
    rows = tx.execute(
        select(pages.c.id)
        .where(pages.c.tick_id == tick_id, pages.c.state == "pending", is_due(pages, now))
        .order_by(pages.c.next_at, pages.c.id)
        .limit(limit)
    )
    return [PageId(row.id) for row in rows]


def next_due(tx: Connection, number: int) -> datetime | None:
    """Return when the next look-up or page of a backfill could be tried; None: none waits."""
    tick_id = select(backfills.c.tick_id).where(backfills.c.id == number).scalar_subquery()
    asked = select(func.min(lookups.c.next_at)).where(
        lookups.c.backfill_id == number, lookups.c.state == "pending"
    )
    read = select(func.min(pages.c.next_at)).where(
        pages.c.tick_id == tick_id, pages.c.state == "pending"
    )
    return min(filter(None, (tx.scalar(asked), tx.scalar(read))), default=None)


def save_finds(tx: Connection, finds: Sequence[Find], *, now: datetime) -> set[str]:
    """Save what look-ups brought, except those whose lease was lost; return the saved ids."""
    ours = still_ours(tx, lookups, [find.claimed.row for find in finds])
    for find in sorted(finds, key=lambda find: str(find.claimed.row.id)):
        if find.claimed.row.id in ours:
            _save(tx, find, now)
    return ours


def _save(tx: Connection, find: Find, now: datetime) -> None:
    """Save one look-up with all that follows from it."""
    row = find.claimed.row
    retry = find.state in ("retry", "waiting")
    values: dict[str, Any] = {
        "state": "pending" if retry else find.state,
        "next_at": find.next_at or now,
        "note": find.note[:2000],
        "deaths": 0,
        **RELEASED,
    }
    if find.state != "waiting":
        values["last_error"] = find.error
        values["failures"] = row.failures + 1 if find.state == "retry" else row.failures
    tx.execute(update(lookups).where(lookups.c.id == row.id).values(values))
    if retry:
        return
    ending = "fetched" if find.state == "done" else "failed"
    ledger.note(tx, row.tick_id, "fetch", ending, error=find.error)
    plans.add_lookups(tx, row.backfill_id, row.tick_id, find.lookups, now=now)
    found = sum(map(len, find.intents.values())) + sum(find.left.values())
    ledger.note(tx, row.tick_id, "entries", ledger.TAKEN, found)
    for (outcome, reason), count in find.left.items():
        ledger.note(tx, row.tick_id, "entries", outcome, count, error=reason)
    for source_id, intents in sorted(find.intents.items()):
        due_now = _save_entries(tx, row, source_id, intents, now)
        _keep_bodies(tx, [find.bodies[id_] for id_ in due_now if id_ in find.bodies], now)


def _save_entries(
    tx: Connection,
    row: Row[Any],
    source_id: SourceId,
    intents: Sequence[EntryIntent],
    now: datetime,
) -> list[PageId]:
    """Store old entries and make their pages due in the run of the backfill; return these.

    What a feed has shown already stays as it is, and so does a page that has its article.
    """
    refused = blocked(
        tx,
        url_keys={intent.page_id for intent in intents},
        domains={intent.domain for intent in intents},
    )
    wanted = {
        intent.page_id: intent
        for intent in reversed(intents)
        if intent.page_id not in refused and intent.domain not in refused
    }
    known = _known(tx, wanted)
    listed = [
        {
            "backfill_id": row.backfill_id,
            "source_id": source_id,
            "page_id": page_id,
            "day": intent.entry.published_at.astimezone(UTC).date()
            if intent.entry.published_at
            else None,
        }
        for page_id, intent in sorted(wanted.items())
    ]
    insert_missing(tx, backfill_entries, listed)
    # A page that is known is known by an entry; another one would only change whose facts it uses.
    fresh = {page_id: one for page_id, one in sorted(wanted.items()) if page_id not in known}
    insert_missing(tx, entries, [entry_row(source_id, one, now) for one in fresh.values()])
    told = _with_entries(tx, fresh)
    new = [new_page(one, tick_id=row.tick_id, now=now) for id_, one in fresh.items() if id_ in told]
    made = insert_new(tx, pages, new, tell=pages.c.id)
    again = _take_again(tx, row.tick_id, known, now)
    due_now = [*map(PageId, made), *again]
    ledger.note(tx, row.tick_id, "extract", ledger.TAKEN, len(due_now))
    ledger.note(tx, row.tick_id, "entries", "new", len(due_now))
    ledger.note(tx, row.tick_id, "entries", "known", len(wanted) - len(due_now))
    single = len({intent.page_id for intent in intents})
    ledger.note(tx, row.tick_id, "entries", "refused", single - len(wanted))
    ledger.note(tx, row.tick_id, "entries", "repeated", len(intents) - single)
    return due_now


def _take_again(
    tx: Connection, tick_id: int, known: Mapping[PageId, Any], now: datetime
) -> list[PageId]:
    """Make the pages due that another backfill passed over; return them."""
    again = [page_id for page_id, page in known.items() if _is_wanted(page)]
    tx.execute(
        update(pages)
        .where(one_of(tx, pages.c.id, again))
        .values(
            state="pending",
            next_at=now,
            tick_id=tick_id,
            failures=0,
            fence=pages.c.fence + 1,
            **RELEASED,
        )
    )
    return again


def _keep_bodies(tx: Connection, brought: Sequence[Page], now: datetime) -> None:
    """Store the pages that an archive brought, to be read without asking anybody."""
    bodies.keep_bodies(tx, brought, kept_at=now)
    ids = one_of(tx, pages.c.id, [page.id for page in brought])
    tx.execute(update(pages).where(ids).values(read_from=bodies.STORED_ONLY))


def _known(tx: Connection, ids: Mapping[PageId, EntryIntent]) -> dict[PageId, Any]:
    """Return those of the pages that there are, locked in one order."""
    rows = tx.execute(
        select(pages.c.id, pages.c.state, pages.c.last_error, pages.c.quarantined)
        .where(one_of(tx, pages.c.id, ids))
        .order_by(pages.c.id)
        .with_for_update()
    )
    return {PageId(row.id): row for row in rows}


def _with_entries(tx: Connection, ids: Mapping[PageId, EntryIntent]) -> set[str]:
    """Return those of the pages that an entry leads to.

    A feed that gave one guid to two pages has stored the first alone.
    """
    rows = tx.execute(select(entries.c.page_id).where(one_of(tx, entries.c.page_id, ids)))
    return {row.page_id for row in rows}


def _is_wanted(page: Any) -> bool:
    """Say whether a page that was passed over is to be read after all."""
    return page.state == "skipped" and page.last_error in _AGAIN and not page.quarantined


def give_up_on(tx: Connection, tick_id: int, host: str, *, error: str) -> None:
    """Set all pages aside that a backfill still waits for from a host."""
    mine = (pages.c.tick_id == tick_id, pages.c.host == host, pages.c.state == "pending")
    ledger.note_leaving(tx, pages, "quarantined", *mine, error=error)
    tx.execute(
        update(pages)
        .where(*mine)
        .values(
            state="quarantined",
            quarantined=error,
            last_error=error,
            fence=pages.c.fence + 1,
            **RELEASED,
        )
    )
