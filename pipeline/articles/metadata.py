"""What a page says about itself, fused from JSON-LD, og, twitter, parsely, meta, link and h1.

Precedence, field by field (the functions below say it in code, `titles`, `dates`, `language`,
`images` and `amp` for theirs):

- address: rel=canonical, then og:url, each only on the same registrable domain and no home page;
  else where the fetch ended.
- description: og, JSON-LD, twitter, meta: og:description is written for readers, the meta for
  search engines.
- site name: og:site_name, JSON-LD publisher, application-name, JSON-LD site-wide publisher.
- authors: JSON-LD, metas, the feed's.
- type: video when og says so, or when the page describes a video and no article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from pipeline.articles.dates import Moment, published, updated
from pipeline.articles.declared import Declared
from pipeline.articles.jsonld import strings
from pipeline.articles.titles import title_of
from pipeline.plaintext import plain_line
from pipeline.records import ArticleType, EntryFacts
from pipeline.urls import is_home_page, resolve, same_site

#: Names of people and desks; more or longer is a text in the wrong field.
_MAX_AUTHORS, _MAX_NAME = 10, 80
_AUTHOR_METAS = ("author", "parsely-author", "article:author", "sailthru.author", "dc.creator")
_BY = re.compile(r"^(?:by|von|par|por|di|da|door)[: ]\s*", re.IGNORECASE)
#: Players as wide as the format's own examples, unless the page says a size.
_PLAYER_WIDTH, _PLAYER_HEIGHT = "800", "500"
_PLAYER_SIDE = re.compile(r"[1-9]\d{1,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The fused metadata of one page. Texts are plain lines, "" when nobody says anything."""

    url: str
    title: str
    description: str
    site_name: str
    authors: tuple[str, ...]
    published: Moment
    updated: Moment | None
    type: ArticleType
    featured_content: str | None
    #: Field -> where its value came from.
    origins: dict[str, str]


def read_metadata(
    declared: Declared, facts: EntryFacts, tree: Any, *, now: datetime, search_date: bool
) -> Metadata:
    """Fuse what the page declares with what the feed said. The tree is not changed."""
    origins: dict[str, str] = {}

    def noted(field: str, found: tuple[str, str]) -> str:
        value, origins[field] = found
        return value

    site_name = noted("site_name", _first_line(_site_names(declared)))
    title = noted(
        "title", title_of(declared, feed_title=facts.title, site_names=_all_site_names(declared))
    )
    moment = published(declared, facts, tree, now=now, search=search_date)
    changed = updated(declared, after=moment.at, now=now)
    origins["published_at"] = moment.origin
    if changed:
        origins["updated_at"] = changed.origin
    kind, origins["type"] = _type_of(declared)
    authors, origins["authors"] = _authors(declared, facts, site_name)
    player, origins["featured_content"] = (
        _player(declared, title) if kind is ArticleType.VIDEO else (None, "")
    )
    return Metadata(
        url=noted("url", address_of(declared)),
        title=title,
        description=noted("description", _first_line(descriptions_of(declared))),
        site_name=site_name,
        authors=authors,
        published=moment,
        updated=changed,
        type=kind,
        featured_content=player,
        origins={field: origin for field, origin in origins.items() if origin},
    )


def address_of(declared: Declared) -> tuple[str, str]:
    """Return the page's address and its origin (``canonical``, ``og:url`` or ``final``)."""
    final = declared.url
    for origin, found in (
        ("canonical", declared.link("canonical")),
        ("og:url", resolve(declared.base, declared.meta("og:url"))),
    ):
        if found and same_site(found, final) and (not is_home_page(found) or is_home_page(final)):
            return found, origin
    return final, "final"


