"""What lists tell of a document."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.seedfile.listing import (
    Listing,
    from_json,
    listing_of,
    newest_first,
    page_path,
    page_url,
    to_json,
)
from tests.pipeline.seedfile.listings import BASE, LISTING, PATH, hostile, numbered
from tests.pipeline.seedfile.world import DOCUMENT, MOMENT, RELATED, site


def test_related_articles_count_though_the_document_does_not_list_them() -> None:
    listed = replace(DOCUMENT, related=(RELATED,))

    assert listing_of(listed, story_id="a", path=PATH).related == 1
    assert listing_of(listed, story_id="a", path=PATH, related=12).related == 12


def test_a_listing_tells_what_the_document_says() -> None:
    assert json.loads(json.dumps(asdict(LISTING))) == {
        "story_id": "k3v9",
        "path": PATH,
        "title": "A headline",
        "excerpt": "An excerpt.",
        "published_at": "2020-01-23T15:31:00Z",
        "updated_at": "2020-01-23T15:31:00Z",
        "url": "https://one.example/a",
        "amp_url": "https://one.example/a?amp",
        "cdn_amp_url": "https://one-example.cdn.ampproject.org/c",
        "type": "article",
        "heat": 97,
        "quality": 87,
        "provider_name": "One",
        "provider_domain": "one.example",
        "provider_logo": "/assets/one.jpg",
        "topics": ["AI"],
        "image": {
            "url": "https://one.example/a.png",
            "width": 640,
            "height": 480,
            "title": "A headline",
        },
        "related": 1,
    }


def test_a_bare_document_of_another_generation_is_listed_too() -> None:
    bare = replace(
        DOCUMENT, url=None, original_url="https://one.example/o", amp=None, score=None, images=()
    )
    listing = listing_of(bare, story_id="k3v9", path=PATH)

    assert (listing.url, listing.amp_url, listing.image) == ("https://one.example/o", None, None)
    assert (listing.heat, listing.quality) == (0, 0)


def test_a_story_is_as_new_as_its_newest_article() -> None:
    newer = replace(RELATED, published_at=MOMENT + timedelta(hours=2))
    listing = listing_of(replace(DOCUMENT, related=(newer, RELATED)), story_id="a", path=PATH)

    assert listing.published_at == "2020-01-23T15:31:00Z"
    assert listing.updated_at == "2020-01-23T17:31:00Z"


def test_a_picture_without_a_title_goes_by_the_article_s() -> None:
    untitled = replace(DOCUMENT, images=(replace(DOCUMENT.images[0], title=None),))
    listing = listing_of(untitled, story_id="a", path=PATH)

    assert listing.image is not None
    assert listing.image.title == "A headline"


@given(hostile())
@settings(max_examples=60, deadline=None)
def test_a_listing_survives_a_json_column(listings: list[Listing]) -> None:
    for listing in listings:
        assert from_json(json.loads(json.dumps(to_json(listing)))) == listing


def test_another_value_is_no_listing() -> None:
    with pytest.raises(TypeError):
        from_json({"title": "only"})


def test_newest_come_first_then_the_hottest_then_by_path() -> None:
    newest, hot, cool_a, cool_b = (
        numbered(0),
        numbered(1, heat=99),
        numbered(1, path="_news/a.md"),
        numbered(1, path="_news/b.md"),
    )

    assert newest_first([cool_b, hot, cool_a, newest]) == [newest, hot, cool_a, cool_b]


@given(st.permutations([numbered(number // 2, path=f"{number}.md") for number in range(6)]))
@settings(max_examples=30)
def test_the_order_does_not_depend_on_the_input_s(listings: list[Listing]) -> None:
    assert newest_first(listings) == newest_first(sorted(listings, key=lambda one: one.path))


@pytest.mark.parametrize(
    ("path", "page"),
    [
        (PATH, "/news/2020/01/23/a-headline/"),
        ("_posts/2020-01-23-2-3.md", "/news/2020/01/23/2-3/"),
        ('_news/2020-01-23-größe ".md', "/news/2020/01/23/gr%C3%B6%C3%9Fe%20%22/"),
        ("_news/undated.md", "/news/undated/"),
    ],
)
def test_a_page_stands_under_its_day_and_its_address_needs_no_escaping(
    path: str, page: str
) -> None:
    assert page_path(path) == page


@pytest.mark.parametrize("base_url", [BASE, f"{BASE}/"])
def test_readers_find_the_page_on_a_site_with_an_address(base_url: str) -> None:
    expected = f"{BASE}/news/2020/01/23/a-headline/"
    assert page_url(LISTING, site(base_url=base_url)) == expected


def test_readers_find_the_article_where_the_site_has_no_address() -> None:
    assert page_url(LISTING, site()) == LISTING.url
