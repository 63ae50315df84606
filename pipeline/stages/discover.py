"""Finding the feeds of a site, and those of a source whose feed is lost; nothing is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from pipeline.context import Context
from pipeline.errors import Rejected, UsageError
from pipeline.feeds.discovery import (
    FeedLink,
    home_pages,
    robots_sitemaps,
    unique,
    usual_places,
)
from pipeline.feeds.duplicates import FeedProfile, pages_of, same_feed
from pipeline.io.linkjob import read_links
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched
from pipeline.records import ParsedFeed, Source
from pipeline.stages.looks import Look, look
from pipeline.urls import host_of, registrable_domain, resolve, url_key

__all__ = ["Candidate", "Discovery", "Offer", "Rediscovery", "discover", "rediscover"]

#: robots.txt often names dozens, most of them without news.
_SITEMAPS_TRIED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a feed, and what it turned out to be."""

    link: FeedLink
    seen: Look
    #: Address of an earlier candidate that is the same feed, "" for none.
    same_as: str = ""

    @property
    def feed(self) -> ParsedFeed | None:
        """The feed, None when it is none."""
        return self.seen.feed

    @property
    def url(self) -> str:
        """The address to keep."""
        return self.seen.lasting_url

    @property
    def profile(self) -> FeedProfile:
        """What tells it from other feeds."""
        entries = self.feed.entries if self.feed else ()
        return FeedProfile(
            name=self.url,
            feed_url=self.url,
            provider=registrable_domain(host_of(self.url)),
            pages=pages_of(entries),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What was found at one address."""

    url: str
    #: The address is a feed itself.
    is_feed: bool
    #: The feeds first as they were found, then what was said to be one and is none.
    candidates: tuple[Candidate, ...] = ()
    #: Why the page could not be read, "" when it was.
    problem: str = ""

    @property
    def feeds(self) -> list[Candidate]:
        """The candidates that are feeds, each feed once."""
        return [one for one in self.candidates if one.feed and not one.same_as]


def discover(ctx: Context, url: str) -> Discovery:
    """Find the feeds of a page or site. Raise UsageError when `url` is no web address."""
    address = resolve("", url if "://" in url else f"https://{url}")
    if address is None:
        raise UsageError(f"{url}: not a web address; write https://HOST/")
    [page] = look(ctx, [WebRequest(url=address, kind="page")])
    if page.feed:
        itself = Candidate(link=FeedLink(url=address, found="itself"), seen=page)
        return Discovery(url=address, is_feed=True, candidates=(itself,))
    links = _links(ctx, page)
    places = _sitemaps(ctx, address)
    if not links:
        places += usual_places(page.final_url)
    looked = _follow(ctx, _look_at(ctx, unique((*links, *places))))
    told = [one for one in looked if one.feed or one.link.found in ("declared", "linked")]
    return Discovery(
        url=address,
        is_feed=False,
        candidates=tuple(_told_apart(sorted(told, key=lambda one: one.feed is None))),
        problem="" if page.document else page.problem,
    )


def _links(ctx: Context, page: Look) -> tuple[FeedLink, ...]:
    """Return what a page leads to, nothing when it could not be read."""
    if page.document is None:
        return ()
    [found] = read_links(ctx.children, [page.document], now=ctx.clock())
    return () if isinstance(found, Rejected) else found


def _sitemaps(ctx: Context, url: str) -> tuple[FeedLink, ...]:
    """Return the sitemaps that the host's robots.txt names."""
    address = urljoin(url, "/robots.txt")
    [answer] = ctx.web.get_many([WebRequest(url=address, kind="robots")])
    if not isinstance(answer, Fetched):
        return ()
    text = answer.body.decode("utf-8", "replace")
    return robots_sitemaps(text, url=answer.final_url)[:_SITEMAPS_TRIED]


def _look_at(ctx: Context, links: Sequence[FeedLink]) -> list[Candidate]:
    """Ask for each link."""
    looks = look(ctx, [WebRequest(url=link.url, kind="feed") for link in links])
    return [Candidate(link=link, seen=seen) for link, seen in zip(links, looks, strict=True)]


def _follow(ctx: Context, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Put the newest sitemap of an index in the place of the index."""
    found: list[Candidate] = []
    for candidate in candidates:
        seen = candidate.seen
        if seen.document is None or not seen.problem.startswith("sitemap-index"):
            found.append(candidate)
            continue
        listed = _links(ctx, seen)[:1]
        found += _look_at(ctx, [replace(link, found=candidate.link.found) for link in listed])
    return found


def _told_apart(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield the candidates, marking those that are an earlier one's feed."""
    firsts: list[Candidate] = []
    for candidate in candidates:
        twin = next(
            (one for one in firsts if candidate.feed and same_feed(one.profile, candidate.profile)),
            None,
        )
        if twin is None and candidate.feed:
            firsts.append(candidate)
        yield replace(candidate, same_as=twin.url) if twin else candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A feed that may take a lost one's place."""

    candidate: Candidate
    #: Entries that the source has shown before.
    shared: int
    same_title: bool

    @property
    def is_safe(self) -> bool:
        """It is told to be the same feed by more than being the provider's."""
        return self.shared > 0 or self.same_title


@dataclass(frozen=True, slots=True, kw_only=True)
class Rediscovery:
    """What became of a source's feed."""

    #: The feed at its present address.
    now: Look
    #: Best first; none while the present address works and has not moved.
    offers: tuple[Offer, ...] = ()


def rediscover(ctx: Context, source: Source, known: Collection[str]) -> Rediscovery:
    """Look for a source's feed: where it was, where that leads, at its provider's home.

    `known`: `url_key` of the pages that the source has led to.
    """
    [now] = look(
        ctx,
        [
            WebRequest(
                url=source.feed_url,
                kind="feed",
                access=source.access,
            )
        ],
    )
    if now.feed and not now.moved_to:
        return Rediscovery(now=now)
    moved = [Candidate(link=FeedLink(url=now.moved_to, found="itself"), seen=now)]
    found = moved if now.feed else list(_at_home(ctx, source))
    offers = [_offer(candidate, source, known) for candidate in found]
    offers.sort(key=lambda offer: (-offer.shared, not offer.same_title))
    return Rediscovery(now=now, offers=tuple(offers))


def _at_home(ctx: Context, source: Source) -> Iterator[Candidate]:
    """Yield the feeds of the first of a source's home pages that has others than the lost one."""
    lost = url_key(source.feed_url)
    for page in home_pages(provider=source.provider, feed=source.feed_url):
        found = [one for one in discover(ctx, page).feeds if url_key(one.url) != lost]
        if found:
            yield from found
            return


def _offer(candidate: Candidate, source: Source, known: Collection[str]) -> Offer:
    """Compare a feed with what a source has shown."""
    assert candidate.feed is not None, "only feeds are offered"
    titles = {candidate.feed.title.casefold(), candidate.link.title.casefold()}
    return Offer(
        candidate=candidate,
        shared=len(candidate.profile.pages.intersection(known)),
        same_title=source.title.casefold() in titles,
    )
