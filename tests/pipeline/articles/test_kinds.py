from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.articles.kinds import access_of
from pipeline.articles.refusals import (
    CONSENT_WALL,
    ERROR_PAGE,
    LISTING,
    PAYWALLED,
    REMOVED_PAGE,
)
from pipeline.errors import NotAnArticle
from pipeline.records import EntryFacts
from tests.pipeline.articles.pages import BODY, URL, declared, json_ld, markup, meta, read

LONG = "".join(f"<p>{line}</p>" for line in BODY * 3)
TEASER = f"<p>{BODY[0]}</p>"
SITE = meta("og:site_name", "The Harbour Post") + meta("og:description", "News of the harbour.")


def refusal(title: str, body: str = "", *, head: str = "", url: str = URL) -> str | None:
    """Return the code with which a page of this title and body is refused, None for an article."""
    html = markup(f"<title>{title}</title>{SITE}{head}", f"<h1>{title}</h1><main>{body}</main>")
    try:
        read(html, EntryFacts(title="Tide mill turns again"), url=url)
    except NotAnArticle as refused:
        return refused.reason
    return None


def collection(kind: str) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": kind})}</script>'


def headings(count: int) -> str:
    return "".join(
        f"<h2><a href='/{n}'>Mill number {n} turns</a></h2><p>It did.</p>" for n in range(count)
    )


@pytest.mark.parametrize(
    "title",
    [
        "404",
        "Error 404: page not found",
        "Page not found - The Harbour Post",
        "The Harbour Post | 404",
        "Sorry, this page could not be found",
        "Access denied",
        "Just a moment...",
        "Attention Required! | Guard",
        "Pardon our interruption",
        "Seite nicht gefunden",
        "Page introuvable",
        "Página no encontrada – El Puerto",
        "Страница не найдена",
        "ページが見つかりません",
        "503 Service Unavailable",
        "Are you a robot?",
    ],
)
@pytest.mark.parametrize("below", ["<p>Try the search.</p>", headings(20) + LONG])
def test_an_error_served_as_a_page_is_recognised(title: str, below: str) -> None:
    assert refusal(title, below) == ERROR_PAGE


@pytest.mark.parametrize(
    "body",
    [
        "<p>The page you are looking for has moved or never was.</p>",
        "<p>Please enable JavaScript and cookies to continue.</p>",
        "<p>Checking your browser before you see the harbour.</p>",
        "<div>We could not find the page you requested.</div>",
        "<p>The site is currently undergoing scheduled maintenance.</p>",
    ],
)
def test_an_error_that_only_the_text_tells_is_recognised(body: str) -> None:
    assert refusal("The Harbour Post", body) == ERROR_PAGE


@pytest.mark.parametrize(
    "notice",
    [
        "This article has been removed at the request of its author.",
        "This story is no longer available.",
        "Dieser Beitrag ist leider nicht mehr verfügbar.",
        "Cet article a été supprimé.",
        "Este artículo ha sido eliminado.",
        "Questo articolo non è più disponibile.",
        "Dit artikel is verwijderd.",
    ],
)
def test_a_removed_article_is_recognised_even_with_its_metadata_left(notice: str) -> None:
    assert refusal("The Harbour Post", f"<p>{notice}</p>") == REMOVED_PAGE
    left = json_ld(headline="Tide mill turns again", datePublished="2020-01-23")
    assert refusal("Tide mill turns again", f"<p>{notice}</p>", head=left) == REMOVED_PAGE


@pytest.mark.parametrize(
    "title",
    [
        "Before you continue",
        "We value your privacy",
        "Datenschutzeinstellungen",
        "Allem zustimmen und weiterlesen",
        "Gérer mes choix",
    ],
)
def test_a_consent_wall_is_recognised(title: str) -> None:
    assert refusal(title) == CONSENT_WALL


