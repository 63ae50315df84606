"""Pure: RSS and Atom in all their versions, read at two speeds with one result.

Both readers get the same mended XML. `pipeline.feeds.fast` tells what feedparser would or declines,
and then feedparser itself reads the feed. Markup is cleaned and addresses are resolved by us, so
both are switched off there, where they cost most of its time. What it returns is judged by version
and entries, not by `bozo`: real feeds are often a little broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pipeline.entries import RawEntry, clean_entries, host, language_of, plain_text
from pipeline.errors import NotAFeed
from pipeline.feeds import fast
from pipeline.feeds.hints import poll_hints
from pipeline.feeds.mend import capped, essential, mended
from pipeline.records import Media, ParsedFeed
from pipeline.urls import resolve

#: A base against which feedparser resolves nothing but keeps what is absolute: it cannot do
#: without one (an entry's xml:base would stay in force after the entry), and which one is right
#: only the parsed feed tells.
_NO_BASE = "news:no-base"
_HEADERS = {"content-type": "application/xml; charset=utf-8", "content-location": _NO_BASE}
#: What feedparser raises on markup that it did not expect.
_PARSER_FAULTS = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)
_ABSOLUTE = re.compile(r"\s*https?://", re.IGNORECASE)
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:[?#]|\Z)", re.IGNORECASE)
#: A size in pixels; whatever has more digits is no picture.
_SIZE = re.compile(r"\s*([0-9]{1,5})(?:px)?\s*")


class _Bytes:
    """A body that feedparser can only read: bare bytes it would first try to open as a path."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self) -> bytes:
        return self._body


class XmlFeed:
    """A feed in RSS or Atom, mended, for either reader."""

    def __init__(self, text: str, *, final_url: str, now: datetime) -> None:
        """Mend a text. Raise NotAFeed when it is none of these."""
        self._xml, self._missing = capped(mended(text))
        self._final_url = final_url
        self._now = now

    def fast(self) -> ParsedFeed | None:
        """Return what the fast reader vouches for; None when feedparser has to judge."""
        reading = fast.read(self._xml)
        return self._parsed(reading, parser="fast") if reading else None

    def judged(self) -> ParsedFeed:
        """Return what feedparser reads. Raise NotAFeed when it reads nothing."""
        return self._parsed(_read(self._xml), parser="feedparser")

    def _parsed(self, read: Any, *, parser: str) -> ParsedFeed:
        """Make the record of what a reader returned."""
        feed, dialect = read.feed, str(read.version or "rss")
        if not read.version and not read.entries:
            raise NotAFeed("not-a-feed", "no dialect that is known")
        base = _base(_text(feed, "link"), self._final_url, is_atom=dialect.startswith("atom"))
        raws = [_raw(entry) for entry in read.entries]
        cleaned = clean_entries(raws, base=base, now=self._now, missing=self._missing)
        return ParsedFeed(
            dialect=dialect,
            parser=parser,
            title=plain_text(_text(feed, "title")),
            entries=cleaned.entries,
            skipped=cleaned.skipped,
            language=language_of(_text(feed, "language")),
            hints=poll_hints(
                self._xml,
                ttl=_text(feed, "ttl"),
                period=_text(feed, "sy_updateperiod"),
                frequency=_text(feed, "sy_updatefrequency"),
            ),
        )


def _read(xml: str) -> Any:
    """Let feedparser read a feed, if need be a second time without the elements it fails on.

    Raise NotAFeed when it fails on others.
    """
    try:
        return _parsed(xml)
    except _PARSER_FAULTS:
        pass
    try:
        return _parsed(essential(xml))
    except _PARSER_FAULTS as error:
        raise NotAFeed("unreadable-feed", f"feedparser: {error!r}"[:200]) from error


