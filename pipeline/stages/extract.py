"""Stage two: pages -> articles.

Pages come through the guarded web, or out of the store where a row says so (`_had`), and are read
in children; what is learned about one page is saved with all others of its batch in one
transaction. A page that cannot be had is tried again later, one that holds no article is skipped
for a reason that stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import Connection

from pipeline.articles.article import article_of
from pipeline.articles.dates import SEEN_ONLY
from pipeline.articles.provider import Provider, provider_of
from pipeline.articles.refusals import NOINDEX
from pipeline.context import Context
from pipeline.errors import Rejected
from pipeline.io.crashpoints import crashpoint
from pipeline.io.store import corrections, lookups, pace, pages, work
from pipeline.io.store.pages import ClaimedPage, PageResult
from pipeline.io.store.redo import BY_RULE
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome
from pipeline.records import Article, ArticleId, ExtractedArticle, Page, PageId, Validators
from pipeline.stages.admission import Admission, admit
from pipeline.stages.pictures import Chosen, Offer, choose_pictures
from pipeline.stages.recheck import kept_again, missed_again, recheck_of, refused_again
from pipeline.stages.terms import claim_terms, host_pause, let_go
from pipeline.urls import host_of, registrable_domain

#: Raised when the same page would give another article.
EXTRACTOR_VERSION = 3
#: Wait after the first failure; four times as long after each further one (1, 4, 16, 64 minutes).
_FIRST_RETRY = timedelta(minutes=1)
_RETRY_FACTOR = 4
#: What a child may fail of because the machine is busy rather than because of the page.
_PASSING = frozenset({"parse-timeout", "parse-memory", "parse-crash"})

_ARTICLE: TypeAdapter[Article] = TypeAdapter(Article)


def extract(ctx: Context, ids: Sequence[PageId]) -> list[ArticleId]:
    """Fetch and read those of `ids` that are due; return their articles to be clustered."""
    while claimed := _claim(ctx, ids):
        at_hand = [one for one in claimed if one.reads_stored]  # nobody is asked for these
        admission = admit(ctx, [one for one in claimed if not one.reads_stored])
        ctx.tally.due("extract", len(claimed) - len(admission.waiting))
        crashpoint("extract-claimed")
        results = [*_read(ctx, [*at_hand, *admission.allowed]), *_unread(ctx, admission)]
        crashpoint("extract-read")
        _save(ctx, results)
        crashpoint("extract-saved")
    with ctx.store.read() as tx:
        return pages.pending_articles_of_pages(tx, ids)


def _claim(ctx: Context, ids: Sequence[PageId]) -> list[ClaimedPage]:
    """Lease the next batch."""
    terms = claim_terms(ctx, limit=ctx.settings.extract_batch)
    with ctx.store.write() as tx:
        return pages.claim_pages(tx, ids, terms)


def _unread(ctx: Context, admission: Admission[ClaimedPage]) -> list[PageResult]:
    """Say what becomes of the pages that were not allowed."""
    now = ctx.clock()
    return [
        *(_forbidden(ctx, claim, now) for claim in admission.forbidden),
        *(_unknown(ctx, claim, now) for claim in admission.unknown),
        *(
            PageResult(claimed=claim, state="waiting", next_at=now + ctx.settings.host_spacing)
            for claim in admission.waiting
        ),
    ]


def _forbidden(ctx: Context, claim: ClaimedPage, now: datetime) -> PageResult:
    """Skip a page that robots.txt forbids; what was read while it did not stays."""
    error = "robots-disallowed"
    if claim.row.is_recheck:
        return kept_again(ctx, claim, error, now)
    return PageResult(claimed=claim, state="skipped", error=error)


def _unknown(ctx: Context, claim: ClaimedPage, now: datetime) -> PageResult:
    """Leave a page alone while its host's robots.txt cannot be had."""
    error = "robots-unreachable"
    if claim.row.is_recheck:
        return kept_again(ctx, claim, error, now)
    return _again(claim, error, error, now, timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Had:
    """A page whose bytes are at hand."""

    claimed: ClaimedPage
    page: Page
    #: What its host gave along for the next look; None when it was not asked.
    validators: Validators | None = None


def _read(ctx: Context, claimed: Sequence[ClaimedPage]) -> list[PageResult]:
    """Get and read one batch."""
    had, missing = _had(ctx, claimed)
    answers = ctx.children.read_pages(
        [(one.page, one.claimed.facts) for one in had], extractors=ctx.settings.page_extractors
    )
    readings = [
        Reading(had=one, answer=_judged(one.claimed, answer))
        for one, answer in zip(had, answers, strict=True)
    ]
    return [*_results(ctx, readings), *missing]


def _had(ctx: Context, claimed: Sequence[ClaimedPage]) -> tuple[list[Had], list[PageResult]]:
    """Return the pages with their bytes, and what becomes of those that have none."""
    had = [Had(claimed=one, page=one.stored) for one in claimed if one.stored is not None]
    missing = [_unkept(one) for one in claimed if one.reads_stored and one.stored is None]
    asked = [one for one in claimed if not one.reads_stored]
    outcomes = ctx.web.get_many(
        [WebRequest(url=one.url, validators=one.validators, claimed=True) for one in asked]
    )
    now = ctx.clock()
    for one, outcome in zip(asked, outcomes, strict=True):
        if isinstance(outcome, Fetched):
            page = _page(one, outcome, now)
            had.append(Had(claimed=one, page=page, validators=outcome.validators))
        else:
            missing.append(_unfetched(ctx, one, outcome, now))
    return had, missing


def _unkept(claim: ClaimedPage) -> PageResult:
    """Leave things as they are where a page was to be read from a body that is gone."""
    error = "body-gone"
    if claim.row.is_recheck:
        return _as_it_was(claim, error)
    return PageResult(claimed=claim, state="skipped", error=error)


def _as_it_was(claim: ClaimedPage, error: str) -> PageResult:
    """Leave an article, and the plan of its looks, as they are: its stored body told nothing."""
    return PageResult(
        claimed=claim,
        state="kept",
        error=error[:500],
        recheck_at=claim.row.recheck_at,
        gone_since=claim.row.gone_since,
    )


def _page(claim: ClaimedPage, outcome: Fetched, now: datetime) -> Page:
    """Make the record of an answer."""
    return Page(
        id=claim.id,
        url=claim.url,
        final_url=outcome.final_url,
        body=outcome.body,
        content_type=outcome.headers.get("content-type", ""),
        fetched_at=now,
        robots_tag=outcome.headers.get("x-robots-tag", ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A page that was had, and what was read on it."""

    had: Had
    answer: ExtractedArticle | Rejected

    @property
    def claimed(self) -> ClaimedPage:
        """The page's claim."""
        return self.had.claimed

    @property
    def page(self) -> Page:
        """The page's bytes."""
        return self.had.page


def _judged(claim: ClaimedPage, answer: ExtractedArticle | Rejected) -> ExtractedArticle | Rejected:
    """Return the answer, or that the page asks not to be indexed and its source heeds that."""
    if isinstance(answer, ExtractedArticle) and claim.obeys_robots and "robots" in answer.origins:
        return Rejected(NOINDEX)
    return answer


def _results(ctx: Context, readings: Sequence[Reading]) -> list[PageResult]:
    """Turn what pages say into articles, or into the reasons why there are none."""
    found = [
        (one, one.answer, _provider(ctx, one.claimed, one.answer))
        for one in readings
        if isinstance(one.answer, ExtractedArticle)
    ]
    pictures = choose_pictures(
        ctx,
        [
            Offer(
                candidates=answer.image_candidates,
                provider=provider.domain,
                tick_id=one.claimed.tick_id,
                may_ask=not one.claimed.reads_stored,
            )
            for one, answer, provider in found
        ],
    )
    return [
        *(
            _done(ctx, one, answer, provider, picture)
            for (one, answer, provider), picture in zip(found, pictures, strict=True)
        ),
        *(_refused(ctx, one, one.answer) for one in readings if isinstance(one.answer, Rejected)),
    ]


def _provider(ctx: Context, claim: ClaimedPage, answer: ExtractedArticle) -> Provider:
    """Return who published an article."""
    return provider_of(
        answer.url,
        source_provider=claim.source_provider,
        organisations=ctx.catalogue.organisations,
        site_name=answer.site_name,
    )


def _done(
    ctx: Context, one: Reading, answer: ExtractedArticle, provider: Provider, picture: Chosen
) -> PageResult:
    """Return the article of a page, and when it is looked at again."""
    if why := _not_of_span(one.claimed, answer):
        return PageResult(claimed=one.claimed, state="skipped", error=why, page=one.page)
    article = article_of(answer, page=one.page, provider=provider, image=picture.image)
    return PageResult(
        claimed=one.claimed,
        state="done",
        page=one.page,
        article=article,
        content_hash=hashlib.sha256(_ARTICLE.dump_json(article)).hexdigest(),
        image_key=picture.offered_key,
        validators=one.had.validators,
        recheck_at=_next_look(ctx, one, article),
        gone_since=one.claimed.row.gone_since if one.claimed.reads_stored else None,
    )


def _next_look(ctx: Context, one: Reading, article: Article) -> datetime | None:
    """Return when the page is looked at again: as planned, when its host was not asked."""
    row = one.claimed.row
    if one.claimed.reads_stored and row.read_at is not None:
        planned: datetime | None = row.recheck_at
        return planned
    return recheck_of(ctx, one.claimed, article, ctx.clock())


def _not_of_span(claim: ClaimedPage, answer: ExtractedArticle) -> str:
    """Say why a page that a backfill listed is none of what it looks for; "" when it is."""
    if claim.span is None:
        return ""
    if answer.origins["published_at"] in SEEN_ONLY:
        return lookups.UNDATED
    since, until = claim.span
    return "" if since <= answer.published_at < until else lookups.OUTSIDE


def _refused(ctx: Context, one: Reading, answer: Rejected) -> PageResult:
    """Return why a page gives no article, for now or for good."""
    claim, now, error = one.claimed, ctx.clock(), str(answer)
    if claim.asks_again:
        return refused_again(ctx, claim, answer, now)
    if claim.row.is_recheck:  # of the same bytes: it is today's rules that see no article there
        if answer.reason in _PASSING:
            return _as_it_was(claim, error)
        return PageResult(claimed=claim, state="gone", error=f"{BY_RULE}: {error}"[:500])
    if answer.reason in _PASSING:
        return _again(claim, error, answer.reason, now, timedelta(0))
    return PageResult(claimed=claim, state="skipped", error=error[:500], page=one.page)


def _unfetched(ctx: Context, claim: ClaimedPage, outcome: WebOutcome, now: datetime) -> PageResult:
    """Decide whether a page that could not be had is tried again or skipped."""
    if claim.row.is_recheck:
        return missed_again(ctx, claim, outcome, now)
    assert isinstance(outcome, FetchFailed), "an unconditional GET has no third outcome"
    if outcome.permanent:
        return PageResult(claimed=claim, state="skipped", error=str(outcome)[:500])
    return _again(claim, str(outcome), outcome.reason, now, host_pause(outcome, now))


def _again(
    claim: ClaimedPage, error: str, reason: str, now: datetime, at_least: timedelta
) -> PageResult:
    """Try a page again later, or set it aside after too many failures."""
    failures = claim.row.failures + 1
    if failures >= work.MAX_FAILURES:
        return PageResult(claimed=claim, state="quarantined", error=reason)
    wait = max(_FIRST_RETRY * _RETRY_FACTOR ** (failures - 1), at_least)
    return PageResult(claimed=claim, state="retry", error=error[:500], next_at=now + wait)


def _save(ctx: Context, results: Sequence[PageResult]) -> None:
    """Save a batch and count how each member ended."""
    now = ctx.clock()
    with ctx.store.write() as tx:
        results = _let_in(tx, results)
        endings = pages.save_pages(tx, results, version=EXTRACTOR_VERSION, now=now)
        asked = {one.claimed.row.host for one in results if not one.claimed.reads_stored}
        let_go(ctx, tx, asked, now)
        for result in results:
            if result.error and result.error.startswith(_TOO_MANY):
                _leave_alone(tx, result)
    for result in results:
        if result.state == "waiting":
            continue
        ending = endings.get(result.claimed.id, "lease-lost")
        if ending in ("retry", "quarantined"):
            ctx.tally.explain("extract", "failed", result.claimed.url, result.error or ending)
        elif ending in ("skipped", "gone"):
            ctx.tally.explain("extract", ending, result.claimed.url, result.error or ending)
        else:
            ctx.tally.end("extract", ending)


def _leave_alone(tx: Connection, result: PageResult) -> None:
    """Pause a host that answers 429; with the first page, a backfill gives all of its up.

    Else each of a thousand pages would be asked for as often.
    """
    host, run = result.claimed.row.host, result.claimed.tick_id
    if result.next_at is not None:
        pace.pause_host(tx, host, result.next_at)
    elif result.state == "quarantined" and result.claimed.span is not None:
        lookups.give_up_on(tx, run, host, error=_TOO_MANY)


#: The code of an answer 429, Too Many Requests.
_TOO_MANY = "http-429"


def _let_in(tx: Connection, results: Sequence[PageResult]) -> list[PageResult]:
    """Skip pages whose articles are kept out: a link elsewhere may have led there.

    Of an article that was there before the block, a second look is saved as ever.
    """
    named = {
        result.claimed.id: (
            result.article.id,
            result.article.provider,
            registrable_domain(host_of(result.article.url)),
        )
        for result in results
        if result.article and not result.claimed.row.is_recheck
    }
    keys = {key for key, _, _ in named.values()}
    domains = {domain for _, *both in named.values() for domain in both}
    out = corrections.blocked(tx, url_keys=keys, domains=domains)
    return [
        replace(result, state="skipped", error="blocked", page=None, article=None)
        if out & {*named.get(result.claimed.id, ())}
        else result
        for result in results
    ]
