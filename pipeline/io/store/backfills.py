"""Rows of backfills: plans, how far each is, and what it was to find."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, case, exists, func, insert, select, update

from pipeline.io.schema import articles, pages, sources, ticks
from pipeline.io.schema_backfill import (
    backfill_entries,
    backfill_partitions,
    backfill_parts,
    backfills,
    lookups,
)
from pipeline.io.store import ledger
from pipeline.io.store.statements import insert_missing, insert_new, one_of
from pipeline.io.store.work import RELEASED
from pipeline.records import SourceId

#: A backfill ends when it is done; no tick of the living waits for it.
_NO_DEADLINE: Final = timedelta(days=3650)
#: All states of an article there are: with them an index leads to those of a run.
_STATES: Final = ("pending", "clustered", "alias", "leaving", "gone", "withdrawn", "erased")
#: Why a page that a cancelled backfill did not come to is not read.
CANCELLED: Final = "backfill-cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPart:
    """What is planned for one source."""

    source_id: SourceId
    feed_url: str
    provider: str
    #: "" where no way was found.
    method: str
    coverage: str
    note: str
    #: Host -> look-ups that it will be asked for.
    requests: Mapping[str, int]
    #: None: not to be told beforehand.
    entries: int | None
    #: Hosts of entries that were seen -> how many; where pages will be asked for.
    page_hosts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLookup:
    """An address to be asked, or a part of a local file to be read, for a source."""

    source_id: SourceId
    url: str
    kind: str
    role: str
    memo: str


def add_plan(
    tx: Connection,
    parts: Sequence[PlannedPart],
    *,
    since: datetime,
    until: datetime,
    path: str,
    budget: int | None,
    now: datetime,
) -> int:
    """Store a plan; return its number."""
    values = {
        "state": "planned",
        "since": since,
        "until": until,
        "path": path,
        "budget": budget,
        "planned_at": now,
        "note": "",
    }
    key = tx.execute(insert(backfills).values(values)).inserted_primary_key
    assert key is not None
    number: int = key[0]
    rows = [{"backfill_id": number, **asdict(part)} for part in parts]
    tx.execute(insert(backfill_parts), rows)
    return number


def backfill(tx: Connection, number: int) -> Row[Any] | None:
    """Return the row of a backfill; None when there is none."""
    return tx.execute(select(backfills).where(backfills.c.id == number)).first()


def all_backfills(tx: Connection, *, state: str | None = None) -> Sequence[Row[Any]]:
    """Return the backfills (of one state), the newest first."""
    query = select(backfills).order_by(backfills.c.id.desc())
    return tx.execute(query if state is None else query.where(backfills.c.state == state)).all()


def cut_short(tx: Connection) -> Sequence[Row[Any]]:
    """Return the cancelled backfills whose articles are not all in their stories yet."""
    return tx.execute(
        select(backfills)
        .where(backfills.c.state == "cancelled", backfills.c.ended_at.is_(None))
        .order_by(backfills.c.id)
    ).all()


def parts_of(tx: Connection, number: int) -> Sequence[Row[Any]]:
    """Return what was planned for each source, by id, with the source as it is now."""
    now_is = (sources.c.feed_url.label("feed_now"), sources.c.provider.label("provider_now"))
    return tx.execute(
        select(backfill_parts, *now_is, sources.c.enabled)
        .outerjoin(sources, sources.c.id == backfill_parts.c.source_id)
        .where(backfill_parts.c.backfill_id == number)
        .order_by(backfill_parts.c.source_id)
    ).all()


def start(tx: Connection, number: int, first: Sequence[NewLookup], *, now: datetime) -> int:
    """Let a planned backfill begin with these look-ups; return its run."""
    values = {"kind": "backfill", "opened_at": now, "deadline": now + _NO_DEADLINE}
    key = tx.execute(insert(ticks).values(values)).inserted_primary_key
    assert key is not None
    tick_id: int = key[0]
    change(tx, number, state="running", started_at=now, tick_id=tick_id)
    add_lookups(tx, number, tick_id, first, now=now)
    return tick_id


def change(tx: Connection, number: int, **values: Any) -> None:
    """Change columns of a backfill."""
    tx.execute(update(backfills).where(backfills.c.id == number).values(values))


def add_lookups(
    tx: Connection, number: int, tick_id: int, new: Sequence[NewLookup], *, now: datetime
) -> int:
    """Add look-ups that were never made in this backfill; return how many there were."""
    rows = {
        lookup_id(number, one): {
            "id": lookup_id(number, one),
            "backfill_id": number,
            "source_id": one.source_id,
            "url": one.url,
            "host": "" if one.kind == "file" else urlsplit(one.url).hostname or "",
            "kind": one.kind,
            "role": one.role,
            "memo": one.memo,
            "state": "pending",
            "failures": 0,
            "note": "",
            "next_at": now,
            "tick_id": tick_id,
            "attempts": 0,
            "deaths": 0,
            "fence": 0,
        }
        for one in new
    }
    added = insert_new(tx, lookups, [rows[id_] for id_ in sorted(rows)], tell=lookups.c.id)
    ledger.note(tx, tick_id, "fetch", ledger.TAKEN, len(added))
    return len(added)


def lookup_id(number: int, one: NewLookup) -> str:
    """Return what names a look-up: the same address is not asked twice for a source."""
    return hashlib.sha256(f"{number} {one.source_id} {one.url}".encode()).hexdigest()


# --- how far it is --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a backfill is."""

    lookups_done: int
    lookups_left: int
    lookups_failed: int
    #: Different pages that were listed, and those of them that wait to be read.
    entries: int
    pages_left: int
    articles: int
    #: Of `articles`, those that are in no story yet.
    articles_left: int
    #: Requests made so far: look-ups and pages.
    requests: int

    @property
    def is_found(self) -> bool:
        """Say whether every look-up and every page came to an end."""
        return not (self.lookups_left or self.pages_left)


