"""Rows of entries: what feeds show, and the pages it makes due.

A batch of polls is saved by a handful of statements, however many entries it brought: a statement
for each entry was two thirds of what a first poll costs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, select, update

from pipeline.feeds.changes import Change
from pipeline.io.schema import entries, pages
from pipeline.io.store import bodies, ledger
from pipeline.io.store.corrections import blocked
from pipeline.io.store.statements import insert_new, one_of, upsert
from pipeline.io.store.work import RELEASED
from pipeline.records import Entry, PageId, SourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryIntent:
    """An entry to store, under its key, with the page it leads to."""

    key: str
    page_id: PageId
    #: Registrable domain of its link.
    domain: str
    entry: Entry
    change: Change = Change.NEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one source showed in one tick."""

    source_id: SourceId
    tick_id: int
    #: Of every entry in the feed.
    keys: tuple[str, ...]
    #: The new and changed ones among them.
    intents: tuple[EntryIntent, ...]


def known_hashes(tx: Connection, source_id: SourceId, keys: Sequence[str]) -> dict[str, str]:
    """Return the content hash of each of `keys` that the source has shown before."""
    rows = tx.execute(
        select(entries.c.entry_key, entries.c.content_hash).where(
            entries.c.source_id == source_id, one_of(tx, entries.c.entry_key, keys)
        )
    )
    return {row.entry_key: row.content_hash for row in rows}


def save_entries(tx: Connection, batch: Sequence[Shown], *, now: datetime) -> None:
    """Store new and changed entries and make their pages due in the tick of their poll."""
    intents = [intent for shown in batch for intent in shown.intents]
    refused = blocked(
        tx,
        url_keys={intent.page_id for intent in intents},
        domains={intent.domain for intent in intents},
    )
    wanted = [
        (shown, intent)
        for shown in batch
        for intent in shown.intents
        if intent.page_id not in refused and intent.domain not in refused
    ]
    rows = [entry_row(shown.source_id, intent, now) for shown, intent in wanted]
    upsert(tx, entries, rows, by=("source_id", "entry_key"), kept=("first_seen_at",))
    for shown, intent in wanted:
        ledger.note(tx, shown.tick_id, "entries", intent.change.value)
    _make_due(tx, wanted, now=now)
    stored = {(shown.source_id, intent.key) for shown, intent in wanted}
    for shown in batch:
        refusals = sum((shown.source_id, one.key) not in stored for one in shown.intents)
        ledger.note(tx, shown.tick_id, "entries", "refused", refusals)
        _touch(tx, shown, stored, now=now)


def _touch(
    tx: Connection, shown: Shown, stored: set[tuple[SourceId, str]], *, now: datetime
) -> None:
    """Note that the entries which were not `stored` again are still in the feed."""
    same = [key for key in shown.keys if (shown.source_id, key) not in stored]
    if same:
        tx.execute(
            update(entries)
            .where(entries.c.source_id == shown.source_id, one_of(tx, entries.c.entry_key, same))
            .values(last_seen_at=now)
        )


def entry_row(source_id: SourceId, intent: EntryIntent, now: datetime) -> dict[str, Any]:
    """Return the row of an entry: all that a reader would see of it."""
    entry = intent.entry
    return {
        "source_id": source_id,
        "entry_key": intent.key,
        "page_id": intent.page_id,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "published_at": entry.published_at,
        "updated_at": entry.updated_at,
        "authors": list(entry.authors),
        "media": [
            {"url": media.url, "width": media.width, "height": media.height, "type": media.type}
            for media in entry.media
        ],
        "content_hash": entry.content_hash,
        "first_seen_at": now,
        "last_seen_at": now,
    }


def _make_due(
    tx: Connection, wanted: Sequence[tuple[Shown, EntryIntent]], *, now: datetime
) -> None:
    """Make the entries' pages due: new, told something new, or told by a better-placed entry.

    A page uses the facts of its smallest entry (source, key), so that the result does not hang
    on which feed was polled first; a smaller one that comes later makes the page due again.
    """
    known = _locked(tx, {intent.page_id for _, intent in wanted})
    new = {
        intent.page_id: new_page(intent, tick_id=shown.tick_id, now=now)
        for shown, intent in reversed(wanted)
        if intent.page_id not in known
    }
    # In one order, so that two workers cannot wait for each other.
    made = insert_new(tx, pages, [new[page_id] for page_id in sorted(new)], tell=pages.c.tick_id)
    again = dict(_due_again(known, reversed(wanted)))
    for tick_id in (*made, *again.values()):
        ledger.note(tx, tick_id, "extract", ledger.TAKEN)
    for tick_id in sorted(set(again.values())):
        ids = [page_id for page_id, of_tick in again.items() if of_tick == tick_id]
        tx.execute(
            update(pages)
            .where(one_of(tx, pages.c.id, ids))
            .values(
                state="pending",
                next_at=now,
                tick_id=tick_id,
                failures=0,
                is_recheck=False,
                fence=pages.c.fence + 1,
                **RELEASED,
            )
        )
    stale = [page_id for page_id, row in known.items() if row.read_from == bodies.STORED]
    tx.execute(  # its stored body is of before what it is told now
        update(pages)
        .where(one_of(tx, pages.c.id, stale), pages.c.state == "pending")
        .values(read_from=bodies.WEB, fence=pages.c.fence + 1, **RELEASED)
    )


def _locked(tx: Connection, ids: Collection[PageId]) -> Mapping[PageId, Any]:
    """Return those of the pages that there are, locked in one order."""
    rows = tx.execute(
        select(*(pages.c[name] for name in _LOOKED_AT))
        .where(one_of(tx, pages.c.id, ids))
        .order_by(pages.c.id)
        .with_for_update()
    )
    return {row.id: row for row in rows}


#: Of a page that is there: what decides whether it is due again.
_LOOKED_AT = ("id", "state", "facts_from", "tick_id", "quarantined", "read_from")


def _due_again(
    known: Mapping[PageId, Any], wanted: Iterable[tuple[Shown, EntryIntent]]
) -> Iterator[tuple[PageId, int]]:
    """Yield the pages that are to be read again, with the tick; those in quarantine stay there."""
    for shown, intent in wanted:
        page = known.get(intent.page_id)
        if page is None or page.state == "pending" or page.quarantined:
            continue
        mine = facts_key(shown.source_id, intent.key)
        if page.facts_from == mine or (
            page.tick_id == shown.tick_id and mine < (page.facts_from or "")
        ):
            yield intent.page_id, shown.tick_id


def facts_key(source_id: SourceId, entry_key: str) -> str:
    """Return the place of an entry among those that tell about one page."""
    return f"{source_id} {entry_key}"


def new_page(intent: EntryIntent, *, tick_id: int, now: datetime) -> dict[str, Any]:
    """Return the row of a page nobody has asked for yet."""
    return {
        "id": intent.page_id,
        "url": intent.entry.url,
        "host": urlsplit(intent.entry.url).hostname or "",
        "state": "pending",
        "next_at": now,
        "tick_id": tick_id,
        "attempts": 0,
        "deaths": 0,
        "failures": 0,
        "fence": 0,
        "is_recheck": False,
    }
