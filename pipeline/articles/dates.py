"""When a page was published: what it declares, what the feed says, which of them to believe.

The order (feed and page agreeing, the page's declarations, the feed, htmldate for the day, first
seen) is that of the measurements on 252 annotated and 500 hard pages, where declared dates were
right to the minute in 93 % and to the day in 99 %.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

from htmldate import find_date

from pipeline.articles.declared import Declared
from pipeline.articles.jsonld import strings
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

#: Metas that mean the publication, best first; the names are those of real pages.
_PUBLISHED_METAS = (
    "article:published_time", "article:published", "og:published_time", "og:article:published_time",
    "datepublished", "parsely-pub-date", "sailthru.date", "published_time", "publication_date",
    "publish-date", "publish_date", "pubdate", "publishdate", "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime", "dcterms.created", "dcterms.issued", "dc.date.issued", "dc.date",
    "dc.date.created", "article.published", "last-published", "citation_publication_date",
    "date", "datecreated", "rnews:datepublished", "vr:published_time", "shareaholic:article_published_time",
)  # fmt: skip
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

    `search`: whether htmldate may read the whole tree when nobody declares a date.
    """
    moment = _believed(list(_moments(declared, now=now)), _of_feed(facts, now=now))
    if moment is None and search:
        moment = _searched(tree, declared.url, now=now)
    if moment is None:
        moment = Moment(
            facts.first_seen_at or now, SECOND, "first seen" if facts.first_seen_at else "fetch"
        )
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
            yield Moment(at, _precision(text, at, zone), origin)


def _declarations(declared: Declared) -> Iterator[tuple[str, str]]:
    """Yield (origin, text) of everything that may be the publication's time."""
    ld = declared.json_ld
    for text in strings(ld.article.get("datePublished")):
        yield "jsonld", text
    for name in _PUBLISHED_METAS[:2]:
        yield name, declared.meta(name)
    for key, node in (("uploadDate", ld.video), ("datePublished", ld.page)):
        for text in strings(node.get(key)):
            yield "jsonld", text
    for name in _PUBLISHED_METAS[2:]:
        yield name, declared.meta(name)
    for text in declared.times:
        yield "time", text
    for text in strings(ld.article.get("dateCreated")):
        yield "jsonld", text


def _of_feed(facts: EntryFacts, *, now: datetime) -> Moment | None:
    """Return the feed's time, when it is one."""
    at = facts.published_at
    if at is None or not _EARLIEST <= at <= now + _AHEAD:
        return None
    return Moment(at, DAY if at == _midnight(at) else SECOND, "feed")


def _searched(tree: Any, url: str, *, now: datetime) -> Moment | None:
    """Return the day that htmldate finds in address and text."""
    day = find_date(tree, original_date=True, url=url, max_date=now.strftime("%Y-%m-%d"))
    if not day:
        return None
    at = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    return Moment(at, DAY, "htmldate") if at >= _EARLIEST else None


# --- spellings ------------------------------------------------------------------------------------

#: A day, a time with seconds or not, an offset or not, in the spellings of ISO 8601, RFC 3339 and
#: of the programs that nearly keep to them: ``2020-01-23 15:31:00 +0000 UTC``, ``20200123T1531Z``.
_ISO = re.compile(
    r"(?P<year>\d{4})[-/.]?(?P<month>\d{2})[-/.]?(?P<day>\d{2})"
    r"(?:[T ,]{1,3}(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?(?:[.,]\d{1,9})?"
    r" ?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?")
#: Seconds or milliseconds since 1970.
_EPOCH = re.compile(r"(\d{10})(?:\d{3})?")
_LONGEST_DATE = 60


def parse_time(text: str, zone: tzinfo | None = None) -> datetime | None:
    """Return a declared time in UTC, None when it is none; `zone` is that of bare local times.

    Reads ISO 8601 and its neighbours, RFC 2822, and seconds since 1970. Nothing is guessed: a
    day-first or month-first number is not a date here.
    """
    text = text.strip()[:_LONGEST_DATE]
    try:
        at = _parsed(text)
        if at is None:
            return None
        return at.replace(tzinfo=at.tzinfo or zone or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parsed(text: str) -> datetime | None:
    """Return the time, without a zone when it names none; raise ValueError when it is impossible."""
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    if iso := _ISO.match(text):
        fields = (
            int(iso[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")
        )
        return datetime(*fields, tzinfo=_offset(iso["zone"]))  # type: ignore[arg-type,misc]  # six integers
    if "," in text and ":" in text:
        return parsedate_to_datetime(text)
    return None


def _offset(zone: str | None) -> tzinfo | None:
    """Return the zone of an ISO offset."""
    if zone is None:
        return None
    found = _OFFSET.fullmatch(zone)
    if found is None:
        return UTC
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-ahead if found[1] == "-" else ahead)


def _zone(declared: Declared) -> tzinfo | None:
    """Return the offset in which the page writes its times, from the first that names one."""
    texts = [text for _, text in _declarations(declared)]
    texts += [declared.meta(name) for name in _UPDATED_METAS]
    texts += strings(declared.json_ld.article.get("dateModified"))
    for text in texts:
        iso = _ISO.match(text.strip()[:_LONGEST_DATE])
        if iso and iso["zone"] and _OFFSET.fullmatch(iso["zone"]):
            return _offset(iso["zone"])
    return None


def _precision(text: str, at: datetime, zone: tzinfo | None) -> str:
    """Say whether a declared time is more than a day: midnight is what a bare day turns into."""
    iso = _ISO.match(text.strip())
    local = at.astimezone((_offset(iso["zone"]) if iso else None) or zone or UTC)
    return DAY if local == _midnight(local) else SECOND


def _midnight(at: datetime) -> datetime:
    """Return the start of the day of `at` in its own zone."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