def progress(tx: Connection, row: Row[Any]) -> Progress:
    """Count how far a backfill is."""
    on_the_web = func.sum(case((lookups.c.host != "", 1), else_=0))
    asked = tx.execute(
        select(lookups.c.state, func.count(), on_the_web)
        .where(lookups.c.backfill_id == row.id)
        .group_by(lookups.c.state)
    ).all()
    states = Counter({state: count for state, count, _ in asked})
    listed = (
        select(backfill_entries.c.page_id)
        .where(backfill_entries.c.backfill_id == row.id)
        .distinct()
        .subquery()
    )
    mine = pages.c.tick_id == row.tick_id
    left, read = tx.execute(
        select(
            func.coalesce(func.sum(case((pages.c.state == "pending", 1), else_=0)), 0),
            func.coalesce(func.sum(case((pages.c.attempts > 0, 1), else_=0)), 0),
        ).where(mine, pages.c.quarantined.is_(None))
    ).one()
    found, waiting = tx.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((articles.c.state == "pending", 1), else_=0)), 0),
        ).where(articles.c.tick_id == row.tick_id)
    ).one()
    return Progress(
        lookups_done=states["done"],
        lookups_left=states["pending"],
        lookups_failed=states["failed"],
        entries=tx.scalar(select(func.count()).select_from(listed)) or 0,
        pages_left=left,
        articles=found,
        articles_left=waiting,
        requests=sum(web for state, _, web in asked if state != "pending")
        + (0 if row.path else read),
    )


def close(tx: Connection, row: Row[Any], *, now: datetime) -> None:
    """Close the run of a backfill that has read all it found."""
    tx.execute(
        update(ticks)
        .where(ticks.c.id == row.tick_id, ticks.c.closed_at.is_(None))
        .values(closed_at=now)
    )


