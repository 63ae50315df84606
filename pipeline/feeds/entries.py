"""Pure: raw fields of any dialect -> a clean Entry, or the reason why there is none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.feeds.dates import feed_date
from pipeline.plaintext import clean_line, plain_line
from pipeline.records import Entry, Media, SkippedEntry
from pipeline.urls import resolve

#: Entries of one feed at most; beyond, the newest are kept (a 50,000-entry feed took minutes).
ENTRIES_LIMIT = 2_000
#: A headline is shorter; what is longer is a text in the wrong place.
_TITLE_LIMIT = 500
_SUMMARY_LIMIT = 2_000
#: Cleaning is linear, but a feed may hold megabytes in one description.
_RAW_LIMIT = 100_000
_GUID_LIMIT = 2_000
_AUTHORS_LIMIT = 10
_EMAIL = re.compile(r"\S{1,64}@\S{1,255}")
#: Feeds attach galleries; the first pictures are the ones that stand for the article.
_MEDIA_LIMIT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """What a dialect gave, before anything was checked. Times are raw texts, best first."""

    guid: str
    #: Candidates for the link, best first, each with the base it resolves against.
    links: tuple[tuple[str, str], ...]
    title: str
    summary: str
    published: tuple[str, ...]
    updated: tuple[str, ...]
    authors: tuple[str, ...]
    media: tuple[Media, ...]


def clean_entry(raw: RawEntry, *, base: str, now: datetime) -> Entry | SkippedEntry:
    """Return the entry, or `entry-without-link` when nothing leads to a page."""
    title = shorten(plain_line(raw.title[:_RAW_LIMIT]), _TITLE_LIMIT)
    url = next(
        (found for link, link_base in raw.links if (found := resolve(link_base or base, link))),
        None,
    )
    if url is None:
        label = title or clean_line(raw.guid)[:_TITLE_LIMIT] or "an entry without any name"
        return SkippedEntry(reason="entry-without-link", label=label)
    summary = shorten(plain_line(raw.summary[:_RAW_LIMIT]), _SUMMARY_LIMIT)
    return Entry(
        guid=clean_line(raw.guid[:_GUID_LIMIT]),
        url=url,
        title=title,
        summary=summary,
        published_at=_first_date(raw.published, now),
        updated_at=_first_date(raw.updated, now),
        authors=_authors(raw.authors),
        media=_media(raw.media, base),
        content_hash=_content_hash(title, summary, url),
    )


def newest(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[SkippedEntry, ...]]:
    """Return at most `ENTRIES_LIMIT` entries in their order, and a note when some were left out."""
    if len(entries) <= ENTRIES_LIMIT:
        return tuple(entries), ()
    order = sorted(range(len(entries)), key=lambda n: _age(entries[n]), reverse=True)
    kept = set(order[:ENTRIES_LIMIT])
    note = SkippedEntry(
        reason="truncated-feed", label=f"{len(entries) - ENTRIES_LIMIT} older entries left out"
    )
    return tuple(entry for n, entry in enumerate(entries) if n in kept), (note,)


def _age(entry: Entry) -> float:
    """Return when an entry was published as a number; undated ones are the oldest."""
    moment = entry.published_at or entry.updated_at
    return moment.timestamp() if moment else 0.0


def shorten(text: str, limit: int) -> str:
    """Cut `text` to at most `limit` characters, at a space where there is one near."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    space = cut.rfind(" ", limit // 2)
    return cut[: space if space > 0 else limit].rstrip()


def _first_date(texts: Iterable[str], now: datetime) -> datetime | None:
    """Return the first of the texts that says a time."""
    return next((found for text in texts if (found := feed_date(text, now=now))), None)


def _authors(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without e-mail addresses, each once."""
    cleaned = (plain_line(_EMAIL.sub("", name[:_TITLE_LIMIT])).strip(" ()<>,;") for name in names)
    return tuple(dict.fromkeys(name for name in cleaned if name))[:_AUTHORS_LIMIT]


def _media(media: Iterable[Media], base: str) -> tuple[Media, ...]:
    """Return pictures and videos with absolute addresses, each once."""
    found: dict[str, Media] = {}
    for one in media:
        url = resolve(base, one.url)
        if url and url not in found and len(found) < _MEDIA_LIMIT:
            found[url] = Media(url=url, width=one.width, height=one.height, type=one.type[:80])
    return tuple(found.values())


def _content_hash(title: str, summary: str, url: str) -> str:
    """Return the sha-256 of what a reader would see change."""
    return hashlib.sha256(f"{title}\n{summary}\n{url}".encode()).hexdigest()
