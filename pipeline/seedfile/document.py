"""Pure: what one seed document says, and how a story becomes one.

The records hold everything that the four known generations of the format can say; `document_of`
writes the first generation's content in the way of the user's example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from config.catalogue import Organisation, Site
from pipeline.plaintext import clean_line
from pipeline.records import Article, ScoredArticle, Story

#: Consumers know neither topics nor categories besides this one.
CATEGORY = "news"
#: A document that is withdrawn: kept under its name, never shown.
WITHDRAWN_HEAT = -1
#: Every organisation's picture has this size and place, which the format fixes.
_LOGO = "/assets/images/organizations/{domain}-50x50.jpg"
_LOGO_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedImage:
    """A picture: absolute URL (logos: a path), size in pixels."""

    url: str
    width: int
    height: int
    is_cached: bool | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedProvider:
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
class SeedRelated:
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
class SeedDocument:
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
    #: quality, heat and published are there together or not at all.
    quality: int | None = None
    heat: int | None = None
    published: bool | None = None
    removed: bool | None = None
    featured_content: str | None = None
    tags: tuple[str, ...] = ()
    images: tuple[SeedImage, ...] = ()
    related: tuple[SeedRelated, ...] = ()
    secured: str | None = None
    category: str = CATEGORY


def document_of(
    story: Story,
    *,
    site: Site,
    organisations: Mapping[str, Organisation],
    amp_cache: Callable[[str], str | None],
    withdrawn: bool = False,
) -> SeedDocument:
    """Return the document of a story on a site, without its secured value.

    `amp_cache` gives the AMP Cache URL of an AMP URL. A withdrawn story keeps its document with
    heat -1 and published: false.
    """
    lead = story.lead.article
    heat = WITHDRAWN_HEAT if withdrawn else story.heat.value
    title = clean_line(lead.title)
    return SeedDocument(
        title=title,
        excerpt=clean_line(lead.excerpt),
        published_at=lead.published_at,
        url=lead.url,
        amp=_amp(lead, amp_cache),
        type=lead.type.value,
        quality=story.lead.quality.value,
        heat=heat,
        published=not withdrawn and heat >= site.threshold,
        featured_content=lead.featured_content,
        provider=_provider(lead, organisations, site),
        topics=tuple(dict.fromkeys(clean_line(topic) for topic in story.topics)),
        images=_images(lead, title),
        related=tuple(_related(scored, amp_cache) for scored in _listed(story, site.related_limit)),
    )


def _listed(story: Story, limit: int) -> Iterable[ScoredArticle]:
    """Return the related articles to list: best first, no address twice, never the lead."""
    seen = {story.lead.article.url}
    listed = []
    for scored in sorted(story.related, key=_rank):
        if scored.article.url not in seen:
            seen.add(scored.article.url)
            listed.append(scored)
    return listed[:limit]


def _rank(scored: ScoredArticle) -> tuple[int, datetime, str]:
    """Order by quality, then older first, then URL."""
    return (-scored.quality.value, scored.article.published_at, scored.article.url)


def _related(scored: ScoredArticle, amp_cache: Callable[[str], str | None]) -> SeedRelated:
    """Return one related article."""
    article = scored.article
    return SeedRelated(
        title=clean_line(article.title),
        excerpt=clean_line(article.excerpt),
        published_at=article.published_at,
        url=article.url,
        amp=_amp(article, amp_cache),
        type=article.type.value,
        provider=SeedProvider(name=clean_line(article.provider_name), domain=article.provider),
        quality=scored.quality.value,
        images=_images(article, None),
    )


def _provider(
    article: Article, organisations: Mapping[str, Organisation], site: Site
) -> SeedProvider:
    """Return the lead's provider, with its logo when it is registered with one."""
    known = organisations.get(article.provider)
    logos: tuple[SeedImage, ...] = ()
    if known and known.logo:
        path = _LOGO.format(domain=article.provider)
        # The later generation wants absolute addresses.
        base = (site.base_url or "").rstrip("/") if site.dialect == "web" else ""
        logos = (SeedImage(url=base + path, width=_LOGO_SIZE, height=_LOGO_SIZE),)
    return SeedProvider(
        name=clean_line(article.provider_name), domain=article.provider, images=logos
    )


def _amp(article: Article, amp_cache: Callable[[str], str | None]) -> SeedAmp | None:
    """Return both AMP addresses, or none."""
    if article.amp_url is None:
        return None
    cdn_url = amp_cache(article.amp_url)
    return SeedAmp(url=article.amp_url, cdn_url=cdn_url) if cdn_url else None


def _images(article: Article, title: str | None) -> tuple[SeedImage, ...]:
    """Return the article's picture; only the lead's carries a title."""
    if article.image is None:
        return ()
    image = article.image
    return (SeedImage(url=image.url, width=image.width, height=image.height, title=title),)
