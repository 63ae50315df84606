from __future__ import annotations

import pytest

from pipeline.articles.markup import parse_markup
from pipeline.articles.metadata import Metadata, address_of, read_metadata
from pipeline.records import ArticleType, EntryFacts
from tests.pipeline.articles.pages import NOW, URL, declared, json_ld, markup, meta


def metadata(head: str, facts: EntryFacts | None = None) -> Metadata:
    html = markup(head)
    tree = parse_markup(html.encode(), "").tree
    return read_metadata(declared(html), facts or EntryFacts(), tree, now=NOW, search_date=False)


def canonical(href: str, extra: str = "") -> tuple[str, str]:
    return address_of(declared(markup(f'<link rel="canonical" href="{href}">{extra}')))


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("/science/mill", "https://www.harbour-post.example/science/mill"),
        ("https://harbour-post.example/mill", "https://harbour-post.example/mill"),
        (URL, URL),
    ],
)
def test_the_canonical_address_is_trusted_on_the_same_site(href: str, address: str) -> None:
    assert canonical(href) == (address, "canonical")


@pytest.mark.parametrize(
    "href",
    ["https://other.example/mill", "/", "https://www.harbour-post.example/en/", "javascript:x", ""],
)
def test_a_canonical_address_elsewhere_or_of_a_front_page_is_not(href: str) -> None:
    assert canonical(href) == (URL, "final")


def test_og_url_stands_in_for_a_canonical_address() -> None:
    assert canonical("", meta("og:url", "/mill")) == (
        "https://www.harbour-post.example/mill",
        "og:url",
    )


def test_relative_addresses_refer_to_the_base_of_the_page() -> None:
    html = markup('<base href="/archive/"><link rel="canonical" href="mill">')
    assert address_of(declared(html))[0] == "https://www.harbour-post.example/archive/mill"


def test_each_value_tells_where_it_came_from() -> None:
    found = metadata(
        json_ld(headline="Mill turns", datePublished="2020-01-23T15:31:00Z")
        + meta("og:description", "A mill &amp;amp; its wheel.")
        + meta("og:site_name", "The Harbour Post")
    )
    assert (found.title, found.description) == ("Mill turns", "A mill & its wheel.")
    assert found.origins == {
        "title": "jsonld",
        "description": "og:description",
        "site_name": "og:site_name",
        "published_at": "jsonld",
        "url": "final",
        "type": "jsonld",
    }


@pytest.mark.parametrize(
    ("head", "origin"),
    [
        (json_ld(description="A") + meta("description", "B"), "jsonld"),
        (meta("twitter:description", "A") + meta("description", "B"), "twitter:description"),
        (meta("og:description", " ") + meta("description", "B"), "description"),
    ],
)
def test_descriptions_have_their_order(head: str, origin: str) -> None:
    assert metadata(head).origins["description"] == origin


def test_the_site_names_itself_but_not_by_an_address() -> None:
    publisher = json_ld(publisher={"@type": "Organization", "name": "The Harbour Post"})
    assert metadata(meta("og:site_name", "https://harbour-post.example") + publisher).site_name == (
        "The Harbour Post"
    )


def test_authors_are_names_once_each_and_never_addresses() -> None:
    people = [
        {"name": "Science Desk"},
        {"name": "By Harbour Desk"},
        "Science Desk",
        "desk@post.example",
    ]
    assert metadata(json_ld(author=people)).authors == ("Science Desk", "Harbour Desk")
    assert metadata(meta("author", "https://post.example/desk")).authors == ()
    assert metadata("", EntryFacts(authors=("Feed Desk",))).authors == ("Feed Desk",)


def test_a_page_about_a_video_is_a_video_with_its_player() -> None:
    found = metadata(
        json_ld(
            **{"@type": "VideoObject"}, name='The "mill"', embedUrl="https://play.example/v?a=1&b=2"
        )
    )
    assert found.type is ArticleType.VIDEO
    assert found.featured_content == (
        '<iframe width="800" height="500" frameborder="0" src="https://play.example/v?a=1&amp;b=2"'
        ' title="The &quot;mill&quot;" allowfullscreen></iframe>'
    )


def test_og_tells_a_video_and_the_size_of_its_player() -> None:
    head = (
        meta("og:type", "video.other")
        + meta("og:video:type", "text/html")
        + meta("og:video:secure_url", "https://play.example/v")
        + meta("og:video:width", "640")
        + meta("og:video:height", "360")
    )
    found = metadata(head)
    assert found.type is ArticleType.VIDEO
    assert found.featured_content is not None
    assert 'width="640" height="360"' in found.featured_content


@pytest.mark.parametrize("player", ["javascript:x", "http://play.example/v", ""])
def test_a_player_that_is_not_https_is_left_out(player: str) -> None:
    found = metadata(meta("og:type", "video") + meta("twitter:player", player))
    assert found.type is ArticleType.VIDEO
    assert found.featured_content is None


def test_an_article_with_a_video_inside_is_an_article() -> None:
    video = {"@type": "VideoObject", "embedUrl": "https://play.example/v"}
    found = metadata(json_ld(headline="Mill turns", video=video))
    assert found.type is ArticleType.ARTICLE
    assert found.featured_content is None
