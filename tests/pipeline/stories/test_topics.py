from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import Topic
from pipeline.stories.topics import TopicOrigin, Where, holds, topics_of
from tests.pipeline.stories.material import TOPICS


@pytest.mark.parametrize(
    "text",
    ["AI", "an AI-powered chip", "Clearview AI's app", "(AI)", "A.I. at work", "what is AI?"],
)
def test_a_keyword_in_capitals_is_found_in_capitals(text: str) -> None:
    assert holds(text, "AI")


@pytest.mark.parametrize(
    "text", ["ai", "said", "Ai", "AIR", "SAID", "MAIN", "A.I", "Thai", "J'ai dit", "AI_key", "BAI"]
)
def test_a_keyword_in_capitals_is_not_found_in_other_words(text: str) -> None:
    assert not holds(text, "AI")


@pytest.mark.parametrize(
    "text",
    [
        "Facial recognition",
        "FACIAL RECOGNITION",
        "facial-recognition app",
        "facial\u2011recognition app",
        "facial\nrecognition.",
        "facial  recognition",
        "facial\u00a0recognition",
    ],
)
def test_other_keywords_are_found_in_any_case_and_with_a_hyphen(text: str) -> None:
    assert holds(text, "facial recognition")


@pytest.mark.parametrize(
    "text",
    [
        "facial recognitions",
        "racial recognition",
        "facial  x recognition",
        "facial - recognition",
        "facial. Recognition",
        "facialrecognition",
    ],
)
def test_words_are_matched_whole(text: str) -> None:
    assert not holds(text, "facial recognition")


@pytest.mark.parametrize("keyword", ["C++", ".NET", "GPT-4", "U.S."])
def test_keywords_may_hold_any_character(keyword: str) -> None:
    assert holds(f"about {keyword} today", keyword)


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("a start\u2011up in Odda", "start-up"),
        ("a start-up in Odda", "start\u2010up"),
        ("Alzheimer\u2019s: a trial", "Alzheimer's"),
        ("ALZHEIMER'S", "Alzheimer\u2019s"),
        ("the GPT\u20114", "GPT-4"),
        ("SA\u011eLIK", "sa\u011fl\u0131k"),
        ("\u0130stanbul\u2019da", "istanbul"),
    ],
)
def test_letters_hyphens_and_apostrophes_count_however_they_are_set(
    text: str, keyword: str
) -> None:
    assert holds(text, keyword)


def test_the_parent_of_a_topic_is_added_and_comes_first() -> None:
    found = topics_of("Police try facial recognition", "", TOPICS)
    assert found.names == ("AI", "Facial Recognition")
    assert found.main == "AI"
    assert found.origins == {
        "AI": TopicOrigin(keyword="Facial Recognition", where=Where.PARENT),
        "Facial Recognition": TopicOrigin(keyword="facial recognition", where=Where.TITLE),
    }


def test_a_topics_own_keyword_says_more_than_its_being_a_parent() -> None:
    for catalogue in (TOPICS, tuple(reversed(TOPICS))):
        found = topics_of("Police try facial recognition", "The AI is new.", catalogue)
        assert found.origins["AI"] == TopicOrigin(keyword="AI", where=Where.EXCERPT)


def test_the_title_is_asked_before_the_excerpt() -> None:
    found = topics_of("A robot", "A robot does robotics", TOPICS)
    assert found.origins["Robotics"] == TopicOrigin(keyword="robot", where=Where.TITLE)


def test_names_come_in_the_order_of_the_catalogue() -> None:
    found = topics_of("AI robot", "facial recognition and climate change", TOPICS)
    assert found.names == ("AI", "Facial Recognition", "Robotics", "Climate")


def test_the_main_topic_is_of_the_top_level_wherever_it_stands() -> None:
    found = topics_of("AI robot", "climate change", tuple(reversed(TOPICS)))
    assert found.names == ("Climate", "Robotics", "AI")
    found = topics_of("AI robot", "", tuple(reversed(TOPICS)))
    assert found.names == ("AI", "Robotics")


def test_an_excluding_word_keeps_the_topic_away() -> None:
    assert topics_of("This robot vacuum is a robot", "", TOPICS).names == ()


