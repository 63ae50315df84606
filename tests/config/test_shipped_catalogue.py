"""The catalogue that comes with newsloom, as a whole."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

import pytest

from config.catalogue import Catalogue
from config.catalogue_checks import feed_key
from config.load import catalogue_warnings, load_catalogue
from pipeline.stories.topics import topics_of

#: The reference document's two articles: title and excerpt.
BBC = (
    "Twitter demands AI company stops 'collecting faces'",
    """
    Twitter has demanded an AI company stop taking images from its website. Clearview has already
    amassed more than three billion photographs from sites including Facebook and Twitter. They are
    used by the FBI and Department of Homeland Security and more than 600 other law-enforcement
    agencies around the world to identify suspects. In a cease-and ...
    """,
)
DAILY_DOT = (
    "Twitter sends cease-and-desist letter to facial recognition firm scraping its images",
    """
    Twitter sent a cease-and-desist letter to Clearview AI, the company that created a vast database
    of photos scraped from public-facing photos, which can be used with facial recognition software,
    demanding that it delete any data collected from their service, according to a new report. The
    New York Times reports that Twitter sent Clearview AI the ...
    """,
)


@cache
def shipped() -> Catalogue:
    """Return the shipped catalogue."""
    return load_catalogue(None)


def topics_in(title: str, excerpt: str = "") -> list[str]:
    """Return the topics of an article by the shipped catalogue."""
    return list(topics_of(title, " ".join(excerpt.split()), shipped().topics).names)


def test_nothing_about_it_is_doubtful() -> None:
    assert catalogue_warnings(shipped()) == []


def test_every_source_is_listed_somewhere_public_and_none_claims_to_be_verified() -> None:
    assert len(shipped().sources) >= 100
    for source in shipped().sources.values():
        assert source.listed_at is not None, source.id
        assert urlsplit(source.listed_at).scheme == "https", source.id
        assert source.verified is None, source.id
        assert source.language == "en", source.id


def test_sources_are_sorted_and_polled_over_https_once_each() -> None:
    sources = list(shipped().sources.values())
    assert [source.id for source in sources] == sorted(source.id for source in sources)
    assert {urlsplit(source.feed).scheme for source in sources} == {"https"}
    assert len({feed_key(source.feed) for source in sources}) == len(sources)


def test_every_public_list_is_quoted_at_a_fixed_state() -> None:
    # A branch moves on; a commit shows for ever what was read.
    fixed = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/blob/[0-9a-f]{40}/[\w./%-]+")
    for source in shipped().sources.values():
        assert fixed.fullmatch(source.listed_at or ""), source.id


def test_the_two_providers_of_the_reference_document_are_rated_as_there() -> None:
    bbc = shipped().organisations["bbc.com"]
    assert (bbc.name, bbc.quality, bbc.logo) == ("BBC", 42, True)
    daily_dot = shipped().organisations["dailydot.com"]
    assert (daily_dot.name, daily_dot.quality, daily_dot.logo) == ("The Daily Dot", 15, False)


def test_the_weights_add_up_to_the_reference_documents_scores() -> None:
    scoring, known = shipped().scoring, shipped().organisations
    bbc = known["bbc.com"].quality + scoring.amp + scoring.image + scoring.keyword_in_title
    daily_dot = known["dailydot.com"].quality + scoring.amp + scoring.image + scoring.further_topic
    assert (bbc, daily_dot, bbc + scoring.voice) == (87, 52, 97)


def test_families_hold_more_than_one_domain_and_one_name_for_the_same_brand() -> None:
    families: dict[str, list[str]] = {}
    for organisation in shipped().organisations.values():
        if organisation.family:
            families.setdefault(organisation.family, []).append(organisation.domain)
    assert "bbc.co.uk" in families["bbc"]
    assert all(len(domains) > 1 for domains in families.values())


def test_topics_are_many_and_parents_stand_before_their_children() -> None:
    names = [topic.name for topic in shipped().topics]
    assert len(names) >= 12
    assert names[0] == "AI"
    for topic in shipped().topics:
        if topic.parent is not None:
            assert names.index(topic.parent) < names.index(topic.name)


def test_the_reference_documents_articles_get_their_topics() -> None:
    assert topics_in(*BBC) == ["AI"]
    assert topics_in(*DAILY_DOT) == ["AI", "Facial Recognition"]


def test_a_keyword_in_capitals_is_no_ordinary_word() -> None:
    assert topics_in("The air said: aid is on its way to a lean esa") == []
    assert topics_in("A.I. is everywhere, says NASA") == ["AI", "Science", "Space"]


@pytest.mark.parametrize(
    "title",
    [
        "What a robots.txt file does and does not do",
        "Mr Robot returns for a last season",
        "A village 2,000 metres above sea level",
        "The best robotic vacuums of the year",
        "Sailing past the Tropic of Cancer",
    ],
)
def test_what_only_sounds_like_a_topic_has_none(title: str) -> None:
    assert topics_in(title) == []


@pytest.mark.parametrize(
    ("title", "topics"),
    [
        ("Nasa delays its launch", ["Science", "Space"]),
        ("Nato chief meets foreign ministers", ["World"]),
        ("Central banks hold their breath", ["Business"]),
        ("Cyber attacks on councils double", ["Technology", "Cybersecurity"]),
        ("Sea level rise speeds up", ["Science", "Climate"]),
        ("Two cities write AI policies", ["AI", "AI Policy"]),
        ("Self\u2011driving bus on trial", ["AI", "Self-driving Cars"]),
    ],
)
def test_plurals_and_other_spellings_count(title: str, topics: list[str]) -> None:
    assert topics_in(title) == topics


def test_each_excluded_word_would_give_its_topic_and_does_not() -> None:
    for topic in shipped().topics:
        alone = (topic.model_copy(update={"parent": None, "excludes": ()}),)
        for word in topic.excludes:
            assert topics_of(f"News: {word}.", "", alone).names == (topic.name,), word
            assert topic.name not in topics_in(f"News: {word}."), word


def test_each_topic_shows_by_each_of_its_own_keywords() -> None:
    for topic in shipped().topics:
        assert len(set(topic.keywords)) == len(topic.keywords), topic.name
        for keyword in topic.keywords:
            assert topic.name in topics_in(f"News: {keyword}."), keyword


def test_the_site_is_the_reference_documents_own() -> None:
    (site,) = shipped().sites.values()
    assert (site.name, site.topics, site.out) == ("ai", ("AI",), "ai")
    assert (site.dialect, site.threshold) == ("seed", 70)
