"""What the fetching stages share: how they claim, let go of hosts and take answers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from http import HTTPStatus

from sqlalchemy import Connection

from pipeline.context import Context
from pipeline.feeds.asked import retry_after
from pipeline.feeds.keys import entry_key
from pipeline.io.store import pace
from pipeline.io.store.entries import EntryIntent
from pipeline.io.store.pace import ClaimTerms
from pipeline.outcomes import Fetched, FetchFailed
from pipeline.records import Entry, EntryKeyKind, FeedDocument, PageId
from pipeline.urls import host_of, registrable_domain, url_key

#: How long a host that answers 429 without Retry-After is left alone.
_PAUSE_AFTER_429 = timedelta(minutes=1)


def claim_terms(ctx: Context, *, limit: int) -> ClaimTerms:
    """Return the terms of a claim of at most `limit` rows now."""
    settings = ctx.settings
    return ClaimTerms(
        owner=ctx.store.owner,
        now=ctx.clock(),
        lease=settings.lease,
        limit=limit,
        spacing=settings.host_spacing,
        host_batch=settings.host_batch,
    )


def let_go(ctx: Context, tx: Connection, hosts: Collection[str], now: datetime) -> None:
    """Let others ask the hosts of a batch whose answers are being saved."""
    spacing = ctx.settings.host_spacing
    pace.release(tx, hosts, owner=ctx.store.owner, now=now, spacing=spacing)


def host_pause(outcome: FetchFailed, now: datetime) -> timedelta:
    """Return how long the server wants to be left alone: its Retry-After, a minute after a 429."""
    hint = retry_after(outcome.headers.get("retry-after", ""), now) or timedelta(0)
    asked_to = outcome.status == HTTPStatus.TOO_MANY_REQUESTS
    return max(hint, _PAUSE_AFTER_429) if asked_to else hint


def document_of(outcome: Fetched) -> FeedDocument:
    """Make the record of a feed's answer."""
    return FeedDocument(
        final_url=outcome.final_url,
        body=outcome.body,
        content_type=outcome.headers.get("content-type", ""),
    )


def intent_of(entry: Entry, kind: EntryKeyKind) -> EntryIntent:
    """Return an entry as it is stored."""
    return EntryIntent(
        key=entry_key(entry, kind),
        page_id=PageId(url_key(entry.url)),
        domain=registrable_domain(host_of(entry.url)),
        entry=entry,
    )
