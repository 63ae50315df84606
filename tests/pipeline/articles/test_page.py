from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.articles import refusals
from pipeline.articles.article import article_of
from pipeline.articles.page import read_page
from pipeline.articles.provider import Provider
from pipeline.errors import NotAnArticle
from pipeline.records import ArticleType, EntryFacts, Image, ImageCandidate
from pipeline.urls import url_key
from tests.pipeline.articles.pages import BODY, NOW, URL, article, json_ld, markup, meta, page, read

FACTS = EntryFacts(title="Mill turns (feed)", summary="<p>The mill&#8217;s wheel turned.</p>")
HEAD = (
    json_ld(
        headline="Tide mill turns again",
        datePublished="2020-01-23T16:31:00+01:00",
        dateModified="2020-01-23T17:00:00+01:00",
        author={"@type": "Organization", "name": "Science Desk"},
    )
    + meta("og:site_name", "The Harbour Post")
    + meta("og:description", "A mill on the north quay.")
    + meta("og:image", "/mill.jpg")
    + meta("og:image:width", "1200")
    + meta("og:image:height", "630")
    + '<link rel="canonical" href="/science/tide-mill"><link rel="amphtml" href="?amp">'
)


def test_a_page_becomes_an_article() -> None:
    found = read(article(HEAD), FACTS, url=f"{URL}?utm_source=feed")
    assert found.url == URL
    assert found.title == "Tide mill turns again"
    assert found.text == "\n".join(BODY)
    assert found.excerpt.startswith(f"{BODY[0]} Engineers finished")
    assert found.excerpt.endswith(" ...")
    assert found.published_at == datetime(2020, 1, 23, 15, 31, tzinfo=UTC)
    assert found.published_precision == "second"
    assert found.updated_at == datetime(2020, 1, 23, 16, 0, tzinfo=UTC)
    assert (found.language, found.type) == ("en", ArticleType.ARTICLE)
    assert found.amp_url == f"{URL}?amp"
    assert found.site_name == "The Harbour Post"
    assert found.authors == ("Science Desk",)
    assert found.image_candidates == (
        ImageCandidate(
            url="https://www.harbour-post.example/mill.jpg", origin="og", width=1200, height=630
        ),
    )
    assert found.origins == {
        "title": "h1",
        "url": "canonical",
        "description": "og:description",
        "site_name": "og:site_name",
        "published_at": "jsonld",
        "updated_at": "jsonld",
        "text": "page",
        "language": "html",
        "excerpt": "text",
        "type": "jsonld",
        "authors": "jsonld",
        "amp_url": "amphtml",
    }


def test_the_same_page_gives_the_same_article_in_any_order() -> None:
    one, other = (
        page(article(HEAD)),
        page(markup("<title>Another mill stands</title>"), url=f"{URL}-2"),
    )
    first = [read_page(one, FACTS, now=NOW), read_page(other, FACTS, now=NOW)]
    again = [read_page(other, FACTS, now=NOW), *(read_page(one, FACTS, now=NOW) for _ in range(9))]
    assert again == [first[1], *[first[0]] * 9]


