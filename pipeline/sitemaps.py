"""Pure: what a sitemap says (sitemaps.org, with Google's news and image namespaces).

For those who poll a news sitemap like a feed, and for those who look for old articles in all that a
site has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from pipeline.dates import feed_date
from pipeline.entries import RawEntry
from pipeline.records import Media
from pipeline.safexml import child_text, children, root_name
from pipeline.urls import resolve

INDEX = "sitemapindex"
_LINE = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S{1,2048})", re.IGNORECASE | re.MULTILINE)
#: Lines of a robots.txt that are looked at; sites with a sitemap a day have some thousands.
_LINES_LIMIT = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSitemap:
    """A sitemap that an index lists."""

    url: str
    changed_at: datetime | None


def is_sitemap(text: str) -> bool:
    """Say whether a text is a sitemap or an index of sitemaps, of news or not."""
    return root_name(text) in ("urlset", INDEX)


def child_sitemap(element: Any, *, base: str, now: datetime) -> ChildSitemap | None:
    """Return what an element of an index says; None when its address is unusable."""
    url = resolve(base, child_text(element, "loc"))
    if url is None:
        return None
    return ChildSitemap(url=url, changed_at=feed_date(child_text(element, "lastmod"), now=now))


def news_entry(page: Any, about: Any) -> RawEntry:
    """Read a page of a sitemap with what its news element says; `about` may be None.

    The day of its last change is no day of publication, which the page itself will tell.
    """
    changed = child_text(page, "lastmod")
    return RawEntry(
        guid="",
        links=(child_text(page, "loc"),),
        title=child_text(about, "title"),
        summaries=(),
        published=(child_text(about, "publication_date"),),
        updated=(changed,),
        authors=(),
        media=tuple(
            Media(url=child_text(one, "loc"), type="image/*") for one in children(page, "image")
        ),
    )


def robots_sitemaps(text: str, *, url: str) -> Iterator[str]:
    """Yield the sitemaps that a robots.txt at `url` names (sitemaps.org), in its order."""
    lines = islice(_LINE.finditer(text), _LINES_LIMIT)
    return (found for match in lines if (found := resolve(url, match[1])))
