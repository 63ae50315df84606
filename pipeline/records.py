"""The records that travel along the line, and the ids that name them.

    Source -> FeedDocument -> Entry -> Page -> Article -> Story -> SeedDocument -> file

Every record is frozen; every time is an aware UTC datetime; every id is a string that means the
same in every database (row numbers never leave the store).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

#: The operator's slug for a source, e.g. ``bbc-technology``.
SourceId = NewType("SourceId", str)
#: ``url_key`` of the link as an entry gave it.
PageId = NewType("PageId", str)
#: ``url_key`` of the address an article goes by (canonical, else final).
ArticleId = NewType("ArticleId", str)
#: 16 base32 characters made from the founding article; never reused.
StoryId = NewType("StoryId", str)


# --- feeds ----------------------------------------------------------------------------------------


class EntryKeyKind(StrEnum):
    """What names an entry within its source, best first; degraded when guids prove unusable."""

    GUID = "guid"
    LINK = "link"
    LINK_TITLE = "link+title"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave us for the next conditional GET (RFC 9110, section 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollHints:
    """What a feed says about how often to look (RSS ttl, skipHours/Days, sy:update*)."""

    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    #: Monday is 0.
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often a feed brings something new; the counts fade (`pipeline.feeds.rhythm`)."""

    #: New entries, and the hours in which they came.
    entries: float = 0.0
    hours: float = 0.0
    #: New entries by hour of the day (UTC); () while none is known.
    by_hour: tuple[float, ...] = ()
    #: Entries that the feed showed last.
    shown: int = 0
    #: Share of the interval that is waited, below 1 after polls that knew no entry.
    haste: float = 1.0
    #: Share of polls that knew no entry, so that some were probably missed.
    gaps: float = 0.0
    last_new_at: datetime | None = None
    #: Usual gap in hours when the last new entry came.
    last_gap: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A permanent redirect as it was met from poll to poll."""

    url: str
    polls: int
    since: datetime
    #: The feed over there has shown entries that are ours.
    shares_entries: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What polling has learned of a source."""

    rhythm: Rhythm = field(default_factory=Rhythm)
    #: As the feed last said them; a 304 does not repeat them.
    hints: PollHints = field(default_factory=PollHints)
    move: Move | None = None
    #: The first 410, until the feed answers again.
    gone_since: datetime | None = None
    #: 410 on two different days.
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PollState:
    """What polling remembers of one source between two polls."""

    validators: Validators = field(default_factory=Validators)
    #: sha-256 of the last body that parsed; an equal body is not parsed again.
    body_hash: str | None = None
    entry_key_kind: EntryKeyKind = EntryKeyKind.GUID
    memory: Memory = field(default_factory=Memory)
    #: Where the feed has moved to for good; polled in place of the source's address.
    moved_to: str | None = None
    #: Weighted failures in a row (hard 1, soft 0.5, temporary 0.25); 0 after a success.
    failures: float = 0.0
    last_success_at: datetime | None = None
    #: Last GET without validators; one a day is made however the server answers.
    last_unconditional_at: datetime | None = None
    next_fetch_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a source is asked with; secrets by reference (`config.secretrefs`), never themselves."""

    #: Request headers for the feed's own origin.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Name under which it is asked; None: that of the settings.
    user_agent: str | None = None
    #: Where the proxy's URL is kept; None: that of the settings, if any.
    proxy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Our record of one feed."""

    id: SourceId
    feed_url: str
    #: Registrable domain of the publisher, the key of its organisation.
    provider: str
    title: str
    language: str | None = None
    #: The operator's own interval; wins over what polling learns.
    interval: timedelta | None = None
    access: Access = field(default_factory=Access)
    state: PollState = field(default_factory=PollState)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """The raw answer of a feed's server."""

    #: Where the bytes came from, after redirects; links resolve against it.
    final_url: str
    body: bytes
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A picture or video that a feed attaches to an entry. Sizes in pixels, None when unsaid."""

    url: str
    width: int | None = None
    height: int | None = None
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing in a feed, cleaned: absolute http(s) link, plain one-line text, UTC times."""

    #: The guid as served (Atom id, RSS guid, JSON Feed id); "" when there is none.
    guid: str
    url: str
    title: str
    #: The feed's own description, without markup; "" when there is none.
    summary: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    authors: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    #: sha-256 over what a reader would see change (title, summary, url).
    content_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedEntry:
    """An entry that cannot be used, with a stable reason code and what it was."""

    reason: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed's entries, newest first as served, with its dialect and hints."""

    #: ``rss20``, ``atom10``, ``json11`` ...; feedparser's own names.
    dialect: str
    #: What read it: ``fast``, ``feedparser`` or ``jsonfeed``.
    parser: str
    title: str
    entries: tuple[Entry, ...]
    skipped: tuple[SkippedEntry, ...] = ()
    language: str | None = None
    hints: PollHints = field(default_factory=PollHints)


