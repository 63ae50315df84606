"""What a publisher allows search engines to show of a page, which binds us as well.

Said by robots metas and by the X-Robots-Tag header, to everybody or to one robot by its name
(https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag). What is said to the
large engine binds us: publishers know no other aggregator by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.articles.declared import Declared

#: Whose metas and headers are read.
_ROBOTS = frozenset({"robots", "googlebot", "googlebot-news"})
#: Directives with a value; any other name before a colon is a robot's.
_VALUED = frozenset(
    {"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"},
)


@dataclass(frozen=True, slots=True)
class Robots:
    """What may be shown of a page."""

    #: Characters of a snippet, None without a limit.
    max_snippet: int | None = None
    #: False (``noindex``): what the page declares for sharing may be shown, its text may not.
    may_index: bool = True


#: What a page allows that says nothing.
UNLIMITED = Robots()


def robots_of(declared: Declared, header: str = "") -> Robots:
    """Return what metas and header together allow; the strictest of each counts."""
    limits: list[int] = []
    may_index = True
    contents = [content for name, content in declared.metas if name in _ROBOTS]
    for name, value in (one for text in (*contents, header) for one in _directives(text)):
        if name == "nosnippet":
            limits.append(0)
        elif name in {"noindex", "none"}:
            may_index = False
        elif name == "max-snippet" and value.isdecimal():
            limits.append(int(value))
    return Robots(max_snippet=min(limits, default=None), may_index=may_index)


def _directives(text: str) -> Iterator[tuple[str, str]]:
    """Yield (name, value) of each directive that is said to us or to everybody."""
    binds = True
    for part in text.lower().split(","):
        name, colon, value = (piece.strip() for piece in part.partition(":"))
        if colon and name not in _VALUED:
            binds = name in _ROBOTS
            name, _, value = (piece.strip() for piece in value.partition(":"))
        if binds:
            yield name, value
