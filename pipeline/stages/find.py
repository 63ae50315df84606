"""Where old articles are found: look-ups -> entries of the past, and the pages they lead to.

A look-up is claimed, paced and retried like a page. What it brings is saved in one transaction with
the look-ups that follow from it, so that a backfill that was killed goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from pipeline.context import Context
from pipeline.errors import Rejected
from pipeline.history.finders import finders
from pipeline.history.lookup import Answer, Ask, AskKind, Finder, Look, Missing, Place, Span
from pipeline.io.crashpoints import crashpoint
from pipeline.io.lookjob import Asked, read_looks
from pipeline.io.policy import Kind
from pipeline.io.store import lookups, pace, work
from pipeline.io.store.backfills import NewLookup
from pipeline.io.store.lookups import ClaimedLookup, Find
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome
from pipeline.records import ParsedFeed, Source
from pipeline.stages.admission import Admission, admit
from pipeline.stages.localfiles import read_local
from pipeline.stages.terms import claim_terms, document_of, host_pause, intent_of, let_go
from pipeline.urls import host_of

#: Look-ups of one batch: what a killed process asks for again at most.
_BATCH: Final = 10
#: Waits as those of pages: 1, 4, 16, 64 minutes.
_FIRST_RETRY: Final = timedelta(minutes=1)
_RETRY_FACTOR: Final = 4
#: Answers that say something about the address rather than about the moment.
_TELLING: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.GONE,
    }
)


def find(ctx: Context, ids: Sequence[str]) -> list[str]:
    """Make those of the look-ups `ids` that are due; return the backfills' next ones."""
    numbers: set[int] = set()
    while claimed := _claim(ctx, ids):
        crashpoint("find-claimed")
        numbers |= {one.row.backfill_id for one in claimed}
        finds = _found(ctx, claimed)
        crashpoint("find-answered")
        _save(ctx, finds)
        crashpoint("find-saved")
    now = ctx.clock()
    with ctx.store.read() as tx:
        return [id_ for one in sorted(numbers) for id_ in lookups.due(tx, one, now, limit=_BATCH)]


def _claim(ctx: Context, ids: Sequence[str]) -> list[ClaimedLookup]:
    """Lease the next batch."""
    with ctx.store.write() as tx:
        return lookups.claim_lookups(tx, ids, claim_terms(ctx, limit=_BATCH))


def _found(ctx: Context, claimed: Sequence[ClaimedLookup]) -> list[Find]:
    """Make one batch of look-ups."""
    files = [one for one in claimed if not one.row.host]
    admission = admit(ctx, [one for one in claimed if one.row.host])
    ctx.tally.due("fetch", len(claimed) - len(admission.waiting))
    return [
        *(read_local(ctx, one) for one in files),
        *_asked(ctx, admission.allowed),
        *_unasked(ctx, admission),
    ]


def _unasked(ctx: Context, admission: Admission[ClaimedLookup]) -> list[Find]:
    """Say what becomes of the look-ups that were not allowed."""
    now = ctx.clock()
    later = now + ctx.settings.host_spacing
    return [
        *_read(ctx, [(one, _forbidden(one)) for one in admission.forbidden]),
        *(_again(one, "robots-unreachable", now, timedelta(0)) for one in admission.unknown),
        *(Find(claimed=one, state="waiting", next_at=later) for one in admission.waiting),
    ]


def _forbidden(claimed: ClaimedLookup) -> Missing:
    return Missing(ask=ask_of(claimed), reason="robots-disallowed")


def _asked(ctx: Context, claimed: Sequence[ClaimedLookup]) -> list[Find]:
    """Ask for one batch and read the answers."""
    asks = [ask_of(one) for one in claimed]
    outcomes = ctx.web.get_many(
        [request_of(ask, one.source, claimed=True) for ask, one in zip(asks, claimed, strict=True)]
    )
    feeds = feeds_of(ctx, asks, outcomes)
    now = ctx.clock()
    found: list[Find] = []
    came: list[tuple[ClaimedLookup, Answer | Missing]] = []
    for one, ask, outcome, feed in zip(claimed, asks, outcomes, feeds, strict=True):
        if isinstance(outcome, Fetched):
            came.append((one, answer_of(ask, outcome, feed)))
            continue
        assert isinstance(outcome, FetchFailed), "an unconditional GET has no third outcome"
        if outcome.permanent or outcome.status in _TELLING:
            came.append((one, Missing(ask=ask, reason=str(outcome), status=outcome.status)))
        else:
            found.append(_again(one, str(outcome), now, host_pause(outcome, now)))
    return [*found, *_read(ctx, came)]


def answer_of(ask: Ask, outcome: Fetched, feed: ParsedFeed | None) -> Answer:
    """Return what came back as finders see it."""
    return Answer(
        ask=ask,
        final_url=outcome.final_url,
        body=outcome.body,
        headers=outcome.headers,
        feed=feed,
    )


