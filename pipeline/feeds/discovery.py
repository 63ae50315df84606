"""Pure: where the feeds of a site are, by what its pages and its robots.txt say.

Declared feeds (``<link rel=alternate>``) come first, then links that look like feeds; only where a
page has neither are the paths tried at which most programs put theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any

from lxml import html

from pipeline import sitemaps
from pipeline.charsets import decode
from pipeline.feeds.sitemap import child_sitemaps
from pipeline.plaintext import clean_line
from pipeline.records import FeedDocument
from pipeline.urls import host_of, registrable_domain, resolve, url_key

#: The types under which feeds are declared; the second group only beside a name that says feed.
_FEED_TYPES = frozenset(
    {
        "application/rss+xml", "application/atom+xml", "application/feed+json",
        "application/rdf+xml", "application/x.atom+xml", "application/x-atom+xml",
        "application/x-rss+xml", "text/rss+xml", "text/atom+xml",
    }
)  # fmt: skip
_LOOSE_TYPES = frozenset({"application/xml", "text/xml", "application/json"})
#: What addresses and texts of feeds look like. A comment feed is a feed, but not of articles.
_LOOKS_LIKE_FEED = re.compile(
    r"(?:^|[/._?=&-])(?:rss|atom|rdf|feeds?|webfeed)\d{0,3}(?:$|[/._?=&])"
    r"|feed\.json|feedburner\.com/|news-?sitemap[^/]*\.xml",
    re.IGNORECASE,
)
_SAYS_FEED = re.compile(r"\b(?:rss|atom|news ?feed|xml feed|rss-?feed)\b", re.IGNORECASE)
_COMMENTS = re.compile(
    r"/comments?/(?:feed|rss|atom)|[?&]feed=comments|comments/default", re.IGNORECASE
)
#: Not a feed whatever it is called: it would be downloaded for nothing.
_NO_FEED = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|ico|css|js|pdf|zip|mp[34]|opml)$", re.IGNORECASE
)
#: Where WordPress, Ghost, Drupal, Jekyll, Hugo, Blogger and hand-made sites put theirs.
_USUAL_PATHS = (
    "/feed", "/rss", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml", "/feed.json",
    "/feeds/posts/default",
)  # fmt: skip
_USUAL_SITEMAPS = ("/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_news.xml")
#: A page that links more is a directory of feeds; its first ones are the main ones.
_LINKS_LIMIT = 12
#: Links looked at; the largest front pages have some 2,000.
_READ_LIMIT = 5_000
_TITLE_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """An address at which a feed may be."""

    url: str
    #: The name it is given, "" for none.
    title: str = ""
    #: ``itself``, ``declared``, ``linked``, ``robots`` or ``usual``: how it was found, best first.
    found: str


def feed_links(document: FeedDocument, *, now: datetime) -> tuple[FeedLink, ...]:
    """Return the feeds that an HTML page declares, then those it links to, each once.

    Of an index of sitemaps that are what it lists, the newest of news first.
    """
    text = decode(document.body, content_type=document.content_type)
    listed = child_sitemaps(text, final_url=document.final_url, now=now)
    if listed:
        links = (FeedLink(url=one.url, found="robots") for one in listed)
        return unique(islice(links, _LINKS_LIMIT))
    tree = _tree(text)
    if tree is None:
        return ()
    base = _base(tree, document.final_url)
    return unique(chain(_declared(tree, base), _linked(tree, base)))[:_LINKS_LIMIT]


def usual_places(url: str) -> tuple[FeedLink, ...]:
    """Return the addresses at which a site's feeds usually are."""
    found = (resolve(url, path) for path in (*_USUAL_PATHS, *_USUAL_SITEMAPS))
    return tuple(FeedLink(url=one, found="usual") for one in found if one)


def robots_sitemaps(text: str, *, url: str) -> tuple[FeedLink, ...]:
    """Return the sitemaps that a robots.txt at `url` names, those that say news first.

    Whether one holds news shows only when it is read.
    """
    links = unique(
        FeedLink(url=one, found="robots") for one in sitemaps.robots_sitemaps(text, url=url)
    )
    return tuple(sorted(links, key=lambda link: "news" not in link.url.lower())[:_LINKS_LIMIT])


def unique(links: Iterable[FeedLink]) -> tuple[FeedLink, ...]:
    """Return the links, each address once; the first wins."""
    found: dict[str, FeedLink] = {}
    for link in links:
        found.setdefault(url_key(link.url), link)
    return tuple(found.values())


def home_pages(*, provider: str, feed: str) -> tuple[str, ...]:
    """Return where to look for a feed of a provider: its home page, then that of the feed's host.

    A feed on a stranger's host (FeedBurner and the like) leads to the provider alone.
    """
    home = f"https://{provider}/"
    own = resolve(feed, "/")
    if own is None or registrable_domain(host_of(feed)) != registrable_domain(provider):
        return (home,)
    # The feed's own host first when it has a port or is an address: there is no other then.
    return (own,) if host_of(own) == provider else (home, own)


def _tree(text: str) -> Any:
    """Return the tree of a page, None when it has none; NULs end lxml's reading."""
    text = text.replace("\0", "")
    if "<" not in text:
        return None
    try:
        return html.document_fromstring(
            text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8")
        )
    except (ValueError, html.etree.ParserError):
        return None


def _base(tree: Any, final_url: str) -> str:
    """Return what the links of a page resolve against."""
    href = next(iter(tree.xpath("//base/@href")), "")
    return resolve(final_url, str(href)) or final_url


def _declared(tree: Any, base: str) -> Iterator[FeedLink]:
    """Yield what the page declares as its feeds; feeds of comments are left out."""
    for one in islice(tree.iter("link"), _READ_LIMIT):
        relations = str(one.get("rel") or "").lower().split()
        kind = str(one.get("type") or "").partition(";")[0].strip().lower()
        href = str(one.get("href") or "")
        is_feed = kind in _FEED_TYPES or "feed" in relations
        may_be = kind in _LOOSE_TYPES and _LOOKS_LIKE_FEED.search(href)
        if ({"alternate", "feed"} & {*relations} and (is_feed or may_be)) and (
            url := _address(base, href)
        ):
            yield FeedLink(url=url, title=_title(one.get("title")), found="declared")


def _linked(tree: Any, base: str) -> Iterator[FeedLink]:
    """Yield links whose address or text looks like a feed, on the site's own hosts or a service."""
    for one in islice(tree.iter("a"), _READ_LIMIT):
        href = str(one.get("href") or "")
        text = _title(one.text_content() or one.get("title"))
        by_address = _LOOKS_LIKE_FEED.search(href.partition("#")[0])
        by_text = _SAYS_FEED.search(text) and _is_same_site(base, href)
        if (by_address or by_text) and (url := _address(base, href)):
            yield FeedLink(url=url, title=text, found="linked")


def _address(base: str, href: str) -> str | None:
    """Return the address of a possible feed; None when it can be none."""
    url = resolve(base, href.strip().removeprefix("feed:"))
    if url is None or _COMMENTS.search(url) or _NO_FEED.search(url.partition("?")[0]):
        return None
    return url.partition("#")[0]


def _is_same_site(base: str, href: str) -> bool:
    """Say whether a link stays with the site."""
    url = resolve(base, href)
    return url is not None and registrable_domain(host_of(url)) == registrable_domain(host_of(base))


def _title(text: Any) -> str:
    """Return a name as one short line."""
    return clean_line(str(text or ""))[:_TITLE_LIMIT]
