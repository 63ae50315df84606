"""Pure: old articles by a site's sitemaps (sitemaps.org), of news or not.

robots.txt names them; an index is followed where what it lists may reach into the span, by the
``lastmod`` or the dated name of each. A page's ``lastmod`` says when it changed last, not when it
came out: what changed last before the span is left out, anything else its page has to date.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from pipeline.charsets import decode
from pipeline.dates import feed_date
from pipeline.entries import RawEntry, clean_entry
from pipeline.errors import NotAFeed
from pipeline.history.lookup import Answer, Ask, Coverage, Estimate, Look, Missing, Place, Span
from pipeline.history.periods import Period, page_period, sitemap_period
from pipeline.history.pruning import (
    AFTER,
    ANY_TIME,
    BEFORE,
    counted,
    found,
    pending,
    reaches_back,
)
from pipeline.records import Entry, SkippedEntry
from pipeline.safexml import child_text, children, each_element, root_name
from pipeline.sitemaps import INDEX, ChildSitemap, child_sitemap, news_entry, robots_sitemaps
from pipeline.urls import host_of, registrable_domain, resolve

#: What sitemaps.org allows a file: bytes, decompressed, and addresses.
BYTES_LIMIT = 50 * 2**20
URLS_LIMIT = 50_000
#: sitemaps.org wants no index below an index; some sites have one, none needs more than this.
_DEEPEST = 3
_ROBOTS, _SITEMAP, _USUAL = "robots", "sitemap", "usual"
#: Where they are when robots.txt names none: the standard's example, Yoast's, WordPress' own.
_USUAL_PATHS = ("/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml")
#: Sitemaps of listings, as Yoast, WordPress and others name them: no article is in there.
_LISTINGS = (
    "category-sitemap", "post_tag-sitemap", "tag-sitemap", "author-sitemap", "sitemap-authors",
    "sitemap-tags", "sitemap-categories", "wp-sitemap-taxonomies", "wp-sitemap-users",
)  # fmt: skip
_GZIP = b"\x1f\x8b"
_ELSEWHERE, _LISTING = "another-site", "sitemap-of-listings"


class Sitemap:
    """Reads what a site tells search engines."""

    name = "sitemap"

    def begin(self, place: Place, span: Span) -> tuple[Ask, ...]:
        """Return the site's robots.txt."""
        _ = span
        url = resolve(place.home_url, "/robots.txt")
        return (Ask(url=url, kind="page", role=_ROBOTS),) if url else ()

    def read(self, answer: Answer | Missing, place: Place, span: Span) -> Look:
        """Take the pages that may belong to the span, and the sitemaps that may hold some."""
        if answer.ask.role == _ROBOTS:
            return Look(asks=tuple(_named(answer, place)))
        if isinstance(answer, Missing):
            # That a usual place is empty says nothing; that it may not be asked does.
            is_empty = answer.ask.role == _USUAL and answer.status is not None
            told = "" if is_empty else f"{answer.ask.url}: {answer.reason}"
            return Look(note=told)
        text = _text(answer)
        try:
            if root_name(text) == INDEX:
                return _index(text, answer, span)
            return _pages(_raws(text), answer, place, span)
        except NotAFeed as error:
            return Look(note=f"{answer.ask.url}: {error.detail}")

    def estimate(
        self, seen: Sequence[tuple[Ask, Look]], place: Place, span: Span
    ) -> Estimate | None:
        """Judge by how far the sitemaps read so far go back, and how full they are."""
        _ = place
        read = [(ask, look) for ask, look in seen if ask.role != _ROBOTS]
        if not any(look.entries or look.asks or look.skipped for _, look in read):
            return None
        sitemaps = [look for _, look in read if look.entries]
        ahead, so_far = pending(read), found(read)
        entries = so_far + round(ahead * so_far / len(sitemaps)) if sitemaps else None
        dated = [one.published_at for look in sitemaps for one in look.entries]
        if reaches_back(read) or any(_is_dated(ask, span) for ask, _ in read):
            coverage, note = Coverage.COMPLETE, "it goes back beyond the span: all that it lists"
        elif dated and all(dated) and not ahead:
            coverage, note = Coverage.PARTIAL, "news sitemaps keep the last two days"
        else:
            coverage, note = Coverage.UNKNOWN, "how far it goes back shows only when it is read"
        if undated := len(dated) - sum(map(bool, dated)):
            note += f"; {undated} of {len(dated)} entries are dated by their pages alone"
        return Estimate(
            coverage=coverage,
            requests=len(seen) + ahead,
            entries=0 if entries is None and not ahead else entries,
            note=note,
        )


def _named(answer: Answer | Missing, place: Place) -> Iterator[Ask]:
    """Yield the sitemaps of a robots.txt; the usual ones where it names none but those of news."""
    named: list[str] = []
    if isinstance(answer, Answer):
        named = list(dict.fromkeys(robots_sitemaps(_text(answer), url=answer.final_url)))
    for url in named:
        yield Ask(url=url, kind="page", role=_SITEMAP, memo="0")
    if all("news" in url.lower() for url in named):
        for path in _USUAL_PATHS:
            if (usual := resolve(place.home_url, path)) and usual not in named:
                yield Ask(url=usual, kind="page", role=_USUAL, memo="0")


