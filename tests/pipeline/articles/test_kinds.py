from __future__ import annotations

import pytest

from pipeline.articles.kinds import refusal_of
from pipeline.articles.refusals import CONSENT_WALL, ERROR_PAGE, LISTING
from tests.pipeline.articles.pages import URL, declared, json_ld, markup, meta

LONG = "The tide mill on the quay has turned again. " * 30


def refusal(title: str, *, head: str = "", text: str = "", url: str = URL) -> str | None:
    html = markup(f"<title>{title}</title>{head}", f"<h1>{title}</h1>")
    found = refusal_of(declared(html, url=url), text=text)
    return found[0] if found else None


@pytest.mark.parametrize(
    "title",
    [
        "404",
        "Error 404: page not found",
        "Page not found - Harbour Post",
        "Access denied",
        "Just a moment...",
        "Attention Required! | Guard",
        "Seite nicht gefunden",
        "Page introuvable",
        "503 Service Unavailable",
        "This article is no longer available",
        "Are you a robot?",
    ],
)
def test_an_error_served_as_a_page_is_recognised(title: str) -> None:
    assert refusal(title, text="Try the search.") == ERROR_PAGE


@pytest.mark.parametrize(
    "title", ["Before you continue", "We value your privacy", "Datenschutzeinstellungen"]
)
def test_a_consent_wall_is_recognised(title: str) -> None:
    assert refusal(title) == CONSENT_WALL
    assert refusal("Harbour Post", text="Please accept all cookies to go on.") == CONSENT_WALL
    assert (
        refusal("Anything", text=LONG, url="https://consent.harbour-post.example/v2")
        == CONSENT_WALL
    )


def test_front_pages_and_collections_are_listings() -> None:
    assert refusal("Harbour Post", text=LONG, url="https://www.harbour-post.example/") == LISTING
    collection = '<script type="application/ld+json">{"@type": "CollectionPage"}</script>'
    assert refusal("Science", head=collection, text="Mill. Quay.") == LISTING


@pytest.mark.parametrize("title", ["404: the film", "Access denied to the quay", "Cookie consent"])
def test_an_article_about_such_things_is_an_article(title: str) -> None:
    assert refusal(title, text=LONG) is None
    assert refusal(title, head=json_ld(headline=title)) is None
    assert refusal(title, head=meta("article:published_time", "2020-01-23")) is None


def test_a_short_page_without_any_sign_may_be_an_article() -> None:
    assert refusal("Tide mill turns", text="It turned.") is None
