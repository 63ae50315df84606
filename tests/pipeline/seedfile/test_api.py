"""The site's JSON API."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.seedfile.api import PAGE_SIZE, api_files, topic_folders
from pipeline.seedfile.listing import Listing
from tests.pipeline.seedfile.listings import BASE, LISTING, PATH, hostile, numbered
from tests.pipeline.seedfile.world import site

INDEX = "api/news/index.json"


def _pages(listings: list[Listing], **changes: object) -> dict[str, Any]:
    files = api_files(listings, site=site(**changes))
    return {path: json.loads(data) for path, data in files.items()}


def test_a_story_has_every_key_that_the_published_themes_read() -> None:
    (story,) = _pages([LISTING], base_url=BASE)[INDEX]["stories"]

    assert story == {
        "path": PATH,
        "title": "A headline",
        "type": "article",
        "heat": 97,
        "url": f"{BASE}/news/2020/01/23/a-headline/",
        "webUrl": "https://one.example/a",
        "ampWebUrl": "https://one.example/a?amp",
        "cdnAmpWebUrl": "https://one-example.cdn.ampproject.org/c",
        "excerpt": "An excerpt.",
        "publishedDateTime": "2020-01-23T15:31:00Z",
        "updatedDateTime": "2020-01-23T15:31:00Z",
        "provider": {
            "name": "One",
            "domain": "one.example",
            "images": [{"url": "/assets/one.jpg", "width": 50, "height": 50}],
        },
        "images": [
            {
                "url": "https://one.example/a.png",
                "width": 640,
                "height": 480,
                "isCached": False,
                "title": "A headline",
            }
        ],
        "categories": ["news"],
        "topics": ["AI"],
        "relatedCount": 1,
    }


def test_what_a_story_lacks_is_null_or_an_empty_list() -> None:
    bare = replace(LISTING, amp_url=None, cdn_amp_url=None, image=None, provider_logo=None)
    (story,) = _pages([bare])[INDEX]["stories"]

    assert story["url"] == "/news/2020/01/23/a-headline/"
    assert story["ampWebUrl"] is story["cdnAmpWebUrl"] is None
    assert story["images"] == story["provider"]["images"] == []


def test_a_site_without_stories_has_one_empty_page() -> None:
    assert _pages([]) == {
        INDEX: {
            "version": 1,
            "topic": None,
            "page": 1,
            "pages": 1,
            "total": 0,
            "previous": None,
            "next": None,
            "stories": [],
        }
    }


def test_every_story_stands_once_on_pages_that_lead_to_each_other() -> None:
    listings = [numbered(number) for number in range(2 * PAGE_SIZE + 1)]
    pages = _pages(listings[::-1])

    path: str | None = INDEX
    seen, before = [], None
    while path:
        page = pages[path]
        assert page["previous"] == before
        assert (page["pages"], page["total"]) == (3, 41)
        seen += [story["title"] for story in page["stories"]]
        before, path = path, page["next"]
    assert seen == [one.title for one in listings]
    assert before == "api/news/page/3/index.json"


def test_a_full_page_is_followed_by_no_empty_one() -> None:
    assert _pages([numbered(number) for number in range(PAGE_SIZE)])[INDEX]["pages"] == 1


def test_a_topic_has_its_own_pages() -> None:
    listings = [
        numbered(number, topics=("AI", "Facial Recognition") if number else ("AI",))
        for number in range(PAGE_SIZE + 2)
    ]
    pages = _pages(listings)
    folder = "api/news/topics/facial-recognition"

    first, second = pages[f"{folder}/index.json"], pages[f"{folder}/page/2/index.json"]
    assert (first["topic"], first["total"]) == ("Facial Recognition", PAGE_SIZE + 1)
    assert first["next"] == f"{folder}/page/2/index.json"
    assert second["previous"] == f"{folder}/index.json"
    assert [story["title"] for story in second["stories"]] == [f"Headline {PAGE_SIZE + 1}"]


def test_topics_of_one_slug_or_none_keep_apart() -> None:
    folders = topic_folders([replace(LISTING, topics=("C#", "C", "人工知能", "顔認証"))])

    assert folders["C"] == "c"
    assert folders["C#"].startswith("c-")
    assert folders["人工知能"].startswith("topic-")
    assert len(set(folders.values())) == 4


@given(hostile().flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
@settings(max_examples=80, deadline=None)
def test_any_order_gives_the_same_well_formed_files(
    orders: tuple[list[Listing], list[Listing]],
) -> None:
    given_order, other_order = orders
    files = api_files(given_order, site=site())

    assert files == api_files(other_order, site=site())
    assert len(json.loads(files[INDEX])["stories"]) == len(given_order)
    for path, data in files.items():
        assert path.isascii()
        assert ".." not in path
        assert data.endswith(b"}\n")
        assert json.loads(data)["total"] > 0 or path == INDEX
