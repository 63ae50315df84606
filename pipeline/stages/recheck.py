"""Second looks at the pages of live articles: what changed is updated, what was taken back leaves.

A look that fails says nothing about the article, so it stays as it is until the next one.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from pipeline.articles.rechecks import LIKE_404, TAKEN_BACK, is_gone, next_recheck
from pipeline.context import Context
from pipeline.errors import Rejected
from pipeline.io.store.pages import ClaimedPage, PageResult
from pipeline.outcomes import FetchFailed, NotModified, WebOutcome
from pipeline.records import Article

_MISSING = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def recheck_of(
    ctx: Context, claim: ClaimedPage, article: Article, now: datetime
) -> datetime | None:
    """Return when the page of an article is looked at again; None for one that is not live."""
    if article.published_at < now - ctx.settings.window:
        return None
    return next_recheck(claim.row.read_at or now, ctx.settings.recheck_after, now=now)


def refused_again(ctx: Context, claim: ClaimedPage, answer: Rejected, now: datetime) -> PageResult:
    """Decide about a page that held an article and gives none now."""
    if answer.reason in TAKEN_BACK:
        return _gone(claim, str(answer))
    if answer.reason in LIKE_404:
        return _missing(ctx, claim, str(answer), now)
    return kept_again(ctx, claim, str(answer), now)


def missed_again(
    ctx: Context, claim: ClaimedPage, outcome: WebOutcome, now: datetime
) -> PageResult:
    """Decide about a page that was not sent again: unchanged, missing, or not to be had."""
    if isinstance(outcome, NotModified):
        return _kept(ctx, claim, now)
    assert isinstance(outcome, FetchFailed), "what was fetched was read"
    if outcome.status in _MISSING:
        return _missing(ctx, claim, str(outcome), now)
    return kept_again(ctx, claim, str(outcome), now)


def kept_again(ctx: Context, claim: ClaimedPage, error: str, now: datetime) -> PageResult:
    """Leave an article as it is, because its page could not be looked at."""
    return _kept(ctx, claim, now, error=error, gone_since=claim.row.gone_since)


def _missing(ctx: Context, claim: ClaimedPage, error: str, now: datetime) -> PageResult:
    """Let the article of a missing page leave the second time, a day after the first."""
    if is_gone(claim.row.gone_since, now=now):
        return _gone(claim, error)
    return _kept(ctx, claim, now, error=error, gone_since=claim.row.gone_since or now)


def _gone(claim: ClaimedPage, error: str) -> PageResult:
    return PageResult(claimed=claim, state="gone", error=error[:500])


def _kept(
    ctx: Context,
    claim: ClaimedPage,
    now: datetime,
    *,
    error: str | None = None,
    gone_since: datetime | None = None,
) -> PageResult:
    """Leave the article as it is until the next look."""
    after = ctx.settings.recheck_after
    return PageResult(
        claimed=claim,
        state="kept",
        error=error[:500] if error else None,
        gone_since=gone_since,
        recheck_at=next_recheck(claim.row.read_at, after, now=now, gone_since=gone_since),
    )
