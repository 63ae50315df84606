"""A document to vary, and hostile texts."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from pipeline.seedfile.document import (
    SeedAmp,
    SeedDocument,
    SeedImage,
    SeedProvider,
    SeedRelated,
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
    quality=87,
    heat=97,
    published=True,
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

#: Texts that broke hand-made front matter, and names that YAML takes for something else.
HOSTILE = (
    "x\n---\npublished: false", '"', "'", "\\", "trailing \\", "&a *a", "!!python/object:x [id]",
    "<<: *x", "%YAML", "@Work", "`", "#", ": ", "a: b", "a #b", "\x85", "\u2028", "\u2029", "\r\n",
    "\t", "\x0c", "\x00", "\x9f", "\ufeff", "\u202e", "\u200b", "yes", "No", "null", "~", "012",
    "1:30", "2020-01-23", ".inf", "=", "", " ", "x" * 5_000, "<script>", "&lt;script&gt;",
    "{{ site.x }}", "{% raw %}", "411", "680", "1e3", "12:30", "1,000", "0x1F", "Law360: News",
    "3D Insider", "24/7 Wall St", "9to5Mac", "日本経済新聞", "Größe", "👩‍👩‍👧",
    "e" + "\u0301" * 300,
    "../../etc/x", "- a", "? a", "| a", "> a", "[a]", "{a}", "a]", "-", "---", "...", "\ud800",
)  # fmt: skip

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=80))
