"""Pure: what one seed document says, and how a story becomes one.

The records hold everything that the four known generations of the format can say, and what they
cannot: a key that we do not know is kept as it was written. `document_of` writes the first
generation's content in the way of the user's example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from config.catalogue import Organisation, Site
from pipeline.plaintext import clean_line
from pipeline.records import Article, ScoredArticle, Story
from pipeline.seedfile.addresses import is_safe_url
from pipeline.urls import resolve

#: Consumers know neither topics nor categories besides this one.
CATEGORY = "news"
#: A document that is withdrawn: kept under its name, never shown.
WITHDRAWN_HEAT = -1
#: Every organisation's picture has this size and place, which the format fixes.
_LOGO = "/assets/images/organizations/{domain}-50x50.jpg"
_LOGO_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A mapping of the file."""

    #: Keys that we do not know -> their YAML as it stood after the colon.
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedImage(_Part):
    """A picture: absolute URL (logos: a path), size in pixels."""

    url: str
    width: int
    height: int
    is_cached: bool | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedProvider(_Part):
    """Whose article it is."""

    name: str
    domain: str
    images: tuple[SeedImage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedAmp:
    """The two AMP addresses, which come together or not at all."""

    url: str
    cdn_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedScore:
    """What decides whether a document is shown; its three keys come together or not at all."""

    quality: int
    #: -1: withdrawn, or not the lead of its group.
    heat: int
    published: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedRelated(_Part):
    """A related article: one level deep, without heat, topics or logo."""

    title: str
    excerpt: str
    published_at: datetime
    url: str
    type: str
    provider: SeedProvider
    quality: int
    amp: SeedAmp | None = None
    images: tuple[SeedImage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedDocument(_Part):
    """One document; what is None or empty is not written."""

    title: str
    excerpt: str
    published_at: datetime
    type: str
    provider: SeedProvider
    topics: tuple[str, ...]
    #: sourceUrl or webUrl; videos of the later generations have none.
    url: str | None = None
    original_url: str | None = None
    amp: SeedAmp | None = None
    score: SeedScore | None = None
    #: Withdrawn by hand.
    removed: bool | None = None
    featured_content: str | None = None
    tags: tuple[str, ...] = ()
    images: tuple[SeedImage, ...] = ()
    related: tuple[SeedRelated, ...] = ()
    secured: str | None = None
    category: str = CATEGORY

    @property
    def published(self) -> bool:
        """Say whether sites show it; without a score they do (Jekyll's rule)."""
        return self.score is None or self.score.published

    @property
    def heat(self) -> int:
        """Return what sites order by; without a score 0 (the themes' default)."""
        return self.score.heat if self.score else 0


def document_of(
    story: Story,
    *,
    site: Site,
    organisations: Mapping[str, Organisation],
    amp_cache: Callable[[str], str | None],
    withdrawn: bool = False,
    secured: str | None = None,
) -> SeedDocument:
    """Return the document of a story on a site.

    `amp_cache` gives the AMP Cache URL of an AMP URL. A withdrawn story keeps its document with
    heat -1 and published: false.
    """
    lead = story.lead.article
    title = clean_line(story.title or lead.title)
    return SeedDocument(
        title=title,
        excerpt=clean_line(lead.excerpt),
        published_at=_second(lead.published_at),
        url=lead.url,
        amp=_amp(lead, amp_cache),
        type=lead.type.value,
        score=_score(story, site, withdrawn=withdrawn),
        featured_content=clean_line(lead.featured_content) if lead.featured_content else None,
        provider=_provider(lead, _logos(lead.provider, organisations, site)),
        topics=tuple(dict.fromkeys(filter(None, map(clean_line, story.topics)))),
        images=_images(lead, title),
        related=tuple(
            _related(scored, amp_cache) for scored in _ranked(story)[: site.related_limit]
        ),
        secured=secured,
    )


def _score(story: Story, site: Site, *, withdrawn: bool) -> SeedScore:
    """Return the three keys that decide whether a site shows the story."""
    heat = WITHDRAWN_HEAT if withdrawn else story.heat.value
    return SeedScore(
        quality=story.lead.quality.value,
        heat=heat,
        published=not withdrawn and heat >= site.threshold,
    )


def tombstone_of(document: SeedDocument) -> SeedDocument:
    """Return what is left of a document whose story is gone: never shown, its address kept."""
    quality = document.score.quality if document.score else 0
    score = SeedScore(quality=quality, heat=WITHDRAWN_HEAT, published=False)
    return replace(document, score=score, related=(), secured=None)


def carried(document: SeedDocument, earlier: SeedDocument) -> SeedDocument:
    """Return `document` with what only an earlier form of it says, so that no writing loses it.

    Those are keys of other systems, tags, and the kind of address that videos had.
    """
    moved = earlier.original_url is not None and earlier.url is None
    return replace(
        document,
        original_url=earlier.original_url,
        url=None if moved and document.url == earlier.original_url else document.url,
        tags=tuple(filter(None, map(clean_line, earlier.tags))),
        extra=earlier.extra,
    )


def related_count(story: Story) -> int:
    """Return how many related articles a story has, listed or not, no address twice."""
    return len(_ranked(story))


def _ranked(story: Story) -> list[ScoredArticle]:
    """Return the related articles: best first, no address twice, never the lead's."""
    best_first = sorted(story.related, key=_rank)
    firsts = {scored.article.url: scored for scored in reversed(best_first)}
    firsts.pop(story.lead.article.url, None)
    return sorted(firsts.values(), key=_rank)


def _rank(scored: ScoredArticle) -> tuple[int, datetime, str]:
    """Order by quality, then older first, then URL."""
    return (-scored.quality.value, scored.article.published_at, scored.article.url)


def _related(scored: ScoredArticle, amp_cache: Callable[[str], str | None]) -> SeedRelated:
    """Return one related article."""
    article = scored.article
    return SeedRelated(
        title=clean_line(article.title),
        excerpt=clean_line(article.excerpt),
        published_at=_second(article.published_at),
        url=article.url,
        amp=_amp(article, amp_cache),
        type=article.type.value,
        provider=_provider(article),
        quality=scored.quality.value,
        images=_images(article, None),
    )


def _provider(article: Article, logos: tuple[SeedImage, ...] = ()) -> SeedProvider:
    """Return an article's provider; one without a name goes by its domain."""
    name = clean_line(article.provider_name) or article.provider
    return SeedProvider(name=name, domain=article.provider, images=logos)


def _logos(
    domain: str, organisations: Mapping[str, Organisation], site: Site
) -> tuple[SeedImage, ...]:
    """Return the logo of a provider that is registered with one."""
    known = organisations.get(domain)
    if known is None or not known.logo:
        return ()
    path = _LOGO.format(domain=domain)
    # The later generation wants absolute addresses.
    absolute = site.base_url and site.dialect == "web"
    url = resolve("", f"{site.base_url}".rstrip("/") + path) if absolute else path
    return (SeedImage(url=url or path, width=_LOGO_SIZE, height=_LOGO_SIZE),)


def _amp(article: Article, amp_cache: Callable[[str], str | None]) -> SeedAmp | None:
    """Return both AMP addresses, or none; the cache's can come out too long to be of use."""
    cdn_url = amp_cache(article.amp_url) if article.amp_url else None
    if article.amp_url is None or cdn_url is None or not is_safe_url(cdn_url):
        return None
    return SeedAmp(url=article.amp_url, cdn_url=cdn_url)


def _images(article: Article, title: str | None) -> tuple[SeedImage, ...]:
    """Return the article's picture; only the lead's carries a title."""
    if article.image is None:
        return ()
    image = article.image
    return (SeedImage(url=image.url, width=image.width, height=image.height, title=title),)


def _second(moment: datetime) -> datetime:
    """Return a time as the format can say it: UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0)
