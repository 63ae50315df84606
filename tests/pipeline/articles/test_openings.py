from __future__ import annotations

import pytest

from pipeline.articles.openings import opening_of, said_by

TITLE = "Tide mill turns again"
LONG = "The tide mill on the quay has turned again, the board said. " * 12


def opening(text: str, *authors: str) -> str:
    return opening_of(text, title=TITLE, authors=authors)


@pytest.mark.parametrize(
    "line",
    [
        # the title
        "Tide mill turns again",
        "TIDE MILL TURNS AGAIN.",
        # bylines
        "By the Harbour Desk.",
        "Von der Hafenredaktion.",
        "Science desk",
        # credits
        "Photo: Harbour Archive.",
        "(Photo by the Harbour Archive)",
        "AP Photo/Harbour Archive.",
        "Photo courtesy of the harbour board.",
        "Image credit: Harbour Archive.",
        "Bild: Hafenarchiv.",
        "Crédit : archives du port.",
        "The wheel in its house © Harbour Archive",
        # offers and notices
        "Sign up for our newsletter to get the harbour in your inbox.",
        (
            "Subscribe here and have the news of the harbour, its mills, its ferries and markets in"
            " your inbox each morning before breakfast, free and without any advertisements."
        ),
        (
            "We and our partners use cookies to make the harbour's pages work and to show offers"
            " that fit you. If you go on reading you agree with that, which you may withdraw at any"
            " time in the settings."
        ),
        (
            "Nous utilisons des cookies pour vous montrer le port, ses moulins et ses bateaux, et"
            " pour mesurer combien de lecteurs viennent chaque matin sur ces pages."
        ),
        "Already a subscriber? Log in.",
        "Published: 23 January 2020, 15:31.",
        "Read more: The old mills of the coast.",
        # headings
        "A wheel of oak",
    ],
)
def test_what_stands_beside_the_news_is_left_out(line: str) -> None:
    assert opening(f"{line}\n{LONG}", "Science desk").startswith("The tide mill on the quay")
    assert line not in opening(f"The wheel is of oak.\n{line}\n{LONG}", "Science desk")


def test_the_rest_of_a_line_left_out_goes_with_it() -> None:
    text = f"Please enable JavaScript\nand style sheets.\n{LONG}"
    assert opening(text).startswith("The tide mill on the quay")
    assert opening(f"The mill,\nsaid the board.\n{LONG}").startswith("The tide mill")


@pytest.mark.parametrize(
    "dateline",
    [
        "PORT TOWN (AP) — ",
        "PORT TOWN, Wis. (AP) — ",
        "PORT TOWN, Jan 23 (Reuters) - ",
        "Port Town (dpa) – ",
        "PORT TOWN — ",
        "PORT TOWN - ",
        "PORT TOWN: ",
        "Port Town – ",
        "(dpa) ",
        "(ots). ",
        "(Harbour) — ",
    ],
)
def test_the_dateline_is_left_out(dateline: str) -> None:
    assert opening(dateline + LONG).startswith("The tide mill on the quay has turned")
    behind = opening(f"The wheel is of oak.\n{dateline}{LONG}")
    assert behind.startswith("The wheel is of oak. The tide mill on the quay")
    assert said_by(dateline + LONG, title=TITLE).startswith("The tide mill")


@pytest.mark.parametrize(
    "sentence",
    [
        "The harbour board (HB) — a body of nine — wants to sell the flour.",
        "The mill - so the board - turns.",
        "A tide mill: it turns twice a day.",
        "Two of the nine (all men) said so.",
        "Tide mill turns again after ninety years.",
        (
            "Photographs of the mill hang in the market hall of the town, and who wants to see them"
            " finds them behind the fish stalls, where they have been hanging since the last war."
        ),
    ],
)
def test_a_sentence_stays_whole(sentence: str) -> None:
    assert opening(f"{sentence}\n{LONG}").startswith(sentence)


def test_a_credit_in_brackets_is_taken_out_of_a_sentence() -> None:
    text = "The wheel is of oak (Photo: Harbour Archive)."
    assert opening(text) == "The wheel is of oak."


@pytest.mark.parametrize("between", [": ", " – ", " | ", " ", ". "])
def test_the_title_before_the_first_sentence_is_not_said_again(between: str) -> None:
    assert opening(f"{TITLE}{between}The wheel is of oak.") == "The wheel is of oak."
    assert said_by(f"{TITLE}{between}The wheel is of oak.", title=TITLE) == "The wheel is of oak."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("The wheel is of oak.", "The wheel is of oak."),
        ("Tide mill turns again!", ""),
        (
            "The wheel is of oak. The post Tide mill turns again appeared first on Harbour Post.",
            "The wheel is of oak.",
        ),
        ("The wheel is of oak. Continue reading Tide mill", "The wheel is of oak."),
        ("The wheel is of […]", "The wheel is of ..."),
        ("We use first-party and other cookies on this site.", ""),
        ("", ""),
    ],
)
def test_a_description_is_freed_from_what_feeds_and_templates_add(line: str, said: str) -> None:
    assert said_by(line, title=TITLE) == said
