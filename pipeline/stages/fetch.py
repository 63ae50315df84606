"""Stage one: sources -> new and changed entries, and the pages they lead to."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus

from sqlalchemy import Connection

from pipeline.context import Context
from pipeline.errors import Rejected
from pipeline.feeds.asked import hints_from_headers
from pipeline.feeds.changes import Change, keyed, new_or_changed
from pipeline.feeds.keys import key_kind
from pipeline.feeds.schedule import (
    PollKind,
    PollOutcome,
    classify_failure,
    next_poll,
)
from pipeline.io.crashpoints import crashpoint
from pipeline.io.store import pace, pages, sources
from pipeline.io.store.entries import EntryIntent, known_hashes
from pipeline.io.store.sources import ClaimedSource, PollResult
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome, moved_to
from pipeline.records import (
    Entry,
    PageId,
    ParsedFeed,
    PollState,
    SourceId,
    Validators,
)
from pipeline.stages.terms import claim_terms, document_of, host_pause, let_go
from pipeline.urls import host_of, registrable_domain, url_key

#: Servers whose validators lie are found out within a day (Media Cloud gave up conditional GET).
_UNCONDITIONAL_EVERY = timedelta(days=1)
#: How long a host is left alone when two of its feeds answer 503 at the same time.
_PAUSE_OF_TWO = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What one poll brought: the web's answer, and the feed in it where it was worth parsing."""

    claimed: ClaimedSource
    outcome: WebOutcome
    conditional: bool
    body_hash: str | None = None
    parsed: ParsedFeed | Rejected | None = None


def fetch(ctx: Context, ids: Sequence[SourceId]) -> list[PageId]:
    """Poll those of `ids` that are due; return the pages their entries wait for."""
    while claimed := _claim(ctx, ids):
        ctx.tally.due("fetch", len(claimed))
        crashpoint("fetch-claimed")
        polls = _poll(ctx, claimed)
        crashpoint("fetch-answered")
        _save(ctx, polls)
        crashpoint("fetch-saved")
    with ctx.store.read() as tx:
        return pages.pending_pages_of_sources(tx, ids)


def _claim(ctx: Context, ids: Sequence[SourceId]) -> list[ClaimedSource]:
    """Lease the next batch."""
    terms = claim_terms(ctx, limit=ctx.settings.fetch_batch)
    with ctx.store.write() as tx:
        return sources.claim_sources(tx, ids, terms)


def _poll(ctx: Context, claimed: Sequence[ClaimedSource]) -> list[Poll]:
    """Ask for one batch of feeds, and parse those whose bytes are not the last ones."""
    now = ctx.clock()
    validators = [_validators(item, now) for item in claimed]
    outcomes = ctx.web.get_many(
        [
            WebRequest(
                url=item.source.state.moved_to or item.source.feed_url,
                kind="feed",
                validators=given,
                claimed=True,
                access=item.source.access,
            )
            for item, given in zip(claimed, validators, strict=True)
        ]
    )
    polls = [
        Poll(
            claimed=item,
            outcome=outcome,
            conditional=given is not None,
            body_hash=_hash(outcome) if isinstance(outcome, Fetched) else None,
        )
        for item, given, outcome in zip(claimed, validators, outcomes, strict=True)
    ]
    fresh = [poll for poll in polls if _is_fresh(poll)]
    parsed = ctx.children.read_feeds(
        [document_of(poll.outcome) for poll in fresh if isinstance(poll.outcome, Fetched)], now=now
    )
    answers = {poll.claimed.source.id: answer for poll, answer in zip(fresh, parsed, strict=True)}
    return [replace(poll, parsed=answers.get(poll.claimed.source.id)) for poll in polls]


def _validators(claimed: ClaimedSource, now: datetime) -> Validators | None:
    """Return what makes the GET conditional; None once a day, and for a source never seen."""
    state = claimed.source.state
    if not (state.validators.etag or state.validators.last_modified):
        return None
    last = state.last_unconditional_at
    return None if last is None or now - last >= _UNCONDITIONAL_EVERY else state.validators


def _hash(outcome: Fetched) -> str:
    """Return the sha-256 of a body."""
    return hashlib.sha256(outcome.body).hexdigest()


def _is_fresh(poll: Poll) -> bool:
    """Say whether a body came that differs from the last one that parsed."""
    return poll.body_hash is not None and poll.body_hash != poll.claimed.source.state.body_hash


def _save(ctx: Context, polls: Sequence[Poll]) -> None:
    """Save a batch in one transaction and count how each member ended."""
    now = ctx.clock()
    with ctx.store.write() as tx:
        results = [_result(ctx, tx, poll, now) for poll in polls]
        saved = sources.save_polls(tx, results, now=now)
        let_go(ctx, tx, {poll.claimed.row.host for poll in polls}, now)
        for poll in polls:
            if isinstance(poll.outcome, FetchFailed):
                _spare(tx, poll.claimed, poll.outcome, now)
    for poll, result in zip(polls, results, strict=True):
        _count(ctx, poll, result, kept=result.claimed.source.id in saved)


def _spare(tx: Connection, claimed: ClaimedSource, failed: FetchFailed, now: datetime) -> None:
    """Pause a host that has too much to do: 429 is its own word, 503 that of two feeds."""
    host, source_id = claimed.row.host, claimed.source.id
    if failed.status == HTTPStatus.TOO_MANY_REQUESTS:
        pace.pause_host(tx, host, now + host_pause(failed, now))
    elif failed.status == HTTPStatus.SERVICE_UNAVAILABLE and pace.note_trouble(
        tx, host, source_id, now=now
    ):
        pace.pause_host(tx, host, now + max(host_pause(failed, now), _PAUSE_OF_TWO))


