"""A document and a story to vary, and hostile texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from config.catalogue import Site
from pipeline.records import (
    Article,
    ArticleId,
    ArticleType,
    Image,
    PageId,
    Score,
    ScoredArticle,
    Story,
    StoryId,
)
from pipeline.seedfile.document import (
    SeedAmp,
    SeedDocument,
    SeedImage,
    SeedProvider,
    SeedRelated,
    SeedScore,
)
from tests.conftest import ROOT

EXAMPLE = (
    ROOT / "seeds" / "_news" / "2020-01-23-twitter-demands-ai-company-stops-collecting-faces.md"
)
MOMENT = datetime(2020, 1, 23, 15, 31, tzinfo=UTC)
RELATED = SeedRelated(
    title="Another headline",
    excerpt="Another excerpt.",
    published_at=MOMENT,
    url="https://two.example/b",
    type="article",
    provider=SeedProvider(name="Two", domain="two.example"),
    quality=52,
)
DOCUMENT = SeedDocument(
    title="A headline",
    excerpt="An excerpt.",
    published_at=MOMENT,
    url="https://one.example/a",
    amp=SeedAmp(
        url="https://one.example/a?amp", cdn_url="https://one-example.cdn.ampproject.org/c"
    ),
    type="article",
    score=SeedScore(quality=87, heat=97, published=True),
    provider=SeedProvider(
        name="One",
        domain="one.example",
        images=(SeedImage(url="/assets/one.jpg", width=50, height=50),),
    ),
    topics=("AI",),
    images=(SeedImage(url="https://one.example/a.png", width=640, height=480, title="A headline"),),
    related=(RELATED,),
    secured="QQ==;QQ==",
)
#: Everything that only the later generations say.
LATER = replace(
    DOCUMENT,
    original_url="https://one.example/original",
    featured_content='<iframe src="https://one.example/embed"></iframe>',
    score=SeedScore(quality=87, heat=-1, published=False),
    removed=True,
    tags=("US", "US-CA"),
    images=(replace(DOCUMENT.images[0], is_cached=True),),
    type="video",
)

#: Texts that broke hand-made front matter, and names that YAML takes for something else.
HOSTILE = (
    "x\n---\npublished: false", '"', "'", "\\", "trailing \\", "&a *a", "!!python/object:x [id]",
    "<<: *x", "%YAML", "@Work", "`", "#", ": ", "a: b", "a #b", "a:", "\x85", "\u2028", "\u2029",
    "\r\n", "\r", "\t", "\x0c", "\x00", "\x1b[2J", "\x7f", "\x9f", "\ufeff", "a\ufeffb", "\ufffe",
    "\u202e", "\u2066", "\u200b", "\ud800", "yes", "No", "null", "~", "012", "1:30", "2020-01-23",
    "2020-01-23T15:31:00Z", "2020-01-23 15:31", ".inf", ".NaN", "=", "", " ", "x" * 100_000,
    "<script>", "&lt;script&gt;", "&amp;lt;script&amp;gt;", "<scr<script>ipt>",
    "<img src=x onerror=", "{{ site.x }}", "{% include x %}", "{%raw%}", "411", "680", "1e3",
    "1_000", "1,000", "12:30", "0x1F", "0o17", "0b1", "+1", "-1", "6.02e23", "y", "n", "on", "off",
    "Law360: News", "3D Insider", "24/7 Wall St", "9to5Mac", "Yahoo! Finance", "AT&T", "C# Weekly",
    "日本経済新聞", "Größe", "شبكة", "👩‍👩‍👧", "e" + "\u0301" * 10_000, "../../etc/x", "- a",
    "? a", "| a", "> a", "[a]", "{a}", "a]", "a, b", "-", "---", "...", "!x", "*x", "&x", "%x",
    "\ue000", "\U0010ffff",
)  # fmt: skip

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))


def article(name: str, *, domain: str = "one.example", minutes: int = 0) -> Article:
    """Return an article that nothing is known of besides what must be."""
    url = f"https://{domain}/{name}"
    return Article(
        id=ArticleId(f"1-{name}"),
        page_id=PageId(f"1-{name}"),
        url=url,
        title=f"Headline {name}",
        excerpt=f"Excerpt {name}.",
        text="",
        published_at=MOMENT + timedelta(minutes=minutes),
        language="en",
        type=ArticleType.ARTICLE,
        provider=domain,
        provider_name=domain.partition(".")[0].title(),
        image=Image(url=f"{url}.png", width=640, height=480),
    )


def scored(member: Article, quality: int) -> ScoredArticle:
    """Return an article with its quality."""
    return ScoredArticle(article=member, topics=("AI",), quality=Score(value=quality, parts=()))


def story(lead: ScoredArticle, *related: ScoredArticle, heat: int = 97) -> Story:
    """Return a story."""
    return Story(
        id=StoryId("k3v9"),
        lead=lead,
        related=related,
        memberships=(),
        topics=("AI", "Facial Recognition"),
        heat=Score(value=heat, parts=()),
        related_voices=len(related),
    )


def site(**changes: object) -> Site:
    """Return a site with the format's own habits."""
    return Site.model_validate({"name": "ai", "out": "ai", **changes})