def ask_of(claimed: ClaimedLookup) -> Ask:
    """Return what a row asks for, as its finder put it."""
    row = claimed.row
    kind: AskKind = "feed" if row.kind == "feed" else "page"
    return Ask(url=row.url, kind=kind, role=row.role, memo=row.memo)


def request_of(ask: Ask, source: Source, *, claimed: bool) -> WebRequest:
    """Return the request of an ask; a source's headers are for its feed's own host alone."""
    access = source.access
    if host_of(ask.url) != host_of(source.feed_url):
        access = replace(access, headers={}, user_agent=None)
    kind: Kind = "feed" if ask.kind == "feed" else "archive"
    return WebRequest(url=ask.url, kind=kind, claimed=claimed, access=access)


def feeds_of(
    ctx: Context, asks: Sequence[Ask], outcomes: Sequence[WebOutcome]
) -> list[ParsedFeed | None]:
    """Return the feed in each answer that was asked for as one; None where there is none."""
    documents = {
        number: document_of(outcome)
        for number, (ask, outcome) in enumerate(zip(asks, outcomes, strict=True))
        if ask.kind == "feed" and isinstance(outcome, Fetched)
    }
    parsed = ctx.children.read_feeds(list(documents.values()), now=ctx.clock())
    found: list[ParsedFeed | None] = [None] * len(asks)
    for number, answer in zip(documents, parsed, strict=True):
        found[number] = answer if isinstance(answer, ParsedFeed) else None
    return found


def place_of(source: Source) -> Place:
    """Return a source as finders see it."""
    return Place(
        provider=source.provider,
        feed_url=source.state.moved_to or source.feed_url,
        home_url=f"https://{source.provider}/",
    )


def finder_named(ctx: Context, name: str) -> Finder:
    """Return the finder of a method."""
    return next(one for one in finders(ctx.settings.wayback_url) if one.name == name)


def _read(ctx: Context, came: Sequence[tuple[ClaimedLookup, Answer | Missing]]) -> list[Find]:
    """Let the finders read what came back, or that nothing did."""
    asked = [
        Asked(
            finder=finder_named(ctx, one.method),
            answer=answer,
            place=place_of(one.source),
            span=Span(since=one.since, until=one.until),
        )
        for one, answer in came
    ]
    looks = read_looks(ctx.children, asked, wayback_url=ctx.settings.wayback_url)
    return [
        Find(claimed=one, state="failed", error=str(look))
        if isinstance(look, Rejected)
        else _found_in(one, look, answer)
        for (one, answer), look in zip(came, looks, strict=True)
    ]


def _found_in(claimed: ClaimedLookup, look: Look, answer: Answer | Missing) -> Find:
    """Return what a look brought, as it is to be stored."""
    span = Span(since=claimed.since, until=claimed.until)
    kind = claimed.source.state.entry_key_kind
    inside = [entry for entry in look.entries if span.may_hold(entry)]
    left = Counter({("outside", ""): len(look.entries) - len(inside)})
    left.update(("skipped", skipped.reason) for skipped in look.skipped)
    return Find(
        claimed=claimed,
        state="done",
        error=answer.reason if isinstance(answer, Missing) else None,
        note=look.note,
        intents={claimed.source.id: [intent_of(entry, kind) for entry in inside]},
        left=+left,
        lookups=tuple(new_lookup(claimed.source, ask) for ask in look.asks if host_of(ask.url)),
    )


def new_lookup(source: Source, ask: Ask) -> NewLookup:
    """Return the row of an ask."""
    return NewLookup(source_id=source.id, url=ask.url, kind=ask.kind, role=ask.role, memo=ask.memo)


def _again(claimed: ClaimedLookup, error: str, now: datetime, at_least: timedelta) -> Find:
    """Ask again later, or give up after too many failures."""
    failures = claimed.row.failures + 1
    if failures >= work.MAX_FAILURES:
        return Find(claimed=claimed, state="failed", error=error)
    wait = max(_FIRST_RETRY * _RETRY_FACTOR ** (failures - 1), at_least)
    return Find(claimed=claimed, state="retry", error=error[:500], next_at=now + wait)


def _save(ctx: Context, finds: Sequence[Find]) -> None:
    """Save a batch and count how each member ended."""
    now = ctx.clock()
    with ctx.store.write() as tx:
        saved = lookups.save_finds(tx, finds, now=now)
        let_go(ctx, tx, {find.claimed.row.host for find in finds if find.claimed.row.host}, now)
        for find in finds:
            if find.error and find.error.startswith("http-429") and find.next_at:
                pace.pause_host(tx, find.claimed.row.host, find.next_at)
    for find in finds:
        if find.state == "waiting":
            continue
        url = find.claimed.row.url
        if find.claimed.row.id not in saved:
            ctx.tally.end("fetch", "lease-lost")
        elif find.state == "done":
            ctx.tally.end("fetch", "fetched")
        else:
            ctx.tally.explain("fetch", "failed", url, find.error or find.state)
