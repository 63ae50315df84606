from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.articles.excerpt import MAX_LENGTH, TAIL, excerpt_of, shortened
from pipeline.articles.robots import Robots

#: The two excerpts of the format's example document, each with a body that goes on behind it.
LEAD = (
    "Twitter demands AI company stops 'collecting faces'",
    (
        "Twitter has demanded an AI company stop taking images from its website.\n"
        "Clearview has already amassed more than three billion photographs from sites including"
        " Facebook and Twitter.\n"
        "They are used by the FBI and Department of Homeland Security and more than 600 other"
        " law-enforcement agencies around the world to identify suspects.\n"
        "In a cease-and-desist letter the network asked for all of them to be deleted."
    ),
    (
        "Twitter has demanded an AI company stop taking images from its website. Clearview has"
        " already amassed more than three billion photographs from sites including Facebook and"
        " Twitter. They are used by the FBI and Department of Homeland Security and more than 600"
        " other law-enforcement agencies around the world to identify suspects. In a cease-and ..."
    ),
)
RELATED = (
    "Twitter sends cease-and-desist letter to facial recognition firm scraping its images",
    (
        "Twitter sent a cease-and-desist letter to Clearview AI, the company that created a vast"
        " database of photos scraped from public-facing photos, which can be used with facial"
        " recognition software, demanding that it delete any data collected from their service,"
        " according to a new report.\n"
        "The New York Times reports that Twitter sent Clearview AI the letter earlier this week."
    ),
    (
        "Twitter sent a cease-and-desist letter to Clearview AI, the company that created a vast"
        " database of photos scraped from public-facing photos, which can be used with facial"
        " recognition software, demanding that it delete any data collected from their service,"
        " according to a new report. The New York Times reports that Twitter sent Clearview"
        " AI the ..."
    ),
)

TITLE = "Tide mill turns again"
DESCRIPTION = "A tide mill on the north quay grinds flour again after ninety years."
LONG = "The tide mill on the quay has turned again, the board said. " * 12


@pytest.mark.parametrize(("title", "body", "excerpt"), [LEAD, RELATED], ids=["lead", "related"])
def test_the_excerpts_of_the_formats_example_come_out(title: str, body: str, excerpt: str) -> None:
    assert excerpt_of(body, title=title) == (excerpt, "text")


def test_a_text_that_fits_has_no_tail() -> None:
    text = ("The tide mill turned for eleven minutes. " * 20)[: MAX_LENGTH - 1] + "."
    assert shortened(text) == text


@pytest.mark.parametrize(
    ("line", "cut"),
    [
        ("mill on the quay today", "mill on the ..."),
        ("mill on-the-quay today", "mill on-the ..."),
        ("mill on the, quay today", "mill on the ..."),
        ("mill – quay and harbour", "mill – quay ..."),
        ("mill (quay and harbour)", "mill (quay ..."),
        ("潮車小屋が九十年ぶりに回りました。", "潮車小屋が九十年ぶりに回 ..."),
    ],
)
def test_a_long_line_is_cut_where_a_word_ends(line: str, cut: str) -> None:
    assert shortened(line, limit=16) == cut


@given(st.text(min_size=1, max_size=900), st.integers(min_value=5, max_value=MAX_LENGTH))
@settings(max_examples=200)
def test_a_cut_line_is_short_and_a_beginning_of_the_line(line: str, limit: int) -> None:
    cut = shortened(line, limit=limit)
    assert len(cut) <= limit
    assert line.startswith(cut.removesuffix(TAIL) if cut != line else cut)


def test_the_opening_of_the_body_comes_before_a_longer_description() -> None:
    excerpt, origin = excerpt_of(LONG, title=TITLE, description="About the mill. " * 30)
    assert origin == "text"
    assert excerpt.startswith("The tide mill on the quay")


@pytest.mark.parametrize(
    ("text", "description", "summary", "origin"),
    [
        ("", DESCRIPTION, "", "description"),
        ("", "", "A tide mill on the north quay grinds flour.", "summary"),
        ("", "Short.", DESCRIPTION, "summary"),
        ("Only a tide mill.", DESCRIPTION, "", "description"),
        ("Only a tide mill.", "", "", "text"),
        ("Please log in to go on. " * 12, DESCRIPTION, "", "description"),
        (LONG, "Another thing entirely, of which nobody spoke in the headline above.", "", "text"),
        ("", "Tide mill turns again!", "The tide mill.", "summary"),
        ("", "", "", ""),
    ],
)
def test_the_better_text_is_taken(text: str, description: str, summary: str, origin: str) -> None:
    assert excerpt_of(text, title=TITLE, description=description, summary=summary)[1] == origin


def test_an_excerpt_is_one_line() -> None:
    excerpt, _ = excerpt_of("One tide.\u2028Two\ttides.\nThree tides.", title=TITLE)
    assert excerpt == "One tide. Two tides. Three tides."


def test_a_limit_is_kept_and_nothing_is_shown_where_nothing_may_be() -> None:
    assert len(excerpt_of(LONG, title=TITLE, robots=Robots(max_snippet=90))[0]) <= 90
    assert excerpt_of(LONG, title=TITLE, robots=Robots(max_snippet=0)) == ("", "robots")


def test_where_indexing_is_refused_only_what_was_declared_for_sharing_is_shown() -> None:
    refused = Robots(may_index=False)
    shown = excerpt_of(LONG, title=TITLE, description=DESCRIPTION, robots=refused)
    assert shown == (DESCRIPTION, "description")
    assert excerpt_of(LONG, title=TITLE, robots=refused) == ("", "")


def test_a_title_without_spaces_says_nothing_about_its_words() -> None:
    title, text = "潮車小屋が九十年ぶりに回る", "北の岸壁にある古い水車が火曜日に動きました。" * 20
    assert excerpt_of(text, title=title, description=f"{title}港新聞")[1] == "text"
