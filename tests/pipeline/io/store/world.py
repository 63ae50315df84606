"""Sources, polls and pages for the store's tests, each in one call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from config.catalogue import SourceEntry
from pipeline.io.store import Store, pages, sources, ticks
from pipeline.io.store.entries import EntryIntent
from pipeline.io.store.pace import ClaimTerms
from pipeline.io.store.sources import ClaimedSource, PollResult
from pipeline.records import Entry, PageId, PollState, SourceId

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def terms(
    now: datetime = NOW, *, owner: str = "a", spacing: float = 0, limit: int = 50
) -> ClaimTerms:
    return ClaimTerms(
        owner=owner,
        now=now,
        lease=2 * MINUTE,
        limit=limit,
        spacing=timedelta(seconds=spacing),
        host_batch=4,
    )


def source_entry(name: str, host: str | None = None) -> SourceEntry:
    return SourceEntry(
        id=name,
        feed=f"https://{host or name + '.example'}/{name}.xml",
        provider="outlet.example",
        title=name.title(),
    )


def add_sources(store: Store, names: Iterable[str], *, host: str | None = None) -> None:
    catalogue = {name: source_entry(name, host) for name in names}
    with store.write() as tx:
        sources.apply_sync(tx, catalogue, now=NOW)


def open_tick(store: Store, now: datetime = NOW) -> int:
    with store.write() as tx:
        tick = ticks.open_tick(tx, now=now, lasts=15 * MINUTE)
    assert tick is not None
    return tick.id


def claim(store: Store, ids: Iterable[str], claim_terms: ClaimTerms) -> list[ClaimedSource]:
    with store.write() as tx:
        return sources.claim_sources(tx, [SourceId(name) for name in ids], claim_terms)


def polled(claimed: ClaimedSource, *urls: str, now: datetime = NOW) -> PollResult:
    """Make the result of a poll that showed an entry for each URL."""
    return PollResult(
        claimed=claimed,
        state=replace(PollState(), next_fetch_at=now + 30 * MINUTE),
        status="fetched",
        decision="in half an hour",
        intents=tuple(intent(url) for url in urls),
        seen=urls,
        entries_found=len(urls),
    )


def intent(url: str, title: str = "A title") -> EntryIntent:
    return EntryIntent(
        key=url,
        page_id=PageId(f"1-{url}"),
        domain="one.example",
        entry=Entry(guid=url, url=url, title=title, content_hash=title),
    )


def save(store: Store, *results: PollResult, now: datetime = NOW) -> set[str]:
    with store.write() as tx:
        return sources.save_polls(tx, results, now=now)


def claim_pages(store: Store, claim_terms: ClaimTerms) -> list[pages.ClaimedPage]:
    with store.write() as tx:
        due = [
            id_
            for tick in ticks.in_work(tx)
            for id_ in pages.due_in_tick(tx, tick.id, claim_terms.now)
        ]
        return pages.claim_pages(tx, due, claim_terms)