def test_an_excluded_parent_is_not_added() -> None:
    catalogue = (
        Topic(name="A", keywords=("alpha",), excludes=("omega",)),
        Topic(name="B", parent="A", keywords=("beta",)),
    )
    assert topics_of("beta omega", "", catalogue).names == ("B",)


def test_grandparents_are_added_and_circles_end() -> None:
    line = (
        Topic(name="A", keywords=("alpha",)),
        Topic(name="B", parent="A", keywords=("beta",)),
        Topic(name="C", parent="B", keywords=("gamma",)),
    )
    assert topics_of("gamma", "", line).names == ("A", "B", "C")
    circle = (
        Topic(name="A", parent="B", keywords=("alpha",)),
        Topic(name="B", parent="A", keywords=("beta",)),
    )
    assert topics_of("beta", "", circle).names == ("A", "B")


def test_a_text_without_keywords_has_no_topic() -> None:
    found = topics_of("Otters are back", "", TOPICS)
    assert (found.names, found.main) == ((), None)


@given(
    st.text("ab AB.-'ÄßΣσς\u2019\u2011\n", max_size=30),
    st.text("abABÄσ .-'", min_size=2, max_size=6),
)
def test_a_keyword_stands_wherever_nothing_is_joined_to_it(text: str, keyword: str) -> None:
    keyword = " ".join(keyword.split()) or "ab"
    assert holds(f"{text}, {keyword}! {text}", keyword)
    if not keyword.isupper():
        assert holds(f"{text}\n{keyword.swapcase()}: {text}", keyword)


@given(st.text(max_size=60), st.text(max_size=20).filter(str.strip))
def test_any_keyword_is_searched_in_any_text(text: str, keyword: str) -> None:
    assert holds(keyword, keyword) or not keyword.isprintable() or keyword != keyword.strip()
    holds(text, keyword)


# --- where an article stands ----------------------------------------------------------------------

PLACES = (
    Topic(name="Harbours", keywords=("harbour",)),
    Topic(name="Ferries", parent="Harbours", sections=("travel/ferries",)),
    Topic(name="Islands", sections=("two.example/islands",), excludes=("traffic island",)),
    Topic(name="Tides", providers=("tides.example",)),
)


def names_at(url: str, provider: str = "one.example", title: str = "A title") -> tuple[str, ...]:
    return topics_of(title, "", PLACES, url=url, provider=provider).names


def test_a_section_is_whole_folders_in_a_row() -> None:
    assert names_at("https://one.example/en/Travel/ferries/2026/late") == ("Harbours", "Ferries")
    assert names_at("https://one.example/travel/ferries") == ("Harbours", "Ferries")
    assert names_at("https://one.example/travel/ferries-late") == ()
    assert names_at("https://one.example/travel/x/ferries/") == ()
    assert names_at("https://ferries.example/?travel/ferries") == ()


def test_a_section_may_be_one_publishers() -> None:
    url = "https://www.two.example/news/islands/1"
    assert names_at(url, provider="two.example") == ("Islands",)
    assert names_at(url, provider="one.example") == ()


def test_a_publisher_may_give_a_topic() -> None:
    found = topics_of(
        "A title", "", PLACES, url="https://tides.example/1", provider="tides.example"
    )
    assert found.names == ("Tides",)
    assert found.origins["Tides"] == TopicOrigin(keyword="tides.example", where=Where.PROVIDER)


def test_an_excluded_word_wins_over_any_rule_and_is_told() -> None:
    url = "https://two.example/islands/1"
    found = topics_of(
        "Traffic islands? A traffic island!", "", PLACES, url=url, provider="two.example"
    )
    assert found.names == ()
    assert found.excluded == {"Islands": "traffic island"}


def test_a_publisher_may_be_kept_off() -> None:
    topic = Topic(
        name="A", keywords=("pier",), excludes=("a pier",), not_providers=("one.example",)
    )
    assert topics_of("The pier", "", (topic,), provider="two.example").names == ("A",)
    found = topics_of("The pier", "", (topic,), provider="one.example")
    assert (found.names, found.excluded) == ((), {"A": "one.example"})
    assert topics_of("A pier", "", (topic,), provider="one.example").excluded == {"A": "a pier"}