def _parsed(xml: str) -> Any:
    """Return what feedparser makes of a feed; it may raise almost anything."""
    import feedparser  # noqa: PLC0415 -- a tenth of a second, and most feeds do without

    return feedparser.parse(
        _Bytes(xml.encode()),
        response_headers=_HEADERS,
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _base(link: str, final_url: str, *, is_atom: bool) -> str:
    """Return what relative links resolve against, where no xml:base says it.

    RSS has no rule, and readers take the channel's link. Atom's rule is the address of the feed
    (RFC 4287, section 2), unless somebody else serves it.
    """
    site = resolve(final_url, link)
    if site is None or (is_atom and host(site) == host(final_url)):
        return final_url
    return site


def _raw(entry: Any) -> RawEntry:
    """Read one entry of a reader's."""
    return RawEntry(
        guid=_text(entry, "id"),
        links=tuple(_links(entry)),
        title=_text(entry, "title"),
        summaries=tuple(_summaries(entry)),
        # RSS 1.0 has but one date, Dublin Core's, which feedparser files under `updated`.
        published=tuple(_text(entry, key) for key in ("published", "created", "updated")),
        updated=(_text(entry, "updated"),),
        authors=tuple(_authors(entry)),
        media=tuple(_media(entry)),
    )


def _links(entry: Any) -> Iterator[str]:
    """Yield what may lead to the page, best first.

    That is the original address in a feed that FeedBurner serves, the link, other alternates, and
    the guid if it is an address.
    """
    alternates = [
        str(link["href"])
        for link in dict.get(entry, "links", ())
        if link.get("rel") == "alternate" and link.get("href")
    ]
    yield _text(entry, "feedburner_origlink")
    # feedparser puts the guid where there is no link, whether it is an address or not.
    if (link := _text(entry, "link")) in alternates:
        yield link
    yield from alternates
    guid = _text(entry, "id")
    if _ABSOLUTE.match(guid) and not _text(entry, "nopermalink"):
        yield guid


def _summaries(entry: Any) -> Iterator[str]:
    """Yield the summary, then what some feeds carry in its place."""
    yield _text(entry, "summary")
    for part in dict.get(entry, "content", ()):
        yield str(part.get("value") or "")
    yield _text(entry, "media_caption")


def _authors(entry: Any) -> Iterator[str]:
    """Yield the names an entry gives.

    A single author comes from the whole text: feedparser cuts `desk@a.example (Desk)` wrongly.
    """
    people = dict.get(entry, "authors", ())
    if len(people) > 1:
        yield from (_text(person, "name") for person in people)
    else:
        yield _text(entry, "author")


def _media(entry: Any) -> Iterator[Media]:
    """Yield pictures and videos: Media RSS, thumbnails, enclosures."""
    for one in dict.get(entry, "media_content", ()):
        kind = str(one.get("type") or one.get("medium") or "")
        if kind.partition("/")[0] in ("image", "video", ""):
            yield _medium(one, one.get("url"), kind)
    for one in dict.get(entry, "media_thumbnail", ()):
        yield _medium(one, one.get("url"), "image/*")
    for one in dict.get(entry, "links", ()):
        kind, href = str(one.get("type") or ""), str(one.get("href") or "")
        if one.get("rel") == "enclosure" and (
            kind.startswith("image/") or (not kind and _PICTURE_NAME.search(href))
        ):
            yield _medium(one, href, kind or "image/*")


def _medium(one: Any, url: Any, kind: str) -> Media:
    """Make the record of an attachment."""
    return Media(
        url=str(url or ""),
        width=_size(one.get("width")),
        height=_size(one.get("height")),
        type=kind,
    )


def _size(value: Any) -> int | None:
    """Return a size in pixels; None for anything that is none."""
    match = _SIZE.fullmatch(str(value or ""))
    return int(match[1]) or None if match else None


def _text(record: Any, key: str) -> str:
    """Return a text value, "" for anything else; plain look-up, without feedparser's aliases."""
    value = dict.get(record, key)
    return value if isinstance(value, str) else ""