def _count(ctx: Context, poll: Poll, result: PollResult, *, kept: bool) -> None:
    """Count one poll; entries that could not be used are told beside it."""
    name = result.claimed.source.id
    if not kept:
        ctx.tally.end("fetch", "lease-lost")
    elif result.error:
        ctx.tally.explain("fetch", "failed", name, result.error)
    else:
        ctx.tally.end("fetch", result.status)
    if isinstance(poll.parsed, ParsedFeed):
        for skipped in poll.parsed.skipped:
            ctx.tally.note("fetch", f"{name}: {skipped.label}", skipped.reason)


def _result(ctx: Context, tx: Connection, poll: Poll, now: datetime) -> PollResult:
    """Turn a poll into what is to be stored."""
    if isinstance(poll.parsed, ParsedFeed):
        return _fetched(ctx, tx, poll, poll.parsed, now)
    if isinstance(poll.parsed, Rejected):
        return _failed(ctx, poll, str(poll.parsed), PollOutcome(kind=PollKind.SOFT), now)
    if isinstance(poll.outcome, FetchFailed):
        outcome = poll.outcome
        kind = classify_failure(outcome.reason, outcome.status)
        failure = PollOutcome(
            kind=kind,
            server_hint=host_pause(outcome, now),
            gone=outcome.status == HTTPStatus.GONE,
        )
        return _failed(ctx, poll, str(outcome), failure, now)
    state, decision = _next(
        ctx,
        poll,
        PollOutcome(
            kind=PollKind.NOT_MODIFIED,
            server_hint=hints_from_headers(poll.outcome.headers, now),
            validators=poll.outcome.validators,
            unconditional=not poll.conditional,
            moved_to=moved_to(poll.outcome),
        ),
        now,
    )
    status = "unchanged" if isinstance(poll.outcome, Fetched) else "not-modified"
    return PollResult(claimed=poll.claimed, state=state, status=status, decision=decision)


def _fetched(
    ctx: Context, tx: Connection, poll: Poll, parsed: ParsedFeed, now: datetime
) -> PollResult:
    """Find what is new or changed in a feed."""
    assert isinstance(poll.outcome, Fetched), "only fetched feeds are parsed"
    source = poll.claimed.source
    kind = key_kind(parsed.entries, source.state.entry_key_kind)
    entries = keyed(parsed.entries, kind)
    known = known_hashes(tx, source.id, list(entries))
    outcome = PollOutcome(
        kind=PollKind.SUCCESS,
        server_hint=hints_from_headers(poll.outcome.headers, now),
        hints=parsed.hints,
        published=tuple(entry.published_at for entry in parsed.entries if entry.published_at),
        new=tuple(_time(entry, now) for key, entry in entries.items() if key not in known),
        known=len(known),
        validators=poll.outcome.validators,
        body_hash=poll.body_hash,
        unconditional=not poll.conditional,
        moved_to=moved_to(poll.outcome),
    )
    state, decision = _next(ctx, poll, outcome, now)
    changes = list(new_or_changed(entries, known=known))
    return PollResult(
        claimed=poll.claimed,
        state=replace(state, entry_key_kind=kind),
        status="fetched",
        decision=decision,
        dialect=parsed.dialect,
        parser=parsed.parser,
        intents=tuple(
            EntryIntent(
                key=change.key,
                page_id=PageId(url_key(change.entry.url)),
                domain=registrable_domain(host_of(change.entry.url)),
                entry=change.entry,
                change=change.change,
            )
            for change in changes
        ),
        seen=tuple(entries),
        entries_found=len(parsed.entries) + len(parsed.skipped),
        entries_left=Counter(
            {
                ("known", ""): len(known) - sum(one.change is Change.CHANGED for one in changes),
                ("repeated", ""): len(parsed.entries) - len(entries),
            }
        )
        + Counter(("skipped", skipped.reason) for skipped in parsed.skipped),
    )


def _time(entry: Entry, now: datetime) -> datetime:
    """Return when an entry came, as far as it can be known: never later than it was seen."""
    return min(entry.published_at or now, now)


def _failed(
    ctx: Context, poll: Poll, error: str, outcome: PollOutcome, now: datetime
) -> PollResult:
    """Note a failure and when to try again."""
    state, decision = _next(ctx, poll, outcome, now)
    return PollResult(
        claimed=poll.claimed,
        state=state,
        status="failed",
        decision=decision,
        error=error[:500],
    )


def _next(ctx: Context, poll: Poll, outcome: PollOutcome, now: datetime) -> tuple[PollState, str]:
    """Decide when the source is polled again."""
    source = poll.claimed.source
    return next_poll(
        source.state,
        outcome,
        now=now,
        override=source.interval,
        default=ctx.settings.poll_interval,
        jitter=_jitter(source.id, poll.claimed.row.attempts),
        eagerness=ctx.settings.poll_eagerness,
    )


def _jitter(source_id: SourceId, attempt: int) -> float:
    """Return a fraction that differs between sources and polls, and is the same on every run."""
    digest = hashlib.sha256(f"{source_id} {attempt}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
