"""One look at feeds, for operators: what they are and what is wrong; nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from pipeline.context import Context
from pipeline.errors import Rejected
from pipeline.io.robots import Robots
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome, moved_to
from pipeline.records import (
    EntryFacts,
    ExtractedArticle,
    FeedDocument,
    Page,
    PageId,
    ParsedFeed,
)
from pipeline.stages.terms import document_of
from pipeline.urls import host_of, url_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a feed's address answered, and the feed in it."""

    url: str
    #: Where the answer came from; the address itself when there was none.
    final_url: str
    feed: ParsedFeed | None = None
    #: Why there is no feed, "" when there is one.
    problem: str = ""
    #: Where the address says to go from now on, "" for nowhere else.
    moved_to: str = ""
    #: The answer's own bytes; None when there was none.
    document: FeedDocument | None = None

    @property
    def lasting_url(self) -> str:
        """The address to keep."""
        return self.moved_to or self.url


def look(ctx: Context, requests: Sequence[WebRequest]) -> list[Look]:
    """Ask for each address once and read what it holds, in the order of the requests."""
    outcomes = _ask(ctx, requests)
    documents = [document_of(one) if isinstance(one, Fetched) else None for one in outcomes]
    present = [document for document in documents if document is not None]
    read = iter(ctx.children.read_feeds(present, now=ctx.clock()))
    return [
        _look(outcome, document, None if document is None else next(read))
        for outcome, document in zip(outcomes, documents, strict=True)
    ]


def _ask(ctx: Context, requests: Sequence[WebRequest]) -> list[WebOutcome]:
    """Return one outcome for each request, no host asked for two things at a time."""
    outcomes: dict[int, WebOutcome] = {}
    for numbers in _rounds(requests):
        answers = ctx.web.get_many([requests[number] for number in numbers])
        outcomes.update(zip(numbers, answers, strict=True))
    return [outcomes[number] for number in range(len(requests))]


def _rounds(requests: Sequence[WebRequest]) -> list[list[int]]:
    """Return the numbers of the requests in rounds that ask no host twice.

    Asked for all at once, the last feeds of a host would be refused for having to wait too long.
    """
    seen: Counter[str] = Counter()
    rounds: list[list[int]] = []
    for number, request in enumerate(requests):
        host = _host(request.url)
        if seen[host] == len(rounds):
            rounds.append([])
        rounds[seen[host]].append(number)
        seen[host] += 1
    return rounds


def _host(url: str) -> str:
    """Return the host of an address, the text itself when it has none."""
    try:
        return host_of(url)
    except ValueError:
        return url


def _look(
    outcome: WebOutcome, document: FeedDocument | None, answer: ParsedFeed | Rejected | None
) -> Look:
    """Put together what was seen."""
    if isinstance(outcome, FetchFailed):
        problem = f"{outcome.reason} {outcome.detail}".strip()
        return Look(url=outcome.url, final_url=outcome.url, problem=problem)
    assert isinstance(outcome, Fetched), "nothing was asked conditionally"
    return Look(
        url=outcome.url,
        final_url=outcome.final_url,
        feed=answer if isinstance(answer, ParsedFeed) else None,
        problem=str(answer) if isinstance(answer, Rejected) else "",
        moved_to=moved_to(outcome) or "",
        document=document,
    )


def look_at_pages(ctx: Context, urls: Sequence[str]) -> list[ExtractedArticle | Rejected]:
    """Read one article on each page, as far as robots.txt allows, in the order of the pages."""
    rules = _ask(ctx, [WebRequest(url=urljoin(url, "/robots.txt"), kind="robots") for url in urls])
    allowed = [_allows(ctx, url, answer) for url, answer in zip(urls, rules, strict=True)]
    asked = [WebRequest(url=url) for url, may in zip(urls, allowed, strict=True) if may]
    outcomes = iter(_ask(ctx, asked))
    found = [next(outcomes) if may else None for may in allowed]
    now = ctx.clock()
    pages = [_page(outcome, now) for outcome in found if isinstance(outcome, Fetched)]
    extractors = ctx.settings.page_extractors
    facts = EntryFacts()
    read = iter(ctx.children.read_pages([(page, facts) for page in pages], extractors=extractors))
    return [next(read) if isinstance(one, Fetched) else _unread(one) for one in found]


def _allows(ctx: Context, url: str, answer: WebOutcome) -> bool:
    """Say whether a host's robots.txt, as it answered, lets us read a page."""
    if not isinstance(answer, Fetched):
        return True
    return Robots(answer.body, user_agent=ctx.settings.user_agent).allows(url)


def _page(outcome: Fetched, now: datetime) -> Page:
    """Make the record of a page's answer."""
    return Page(
        id=PageId(url_key(outcome.url)),
        url=outcome.url,
        final_url=outcome.final_url,
        body=outcome.body,
        content_type=outcome.headers.get("content-type", ""),
        fetched_at=now,
        robots_tag=outcome.headers.get("x-robots-tag", ""),
    )


def _unread(outcome: WebOutcome | None) -> Rejected:
    """Say why there is no page."""
    if isinstance(outcome, FetchFailed):
        return Rejected(outcome.reason, outcome.detail)
    return Rejected("robots-disallowed")