def _index(text: str, answer: Answer, span: Span) -> Look:
    """Return the sitemaps of an index that may hold pages of the span, the likeliest first."""
    depth = int(answer.ask.memo) + 1 if answer.ask.memo.isdecimal() else 1
    if depth > _DEEPEST:
        return Look(note=f"{answer.ask.url}: an index below {_DEEPEST} others; not followed")
    elements = islice(each_element(text, "sitemap"), URLS_LIMIT)
    read = (child_sitemap(one, base=answer.final_url, now=ANY_TIME) for one in elements)
    listed = {one.url: one for one in read if one}
    periods = {url: _child_period(one) for url, one in listed.items()}
    # A day in a name may be that of its making; the names are periods if one of them fits.
    some_fit = any(one and one.meets(span) for one in periods.values())
    skipped: Counter[str] = Counter()
    likely: list[tuple[int, datetime, str]] = []
    for url, child in listed.items():
        period = periods[url]
        if any(name in url.lower() for name in _LISTINGS):
            skipped[_LISTING] += 1
        elif _ended(child, period, span):
            skipped[BEFORE] += 1
        elif period and some_fit and period.is_after(span):
            skipped[AFTER] += 1
        else:
            likely.append((0 if period else 1, child.changed_at or ANY_TIME, url))
    return Look(
        asks=tuple(
            Ask(url=url, kind="page", role=_SITEMAP, memo=str(depth)) for *_, url in sorted(likely)
        ),
        skipped=counted(skipped, "sitemaps"),
    )


def _child_period(child: ChildSitemap) -> Period | None:
    """Return the period that a sitemap is named after; what changed before it cannot be of it."""
    period = sitemap_period(child.url)
    is_number = period and child.changed_at and child.changed_at < period.start
    return None if is_number else period


def _ended(child: ChildSitemap, period: Period | None, span: Span) -> bool:
    """Say whether all of a sitemap lies before the span."""
    if child.changed_at and child.changed_at < span.since:
        return True
    return period is not None and period.is_before(span)


def _is_dated(ask: Ask, span: Span) -> bool:
    """Say whether a sitemap is named after a time within the span."""
    period = sitemap_period(ask.url)
    return period is not None and period.meets(span)


def _raws(text: str) -> Iterator[RawEntry]:
    """Yield the pages of a sitemap, in XML or as a plain list. Raise NotAFeed for neither."""
    if root_name(text) == "urlset":
        for element in each_element(text, "url"):
            about: Any = next(children(element, "news"), None)
            if child_text(element, "loc"):
                yield news_entry(element, about)
    elif text.lstrip("\ufeff \t\r\n").startswith("http"):
        yield from (_bare(line) for line in text.split())
    else:
        raise NotAFeed("not-a-feed", "not a sitemap")


def _bare(url: str) -> RawEntry:
    """Return a line of a sitemap that is a plain list."""
    return RawEntry(
        guid="",
        links=(url,),
        title="",
        summaries=(),
        published=("",),
        updated=("",),
        authors=(),
        media=(),
    )


def _pages(raws: Iterator[RawEntry], answer: Answer, place: Place, span: Span) -> Look:
    """Return the pages of the span; what is before or after it, or another site's, is counted."""
    own = _domains(place)
    kept: list[Entry] = []
    skipped: Counter[str] = Counter()
    for number, raw in enumerate(raws):
        if number == URLS_LIMIT:
            skipped["truncated-sitemap"] += 1
            break
        # Before anything is cleaned: most pages of most sitemaps are outside.
        judged = _outside(raw, span) or _cleaned(raw, answer.final_url, own)
        if isinstance(judged, Entry):
            kept.append(judged)
        else:
            skipped[judged] += 1
    return Look(entries=tuple(kept), skipped=counted(skipped, "pages"))


def _cleaned(raw: RawEntry, base: str, own: frozenset[str]) -> Entry | str:
    """Return a page as an entry, or the reason why it is none."""
    entry = clean_entry(raw, base=base, now=ANY_TIME)
    if isinstance(entry, SkippedEntry):
        return entry.reason
    # Parsed once already, by the book; for the host of what came out of that this will do.
    return entry if registrable_domain(urlsplit(entry.url).hostname or "") in own else _ELSEWHERE


def _domains(place: Place) -> frozenset[str]:
    """Return the registrable domains whose pages are the source's."""
    try:
        home = registrable_domain(host_of(place.home_url))
    except ValueError:
        home = place.provider
    return frozenset({place.provider, home})


def _outside(raw: RawEntry, span: Span) -> str | None:
    """Say on which side of the span a page lies; None when it is, or may be, within."""
    published = feed_date(raw.published[0], now=ANY_TIME)
    if published:
        return None if span.holds(published) else BEFORE if published < span.since else AFTER
    changed = feed_date(raw.updated[0], now=ANY_TIME)
    if changed and changed < span.since:
        return BEFORE
    period = page_period(raw.links[0])
    if period is None or period.meets(span):
        return None
    return BEFORE if period.is_before(span) else AFTER


def _text(answer: Answer) -> str:
    """Return the text of an answer, unpacked if it is packed, as far as the limits go."""
    body = answer.body
    if body.startswith(_GZIP):
        body = _unpacked(body)
    return decode(body[:BYTES_LIMIT], content_type=answer.headers.get("content-type", ""))


def _unpacked(body: bytes) -> bytes:
    """Return what can be unpacked of a gzip file, at most `BYTES_LIMIT` bytes of it."""
    unpacked = bytearray()
    while body.startswith(_GZIP) and len(unpacked) < BYTES_LIMIT:
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            unpacked += inflater.decompress(body, BYTES_LIMIT - len(unpacked))
        except zlib.error:
            break
        body = inflater.unused_data
    return bytes(unpacked)