# --- articles -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A fetched web page: bytes as decoded from the transfer, not yet from their charset."""

    id: PageId
    #: The link that was asked for.
    url: str
    #: Where it ended after redirects.
    final_url: str
    body: bytes
    content_type: str
    fetched_at: datetime
    #: The X-Robots-Tag header, repeated ones joined by a comma; it binds like the page's metas.
    robots_tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFacts:
    """What the feed already told about a page; the page may know better."""

    title: str = ""
    summary: str = ""
    published_at: datetime | None = None
    language: str | None = None
    authors: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    #: When we first saw the entry: the last resort for a date.
    first_seen_at: datetime | None = None


class ArticleType(StrEnum):
    """The format's ``type``."""

    ARTICLE = "article"
    VIDEO = "video"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCandidate:
    """A picture that could stand for an article; sizes None until declared or measured."""

    url: str
    origin: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture that passed the gate: absolute http(s) URL, true size in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedArticle:
    """What one page says, before its picture is measured and its provider looked up.

    ``origins`` tells for each field where its value came from (``title: jsonld``).
    """

    #: The address the article goes by: canonical when trusted, else final.
    url: str
    title: str
    excerpt: str
    #: Main text, plain, paragraphs separated by newlines; "" when the page gave none.
    text: str
    published_at: datetime
    #: ``second`` or ``day``.
    published_precision: str
    updated_at: datetime | None
    language: str
    type: ArticleType
    amp_url: str | None
    site_name: str | None
    authors: tuple[str, ...]
    #: Best first.
    image_candidates: tuple[ImageCandidate, ...]
    #: An embeddable player when the page is a video.
    featured_content: str | None
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a text says, as the vectors of one model; those of two models say nothing together."""

    #: Name and dimension of the model.
    model: str
    #: Of title and opening together, then of the title alone: signed bytes, end to end.
    vectors: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article as the store keeps it and the stories see it."""

    id: ArticleId
    page_id: PageId
    url: str
    title: str
    excerpt: str
    text: str
    published_at: datetime
    language: str
    type: ArticleType
    provider: str
    provider_name: str
    published_precision: str = "second"
    updated_at: datetime | None = None
    amp_url: str | None = None
    authors: tuple[str, ...] = ()
    image: Image | None = None
    featured_content: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    embedding: Embedding | None = None


# --- stories --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One term of a score or a similarity, so that every number can be explained."""

    name: str
    value: float
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """An integer score and the parts it is the sum of."""

    value: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Why an article belongs to its story."""

    article_id: ArticleId
    #: The member it is closest to; None for the founding article.
    nearest: ArticleId | None = None
    #: The story score at which it joined, 0 to 1.
    score: float = 1.0
    parts: tuple[Part, ...] = ()
    #: Set when its text is a copy of another member's: the two are one voice.
    copy_of: ArticleId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredArticle:
    """An article with what the stories room found out about it."""

    article: Article
    topics: tuple[str, ...]
    quality: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The group of articles on one event: a lead and the related ones, best first."""

    id: StoryId
    lead: ScoredArticle
    related: tuple[ScoredArticle, ...]
    memberships: tuple[Membership, ...]
    topics: tuple[str, ...]
    heat: Score
    #: Independent voices besides the lead's: copies and a provider's further articles count once.
    related_voices: int
    #: By an operator's word; "" for the lead's own.
    title: str = ""
