"""The picture of an article: which could stand for it, which must be measured, which is taken.

The gate is exact in 24,246 real files of the format: wider than 250, higher than 200, between
0.4 and 3.0 times as wide as high.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from pipeline.articles.declared import Declared
from pipeline.articles.jsonld import Node, objects
from pipeline.articles.titles import fold
from pipeline.records import EntryFacts, Image, ImageCandidate
from pipeline.urls import host_of, is_home_page, registrable_domain, resolve

_MIN_WIDTH, _MIN_HEIGHT = 251, 201
_MIN_RATIO, _MAX_RATIO = 0.4, 3.0
#: Requests that one article is worth.
_MAX_MEASURED = 3
#: Candidates kept of one page: the declared ones are few, a gallery may have thousands.
_MAX_CANDIDATES = 12
_MAX_BODY_IMAGES = 200
#: A larger number of pixels is a mistake or an attack (JPEG and WebP end at 65,535).
_MAX_SIDE = 65_535
_DIGITS = re.compile(r"\s*(\d{1,6})(?:\.\d*)?\s*(?:px)?\s*")

#: Name parts of what is no picture of any news. Pictures *of* a logo stay: a name is refused only
#: when nothing else is in it (``logo.png``, ``bbc-logo-1200x630.png``, not ``twitter-logo.jpg``).
_EMPTY_PARTS = frozenset(
    """
    logo logos placeholder default fallback blank spacer pixel transparent dummy missing noimage
    noimg favicon icon icons avatar gravatar sprite loading lazyload tracking beacon
    """.split()  # noqa: SIM905 -- reads as what it is
)
_COMPANY_PARTS = frozenset(
    """
    og opengraph fb social share sharing card image images img pic picture photo
    thumb thumbnail teaser open graph site website header banner square white black dark light big
    small large the news no new final rgb color hd wide app touch apple seo meta and x v
    """.split()  # noqa: SIM905 -- likewise
)
#: Hosts and folders of servers of advertisements; their pictures fit the gate (300 x 250).
_ADVERTISING = frozenset(
    {"ad", "ads", "adserver", "adservice", "adserv", "advert", "adverts", "doubleclick", "gampad"}
    | {"googlesyndication", "pubads", "adnxs", "adform", "smartadserver", "criteo", "taboola"}
    | {"outbrain"}
)
_NAME_PARTS = re.compile(r"[a-z]+")
_SIDES = re.compile(r"(?:^|\D)1x1(?:\D|$)")
#: Vector graphics are drawings of a site; readers of the format cannot show them.
_NO_PHOTO = re.compile(r"\.(?:svg|ico)$", re.IGNORECASE)


def image_candidates(
    declared: Declared, facts: EntryFacts, tree: Any
) -> tuple[ImageCandidate, ...]:
    """Return the pictures that could stand for the page, best first, without doubles.

    Declared ones come before the feed's, these before the body's. JSON-LD with a fitting size
    leads: it is the plain photograph and needs no request. The tree is not changed.
    """
    site = _site_parts(declared.url)
    kept: dict[str, ImageCandidate] = {}
    for candidate in _found(declared, facts, tree):
        if candidate.url not in kept and not _is_empty(candidate.url, site):
            kept[candidate.url] = candidate
            if len(kept) == _MAX_CANDIDATES:
                break
    ranked = sorted(kept.values(), key=lambda one: not (one.origin == "jsonld" and _is_wide(one)))
    return tuple(ranked)


def to_measure(
    candidates: Sequence[ImageCandidate], sizes: Mapping[str, tuple[int, int] | None]
) -> list[str]:
    """Return the addresses whose true size must be known to choose, at most three.

    `sizes`: what is known by now, None for what was asked for in vain. A picture that is declared
    too small is believed; candidates behind the first that passes, as far as is known, are not
    needed.
    """
    needed: list[str] = []
    for candidate in candidates:
        passes = fits(*_size(candidate, sizes))
        is_sized = candidate.width and candidate.height
        if candidate.url not in sizes and (passes or not is_sized):
            needed.append(candidate.url)
        if passes:
            break
    return needed[:_MAX_MEASURED]


def choose(
    candidates: Sequence[ImageCandidate], sizes: Mapping[str, tuple[int, int] | None]
) -> Image | None:
    """Return the first candidate that passes the gate; a measured size beats a declared one."""
    for candidate in candidates:
        width, height = _size(candidate, sizes)
        if fits(width, height):
            return Image(url=candidate.url, width=width, height=height)
    return None


def _size(
    candidate: ImageCandidate, sizes: Mapping[str, tuple[int, int] | None]
) -> tuple[int, int]:
    """Return the size of a candidate as far as it is known."""
    return sizes.get(candidate.url) or (candidate.width or 0, candidate.height or 0)


def fits(width: int, height: int) -> bool:
    """Say whether a picture of that many pixels passes the gate of the format."""
    return (
        _MIN_WIDTH <= width <= _MAX_SIDE
        and _MIN_HEIGHT <= height <= _MAX_SIDE
        and _MIN_RATIO <= width / height <= _MAX_RATIO
    )


def _is_wide(candidate: ImageCandidate) -> bool:
    """Say whether a declared size passes, and lies rather than stands (not a square crop)."""
    width, height = candidate.width or 0, candidate.height or 0
    return fits(width, height) and width > height


# --- where they are found -------------------------------------------------------------------------


def _found(declared: Declared, facts: EntryFacts, tree: Any) -> Iterator[ImageCandidate]:
    """Yield every picture of page and feed, by the trust in where it stands."""
    yield from _open_graph(declared)
    yield from _json_ld(declared, declared.json_ld.article.get("image"))
    for name in ("twitter:image", "twitter:image:src", "parsely-image-url", "sailthru.image.full"):
        yield from _candidates(declared, declared.meta(name), "twitter" if "tw" in name else name)
    yield from _json_ld(declared, declared.json_ld.article.get("thumbnailUrl"))
    yield from _json_ld(declared, declared.json_ld.video.get("thumbnailUrl"))
    yield from _of_feed(declared, facts)
    yield from _candidates(declared, declared.link("image_src") or "", "link")
    yield from _of_body(declared, tree)


def _candidates(
    declared: Declared, reference: str, origin: str, width: Any = None, height: Any = None
) -> Iterator[ImageCandidate]:
    """Yield the candidate that a reference makes, if it makes one."""
    url = resolve(declared.base, reference) if reference else None
    if url is not None:
        yield ImageCandidate(url=url, origin=origin, width=_side(width), height=_side(height))


def _open_graph(declared: Declared) -> Iterator[ImageCandidate]:
    """Yield the og:image structures: each address with the sizes that follow it (ogp.me)."""
    current: dict[str, str] = {}
    for name, content in (*declared.metas, ("og:image", "")):
        if name in {"og:image", "og:image:url"} and content != current.get("url"):
            yield from _candidates(
                declared, current.get("url", ""), "og", current.get("width"), current.get("height")
            )
            current = {"url": content}
        elif name in {"og:image:width", "og:image:height"}:
            current.setdefault(name.rsplit(":", 1)[-1], content)


def _json_ld(declared: Declared, value: Any) -> Iterator[ImageCandidate]:
    """Yield the pictures of a JSON-LD value: addresses, ImageObjects, lists of both."""
    for part in value[:_MAX_CANDIDATES] if isinstance(value, list) else [value]:
        if isinstance(part, str):
            yield from _candidates(declared, part, "jsonld")
    for node in objects(value)[:_MAX_CANDIDATES]:
        reference = _address(node)
        yield from _candidates(declared, reference, "jsonld", node.get("width"), node.get("height"))


def _address(node: Node) -> str:
    """Return the address of an ImageObject."""
    for key in ("url", "contentUrl", "@id"):
        value = node.get(key)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str) and value:
            return value
    return ""


def _of_feed(declared: Declared, facts: EntryFacts) -> Iterator[ImageCandidate]:
    """Yield the pictures the feed attached, the widest first."""
    pictures = [one for one in facts.media if not one.type or one.type.startswith("image")]
    for media in sorted(pictures, key=lambda one: -(one.width or 0)):
        yield from _candidates(declared, media.url, "feed", media.width, media.height)


def _of_body(declared: Declared, tree: Any) -> Iterator[ImageCandidate]:
    """Yield the big pictures of the text: those with a fitting width or several sizes."""
    for node in islice(tree.iter("img"), _MAX_BODY_IMAGES):
        reference, width = _largest(node.get("srcset") or node.get("data-srcset") or "")
        if reference:
            yield from _candidates(declared, reference, "body", width)
        elif (_side(node.get("width")) or 0) >= _MIN_WIDTH:
            source = node.get("data-src") or node.get("src") or ""
            yield from _candidates(declared, source, "body", node.get("width"), node.get("height"))


#: Candidates of a srcset: an address without white space or a comma at its end, and a width.
_SRCSET_PART = re.compile(r"([^\s,]\S{0,2047})\s+(\d{1,5})w")
_MAX_SRCSET = 20_000


def _largest(srcset: str) -> tuple[str, str]:
    """Return address and width of the largest picture of a srcset; ("", "") when none is big."""
    best, best_width = "", _MIN_WIDTH - 1
    for part in _SRCSET_PART.finditer(srcset[:_MAX_SRCSET]):
        if int(part[2]) > best_width:
            best, best_width = part[1], int(part[2])
    return (best, str(best_width)) if best else ("", "")


def _side(value: Any) -> int | None:
    """Return a number of pixels as declared (``1200``, ``"1200px"``, a QuantitativeValue)."""
    if isinstance(value, dict):
        value = value.get("value")
    found = _DIGITS.fullmatch(str(value)) if value is not None else None
    side = int(found[1]) if found else 0
    return side if 0 < side <= _MAX_SIDE else None


# --- names of what is no picture ------------------------------------------------------------------


def _is_empty(url: str, site: frozenset[str]) -> bool:
    """Say whether an address names a logo, a placeholder, a pixel, a drawing, a page, an ad."""
    if is_home_page(url):
        return True
    folder, _, name = url.partition("?")[0].rstrip("/").lower().rpartition("/")
    if not _ADVERTISING.isdisjoint(re.split(r"[/.]", f"{folder}/{name}")):
        return True
    if _NO_PHOTO.search(name) or _SIDES.search(name):
        return True
    parts = set(_NAME_PARTS.findall(name.rpartition(".")[0] or name))
    return bool(parts & _EMPTY_PARTS) and not parts - _EMPTY_PARTS - _COMPANY_PARTS - site


def _site_parts(url: str) -> frozenset[str]:
    """Return the words of a site's own name as its file names may have them."""
    domain = registrable_domain(host_of(url))
    words = _NAME_PARTS.findall(domain)
    return frozenset({*words, fold(domain.partition(".")[0])})
