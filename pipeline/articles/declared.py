"""What a page declares about itself, read once from its tree: the raw material of the metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.articles.jsonld import JsonLd, read_json_ld
from pipeline.urls import resolve

#: Real heads have some 60 metas and 80 links; the largest of 188 pages stays far below.
_MAX_TAGS = 500
#: A title or description is never longer; an og:title of 1 MB is cut before anything reads it.
_MAX_VALUE = 4_000
#: Headlines looked at: the first is the page's, some templates repeat it for another screen width.
_MAX_HEADLINES = 3
_MAX_SCRIPTS = 40
_MICRODATA = frozenset({"headline", "datepublished", "datemodified", "datecreated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Everything a page says about itself, unjudged."""

    #: The address the page was fetched from, and what its relative links refer to.
    url: str
    base: str
    #: (lower-case name, content) in the order of the page.
    metas: tuple[tuple[str, str], ...]
    #: (lower-case rel token, address as written) in the order of the page.
    links: tuple[tuple[str, str], ...]
    json_ld: JsonLd
    language: str
    title: str
    headlines: tuple[str, ...]
    #: Values of the dates that <time> elements carry and mark as the publication's.
    times: tuple[str, ...]
    is_amp: bool

    def meta(self, *names: str) -> str:
        """Return the first content under any of the names, in the order of the names."""
        for name in names:
            for found, content in self.metas:
                if found == name:
                    return content
        return ""

    def link(self, rel: str) -> str | None:
        """Return the first link of a relation as an absolute address."""
        for found, href in self.links:
            if found == rel:
                return resolve(self.base, href)
        return None


def read_declared(tree: Any, *, url: str) -> Declared:
    """Read what the page at `url` declares. The tree is not changed."""
    root = tree.getroottree().getroot()
    scripts = [
        script.text or ""
        for script in _some(tree.iter("script"), _MAX_TAGS)
        if "ld+json" in (script.get("type") or "").lower()
    ]
    base = next((href for node in tree.iter("base") if (href := node.get("href"))), "")
    return Declared(
        url=url,
        base=resolve(url, base[:_MAX_VALUE]) or url,
        metas=tuple(_metas(tree)),
        links=tuple(_links(tree)),
        json_ld=read_json_ld(scripts[:_MAX_SCRIPTS], url=url),
        language=(root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or "")[
            :_MAX_VALUE
        ],
        title=next((text for node in tree.iter("title") if (text := text_of(node))), ""),
        headlines=tuple(
            text for node in _some(tree.iter("h1"), _MAX_HEADLINES) if (text := text_of(node))
        ),
        times=tuple(_times(tree)),
        is_amp="amp" in root.attrib or "\u26a1" in root.attrib,
    )


def text_of(node: Any) -> str:
    """Return the text of an element and all below it, cut to the length of a long value."""
    return "".join(_some(node.itertext("*"), _MAX_TAGS))[:_MAX_VALUE].strip()


def _some(values: Iterator[Any], limit: int) -> Sequence[Any]:
    """Return the first values of an iterator."""
    return [value for _, value in zip(range(limit), values, strict=False)]


def _metas(tree: Any) -> Iterator[tuple[str, str]]:
    """Yield the metas, and the microdata that templates put on other elements."""
    for node in _some(tree.iter("meta"), _MAX_TAGS):
        content = (node.get("content") or "").strip()[:_MAX_VALUE]
        if not content:
            continue
        for key in ("property", "name", "itemprop", "http-equiv"):
            if name := node.get(key):
                yield name.strip().lower(), content
    for node in _some(iter(tree.xpath("//*[@itemprop and not(self::meta)]")), _MAX_TAGS):
        name = node.get("itemprop").strip().lower()
        if name in _MICRODATA:
            content = node.get("content") or node.get("datetime") or _spelt_out(node)
            if content := content.strip()[:_MAX_VALUE]:
                yield name, content


def _spelt_out(node: Any) -> str:
    """Return what an element says; an <abbr> says it whole in its title, as blogs give times."""
    return (node.get("title") if node.tag == "abbr" else None) or text_of(node)


def _links(tree: Any) -> Iterator[tuple[str, str]]:
    """Yield the links by each of their relations."""
    for node in _some(tree.iter("link"), _MAX_TAGS):
        href = node.get("href")
        for rel in (node.get("rel") or "").lower().split()[:5]:
            if href:
                yield rel, href


def _times(tree: Any) -> Iterator[str]:
    """Yield the values of <time> elements that are marked as the time of publication."""
    for node in _some(tree.iter("time"), _MAX_TAGS):
        value = node.get("datetime")
        marks = f"{node.get('itemprop')} {node.get('class')}".lower()
        if value and (node.get("pubdate") is not None or "publish" in marks or "pubdate" in marks):
            yield value[:_MAX_VALUE]
