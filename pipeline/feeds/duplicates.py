"""Pure: which sources are one feed under two names, by address or by what they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from pipeline.records import Entry
from pipeline.urls import host_of, registrable_domain, url_key

#: Share of common entries (of all that either has) from which two feeds are one. Polled at
#: different moments the same feed differs by an entry or two; two sections of one paper share
#: fewer.
SAME_SHARE = 0.8
#: With fewer entries a share says nothing.
_FEWEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedProfile:
    """What tells one feed from another."""

    #: The source's id, or an address for what is no source yet.
    name: str
    feed_url: str
    provider: str
    #: `url_key` of each entry's page, those in the feed at its last poll.
    pages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Two sources that are one feed."""

    first: str
    second: str
    #: ``address``, or ``entries``: the same provider, and nearly the same entries.
    by: str
    share: float = 1.0


def pages_of(entries: Iterable[Entry]) -> frozenset[str]:
    """Return the names of the pages that entries lead to."""
    return frozenset(url_key(entry.url) for entry in entries)


def provider_of_entries(entries: Iterable[Entry]) -> str | None:
    """Return the registrable domain of more than half of the entries' pages, None if there is none.

    It tells the publisher better than the feed's own host, which may be a service's.
    """
    domains = Counter(registrable_domain(host_of(entry.url)) for entry in entries)
    [(domain, most)] = domains.most_common(1) or [("", 0)]
    return domain if most * 2 > domains.total() else None


def share_of(first: frozenset[str], second: frozenset[str]) -> float:
    """Return the share of entries that two feeds have in common (Jaccard), 0 for very few."""
    if min(len(first), len(second)) < _FEWEST:
        return 0.0
    return len(first & second) / len(first | second)


def same_feed(first: FeedProfile, second: FeedProfile) -> Duplicate | None:
    """Return why two sources are one feed, None when they are not."""
    if _address(first.feed_url) == _address(second.feed_url):
        return Duplicate(first=first.name, second=second.name, by="address")
    if first.provider != second.provider:
        return None
    share = share_of(first.pages, second.pages)
    if share < SAME_SHARE:
        return None
    return Duplicate(first=first.name, second=second.name, by="entries", share=share)


def duplicates(profiles: Iterable[FeedProfile]) -> Iterator[Duplicate]:
    """Yield the pairs that are one feed, by the order of their names.

    Only what shares an address or a provider is compared, so thousands of sources are no trouble.
    """
    found = sorted(profiles, key=lambda profile: profile.name)
    groups: dict[str, list[FeedProfile]] = {}
    for profile in found:
        for key in (f"address {_address(profile.feed_url)}", f"provider {profile.provider}"):
            groups.setdefault(key, []).append(profile)
    pairs = {
        (first.name, second.name): (first, second)
        for group in groups.values()
        for first, second in combinations(group, 2)
    }
    for _, (first, second) in sorted(pairs.items()):
        if duplicate := same_feed(first, second):
            yield duplicate


@lru_cache(maxsize=16_384)
def _address(url: str) -> str:
    """Return what the spellings of one address share; asked again for each pair."""
    return url_key(url)
