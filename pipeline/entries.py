"""Pure: raw fields of any dialect -> a clean Entry, or the reason why there is none."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from pipeline.dates import feed_date
from pipeline.plaintext import clean_line, plain_line
from pipeline.records import Entry, Media, SkippedEntry
from pipeline.urls import host_of, resolve

#: Entries of one feed at most; beyond, the newest are kept (a 50,000-entry feed took minutes).
ENTRIES_LIMIT = 2_000
#: A headline is shorter; what is longer is a text in the wrong place.
_TITLE_LIMIT = 500
_SUMMARY_LIMIT = 2_000
_NAME_LIMIT = 200
#: Guids beyond are named by their hash: some feeds put the whole text there.
_GUID_LIMIT = 2_000
#: A feed may hold megabytes in one description, or 100,000 nested elements. Mostly the beginning
#: of a text is enough; the rest is looked at when too little comes out of that.
_RAW_LIMIT = 100_000
_RAW_BEGINNING = 10_000
_AUTHORS_LIMIT = 10
#: Feeds attach galleries; the first pictures are the ones that stand for the article.
_MEDIA_LIMIT = 10
_EMAIL = re.compile(r"[^\s()<>]{1,64}@[^\s()<>]{1,255}")
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}(?:/[a-z0-9.+*-]{1,60})?")
_LANGUAGE = re.compile(r"\s*([a-z]{2,3})(?![a-z])", re.IGNORECASE)
#: Joins the picture characters before and after it into one.
_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
#: A character with all its marks and joined parts is shorter; a longer one is no script.
_CLUSTER = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """What a dialect gave, before anything was checked; candidates best first."""

    guid: str
    links: tuple[str, ...]
    title: str
    summaries: tuple[str, ...]
    #: Times as they are written.
    published: tuple[str, ...]
    updated: tuple[str, ...]
    authors: tuple[str, ...]
    media: tuple[Media, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanEntries:
    """The entries of a feed, in its order, and what was left out of them."""

    entries: tuple[Entry, ...]
    skipped: tuple[SkippedEntry, ...]


def clean_entries(
    raws: Sequence[RawEntry], *, base: str, now: datetime, missing: int = 0
) -> CleanEntries:
    """Return the newest `ENTRIES_LIMIT` entries, cleaned; links resolve against `base`.

    Entries left out for their number, the `missing` ones included, are told as `truncated-feed`.
    """
    kept = _newest(raws, now)
    missing += len(raws) - len(kept)
    cleaned = [clean_entry(raw, base=base, now=now) for raw in kept]
    skipped = [one for one in cleaned if isinstance(one, SkippedEntry)]
    if missing:
        skipped.append(SkippedEntry(reason="truncated-feed", label=f"{missing} older entries"))
    return CleanEntries(
        entries=tuple(one for one in cleaned if isinstance(one, Entry)), skipped=tuple(skipped)
    )


def clean_entry(raw: RawEntry, *, base: str, now: datetime) -> Entry | SkippedEntry:
    """Return the entry, or `entry-without-link` when nothing leads to a page."""
    title = plain_text(raw.title, _TITLE_LIMIT)
    guid = _guid(raw.guid)
    url = next(filter(None, (_address(base, link) for link in raw.links)), None)
    if url is None:
        label = title or shorten(guid, _TITLE_LIMIT) or "an entry without any name"
        return SkippedEntry(reason="entry-without-link", label=label)
    summary = next(filter(None, (plain_text(text, _SUMMARY_LIMIT) for text in raw.summaries)), "")
    return Entry(
        guid=guid,
        url=url,
        title=title,
        summary=summary,
        published_at=_first_date(raw.published, now),
        updated_at=_first_date(raw.updated, now),
        authors=_authors(raw.authors),
        media=_media(raw.media, base),
        content_hash=content_hash(title, summary, url),
    )


def content_hash(title: str, summary: str, url: str) -> str:
    """Return what tells that a reader would see something else."""
    return _hash(f"{title}\n{summary}\n{url}")


def plain_text(markup: str, limit: int = _TITLE_LIMIT) -> str:
    """Return the text of some markup as one line of at most `limit` characters."""
    if len(markup) > _RAW_BEGINNING:
        beginning = plain_line(markup[:_RAW_BEGINNING])
        # What was cut in two, a tag or a character, is beyond what is kept of it.
        if len(beginning) > limit + _CLUSTER:
            return shorten(beginning, limit)
    return shorten(plain_line(markup[:_RAW_LIMIT]), limit)


def language_of(text: str) -> str | None:
    """Return the language code at the start of a tag such as ``en-GB``; None for other texts."""
    match = _LANGUAGE.match(text)
    return match[1].lower() if match else None


def shorten(text: str, limit: int) -> str:
    """Cut `text` to at most `limit` characters: at a space in its second half, else anywhere.

    Anywhere is never inside a character that is made of several.
    """
    if len(text) <= limit:
        return text
    space = text.rfind(" ", limit // 2, limit + 1)
    if space > 0:
        return text[:space].rstrip()
    for end in range(limit, limit - _CLUSTER, -1):
        if not _is_joined(text, end):
            return text[:end].rstrip()
    return text[:limit].rstrip()


def _is_joined(text: str, position: int) -> bool:
    """Say whether the character at `position` belongs to the one before it."""
    character = text[position]
    return (
        character == _JOINER
        or text[position - 1] == _JOINER
        or ord(character) in _SKIN_TONES
        or unicodedata.category(character).startswith("M")
    )


def _newest(raws: Sequence[RawEntry], now: datetime) -> Sequence[RawEntry]:
    """Return the newest entries in their order."""
    if len(raws) <= ENTRIES_LIMIT:
        return raws
    # Undated entries count as the oldest; among equals the first stay, as feeds begin with news.
    oldest = datetime.min.replace(tzinfo=UTC)
    ages = [_first_date((*raw.published, *raw.updated), now) or oldest for raw in raws]
    order = sorted(range(len(raws)), key=ages.__getitem__, reverse=True)
    return [raws[number] for number in sorted(order[:ENTRIES_LIMIT])]


@lru_cache(256)  # the same few, asked for each link and picture
def host(url: str) -> str:
    """Return the host of an address without www., "" when it has none."""
    try:
        return host_of(url).removeprefix("www.")
    except ValueError:
        return ""


def _address(base: str, link: str) -> str | None:
    """Return a link as an absolute address; `host/path` of the feed's own host is meant as one."""
    link = link.strip()
    own = host(base)
    bare = own and link.lower().removeprefix("www.").startswith(f"{own}/")
    return resolve(base, f"https://{link}" if bare else link)