def test_a_consent_wall_is_recognised_by_its_text_and_its_host() -> None:
    assert refusal("The Post", "<p>Please accept all cookies to go on.</p>") == CONSENT_WALL
    assert refusal("Any", LONG, url="https://consent.harbour-post.example/v2") == CONSENT_WALL


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Log in - The Harbour Post", ""),
        ("Subscribe", LONG),
        ("The Harbour Post", "<p>Subscribe to continue reading. Already a subscriber?</p>"),
        ("Mill", f"{TEASER}<p>Sign in to read the whole story.</p>"),
        ("Mühle", "<p>Weiterlesen mit dem Abo, jederzeit kündbar.</p>"),
        ("Moulin", "<p>La suite est réservée. Article réservé aux abonnés.</p>"),
    ],
)
def test_a_wall_without_an_article_is_recognised(title: str, body: str) -> None:
    assert refusal(title, body) == PAYWALLED


def test_a_declared_article_behind_a_wall_stays_and_says_so() -> None:
    closed = json_ld(headline="Tide mill turns again", isAccessibleForFree="False")
    wall = "<p>Subscribe to continue reading.</p>"
    found = read(markup(closed + SITE, f"<h1>Tide mill turns again</h1>{TEASER}{wall}"))
    assert (found.title, found.origins["access"]) == ("Tide mill turns again", "paywall")
    assert "Subscribe" not in found.excerpt


@pytest.mark.parametrize(
    ("head", "text", "access"),
    [
        (json_ld(isAccessibleForFree=False), "", "paywall"),
        (json_ld(isAccessibleForFree="https://schema.org/False"), "", "paywall"),
        (json_ld(isAccessibleForFree=True), "", ""),
        (meta("article:content_tier", "locked"), "", "paywall"),
        (meta("article:content_tier", "free"), "", ""),
        ("", "The mill. Subscribe to continue reading.", "paywall"),
        ("", "\n".join(BODY * 3) + "Subscribe to continue reading.", ""),
    ],
)
def test_who_may_read_the_text_is_told(head: str, text: str, access: str) -> None:
    assert access_of(declared(markup(head)), text) == access


@pytest.mark.parametrize(
    "page",
    [
        {"url": "https://www.harbour-post.example/"},
        {"url": "https://www.harbour-post.example/en/", "body": LONG},
        {"head": collection("CollectionPage"), "body": "<p>Mill.</p><p>Quay.</p>"},
        {"url": "https://www.harbour-post.example/tag/mills", "body": headings(3)},
        {"url": "https://www.harbour-post.example/en/author/mill-desk/page/2"},
        {"url": "https://www.harbour-post.example/find?q=mill", "body": headings(2)},
        {"body": headings(8)},
        {
            "head": "".join(
                json_ld(headline=f"Mill {n}", url=f"https://www.harbour-post.example/{n}")
                for n in range(3)
            ),
            "body": headings(3),
            "url": "https://www.harbour-post.example/section/science",
        },
    ],
)
def test_pages_of_many_articles_are_listings(page: dict[str, Any]) -> None:
    assert refusal("Science", **{"body": TEASER, **page}) == LISTING


@pytest.mark.parametrize(
    "title", ["404: the film", "Access denied to the quay", "Subscribe to a mill", "Cookie consent"]
)
def test_an_article_about_such_things_is_an_article(title: str) -> None:
    assert refusal(title, LONG) is None
    assert refusal(title, TEASER, head=json_ld(headline=title)) is None
    assert refusal(title, TEASER, head=meta("article:published_time", "2020-01-23")) is None


def test_a_short_page_is_not_refused_for_what_stands_around_it() -> None:
    banner = "<div>We value your privacy. Accept all cookies.</div>"
    links = "<div>Already a subscriber? Log in to read.</div>"
    more = "".join(f"<div>Mill number {number} of the harbour</div>" for number in range(40))
    for title in ("Tide mill turns", "Mill under maintenance", "Zustimmung für die alte Mühle"):
        assert refusal(title, "<p>It turned.</p>") is None
    assert refusal("Tide mill turns", f"{TEASER}{more}{banner}{links}") is None


def test_an_article_may_name_others_and_stand_in_a_section() -> None:
    assert refusal("Tide mill turns", LONG + headings(20)) is None
    url = "https://www.harbour-post.example/topics/mills"
    assert refusal("Tide mill turns", LONG, url=url) is None
    assert refusal("Tide mill turns", TEASER, url=url, head=meta("og:type", "article")) is None
