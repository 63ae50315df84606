"""What the database tells of an installation's health: what waits, since when, who is at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, exists, func, select, update

from pipeline.io.schema import (
    articles,
    changes,
    counts,
    entries,
    leases,
    memberships,
    pages,
    publications,
    sources,
    ticks,
)
from pipeline.io.schema_bodies import page_bodies
from pipeline.io.store.statements import insert_missing, one_of
from pipeline.io.store.stories import unwritten
from pipeline.io.store.work import is_due

#: The row of `leases` whose `until` is when a worker last took a tick off the queue.
_RUNG = "tick-taken"
#: Newest rows looked at where a table has no index by time: ticks, entries and what the gate said.
_RECENT = 5_000
#: What was published longer before it was seen came with a source's first look, or a backfill.
_NEWS = timedelta(days=1)
#: Share of polls without a known entry from which entries are probably missed (docs/polling.md).
_RISKY_GAPS = 0.1
_GATE_WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Rows of one stage that could be done now."""

    count: int
    #: Since when the oldest of them waits; None when nothing does.
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """What should be on the disk of a site."""

    #: The newest change of its documents.
    changed_at: datetime | None
    #: Stories it is behind with, and since when the one that waits longest does.
    behind: int
    behind_since: datetime | None
    #: Why the gate held back its last set; empty when it passed or was overruled.
    held_back: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the checks judge."""

    #: When a worker last took a tick that beat had sent; None where none ever did.
    rung_at: datetime | None
    #: Rounds were done in one process, by `newsloom run`.
    has_run: bool
    #: By stage; what waits to be written is told by site.
    backlog: Mapping[str, Backlog]
    #: The last poll, page or tick that came to its end.
    progressed_at: datetime | None
    #: Somebody holds a lease that has not run out.
    busy: bool
    sites: Mapping[str, SiteFacts]


def note_rung(tx: Connection, *, now: datetime, apart: timedelta = timedelta(0)) -> bool:
    """Note that a worker has taken a tick off the queue: beat, broker and worker all live.

    Say whether the last one was taken at least `apart` ago.
    """
    insert_missing(tx, leases, [{"name": _RUNG, "token": 0}])
    row = tx.execute(select(leases).where(leases.c.name == _RUNG).with_for_update()).one()
    if row.until is not None and timedelta(0) <= now - row.until < apart:
        return False
    tx.execute(update(leases).where(leases.c.name == _RUNG).values(until=now))
    return True


def facts(tx: Connection, sites: Iterable[str], *, now: datetime) -> Facts:
    """Gather what the checks judge."""
    return Facts(
        rung_at=tx.scalar(select(leases.c.until).where(leases.c.name == _RUNG)),
        has_run=bool(tx.scalar(select(exists().where(counts.c.stage == "run")))),
        backlog=backlog(tx, now=now),
        progressed_at=_progressed_at(tx),
        busy=_busy(tx, now),
        sites={site: _site(tx, site) for site in sites},
    )


def backlog(tx: Connection, *, now: datetime) -> dict[str, Backlog]:
    """Return, by stage, what could be done now: polls, pages to read, articles to group."""
    grouped = (
        select(func.count(), func.min(ticks.c.closed_at))
        .join_from(articles, ticks, articles.c.tick_id == ticks.c.id)
        .where(articles.c.state == "pending", ticks.c.closed_at.is_not(None))
        .where(ticks.c.kind != "backfill")
    )
    queries = {
        "fetch": _due(sources, is_due(sources, now) & sources.c.enabled),
        "extract": _due(pages, is_due(pages, now) & (pages.c.state == "pending") & _is_live),
        "cluster": grouped,
    }
    found = {}
    for stage, query in queries.items():
        count, since = tx.execute(query).one()
        found[stage] = Backlog(count=count, since=since)
    return found


#: A backfill takes as long as its hosts' pace lets it: nothing of it is late.
_is_live = pages.c.tick_id.is_(None) | pages.c.tick_id.not_in(
    select(ticks.c.id).where(ticks.c.kind == "backfill")
)


def _due(table: Table, condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query of how many rows meet a condition, and the oldest of them."""
    return select(func.count(), func.min(table.c.next_at)).where(condition)


def _progressed_at(tx: Connection) -> datetime | None:
    """Return when the last poll, page or tick came to its end."""
    newest = select(ticks.c.closed_at).order_by(ticks.c.id.desc()).limit(_RECENT).subquery()
    ends = (
        tx.scalar(select(func.max(sources.c.last_polled_at))),
        tx.scalar(select(func.max(page_bodies.c.fetched_at))),
        tx.scalar(select(func.max(newest.c.closed_at))),
    )
    return max((end for end in ends if end is not None), default=None)


