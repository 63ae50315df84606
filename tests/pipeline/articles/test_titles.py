from __future__ import annotations

import pytest

from pipeline.articles.titles import fold, title_of
from tests.pipeline.articles.pages import declared, json_ld, markup, meta

H1 = "<h1>Tide mill turns again</h1>"


def title(
    head: str, body: str = H1, *, feed: str = "", names: tuple[str, ...] = ()
) -> tuple[str, str]:
    return title_of(declared(markup(head, body)), feed_title=feed, site_names=names)


def test_the_headline_of_the_newsroom_comes_first() -> None:
    head = json_ld(headline="Old mill grinds on") + meta("og:title", "Tide mill turns again")
    assert title(head) == ("Old mill grinds on", "jsonld")


def test_where_the_page_agrees_its_spelling_is_taken() -> None:
    body = "<h1>Tide mill’s wheel <em>turns</em> again</h1>"
    assert title(json_ld(headline="Tide mill's wheel turns again"), body) == (
        "Tide mill’s wheel turns again",
        "h1",
    )


def test_without_json_ld_an_h1_that_repeats_a_declared_title_is_taken() -> None:
    head = meta("og:title", "You will not believe this mill") + (
        "<title>Tide mill turns again - The Coast</title>"
    )
    assert title(head, names=("The Coast",)) == ("Tide mill turns again", "h1")


def test_an_h1_that_nothing_repeats_is_a_last_resort() -> None:
    assert title(meta("og:title", "Mill turns"), "<h1>Science</h1>") == ("Mill turns", "og:title")
    assert title("", "<h1>Mill turns</h1>") == ("Mill turns", "h1")
    assert title("", "", feed="Mill turns") == ("Mill turns", "feed")
    assert title("", "") == ("", "")


@pytest.mark.parametrize(
    "suffix",
    [
        " - The Coast",
        " | The Coast",
        " – the coast",
        " — THE COAST",
        " :: The Coast",
        " · The Coast",
        " » The Coast",
        " | harbour-post.example",
        " | www.harbour-post.example",
        " - Harbour-Post",
        "|The Coast",
        "｜The Coast",
    ],
)
def test_the_sites_name_is_dropped_from_the_end(suffix: str) -> None:
    found, _ = title(f"<title>Mill turns{suffix}</title>", "", names=("The Coast",))
    assert found == "Mill turns"


def test_the_sites_name_is_dropped_from_the_start() -> None:
    found, _ = title("<title>The Coast: news | Mill turns</title>", "", names=("The Coast: news",))
    assert found == "Mill turns"


@pytest.mark.parametrize(
    "text",
    [
        "Mill turns|at last",
        "Mill turns - at last",
        "Mill turns | Science",
        "Coast-to-coast mills",
        "A/B - C",
    ],
)
def test_what_is_not_the_sites_name_stays(text: str) -> None:
    assert title(f"<title>{text}</title>", "", names=("The Coast",))[0] == text


@pytest.mark.parametrize("text", ["The Coast", "Untitled", "Home", "", " ", "Mill " * 200])
def test_what_is_no_title_is_passed_over(text: str) -> None:
    assert title(meta("og:title", text), "", feed="Mill turns", names=("The Coast",)) == (
        "Mill turns",
        "feed",
    )


def test_a_site_name_that_repeats_the_title_does_not_erase_it() -> None:
    head = json_ld(headline="Mill turns")
    assert title(head, "", names=("Mill turns",)) == ("Mill turns", "jsonld")
    head = meta("og:title", "Mill turns - Coast")
    assert title(head, "", names=("Mill turns - Coast",)) == ("Mill turns - Coast", "og:title")


def test_a_title_is_plain_text_on_one_line() -> None:
    head = json_ld(headline="Mill &amp;amp; wheel\n<b>\u202e turn\u00ad ")
    assert title(head, "")[0] == "Mill & wheel turn"


def test_folding_ignores_all_but_letters_and_digits() -> None:
    assert fold("“Tide-Mill” 2’s") == fold('Tide mill 2"S')
