"""When a page was published: what it declares, what the feed says, which of them to believe.

The order (feed and page agreeing, the page's declarations, the feed, the day under the headline,
htmldate for the day, first seen) is that of the measurements on 252 annotated and 500 hard pages,
where declared dates were right to the minute in 93 % and to the day in 99 %.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from htmldate import find_date

from pipeline.articles.datelines import visible_day
from pipeline.articles.declared import Declared
from pipeline.articles.jsonld import strings
from pipeline.articles.timestamps import is_midnight, midnight, offset_of, parse_time
from pipeline.articles.titles import titles_of
from pipeline.records import EntryFacts

#: A feed and its page mean the same publication when they are this near; beyond it the page knows
#: better (a feed that dates every entry by its last build).
_AGREEMENT = timedelta(hours=36)
#: A declared time may be that much ahead (a clock, an embargo, a time zone left out) and is then
#: the time of the fetch; further ahead it is not a time of publication.
_AHEAD = timedelta(hours=48)
#: The web's first pages. Earlier "dates" are zeros of a content system.
_EARLIEST = datetime(1991, 8, 6, tzinfo=UTC)
SECOND, DAY = "second", "day"
#: Origins of a time that is none of publication: nobody knows that one.
FIRST_SEEN, JUST_READ = "first seen", "fetch"
SEEN_ONLY = frozenset({FIRST_SEEN, JUST_READ})

#: The meta of the Open Graph protocol, as the protocol and some templates spell it.
_OPEN_GRAPH_METAS = ("article:published_time", "article:published", "article:published:time")
#: Other metas that mean the publication, best first; the names are those of real pages.
_PUBLISHED_METAS = (
    "og:published_time",
    "og:article:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "published_time",
    "publication_date",
    "publish-date",
    "publish_date",
    "pubdate",
    "publishdate",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "dcterms.created",
    "dcterms.issued",
    "dc.date.issued",
    "dc.date",
    "dc.date.created",
    "article.published",
    "last-published",
    "citation_publication_date",
    "date",
    "datecreated",
    "rnews:datepublished",
    "vr:published_time",
    "shareaholic:article_published_time",
)
#: A day that closes the title ("| DW | 28.04.2023"): with dots the day comes first everywhere.
_TITLE_DAY = re.compile(r"\b([0-3]\d)\.([01]\d)\.(\d{4})\s*$")
_UPDATED_METAS = ("article:modified_time", "article:modified", "og:updated_time", "datemodified")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time with what it is worth."""

    at: datetime
    precision: str
    origin: str


def published(
    declared: Declared, facts: EntryFacts, tree: Any, *, now: datetime, search: bool
) -> Moment:
    """Return when the page was published, never later than `now`.

    `search`: whether the tree may be searched for a day when nobody declares one.
    """
    moment = _believed(list(_moments(declared, now=now)), _of_feed(facts, now=now))
    if moment is None and search:
        moment = _searched(tree, declared, now=now)
    if moment is None:
        seen = FIRST_SEEN if facts.first_seen_at else JUST_READ
        moment = Moment(facts.first_seen_at or now, SECOND, seen)
    return Moment(min(moment.at, now), moment.precision, moment.origin)


def updated(declared: Declared, *, after: datetime, now: datetime) -> Moment | None:
    """Return when the page says it was last changed, None unless that is after its publication."""
    zone = _zone(declared)
    raw = [("jsonld", text) for text in strings(declared.json_ld.article.get("dateModified"))]
    raw += [(name, declared.meta(name)) for name in _UPDATED_METAS]
    for origin, text in raw:
        at = parse_time(text, zone)
        if at is not None and after < at <= now:
            return Moment(at, SECOND, origin)
    return None


def _believed(moments: list[Moment], feed: Moment | None) -> Moment | None:
    """Choose between what the page declares and what the feed says."""
    page = _most_exact(moments)
    if page is None or feed is None:
        return page or feed
    agree = abs(page.at - feed.at) <= _AGREEMENT
    return feed if agree and not (feed.precision == DAY and page.precision == SECOND) else page


def _most_exact(moments: list[Moment]) -> Moment | None:
    """Return the first declared time; one of only a day gives way to a full one nearby."""
    if not moments:
        return None
    first = moments[0]
    if first.precision == SECOND:
        return first
    return next(
        (
            moment
            for moment in moments
            if moment.precision == SECOND and abs(moment.at - first.at) <= _AGREEMENT
        ),
        first,
    )


def _moments(declared: Declared, *, now: datetime) -> Iterator[Moment]:
    """Yield the publication times that the page declares, most trusted first."""
    zone = _zone(declared)
    for origin, text in _declarations(declared):
        at = parse_time(text, zone)
        if at is not None and _EARLIEST <= at <= now + _AHEAD:
            # Midnight is what a bare day turns into.
            yield Moment(at, DAY if is_midnight(text, at, zone) else SECOND, origin)


def _declarations(declared: Declared) -> Iterator[tuple[str, str]]:
    """Yield (origin, text) of everything that may be the publication's time."""
    ld = declared.json_ld
    for text in strings(ld.article.get("datePublished")):
        yield "jsonld", text
    for name in _OPEN_GRAPH_METAS:
        yield name, declared.meta(name)
    for key, node in (("uploadDate", ld.video), ("datePublished", ld.page)):
        for text in strings(node.get(key)):
            yield "jsonld", text
    for name in _PUBLISHED_METAS:
        yield name, declared.meta(name)
    for text in declared.times:
        yield "time", text
    for text in strings(ld.article.get("dateCreated")):
        yield "jsonld", text
    if day := _TITLE_DAY.search(declared.title):
        yield "title", "-".join(reversed(day.groups()))


def _of_feed(facts: EntryFacts, *, now: datetime) -> Moment | None:
    """Return the feed's time, when it is one."""
    at = facts.published_at
    if at is None or not _EARLIEST <= at <= now + _AHEAD:
        return None
    return Moment(at, DAY if at == midnight(at) else SECOND, "feed")


def _searched(tree: Any, declared: Declared, *, now: datetime) -> Moment | None:
    """Return the day that stands under the headline, else what htmldate finds anywhere."""
    seen = visible_day(tree, [title for _, title in titles_of(declared)])
    if seen is not None and _EARLIEST <= seen <= now:
        return Moment(seen, DAY, "headline")
    day = find_date(tree, original_date=True, url=declared.url, max_date=now.strftime("%Y-%m-%d"))
    if not day:
        return None
    at = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    return Moment(at, DAY, "htmldate") if at >= _EARLIEST else None


def _zone(declared: Declared) -> tzinfo | None:
    """Return the offset in which the page writes its times, from the first that names one."""
    texts = [text for _, text in _declarations(declared)]
    texts += [declared.meta(name) for name in _UPDATED_METAS]
    texts += strings(declared.json_ld.article.get("dateModified"))
    return next((zone for text in texts if (zone := offset_of(text))), None)
