"""Whether claimed pages may be read: their hosts' robots.txt, asked for once a day.

The request for robots.txt takes the turn of the page that was claimed; where hosts are spaced, the
page waits for the next one. What RFC 9309, section 2.3.1, says of answers holds: without a
robots.txt (4xx) all is allowed, and nothing while it cannot be had (5xx, no connection).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from pipeline.context import Context
from pipeline.io.robots import Robots
from pipeline.io.store import pace
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome

#: RFC 9309, section 2.4: no copy is used for longer than a day.
_ASKED_EVERY = timedelta(days=1)
#: After this long a host is asked again for what it did not give.
_FAILED_EVERY = timedelta(minutes=10)


class Claimed(Protocol):
    """A page, or whatever else was claimed to be asked for."""

    @property
    def url(self) -> str:
        """Tell its address."""
        ...

    @property
    def obeys_robots(self) -> bool:
        """Say whether it is not read against the word of its host's robots.txt."""
        ...

    @property
    def host(self) -> str:
        """Tell whose robots.txt counts."""
        ...


T = TypeVar("T", bound=Claimed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission(Generic[T]):
    """A batch of claimed pages, sorted by what may be done with each."""

    allowed: tuple[T, ...]
    #: robots.txt forbids them.
    forbidden: tuple[T, ...]
    #: robots.txt could not be had.
    unknown: tuple[T, ...]
    #: Their turn went to robots.txt.
    waiting: tuple[T, ...]


def admit(ctx: Context, claimed: Sequence[T], *, reserved: bool = True) -> Admission[T]:
    """Sort pages by their hosts' robots.txt, which is asked for where it is not known.

    `reserved`: they were claimed, so their hosts wait for us.
    """
    now = ctx.clock()
    asking = {page.host: page for page in claimed if page.obeys_robots}
    known = _known(ctx, set(asking), now)
    news = {host: page for host, page in asking.items() if host not in known}
    known |= _asked(ctx, news, now, reserved=reserved)
    waits = set(news) if ctx.settings.host_spacing else set()
    sorted_: dict[str, list[T]] = {
        "allowed": [],
        "forbidden": [],
        "unknown": [],
        "waiting": [],
    }
    for page in claimed:
        sorted_[_verdict(page, known, waits)].append(page)
    return Admission(**{verdict: tuple(pages) for verdict, pages in sorted_.items()})


def _verdict(page: Claimed, known: Mapping[str, Robots | None], waits: set[str]) -> str:
    """Say where a page belongs."""
    host = page.host
    if not page.obeys_robots:
        return "waiting" if host in waits else "allowed"
    robots = known[host]
    if robots is None:
        return "unknown"
    if not robots.allows(page.url):
        return "forbidden"
    return "waiting" if host in waits else "allowed"


def _known(ctx: Context, hosts: set[str], now: datetime) -> dict[str, Robots | None]:
    """Return what hosts said not too long ago; None for one that could not be asked."""
    with ctx.store.read() as tx:
        rows = pace.robots_of(tx, hosts, since=now - _ASKED_EVERY)
    return {
        host: _read(ctx, row.text)
        for host, row in rows.items()
        if row.text is not None or now - row.at < _FAILED_EVERY
    }


def _asked(
    ctx: Context, pages: Mapping[str, Claimed], now: datetime, *, reserved: bool
) -> dict[str, Robots | None]:
    """Ask hosts, each given with a page of it, and keep what they say."""
    hosts = sorted(pages)
    outcomes = ctx.web.get_many(
        [
            WebRequest(url=_address(pages[host].url), kind="robots", claimed=reserved)
            for host in hosts
        ]
    )
    texts = {host: _text(outcome) for host, outcome in zip(hosts, outcomes, strict=True)}
    found = {host: _read(ctx, text) for host, text in texts.items()}
    if found:
        with ctx.store.write() as tx:
            for host, robots in found.items():
                spacing = robots.spacing if robots else None
                pace.save_robots(tx, host, texts[host], spacing=spacing, at=now)
    return found


def _address(url: str) -> str:
    """Return where the host of a page keeps its robots.txt."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"


def _text(outcome: WebOutcome) -> bytes | None:
    """Return a host's rules, none where it has none; None when it may have some.

    Where nothing can ever be had, the page itself says so better.
    """
    if isinstance(outcome, Fetched):
        return outcome.body
    assert isinstance(outcome, FetchFailed), "an unconditional GET has no third outcome"
    if outcome.status == HTTPStatus.TOO_MANY_REQUESTS:
        return None
    has_none = outcome.status is not None and outcome.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return b"" if has_none or outcome.permanent else None


def _read(ctx: Context, text: bytes | None) -> Robots | None:
    """Read rules for ourselves."""
    return None if text is None else Robots(text, user_agent=ctx.settings.user_agent)
