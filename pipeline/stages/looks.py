"""One look at feeds, for operators: what they are and what is wrong; nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from pipeline.context import Context
from pipeline.errors import Rejected
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome
from pipeline.records import FeedDocument, ParsedFeed
from pipeline.urls import host_of

_PERMANENT = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})


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
    outcomes: dict[int, WebOutcome] = {}
    for numbers in _rounds(requests):
        answers = ctx.web.get_many([requests[number] for number in numbers])
        outcomes.update(zip(numbers, answers, strict=True))
    documents = [document_of(outcomes[number]) for number in range(len(requests))]
    present = [document for document in documents if document is not None]
    read = iter(ctx.children.read_feeds(present, now=ctx.clock()))
    return [
        _look(outcomes[number], document, None if document is None else next(read))
        for number, document in enumerate(documents)
    ]


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


def document_of(outcome: WebOutcome) -> FeedDocument | None:
    """Return the record of an answer, None when there is none to read."""
    if not isinstance(outcome, Fetched):
        return None
    return FeedDocument(
        final_url=outcome.final_url,
        body=outcome.body,
        content_type=outcome.headers.get("content-type", ""),
    )


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
        moved_to=_moved_to(outcome),
        document=document,
    )


def _moved_to(outcome: Fetched) -> str:
    """Return where an address has moved for good, "" if it has not or one step is not for good."""
    steps = {status for status, _ in outcome.redirects}
    return outcome.final_url if steps and steps <= _PERMANENT else ""
