"""Stage two: pages -> articles.

Pages come through the guarded web and are read in children; what is learned about one page is
saved with all others of its batch in one transaction. A page that cannot be had is tried again
later, one that holds no article is skipped for a reason that stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from pipeline.articles.article import article_of
from pipeline.articles.images import choose, to_measure
from pipeline.articles.provider import provider_of
from pipeline.context import Context
from pipeline.errors import Rejected
from pipeline.io.pictures import size_of
from pipeline.io.store import pace, pages, work
from pipeline.io.store.pages import ClaimedPage, PageResult
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome
from pipeline.records import Article, ArticleId, ExtractedArticle, Page, PageId
from pipeline.stages.admission import Admission, admit
from pipeline.stages.terms import claim_terms, host_pause, let_go

#: Raised when the same page would give another article.
EXTRACTOR_VERSION = 1
#: Wait after the first failure; four times as long after each further one (1, 4, 16, 64 minutes).
_FIRST_RETRY = timedelta(minutes=1)
_RETRY_FACTOR = 4
#: What a child may fail of because the machine is busy rather than because of the page.
_PASSING = frozenset({"parse-timeout", "parse-memory", "parse-crash"})

_ARTICLE: TypeAdapter[Article] = TypeAdapter(Article)


def extract(ctx: Context, ids: Sequence[PageId]) -> list[ArticleId]:
    """Fetch and read those of `ids` that are due; return their articles to be clustered."""
    while claimed := _claim(ctx, ids):
        admission = admit(ctx, claimed)
        ctx.tally.due("extract", len(claimed) - len(admission.waiting))
        _save(ctx, [*_read(ctx, admission.allowed), *_unread(ctx, admission)])
    with ctx.store.read() as tx:
        return pages.pending_articles_of_pages(tx, ids)


def _claim(ctx: Context, ids: Sequence[PageId]) -> list[ClaimedPage]:
    """Lease the next batch."""
    terms = claim_terms(ctx, limit=ctx.settings.extract_batch)
    with ctx.store.write() as tx:
        return pages.claim_pages(tx, ids, terms)


def _unread(ctx: Context, admission: Admission) -> list[PageResult]:
    """Say what becomes of the pages that were not allowed."""
    now = ctx.clock()
    unknown = "robots-unreachable"
    return [
        *(
            PageResult(claimed=claim, state="skipped", error="robots-disallowed")
            for claim in admission.forbidden
        ),
        *(_again(claim, unknown, unknown, now, timedelta(0)) for claim in admission.unknown),
        *(
            PageResult(claimed=claim, state="waiting", next_at=now + ctx.settings.host_spacing)
            for claim in admission.waiting
        ),
    ]


def _read(ctx: Context, claimed: Sequence[ClaimedPage]) -> list[PageResult]:
    """Fetch and read one batch."""
    outcomes = ctx.web.get_many([WebRequest(url=page.url, claimed=True) for page in claimed])
    now = ctx.clock()
    fetched = [
        (page, _page(page, outcome, now))
        for page, outcome in zip(claimed, outcomes, strict=True)
        if isinstance(outcome, Fetched)
    ]
    read = ctx.children.read_pages(
        [(page, claim.facts) for claim, page in fetched],
        now=now,
        extractors=ctx.settings.page_extractors,
    )
    sizes = _measure(ctx, [answer for answer in read if not isinstance(answer, Rejected)])
    results = [
        _result(ctx, claim, page, answer, sizes)
        for (claim, page), answer in zip(fetched, read, strict=True)
    ]
    failed = [
        _unfetched(claim, outcome, now)
        for claim, outcome in zip(claimed, outcomes, strict=True)
        if not isinstance(outcome, Fetched)
    ]
    return results + failed


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


def _measure(ctx: Context, extracted: Sequence[ExtractedArticle]) -> Mapping[str, tuple[int, int]]:
    """Return the true size of each picture whose page does not tell it, by its URL."""
    urls = sorted({url for article in extracted for url in to_measure(article.image_candidates)})
    outcomes = ctx.web.get_many([WebRequest(url=url, kind="image") for url in urls])
    measured = {
        url: size_of(outcome.body)
        for url, outcome in zip(urls, outcomes, strict=True)
        if isinstance(outcome, Fetched)
    }
    return {url: size for url, size in measured.items() if size is not None}


def _result(
    ctx: Context,
    claim: ClaimedPage,
    page: Page,
    answer: ExtractedArticle | Rejected,
    sizes: Mapping[str, tuple[int, int]],
) -> PageResult:
    """Turn what a page says into an article, or into the reason why there is none."""
    if isinstance(answer, Rejected) and answer.reason in _PASSING:
        return _again(claim, str(answer), answer.reason, page.fetched_at, timedelta(0))
    if isinstance(answer, Rejected):
        return PageResult(claimed=claim, state="skipped", error=str(answer)[:500], page=page)
    provider = provider_of(
        answer.url,
        source_provider=claim.source_provider,
        organisations=ctx.catalogue.organisations,
        site_name=answer.site_name,
    )
    image = choose(answer.image_candidates, sizes)
    article = article_of(answer, page=page, provider=provider, image=image)
    return PageResult(
        claimed=claim,
        state="done",
        page=page,
        article=article,
        content_hash=hashlib.sha256(_ARTICLE.dump_json(article)).hexdigest(),
    )


def _unfetched(claim: ClaimedPage, outcome: WebOutcome, now: datetime) -> PageResult:
    """Decide whether a page that could not be had is tried again or skipped."""
    assert isinstance(outcome, FetchFailed), "an unconditional GET has no third outcome"
    error = f"{outcome.reason}: {outcome.detail}" if outcome.detail else outcome.reason
    if outcome.permanent:
        return PageResult(claimed=claim, state="skipped", error=error[:500])
    return _again(claim, error, outcome.reason, now, host_pause(outcome, now))


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
        endings = pages.save_pages(tx, results, version=EXTRACTOR_VERSION, now=now)
        let_go(ctx, tx, {result.claimed.row.host for result in results}, now)
        for result in results:
            if result.error and result.error.startswith("http-429") and result.next_at:
                pace.pause_host(tx, result.claimed.row.host, result.next_at)
    for result in results:
        if result.state == "waiting":
            continue
        ending = endings.get(result.claimed.id, "lease-lost")
        if ending in ("retry", "quarantined"):
            ctx.tally.explain("extract", "failed", result.claimed.url, result.error or ending)
        elif ending == "skipped":
            ctx.tally.explain("extract", "skipped", result.claimed.url, result.error or ending)
        else:
            ctx.tally.end("extract", ending)
