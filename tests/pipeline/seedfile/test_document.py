"""How a story becomes a document."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from config.catalogue import Organisation
from pipeline.records import ArticleType, Story
from pipeline.seedfile.document import (
    SeedAmp,
    SeedDocument,
    SeedImage,
    SeedScore,
    document_of,
    tombstone_of,
)
from pipeline.seedfile.parse import parse
from pipeline.seedfile.render import render
from tests.pipeline.seedfile.world import DOCUMENT, article, scored, site, story

ORGANISATIONS = {
    "one.example": Organisation(domain="one.example", name="One", quality=50, logo=True),
    "two.example": Organisation(domain="two.example", name="Two", quality=50),
}
LEAD = scored(article("lead"), 87)


def _cache(url: str) -> str | None:
    return url.replace("https://", "https://cache.example/")


def _document(of: Story, **changes: object) -> SeedDocument:
    return document_of(of, site=site(**changes), organisations=ORGANISATIONS, amp_cache=_cache)


@pytest.mark.parametrize(("heat", "published"), [(69, False), (70, True), (-1, False)])
def test_the_threshold_decides_on_heat(heat: int, published: bool) -> None:
    assert _document(story(LEAD, heat=heat), threshold=70).published is published


def test_a_withdrawn_story_is_never_published() -> None:
    document = document_of(
        story(LEAD, heat=500), site=site(), organisations={}, amp_cache=_cache, withdrawn=True
    )

    assert document.score == SeedScore(quality=87, heat=-1, published=False)


def test_a_document_without_a_score_is_shown_by_sites_at_the_end() -> None:
    document = replace(DOCUMENT, score=None)

    assert document.published
    assert document.heat == 0
    assert DOCUMENT.heat == 97


def test_a_tombstone_keeps_the_address_and_is_never_shown() -> None:
    tombstone = tombstone_of(DOCUMENT)

    assert tombstone.score == SeedScore(quality=87, heat=-1, published=False)
    assert (tombstone.url, tombstone.title) == (DOCUMENT.url, DOCUMENT.title)
    assert (tombstone.related, tombstone.secured) == ((), None)
    assert not tombstone_of(replace(DOCUMENT, score=None)).published
    assert parse(render(tombstone, "seed")).document == tombstone


def test_related_come_best_first_then_older_then_by_address() -> None:
    members = [
        scored(article("d", domain="two.example", minutes=5), 40),
        scored(article("c", domain="two.example"), 40),
        scored(article("b", domain="two.example"), 40),
        scored(article("a", domain="two.example", minutes=9), 60),
    ]

    urls = [one.url for one in _document(story(LEAD, *members)).related]

    assert urls == [f"https://two.example/{name}" for name in "abcd"]


def test_neither_the_lead_nor_any_address_is_listed_twice() -> None:
    other = article("other", domain="two.example")
    twin = replace(LEAD.article, provider="two.example")
    members = [scored(twin, 90), scored(other, 40), scored(other, 60)]

    related = _document(story(LEAD, *members)).related

    assert [(one.url, one.quality) for one in related] == [("https://two.example/other", 60)]


@pytest.mark.parametrize(("limit", "listed"), [(0, 0), (2, 2), (9, 3)])
def test_the_sites_limit_holds(limit: int, listed: int) -> None:
    members = [scored(article(name, domain="two.example"), 40) for name in "abc"]

    assert len(_document(story(LEAD, *members), related_limit=limit).related) == listed


def test_only_the_leads_picture_has_a_title() -> None:
    document = _document(story(LEAD, scored(article("b", domain="two.example"), 40)))

    assert document.images[0].title == document.title
    assert document.related[0].images[0].title is None


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "/assets/images/organizations/one.example-50x50.jpg"),
        ({"base_url": "https://ai.example/", "dialect": "seed"},
         "/assets/images/organizations/one.example-50x50.jpg"),
        ({"base_url": "https://AI.example/news/", "dialect": "web"},
         "https://ai.example/news/assets/images/organizations/one.example-50x50.jpg"),
        ({"dialect": "web"}, "/assets/images/organizations/one.example-50x50.jpg"),
    ],
)  # fmt: skip
def test_a_logo_is_a_path_or_in_dialect_web_an_address(
    changes: dict[str, object], url: str
) -> None:
    document = _document(story(LEAD), **changes)

    assert document.provider.images == (SeedImage(url=url, width=50, height=50),)


@pytest.mark.parametrize("domain", ["two.example", "unknown.example"])
def test_only_organisations_registered_with_a_logo_have_one(domain: str) -> None:
    assert _document(story(scored(article("lead", domain=domain), 87))).provider.images == ()


def test_related_articles_never_carry_a_logo() -> None:
    document = _document(story(LEAD, scored(article("b"), 40)))

    assert document.related[0].provider.images == ()


def test_amp_addresses_come_as_a_pair_or_not_at_all() -> None:
    amp = "https://one.example/lead?amp"
    lead = scored(replace(LEAD.article, amp_url=amp), 87)
    too_long = scored(replace(LEAD.article, amp_url="https://one.example/" + "a" * 2020), 87)

    assert _document(story(lead)).amp == SeedAmp(url=amp, cdn_url=_cache(amp) or "")
    assert _document(story(LEAD)).amp is None
    assert _document(story(too_long)).amp is None
    alone = document_of(story(lead), site=site(), organisations={}, amp_cache=lambda _: None)
    assert alone.amp is None


def test_texts_are_cleaned_and_times_are_utc_to_the_second() -> None:
    lead = replace(
        LEAD.article,
        title=" Two\nlines \x9d",
        excerpt="a\u2028b",
        provider_name="\x00",
        published_at=datetime(2020, 1, 24, 1, 31, 7, 999, tzinfo=timezone(timedelta(hours=10))),
        type=ArticleType.VIDEO,
        featured_content='<iframe\n src="https://one.example/x"></iframe>',
    )
    of = replace(story(scored(lead, 87)), topics=("AI", "\u200bAI", " ", "Robots"))
    document = _document(of)

    assert (document.title, document.excerpt) == ("Two lines", "a b")
    assert document.provider.name == "one.example"
    assert document.published_at == datetime(2020, 1, 23, 15, 31, 7, tzinfo=UTC)
    assert document.featured_content == '<iframe src="https://one.example/x"></iframe>'
    assert document.topics == ("AI", "Robots")
    assert document.type == "video"


def test_the_secured_value_is_taken_as_given() -> None:
    document = document_of(
        story(LEAD), site=site(), organisations={}, amp_cache=_cache, secured="QQ==;QQ=="
    )

    assert document.secured == "QQ==;QQ=="