def test_words_say_more_than_places() -> None:
    topic = Topic(name="A", keywords=("pier",), sections=("piers",), providers=("one.example",))
    url = "https://one.example/piers/1"
    where = [
        topics_of(title, excerpt, (topic,), url=at, provider="one.example").origins["A"].where
        for title, excerpt, at in (
            ("The pier", "The pier", url),
            ("A title", "The pier", url),
            ("A title", "", url),
            ("A title", "", "https://one.example/1"),
        )
    ]
    assert where == [Where.TITLE, Where.EXCERPT, Where.SECTION, Where.PROVIDER]


WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüéß", min_size=2, max_size=8)


@given(keyword=WORDS, before=WORDS, after=WORDS)
def test_no_keyword_is_found_inside_a_word(keyword: str, before: str, after: str) -> None:
    for word in (f"{before}{keyword}{after}", f"{before}{keyword}", f"{keyword}{after}"):
        assert not holds(f"the {word}, today", keyword)
        assert not holds(f"THE {word.upper()}, TODAY", keyword.upper())
    assert holds(f"{before} {keyword}, {after}", keyword)
    assert holds(f"{before}-{keyword}-{after}", keyword)


#: Words that rules of TOPICS and PLACES know, among others that they do not.
TEXTS = st.lists(
    st.sampled_from(
        ["AI", "robot", "robot vacuum", "facial recognition", "climate change", "harbour", "ai",
         "traffic island", "robots", "pier", "the", "-", ","]
    ),
    max_size=6,
).map(" ".join)  # fmt: skip
URLS = st.lists(st.sampled_from(["en", "travel", "ferries", "islands", "1"]), max_size=5).map(
    lambda folders: f"https://one.example/{'/'.join(folders)}"
)
PROVIDERS = st.sampled_from(["one.example", "two.example", "tides.example"])


@given(TEXTS, TEXTS, URLS, PROVIDERS, st.permutations((*TOPICS, *PLACES)))
def test_parents_come_along_whatever_gives_a_topic(
    title: str, excerpt: str, url: str, provider: str, catalogue: Sequence[Topic]
) -> None:
    found = topics_of(title, excerpt, catalogue, url=url, provider=provider)
    parents = {topic.name: topic.parent for topic in catalogue}
    for name in found.names:
        parent = parents[name]
        assert parent is None or parent in found.names or parent in found.excluded
    assert set(found.origins) == set(found.names)


@given(TEXTS, TEXTS, URLS, PROVIDERS, st.permutations((*TOPICS, *PLACES)))
def test_the_order_is_the_catalogues_behind_the_main_topic(
    title: str, excerpt: str, url: str, provider: str, catalogue: Sequence[Topic]
) -> None:
    found = topics_of(title, excerpt, catalogue, url=url, provider=provider)
    ranks = {topic.name: rank for rank, topic in enumerate(catalogue)}
    top = [topic.name for topic in catalogue if topic.parent is None and topic.name in found.names]
    others = sorted({*found.names} - {*top[:1]}, key=ranks.__getitem__)
    assert list(found.names) == top[:1] + others
    assert {*found.names}.isdisjoint(found.excluded)


@given(TEXTS, TEXTS, URLS, PROVIDERS)
def test_the_catalogues_order_decides_on_the_order_alone(
    title: str, excerpt: str, url: str, provider: str
) -> None:
    catalogue = (*TOPICS, *PLACES)
    found = topics_of(title, excerpt, catalogue, url=url, provider=provider)
    back = topics_of(title, excerpt, catalogue[::-1], url=url, provider=provider)
    assert {*found.names} == {*back.names}
    assert found.excluded == back.excluded


def test_the_folders_of_an_address_are_read_as_people_write_them() -> None:
    topic = Topic(name="A", sections=("política",))
    for path in ("pol%C3%ADtica", "política", "Pol%c3%adtica"):
        url = f"https://one.example/{path}/1"
        assert topics_of("", "", (topic,), url=url, provider="one.example").names == ("A",)


@given(st.text(st.characters(exclude_characters="/?#"), max_size=60))
def test_folders_are_found_behind_whatever_host(host: str) -> None:
    assert names_at(f"https://[{host}/travel/ferries") == ("Harbours", "Ferries")
