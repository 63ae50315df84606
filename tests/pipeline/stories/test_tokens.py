import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stories.tokens import clean_title, names, numbers, opening, squeezed, stem, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bridges", "bridge"),
        ("closed", "closing"),
        ("raises", "raised"),
        ("cities", "city"),
        ("agency's", "agency"),
        ("company’s", "company"),
        ("U.S.", "US"),
        ("22,342", "22342"),
    ],
)
def test_forms_of_one_word_have_one_stem(one: str, other: str) -> None:
    # Two words before it, so that a stop word such as "us" is not the only word.
    assert words(f"Norvale {one}") == words(f"Norvale {other}")


@pytest.mark.parametrize(("one", "other"), [("used", "us"), ("bus", "bu"), ("gas", "ga")])
def test_short_words_keep_their_ends(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_stop_words_and_single_letters_hold_no_event() -> None:
    assert words("What the x said about it in a year") == []


def test_numbers_keep_their_decimals_and_lose_their_commas() -> None:
    assert numbers("From 1,200 to 14.7 per cent") == {"1200", "14.7"}


@pytest.mark.parametrize(
    "title",
    [
        "UPDATE 1-Ferry strike ends",
        "EXCLUSIVE: Ferry strike ends",
        "Ferry strike ends - Reuters",
        "Ferry strike ends | The Post",
        "Ferry strike ends – post.example",
        "BREAKING NEWS - Ferry strike ends",
    ],
)
def test_wire_tags_and_outlet_names_are_cut(title: str) -> None:
    assert clean_title(title, ("The Post", "post.example")) == "Ferry strike ends"


@pytest.mark.parametrize("title", ["Watch makers - a history", "Analysis", "Update:", ""])
def test_other_titles_stay_whole(title: str) -> None:
    assert clean_title(title, ("The Post", "post.example")) == title


def test_names_are_capitalised_words_within_sentences() -> None:
    assert names("The bridge in Norvale is shut. Engineers of Farrow look at it.") == {
        "norval",
        "farrow",
    }


def test_a_headline_in_title_case_shows_no_names() -> None:
    assert names("Ferry Strike Ends After Nine Days In Norvale") == set()


def test_the_opening_ends_after_eighty_words() -> None:
    assert len(opening("word " * 200).split()) == 80
    assert opening("two words") == "two words"


def test_one_headline_however_set_is_squeezed_to_one() -> None:
    assert squeezed("Ferry strike ends!") == squeezed("“Ferry  Strike” ends") == "ferrystrikeends"


@given(st.text(max_size=200))
def test_any_text_gives_words_without_space(text: str) -> None:
    assert all(word and not word.isspace() and len(word) <= 40 for word in words(text))
    assert clean_title(text, (text,)) in text
