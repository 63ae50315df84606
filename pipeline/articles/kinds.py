"""Pages that are no article: errors served as pages, walls, checks for robots, listings, gaps.

Each sign alone can stand in a real article (one about cookies, a film called "404"), so a page is
refused only when it also says little or does not call itself an article: an article explains
itself at length. Precedence: consent, robot check and error, removed, paywall, listing.

A wall in front of a piece that the page declares takes nothing away from its title, description
and time, so the article stays; its origins say so (``access``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pipeline.articles.declared import Declared
from pipeline.articles.phrases import (
    CONSENT,
    ERROR,
    ERROR_TITLE,
    PAYWALL,
    PAYWALL_TITLE,
    REMOVED,
    ROBOT_CHECK,
)
from pipeline.articles.refusals import CONSENT_WALL, ERROR_PAGE, LISTING, PAYWALLED, REMOVED_PAGE
from pipeline.articles.titles import parts_of
from pipeline.plaintext import clean_line
from pipeline.urls import host_of, is_home_page

#: Characters of text from which a page is taken at its word. The shortest article of 188 real
#: pages that carries such a sign by chance has more than twice as many.
_LITTLE_TEXT = 600
#: A notice that a piece was removed is shorter, and stands at the beginning.
_NOTICE = 250
#: A teaser below this, in front of a wall, is not worth an excerpt.
_TEASER = 150
#: What is looked at of a page that gave hardly any text: its notice stands at the top.
_VISIBLE_PIECES, _VISIBLE_CHARS = 200, 1_500
_UNSEEN = frozenset({"script", "style", "noscript", "template", "head", "nav", "footer", "svg"})

_CONSENT_HOST = re.compile(r"^(?:consent|guce|cmp|privacy-?gate|myprivacy)\.")
#: Addresses of sections, tags, authors and searches, as content systems make them.
_LISTING_PATH = re.compile(
    r"^https?://[^/]+(?:/[a-z]{2}(?:-[a-z]{2})?)?/(?:tags?|topics?|category|categories|authors?"
    r"|sections?|archives?|search|suche|schlagwort|them(?:a|en|es?)|autor(?:en|es)?|kategorie|rubrik"
    r"|auteurs?|etiquetas?|categorias?|buscar|recherche|page/\d+)(?:/[^/]+){0,3}/?$"
    r"|[?&](?:q|s|query|search)=",
    re.IGNORECASE,
)
#: Linked headings of a listing, and the long paragraphs that make it an article all the same.
#: Of 188 real pages one undeclared article has 17 such headings and 4 such paragraphs.
_HEADINGS, _PARAGRAPHS, _LONG_PARAGRAPH = 8, 3, 200


def refusal_of(declared: Declared, tree: Any, *, text: str) -> tuple[str, str] | None:
    """Return (reason code, detail) when the page is no article, None when it may be one."""
    host = host_of(declared.url)
    if _CONSENT_HOST.match(host):
        return CONSENT_WALL, host
    shown = text if len(text) >= _NOTICE else _visible(tree)
    is_article = is_declared_article(declared)
    # Metadata are often left in place; the text is not.
    little = _NOTICE if is_article else _LITTLE_TEXT
    if len(text) < little and (found := REMOVED.search(shown[:_NOTICE])):
        return REMOVED_PAGE, found[0]
    if is_article:
        return None
    if is_home_page(declared.url):
        return LISTING, "a front page"
    return (
        _by_title(declared)
        or (_said(declared, shown) if len(text) < _LITTLE_TEXT else None)
        or _listing(declared, tree, text)
    )


def access_of(declared: Declared, text: str) -> str:
    """Return ``paywall`` when the page says that its text is not for everybody, else ""."""
    free = declared.json_ld.article.get("isAccessibleForFree")
    if str(free).rpartition("/")[2].lower() == "false":
        return "paywall"
    if declared.meta("article:content_tier").lower() in {"locked", "metered"}:
        return "paywall"
    return "paywall" if len(text) < _LITTLE_TEXT and PAYWALL.search(text) else ""


def is_declared_article(declared: Declared) -> bool:
    """Say whether the page declares itself an article with a headline or a date."""
    if declared.json_ld.article.get("headline") and not declared.json_ld.is_listing:
        return True
    return bool(declared.meta("article:published_time"))


def _by_title(declared: Declared) -> tuple[str, str] | None:
    """Return what a title says that says nothing else, however much stands below it."""
    for title in (declared.title, declared.meta("og:title"), *declared.headlines):
        line = clean_line(title)
        if ROBOT_CHECK.search(line):
            return ERROR_PAGE, line[:80]
        for part in (line, *parts_of(line)):
            if ERROR_TITLE.fullmatch(part):
                return ERROR_PAGE, line[:80]
            if PAYWALL_TITLE.fullmatch(part):
                return PAYWALLED, line[:80]
    return None


def _said(declared: Declared, shown: str) -> tuple[str, str] | None:
    """Return what a page without an article's length or marks says it is."""
    titles = [clean_line(title) for title in (declared.title, *declared.headlines)]
    for line in (*titles, shown[:_NOTICE]):
        if ERROR.search(line.strip()) or ROBOT_CHECK.search(line):
            return ERROR_PAGE, line[:80]
    # Banners and offers stand around many a short article: only where nothing else is shown.
    whole = shown if len(shown) < _LITTLE_TEXT else ""
    for line in (*titles, whole):
        if found := CONSENT.search(line):
            return CONSENT_WALL, found[0]
    if (found := PAYWALL.search(whole)) and found.start() < _TEASER:
        return PAYWALLED, found[0]
    return None


def _listing(declared: Declared, tree: Any, text: str) -> tuple[str, str] | None:
    """Return why a page is many articles' and none's: it lists and hardly tells."""
    told = sum(1 for line in text.split("\n") if len(line) >= _LONG_PARAGRAPH)
    if told >= _PARAGRAPHS or declared.meta("og:type").lower() == "article":
        return None
    if declared.json_ld.is_listing:
        return LISTING, "declared as a collection"
    if _LISTING_PATH.search(declared.url):
        return LISTING, "the address of a section or a search"
    linked = sum(1 for _ in islice(_linked_headings(tree), _HEADINGS))
    return (LISTING, "headings of other pages") if linked == _HEADINGS else None


def _linked_headings(tree: Any) -> Iterator[Any]:
    """Yield the headings that lead elsewhere."""
    for heading in tree.iter("h2", "h3", "h4"):
        parent = heading.getparent()
        if heading.find(".//a") is not None or (parent is not None and parent.tag == "a"):
            yield heading


def _visible(tree: Any) -> str:
    """Return the first words that a reader sees, when the main text is none or hardly any."""
    pieces: list[str] = []
    waiting = [tree.getroottree().getroot()]
    while waiting and len(pieces) < _VISIBLE_PIECES:
        node = waiting.pop()
        if isinstance(node, str):
            pieces.append(node)
        elif isinstance(node.tag, str) and node.tag not in _UNSEEN:
            inner = [part for child in node for part in (child, child.tail) if part is not None]
            waiting.extend(reversed([node.text or "", *inner]))
    return clean_line(" ".join(pieces)[:_VISIBLE_CHARS])
