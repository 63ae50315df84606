"""The standfirst: the sentence or two between headline and body.

It belongs to the article, but stands in the header where extractors do not look: of 83 real pages
with an annotated body, 38 open with it and 33 lost it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from pipeline.articles.titles import fold
from pipeline.plaintext import plain_line

#: How the standfirst is called in class names, in the languages of publishers.
_CALLED = re.compile(
    r"standfirst|sub-?title|sub-?head|strapline|dek\b|deck\b|__dek|lead-?text|-lead\b|__lead\b"
    r"|intro\b|__intro|teaser|excerpt|preamble|ingress|epigraph|summary|chapo|entradilla|vorspann"
    r"|sottotitolo|c-article.*description",
    re.IGNORECASE,
)
_BLOCKS = ("h1", "h2", "h3", "p", "div", "span", "strong", "storefront-html")
_INLINE = frozenset({"a", "b", "em", "i", "mark", "q", "span", "strong", "u"})
_HEADERS = frozenset({"header", "hgroup"})
#: Elements looked at behind the headline, and texts among them: it follows at once or not at all.
_MAX_ELEMENTS, _MAX_TEXTS = 150, 4
_SHORTEST, _LONGEST = 40, 700
#: Letters by which two texts are recognised as the same.
_RECOGNISED = 40


def standfirst_of(
    tree: Any, *, text: str, headlines: frozenset[str], descriptions: Iterable[str]
) -> str:
    """Return the standfirst that `text` lacks, "" when there is none. The tree is not changed.

    It is the first text behind the headline that is called so, or stands in the header, or is
    what the page gives as its description, when the body has not begun before it. `headlines`
    are the folded titles, which some templates repeat there.
    """
    opening = fold(text[: 4 * _LONGEST])
    known = [fold(line)[:_RECOGNISED] for line in descriptions if len(line) >= _SHORTEST]
    for node, own in islice(_texts(tree), _MAX_TEXTS):
        folded = fold(own)
        if not opening or folded[:_RECOGNISED] in opening:
            return ""
        if folded in headlines:
            continue
        if any(start in folded for start in known) or _is_called_so(node):
            return plain_line(own)
    return ""


def _texts(tree: Any) -> Iterator[tuple[Any, str]]:
    """Yield the elements behind the first h1 that hold a sentence of their own, and what it is."""
    nodes = tree.iter(*_BLOCKS)
    if not any(node.tag == "h1" for node in nodes):
        return
    for node in islice(nodes, _MAX_ELEMENTS):
        own = " ".join(_own_text(node).split()) if node.tag != "h1" else ""
        if _SHORTEST <= len(own) <= _LONGEST and " " in own:
            yield node, own


def _own_text(node: Any) -> str:
    """Return the text of an element and of the inline elements directly below it."""
    parts = [node.text or ""]
    for child in islice(node, _MAX_ELEMENTS):
        if child.tag in _INLINE:
            parts.append(child.text or "")
        parts.append(child.tail or "")
    return "".join(parts)


def _is_called_so(node: Any) -> bool:
    """Say whether an element, or the one around it, is marked as a standfirst."""
    parent = node.getparent()
    marks = " ".join(one.get("class") or "" for one in (node, parent) if one is not None)
    if _CALLED.search(marks[:_LONGEST]):
        return True
    return node.tag in {"p", "h2"} and parent is not None and parent.tag in _HEADERS
