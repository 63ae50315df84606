from __future__ import annotations

import json

import pytest

from pipeline.articles.jsonld import objects, read_json_ld, strings, types_of

URL = "https://www.harbour-post.example/a"


def headline(*scripts: str) -> str:
    return "".join(strings(read_json_ld(scripts, url=URL).article.get("headline")))


FORMS = {
    "an object": '{"@type": "NewsArticle", "headline": "Tide"}',
    "a list": '[{"@type": "Organization"}, {"@type": "Article", "headline": "Tide"}]',
    "a graph": '{"@graph": [{"@type": "WebPage"}, {"@type": ["Article"], "headline": "Tide"}]}',
    "a nested main entity": (
        '{"@type": "WebPage", "mainEntity": {"@type": "BlogPosting", "headline": "Tide"}}'
    ),
    "a full type": '{"@type": "https://schema.org/NewsArticle", "headline": "Tide"}',
    "a raw line break": '{"@type": "Article",\n "headline": "Ti\tde"}'.replace("\t", ""),
    "a comment around": '<!-- {"@type": "Article", "headline": "Tide"} -->',
    "a CDATA section around": '//<![CDATA[\n{"@type": "Article", "headline": "Tide"}\n//]]>',
    "a semicolon behind": '{"@type": "Article", "headline": "Tide"};',
    "a value object": '{"@type": "Article", "headline": {"@value": "Tide"}}',
    "a doubled key": '{"@type": "Article", "headline": "Old", "headline": "Tide"}',
    "not a number": '{"@type": "Article", "headline": "Tide", "wordCount": NaN}',
}


@pytest.mark.parametrize("script", FORMS.values(), ids=FORMS)
def test_an_article_is_found_in_every_form(script: str) -> None:
    assert headline(script) == "Tide"


HOSTILE = {
    "empty": "",
    "no JSON": "window.x = {",
    "cut short": '{"@type": "Article", "headline": "Ti',
    "a string": '"Article"',
    "5,000 levels": '{"@type": "Article", "a": ' + "[" * 5_000 + "]" * 5_000 + "}",
    "5 MB": '{"@type": "Article", "headline": "' + "a" * 5_000_000 + '"}',
    "a type that is a number": '{"@type": 7, "headline": "Tide"}',
    "an infinite number": '{"headline": 1e400, "@type": []}',
}


@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_script_says_nothing_and_harms_no_other(script: str) -> None:
    assert headline(script) == ""
    assert headline(script, FORMS["an object"]) == "Tide"


def test_a_hundred_thousand_objects_are_bounded() -> None:
    many = json.dumps([{"@type": "Thing"}] * 100_000)
    assert headline(many[: 2**20], FORMS["an object"]) == "Tide"


def test_among_several_articles_the_one_about_this_page_is_taken() -> None:
    related = {"@type": "Article", "headline": "Other", "datePublished": "2020", "url": "/b"}
    own = {"@type": "Article", "headline": "Tide", "mainEntityOfPage": {"@id": f"{URL}?utm_id=1"}}
    assert headline(json.dumps([related, own])) == "Tide"


def test_else_the_one_that_says_most() -> None:
    bare = {"@type": "Article", "headline": "Other"}
    full = {"@type": "Article", "headline": "Tide", "datePublished": "2020", "author": "Desk"}
    assert headline(json.dumps([bare, full])) == "Tide"


def test_a_collection_is_a_listing_unless_it_holds_an_article() -> None:
    listing = '{"@type": "CollectionPage"}'
    assert read_json_ld([listing], url=URL).is_listing
    assert not read_json_ld([listing, FORMS["an object"]], url=URL).is_listing


def test_values_of_any_shape_are_read() -> None:
    assert strings(["a", {"name": "b"}, {"@value": "c"}, 7, None, " ", ["d"]]) == ["a", "b", "c"]
    assert objects([{"a": 1}, "b"]) == [{"a": 1}]
    assert types_of({"@type": "schema:Article"}) == {"Article"}