def _first_date(texts: Iterable[str], now: datetime) -> datetime | None:
    """Return the first of the texts that says a time."""
    return next((found for text in texts if (found := feed_date(text, now=now))), None)


def _guid(text: str) -> str:
    """Return a guid without anything unprintable, by its hash when it is far too long."""
    return clean_line(text) if len(text) <= _GUID_LIMIT else f"sha256:{_hash(text)}"


def _authors(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without e-mail addresses, each once."""
    cleaned = (_EMAIL.sub("", plain_text(name)).replace("()", "") for name in names)
    bare = (shorten(" ".join(name.split()).strip(" ()<>,;"), _NAME_LIMIT) for name in cleaned)
    return tuple(dict.fromkeys(filter(None, bare)))[:_AUTHORS_LIMIT]


def _media(media: Iterable[Media], base: str) -> tuple[Media, ...]:
    """Return pictures and videos with absolute addresses, each once."""
    found: dict[str, Media] = {}
    for one in media:
        if len(found) == _MEDIA_LIMIT:
            break
        url = _address(base, one.url)
        if url and url not in found:
            kind = one.type.strip().lower()
            safe = kind if _MEDIA_TYPE.fullmatch(kind) else ""
            found[url] = Media(url=url, width=one.width, height=one.height, type=safe)
    return tuple(found.values())


def _hash(text: str) -> str:
    """Return the sha-256 of a text, in hex."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
