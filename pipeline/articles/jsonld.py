"""The JSON-LD of a page -> its article, its video, its publisher.

Publishers write one object, a list, an ``@graph``, or all of these in several scripts, with stray
line breaks and comments; the reader takes them as they come, within bounds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.urls import url_key

Node = Mapping[str, Any]

#: Objects looked at in one page and depth of nesting: real pages have some hundred, 6 deep.
_MAX_NODES = 2_000
_MAX_DEPTH = 8
#: Characters of one script; articleBody is the longest that is wanted.
_MAX_SCRIPT = 2**20
_ARTICLES = frozenset(
    {
        "Article", "NewsArticle", "ReportageNewsArticle", "AnalysisNewsArticle",
        "BackgroundNewsArticle", "OpinionNewsArticle", "ReviewNewsArticle", "AskPublicNewsArticle",
        "AdvertiserContentArticle", "SatiricalArticle", "BlogPosting", "LiveBlogPosting",
        "SocialMediaPosting", "TechArticle", "ScholarlyArticle", "Report", "Review", "ClaimReview",
        "Recipe",
    }
)  # fmt: skip
_VIDEOS = frozenset({"VideoObject", "Clip", "BroadcastEvent"})
_LISTINGS = frozenset({"CollectionPage", "ItemList", "SearchResultsPage", "OfferCatalog"})
_PAGES = frozenset({"WebPage", "ItemPage", "AboutPage", "MedicalWebPage", "FAQPage"})
#: So many articles, all of other addresses, are a listing: a page names a few related ones at most.
_MANY_ARTICLES = 3
#: What wraps a script's JSON in old templates.
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//<!\[CDATA\[|/\*<!\[CDATA\[\*/|<!\[CDATA\[)|(?:-->|//\]\]>|\]\]>|;)\s*$"
)
#: Where an object may hold the one that matters; related articles hang on other keys.
_INWARD = ("@graph", "mainEntity", "mainEntityOfPage", "video", "itemReviewed")


@dataclass(frozen=True, slots=True)
class JsonLd:
    """What the scripts of one page describe; empty mappings where they say nothing."""

    article: Node = field(default_factory=dict)
    video: Node = field(default_factory=dict)
    #: The page itself, when it is described apart from the article.
    page: Node = field(default_factory=dict)
    #: The publisher of a site-wide object, for pages whose article names none.
    organisation: Node = field(default_factory=dict)
    is_listing: bool = False


def read_json_ld(scripts: Iterable[str], *, url: str) -> JsonLd:
    """Return what the scripts of the page at `url` say about it."""
    nodes = list(_nodes([parsed for script in scripts for parsed in _parsed(script)]))
    articles = [node for node in nodes if types_of(node) & _ARTICLES]
    article = _best(articles, url)
    return JsonLd(
        article=article,
        video=_first(nodes, _VIDEOS),
        page=_first(nodes, _PAGES),
        organisation=_first(nodes, frozenset({"NewsMediaOrganization", "Organization", "WebSite"})),
        is_listing=_is_listing(nodes, articles, url),
    )


def types_of(node: Node) -> frozenset[str]:
    """Return the types of an object without their namespace."""
    return frozenset(
        text.rsplit("/", 1)[-1].rsplit(":", 1)[-1] for text in strings(node.get("@type"))
    )


def strings(value: Any) -> list[str]:
    """Return the strings of a value that may be one, a list, or an object with a value or name."""
    found: list[str] = []
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, dict):
            part = next((part[key] for key in ("@value", "name") if part.get(key)), None)  # noqa: PLW2901 -- an object stands for its value
        if isinstance(part, str) and part.strip():
            found.append(part)
    return found


def objects(value: Any) -> list[Node]:
    """Return the objects of a value that may be one or a list."""
    return [
        part for part in (value if isinstance(value, list) else [value]) if isinstance(part, dict)
    ]


def _parsed(script: str) -> Iterator[Any]:
    """Yield the value of a script, nothing when it cannot be read."""
    text = _WRAPPING.sub("", script[:_MAX_SCRIPT]).strip()
    if not text:
        return
    try:
        # Not strict: raw line breaks within strings are common. NaN and the like are no values.
        yield json.loads(text, strict=False, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        return


def _nodes(roots: Sequence[Any]) -> Iterator[Node]:
    """Yield the objects of a page in the order they stand there, within bounds."""
    waiting: list[tuple[Any, int]] = [(root, 0) for root in reversed(roots)]
    seen = 0
    while waiting and seen < _MAX_NODES:
        value, depth = waiting.pop()
        seen += 1
        if depth > _MAX_DEPTH:
            continue
        if isinstance(value, list):
            waiting.extend((part, depth + 1) for part in reversed(value[:_MAX_NODES]))
        elif isinstance(value, dict):
            if "@type" in value:
                yield value
            waiting.extend((value[key], depth + 1) for key in reversed(_INWARD) if key in value)


def _first(nodes: Sequence[Node], types: frozenset[str]) -> Node:
    """Return the first object of one of the types."""
    return next((node for node in nodes if types_of(node) & types), {})


def _best(articles: Sequence[Node], url: str) -> Node:
    """Return the object about this page: by address, else the best described, else the first."""
    if not articles:
        return {}
    own = url_key(url)
    return max(articles, key=lambda node: (own in _keys(node), _completeness(node)))


def _is_listing(nodes: Sequence[Node], articles: Sequence[Node], url: str) -> bool:
    """Say whether the page describes a collection, or several articles of other addresses."""
    if not articles:
        return bool(_first(nodes, _LISTINGS))
    keys = [_keys(node) for node in articles]
    own = url_key(url)
    return len(keys) >= _MANY_ARTICLES and all(named and own not in named for named in keys)


def _completeness(node: Node) -> int:
    """Count the fields that matter."""
    return sum(1 for key in ("headline", "datePublished", "image", "author") if node.get(key))


def _keys(node: Node) -> set[str]:
    """Return the keys of the addresses by which an object names its page."""
    keys = set()
    for name in ("url", "mainEntityOfPage", "@id"):
        for address in _addresses(node.get(name)):
            try:
                keys.add(url_key(address))
            except ValueError:
                continue
    return keys


def _addresses(value: Any) -> Iterator[str]:
    """Yield the addresses of a value that may be one, an object with one, or a list of these."""
    for part in value if isinstance(value, list) else [value]:
        address = (part.get("@id") or part.get("url")) if isinstance(part, dict) else part
        if isinstance(address, str):
            yield address