def _first_line(candidates: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Return (plain line, origin) of the first candidate that has text."""
    for origin, text in candidates:
        if line := plain_line(text):
            return line, origin
    return "", ""


def descriptions_of(declared: Declared) -> Iterator[tuple[str, str]]:
    """Yield (origin, text) of the declared descriptions, best first."""
    yield "og:description", declared.meta("og:description")
    for text in strings(declared.json_ld.article.get("description")):
        yield "jsonld", text
    for name in ("twitter:description", "description", "dc.description", "sailthru.description"):
        yield name, declared.meta(name)
    for node in (declared.json_ld.video, declared.json_ld.page):
        for text in strings(node.get("description")):
            yield "jsonld", text


def _site_names(declared: Declared) -> Iterator[tuple[str, str]]:
    """Yield (origin, text) of the site's own names, best first; an address is no name."""
    ld = declared.json_ld
    names = [("og:site_name", declared.meta("og:site_name"))]
    names += [("jsonld", text) for text in strings(ld.article.get("publisher"))]
    names.append(("application-name", declared.meta("application-name")))
    names += [("jsonld", text) for text in strings(ld.organisation.get("name"))]
    for origin, text in names:
        if "://" not in text:
            yield origin, text[:_MAX_NAME]


def _all_site_names(declared: Declared) -> Iterator[str]:
    """Yield everything that may stand behind a title as the site's name."""
    for _, text in _site_names(declared):
        yield plain_line(text)
    for name in ("twitter:site", "apple-mobile-web-app-title", "al:ios:app_name"):
        yield declared.meta(name).removeprefix("@")


# --- people ---------------------------------------------------------------------------------------


def _authors(declared: Declared, facts: EntryFacts, site_name: str) -> tuple[tuple[str, ...], str]:
    """Return the names of who wrote it, without doubles and addresses, and their origin."""
    declarations, origin = strings(declared.json_ld.article.get("author")), "jsonld"
    if not declarations:
        declarations, origin = [declared.meta(*_AUTHOR_METAS)], "meta"
    names = [plain_line(_BY.sub("", plain_line(text))) for text in declarations]
    kept = dict.fromkeys(name for name in names if _is_name(name) and name != site_name)
    if kept:
        return tuple(kept)[:_MAX_AUTHORS], origin
    return facts.authors[:_MAX_AUTHORS], "feed" if facts.authors else ""


def _is_name(text: str) -> bool:
    """Say whether a text can be a name: an address or an e-mail address cannot, and is not kept."""
    return 0 < len(text) <= _MAX_NAME and "@" not in text and "/" not in text


# --- videos ---------------------------------------------------------------------------------------


def _type_of(declared: Declared) -> tuple[ArticleType, str]:
    """Return what the page is, and the origin of that (``default`` when nobody says)."""
    graph, ld = declared.meta("og:type").lower(), declared.json_ld
    if graph.startswith("video"):
        return ArticleType.VIDEO, "og:type"
    if ld.video and not ld.article and graph != "article":
        return ArticleType.VIDEO, "jsonld"
    if ld.article:
        return ArticleType.ARTICLE, "jsonld"
    return ArticleType.ARTICLE, "og:type" if graph == "article" else "default"


def _player(declared: Declared, title: str) -> tuple[str | None, str]:
    """Return the frame that plays the video, as the format's examples write it, and its origin."""
    address, origin = next(_players(declared), (None, ""))
    if address is None:
        return None, ""
    width = declared.meta("og:video:width", "twitter:player:width")
    height = declared.meta("og:video:height", "twitter:player:height")
    if not (_PLAYER_SIDE.fullmatch(width) and _PLAYER_SIDE.fullmatch(height)):
        width, height = _PLAYER_WIDTH, _PLAYER_HEIGHT
    frame = (
        f'<iframe width="{width}" height="{height}" frameborder="0" src="{escape(address)}" '
        f'title="{escape(title)}" allowfullscreen></iframe>'
    )
    return frame, origin


def _players(declared: Declared) -> Iterator[tuple[str, str]]:
    """Yield the https addresses of embeddable players and their origins, best first."""
    references = [("jsonld", text) for text in strings(declared.json_ld.video.get("embedUrl"))]
    if declared.meta("og:video:type").lower() == "text/html":
        address = declared.meta("og:video:secure_url", "og:video:url", "og:video")
        references.append(("og:video", address))
    references.append(("twitter:player", declared.meta("twitter:player")))
    for origin, reference in references:
        found = resolve(declared.base, reference)
        if found and found.startswith("https://"):
            yield found, origin