def _busy(tx: Connection, now: datetime) -> bool:
    """Say whether a row, a partition or a site is being worked on."""
    held = (
        sources.c.lease_until >= now,
        (pages.c.state == "pending") & (pages.c.lease_until >= now),
        leases.c.owner.is_not(None) & (leases.c.until >= now),
    )
    return any(tx.scalar(select(exists().where(condition))) for condition in held)


def _site(tx: Connection, site: str) -> SiteFacts:
    """Return what should be on the disk of a site."""
    behind = unwritten(tx, [site])
    # A story waits from when the last tick with an article of it was clustered.
    waits = (
        select(func.max(ticks.c.clustered_at).label("since"))
        .join_from(memberships, articles, memberships.c.article_id == articles.c.id)
        .join(ticks, articles.c.tick_id == ticks.c.id)
        .where(one_of(tx, memberships.c.story_id, behind))
        .group_by(memberships.c.story_id)
        .subquery()
    )
    last = tx.execute(
        select(publications.c.reasons, publications.c.forced)
        .where(publications.c.site == site)
        .order_by(publications.c.id.desc())
        .limit(1)
    ).first()
    return SiteFacts(
        changed_at=tx.scalar(select(func.max(changes.c.at)).where(changes.c.site == site)),
        behind=len(behind),
        behind_since=tx.scalar(select(func.min(waits.c.since))) if behind else None,
        held_back=tuple(last.reasons) if last is not None and last.forced is None else (),
    )


def quarantined(tx: Connection, *, since: datetime | None = None) -> dict[str, int]:
    """Count what is in quarantine; with `since`, only what was still to be done then."""
    found = {}
    for kind, table in (("sources", sources), ("pages", pages)):
        query = select(func.count()).where(table.c.quarantined.is_not(None))
        if since is not None:
            query = query.where(table.c.next_at >= since)
        found[kind] = tx.scalar(query) or 0
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """How long after publication the newest entries were seen, in seconds."""

    median: float
    p95: float


def lateness(tx: Connection) -> Lateness | None:
    """Return how late the newest entries were seen; None when fewer than two were news."""
    newest = (
        select(entries.c.published_at, entries.c.first_seen_at)
        .order_by(entries.c.id.desc())
        .limit(_RECENT)
    )
    delays = [
        max((row.first_seen_at - row.published_at).total_seconds(), 0.0)
        for row in tx.execute(newest)
        if row.published_at is not None and row.first_seen_at - row.published_at <= _NEWS
    ]
    if len(delays) < 2:  # noqa: PLR2004 -- quantiles need two
        return None
    return Lateness(median=median(delays), p95=quantiles(delays, n=20, method="inclusive")[-1])


def coverage_risk(tx: Connection) -> float:
    """Return the share of sources that probably roll over between two polls."""
    polled = sources.c.enabled & sources.c.last_success_at.is_not(None)
    total = tx.scalar(select(func.count()).where(polled)) or 0
    gaps = sources.c.memory["rhythm"]["gaps"].as_float()
    risky = tx.scalar(select(func.count()).where(polled, gaps >= _RISKY_GAPS)) or 0
    return risky / total if total else 0.0


def gate_failures(tx: Connection, *, now: datetime) -> dict[str, int]:
    """Count, for each site, the sets that the gate held back in the last day."""
    newest = select(publications).order_by(publications.c.id.desc()).limit(_RECENT).subquery()
    found: dict[str, int] = {}
    for row in tx.execute(select(newest).where(newest.c.at >= now - _GATE_WINDOW)):
        held = bool(row.reasons) and row.forced is None
        found[row.site] = found.get(row.site, 0) + held
    return found


def oldest_tick(tx: Connection) -> datetime | None:
    """Return when the oldest tick that is not at its end was opened."""
    query = select(func.min(ticks.c.opened_at)).where(
        ticks.c.clustered_at.is_(None), ticks.c.kind != "backfill"
    )
    found: datetime | None = tx.execute(query).scalar_one()
    return found


def alarming(tx: Connection, code: str) -> list[str]:
    """Return the ids of enabled sources whose alarm is of this kind (docs/polling.md)."""
    rows = tx.execute(
        select(sources.c.id, sources.c.alarm)
        .where(sources.c.enabled, sources.c.alarm.is_not(None))
        .order_by(sources.c.id)
    )
    return [row.id for row in rows if f"; {code}:" in f"; {row.alarm}"]