def drop_the_rest(tx: Connection, row: Row[Any]) -> None:
    """Let go of all look-ups and pages that a cancelled backfill did not come to."""
    mine = lookups.c.backfill_id == row.id
    waiting = (mine, lookups.c.state == "pending")
    ledger.note_leaving(tx, lookups, CANCELLED, *waiting)
    tx.execute(
        update(lookups)
        .where(*waiting)
        .values(state="failed", last_error=CANCELLED, fence=lookups.c.fence + 1, **RELEASED)
    )
    unread = (pages.c.tick_id == row.tick_id, pages.c.state == "pending")
    ledger.note_leaving(tx, pages, CANCELLED, *unread)
    tx.execute(
        update(pages)
        .where(*unread)
        .values(state="skipped", last_error=CANCELLED, fence=pages.c.fence + 1, **RELEASED)
    )


# --- partitions -----------------------------------------------------------------------------------


def ensure_partition(tx: Connection, number: int, language: str, *, before: datetime) -> None:
    """Make the row of a language at its first step, at rest `before` anything is placed."""
    row = {"backfill_id": number, "language": language, "settled_until": before}
    insert_missing(tx, backfill_partitions, [row])


def partition(tx: Connection, number: int, language: str) -> Row[Any]:
    """Return how far a language is."""
    return tx.execute(
        select(backfill_partitions).where(
            backfill_partitions.c.backfill_id == number,
            backfill_partitions.c.language == language,
        )
    ).one()


def note_partition(tx: Connection, number: int, language: str, **values: Any) -> None:
    """Change columns of a language's row."""
    tx.execute(
        update(backfill_partitions)
        .where(
            backfill_partitions.c.backfill_id == number,
            backfill_partitions.c.language == language,
        )
        .values(values)
    )


def languages(tx: Connection, tick_id: int) -> list[str]:
    """Return the languages of a backfill's articles."""
    rows = tx.execute(
        select(articles.c.language)
        .where(articles.c.tick_id == tick_id, articles.c.state.in_(("pending", "clustered")))
        .distinct()
        .order_by(articles.c.language)
    )
    return [row.language for row in rows]


def extent(tx: Connection, tick_id: int, language: str) -> tuple[datetime, datetime] | None:
    """Return when the first and the last article of a backfill was published; None: there is none.

    Those that are placed already count, so that this stays as it is until the end.
    """
    mine = (articles.c.tick_id == tick_id, articles.c.language == language)
    first, last = tx.execute(
        select(func.min(articles.c.published_at), func.max(articles.c.published_at)).where(
            *mine, articles.c.state.in_(("pending", "clustered", "alias"))
        )
    ).one()
    return None if first is None else (first, last)


def moments(
    tx: Connection, tick_id: int, language: str, *, after: datetime, until: datetime
) -> list[datetime]:
    """Return when articles were published that are in stories or wait for this backfill."""
    waits = (articles.c.state == "pending") & (articles.c.tick_id == tick_id)
    rows = tx.execute(
        select(articles.c.published_at)
        .where(articles.c.language == language)
        .where(articles.c.published_at > after, articles.c.published_at <= until)
        .where(waits | (articles.c.state == "clustered"))
        .order_by(articles.c.published_at)
    )
    return [row.published_at for row in rows]


def waits(tx: Connection, tick_id: int, language: str, *, until: datetime) -> bool:
    """Say whether an article of a backfill, published by then, is in no story yet."""
    mine = (articles.c.tick_id == tick_id, articles.c.language == language)
    waiting = exists().where(*mine, articles.c.state == "pending", articles.c.published_at <= until)
    return bool(tx.scalar(select(waiting)))


def others_on(tx: Connection, number: int, ids: Sequence[SourceId]) -> list[int]:
    """Return the other backfills under way that are about one of these sources."""
    rows = tx.execute(
        select(backfills.c.id)
        .join(backfill_parts, backfill_parts.c.backfill_id == backfills.c.id)
        .where(backfills.c.state == "running", backfills.c.id != number)
        .where(one_of(tx, backfill_parts.c.source_id, ids))
        .distinct()
        .order_by(backfills.c.id)
    )
    return [row.id for row in rows]