def test_the_same_page_gives_the_same_article_in_any_process() -> None:
    script = (
        "from tests.pipeline.articles.pages import *\n"
        "from tests.pipeline.articles.test_page import FACTS, HEAD\n"
        "found = read(article(HEAD), FACTS)\n"
        "print(found, sorted(found.origins.items()))\n"
        "print(read(article(before='<p>12 January 2020</p>')))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1
    assert b"Tide mill turns again" in outputs.pop()


def test_a_page_without_anything_is_told_by_the_feed() -> None:
    found = read(b"", FACTS)
    assert (found.title, found.excerpt, found.text) == (
        "Mill turns (feed)",
        "The mill’s wheel turned.",
        "",
    )
    assert found.origins["excerpt"] == "summary"


REFUSED = {
    "nothing at all": (b"", EntryFacts(title="Mill turns"), refusals.NO_TEXT),
    "only a script": (
        "<html><script>a()</script></html>",
        EntryFacts(title="Mill"),
        refusals.NO_TEXT,
    ),
    "only comments": ("<!-- a -->" * 50, EntryFacts(title="Mill turns"), refusals.NO_TEXT),
    "frames": (
        "<html><frameset><frame src=a></frameset>",
        EntryFacts(title="Mill"),
        refusals.NO_TEXT,
    ),
    "no title": (markup(), EntryFacts(), refusals.NO_TITLE),
    "a PDF named html": (b"%PDF-1.7", FACTS, refusals.NOT_HTML),
    "a picture named html": (b"\xff\xd8\xff\xe0", FACTS, refusals.NOT_HTML),
    "an error": (
        markup("<title>404 Not Found</title>", "<p>Gone.</p>"),
        FACTS,
        refusals.ERROR_PAGE,
    ),
    "a consent wall": (
        markup("<title>We value your privacy</title>", ""),
        FACTS,
        refusals.CONSENT_WALL,
    ),
}


@pytest.mark.parametrize(("html", "facts", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_page_that_is_no_article_is_refused_with_a_reason(
    html: str | bytes, facts: EntryFacts, reason: str
) -> None:
    with pytest.raises(NotAnArticle) as refused:
        read(html, facts)
    assert refused.value.reason == reason
    assert reason in refusals.ALL


@pytest.mark.parametrize("url", ["", "ftp://harbour-post.example/a", "http://[::1"])
def test_a_page_of_no_address_is_refused(url: str) -> None:
    with pytest.raises(NotAnArticle, match=refusals.BAD_URL):
        read(article(HEAD), url=url)


COSTLY = {
    "200,000 nested blocks": "<div>" * 200_000,
    "20,000 nested letters": "<b>" * 20_000,
    "100,000 line breaks": "<br>" * 100_000,
    "100,000 small paragraphs": "<p>a" * 100_000,
    "50,000 list entries": "<li>a" * 50_000,
    "half a million openings": "<" * 500_000,
    "20,000 attributes": "<a " + " ".join(f"a{n}=1" for n in range(20_000)) + ">",
    "20,000 bare attributes": "<a " + " ".join(f"a{n}" for n in range(20_000)) + ">",
    "a word of 5 MB": "w" * 5_000_000,
    "a page of 20 MB": "<p>words of the text</p>" * 900_000,
    "10,000 pictures": '<img width="640" src="/a.jpg">' * 10_000,
    "a picture of 4 MB inside": f'<img src="data:image/png;base64,{"A" * 4_000_000}">',
    "JSON-LD of 5 MB": f'<script type="application/ld+json">{"[" * 2_500_000}</script>',
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("markup_", COSTLY.values(), ids=COSTLY)
def test_a_costly_page_is_an_article_all_the_same(markup_: str) -> None:
    found = read(article(HEAD).replace("</article>", f"{markup_}</article>"), FACTS)
    assert found.title == "Tide mill turns again"
    assert found.excerpt
    assert len(found.text) <= 200_000


def test_a_costly_page_says_so_and_is_told_by_its_metadata() -> None:
    found = read(article(HEAD, before="<br>" * 10_001), FACTS)
    assert (found.text, found.origins["text"]) == ("", "none: too many breaks")
    assert found.excerpt == "A mill on the north quay."
    assert found.published_at == datetime(2020, 1, 23, 15, 31, tzinfo=UTC)


def test_a_title_of_a_megabyte_is_no_title() -> None:
    found = read(article(meta("og:title", "mill " * 200_000)))
    assert found.title == "Tide mill turns again"


def test_addresses_of_other_sites_are_not_taken_over() -> None:
    canonical = '<link rel="canonical" href="https://other.example/a">'
    head = canonical + '<link rel="amphtml" href="javascript:x">'
    found = read(article(head))
    assert (found.url, found.amp_url) == (URL, None)


@pytest.mark.parametrize("directive", ["nosnippet", "max-snippet:0"])
def test_an_excerpt_is_withheld_where_the_page_asks_for_it(directive: str) -> None:
    found = read(article(HEAD + meta("robots", directive)), FACTS)
    assert (found.excerpt, found.origins["excerpt"]) == ("", "robots")
    assert found.text


def test_a_limit_of_the_header_binds_like_one_of_the_page() -> None:
    limited = replace(page(article(HEAD)), robots_tag="max-snippet: 60")
    assert 0 < len(read_page(limited, FACTS, now=NOW).excerpt) <= 60


def test_a_page_that_refuses_indexing_is_told_by_its_own_description() -> None:
    found = read(article(HEAD + meta("robots", "noindex")), FACTS)
    assert found.excerpt == "A mill on the north quay."
    assert (found.origins["excerpt"], found.origins["robots"]) == ("description", "noindex")


def test_an_extracted_page_becomes_the_article_of_its_address() -> None:
    extracted = read(article(HEAD), FACTS)
    image = Image(url="https://www.harbour-post.example/mill.jpg", width=1200, height=630)
    made = article_of(
        extracted,
        page=page(article(HEAD)),
        provider=Provider("harbour-post.example", "The Harbour Post", "catalogue"),
        image=image,
    )
    assert made.id == url_key(URL)
    assert (made.page_id, made.image) == ("1-0", image)
    assert (made.title, made.excerpt, made.text) == (
        extracted.title,
        extracted.excerpt,
        extracted.text,
    )
    assert made.provider_name == "The Harbour Post"
    assert made.origins == {**extracted.origins, "provider": "catalogue", "image": "og"}
