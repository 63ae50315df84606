from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from config.catalogue_checks import feed_key
from config.load import ConfigError, Problem, catalogue_warnings, load_catalogue

from .folders import ORGANISATIONS, SITES, SOURCES, TOPICS, catalogue_in


def problems_of(folder: Path) -> list[Problem]:
    """Return what is wrong with a catalogue."""
    with pytest.raises(ConfigError) as caught:
        load_catalogue(folder)
    assert all(problem.remedy for problem in caught.value.problems)
    return list(caught.value.problems)


def source(**values: object) -> str:
    """Return one more source, right but for `values`; None leaves a key out."""
    table = {
        "id": "herald",
        "feed": "https://herald.example/feed",
        "provider": "herald.example",
        "title": "The Herald",
        **values,
    }
    # What JSON writes for texts, numbers and truth is TOML too.
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items() if value is not None]
    return "\n[[source]]\n" + "\n".join(lines) + "\n"


def test_the_five_files_become_one_catalogue(tmp_path: Path) -> None:
    text = SOURCES + source(interval="30m", language="en", enabled=False)
    catalogue = load_catalogue(catalogue_in(tmp_path, sources=text))
    assert list(catalogue.sources) == ["post-tech", "herald"]
    assert catalogue.sources["herald"].interval == timedelta(minutes=30)
    assert not catalogue.sources["herald"].enabled
    assert catalogue.organisations["post.example"].name == "The Post"
    assert [topic.name for topic in catalogue.topics] == ["AI", "Robotics"]
    assert catalogue.sites["ai"].threshold == 70


def test_own_weights_are_laid_over_the_shipped_ones(tmp_path: Path) -> None:
    shipped = load_catalogue(None).scoring
    own = load_catalogue(catalogue_in(tmp_path, scoring="amp = 5\n")).scoring
    assert own == shipped.model_copy(update={"amp": 5})
    assert load_catalogue(catalogue_in(tmp_path / "none")).scoring == shipped


def test_a_provider_without_an_organisation_is_a_warning(tmp_path: Path) -> None:
    catalogue = load_catalogue(catalogue_in(tmp_path, sources=SOURCES + source()))
    (warning,) = catalogue_warnings(catalogue)
    assert "herald.example has no organisation" in warning
    empty = load_catalogue(catalogue_in(tmp_path / "b", sources="", sites=""))
    assert len(catalogue_warnings(empty)) == 2


# --- one table ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "key", "line", "wrong"),
    [
        ({"feed": None}, "feed", 8, "missing"),
        ({"feed": ""}, "feed", 10, "cannot be used"),
        ({"feed": "herald.example/feed"}, "feed", 10, "cannot be used"),
        ({"feed": "ftp://herald.example/feed"}, "feed", 10, "scheme"),
        ({"feed": "https://herald.example/a b"}, "feed", 10, "blanks"),
        ({"feed": "https://herald.example/\na"}, "feed", 10, "blanks"),
        ({"feed": "https://me:pw@herald.example/"}, "feed", 10, "name or password"),
        ({"feed": "https://herald.example:99999/"}, "feed", 10, "port"),
        ({"interval": 0}, "interval", 13, "must be at least 5 minutes"),
        ({"interval": -1}, "interval", 13, "must be at least 5 minutes"),
        ({"interval": 1e9}, "interval", 13, "must be at most 7 days"),
        ({"interval": "8d"}, "interval", 13, "must be at most 7 days"),
        ({"interval": "soon"}, "interval", 13, "'soon' is no length of time"),
        ({"id": "The Herald"}, "id", 9, "has not the right form"),
        ({"id": "../herald"}, "id", 9, "has not the right form"),
        ({"provider": "www.Herald.example"}, "provider", 11, "has not the right form"),
        ({"title": ""}, "title", 12, "has not the right form"),
        ({"title": "The\0Herald"}, "title", 12, "has not the right form"),
        ({"language": "English"}, "language", 13, "has not the right form"),
        ({"enabled": "perhaps"}, "enabled", 13, "boolean"),
        ({"verified": "yesterday"}, "verified", 13, "date"),
    ],
)
def test_a_wrong_source_is_refused_with_its_line(
    tmp_path: Path, values: dict[str, object], key: str, line: int, wrong: str
) -> None:
    text = SOURCES + source(**values)
    (problem,) = problems_of(catalogue_in(tmp_path, sources=text))
    assert problem.where == str(tmp_path / "sources.toml")
    assert problem.key.endswith(f": {key}")
    assert problem.line == line
    assert wrong in problem.wrong
    assert "pw" not in str(problem)


def test_an_unknown_key_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    text = SOURCES + 'intervall = "30m"\n'
    (problem,) = problems_of(catalogue_in(tmp_path, sources=text))
    assert str(problem) == (
        f"{tmp_path}/sources.toml, line 7: source post-tech: intervall: unknown key; "
        "did you mean `interval`?"
    )


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = catalogue_in(
        tmp_path,
        sources=SOURCES + source(interval=0) + source(id="x", provider="X"),
        organisations=ORGANISATIONS.replace("30", "900"),
        topics=TOPICS.replace('"robot"', '"r"'),
        sites=SITES.replace('out = "ai"', "threshold = -1"),
    )
    found = [(Path(problem.where).name, problem.key) for problem in problems_of(folder)]
    assert (
        found
        == [
            ("sources.toml", "source herald: interval"),
            ("sources.toml", "source x: provider"),
            ("organisations.toml", "organisation post.example: quality"),
            ("topics.toml", "topic Robotics: keywords"),
            ("sites.toml", "site ai: out"),
            ("sites.toml", "site ai: threshold"),
            ("sources.toml", "source x: feed"),
        ][:6]
    )


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ("[[sources]]\nid = 1\n", "sources", "did you mean `[[source]]`?"),
        ("[source]\nid = 1\n", "source", "write [[source]]"),
        ("source = 5\n", "source", "write [[source]]"),
        ("source = [1, 2]\n", "source", "write [[source]]"),
    ],
)
def test_a_file_of_another_shape_is_refused(
    tmp_path: Path, text: str, key: str, remedy: str
) -> None:
    (problem,) = problems_of(catalogue_in(tmp_path, sources=text))
    assert (problem.key, problem.line, problem.remedy) == (key, 1, remedy)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("amp = -1\n", "must be at least 0"),
        ("amp = 5000\n", "must be at most 1000"),
        ('amp = "many"\n', "valid integer"),
        ("anp = 20\n", "unknown key"),
        ("amp: 20\n", "not TOML"),
    ],
)
def test_wrong_weights_are_refused(tmp_path: Path, text: str, wrong: str) -> None:
    (problem,) = problems_of(catalogue_in(tmp_path, scoring=text))
    assert problem.line == 1
    assert wrong in problem.wrong


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("threshold = -1", "must be at least 0"),
        ("threshold = 100000", "must be at most 1000"),
        ("threshold = 70.5", "valid integer"),
        ('threshold = "70"', "valid integer"),
        ("threshold = true", "valid integer"),
        ("related_limit = 101", "must be at most 100"),
        ('dialect = "xml"', "'seed' or 'web'"),
        ('base_url = "example.com"', "cannot be used"),
    ],
)
def test_a_wrong_site_is_refused(tmp_path: Path, line: str, wrong: str) -> None:
    (problem,) = problems_of(catalogue_in(tmp_path, sites=f"{SITES}{line}\n"))
    assert problem.line == 6
    assert wrong in problem.wrong


@pytest.mark.parametrize(
    ("out", "wrong"),
    [("", "longer"), ("../ai", "leave the output root"), ("~/ai", "whole path"), ("a\\nb", "path")],
)
def test_a_folder_that_is_not_what_it_looks_like_is_refused(
    tmp_path: Path, out: str, wrong: str
) -> None:
    (problem,) = problems_of(
        catalogue_in(tmp_path, sites=SITES.replace('out = "ai"', f'out = "{out}"'))
    )
    assert wrong in problem.wrong


# --- the whole ------------------------------------------------------------------------------------


def test_an_id_is_taken_once(tmp_path: Path) -> None:
    text = SOURCES + source() + source(feed="https://other.example/feed")
    (problem,) = problems_of(catalogue_in(tmp_path, sources=text))
    assert str(problem) == (
        f"{tmp_path}/sources.toml, line 15: source herald: id: this id is taken (line 8); "
        "keep one of the two"
    )


@pytest.mark.parametrize(
    "feed",
    [
        "https://herald.example/feed",
        "http://herald.example/feed",
        "https://herald.example/feed/",
        "https://www.herald.example:443/feed",
        "http://herald.example:80/feed#latest",
        "HTTPS://Herald.Example/feed",
    ],
)
def test_one_feed_is_listed_once_however_it_is_written(tmp_path: Path, feed: str) -> None:
    text = SOURCES + source() + source(id="herald-2", feed=feed)
    (problem,) = problems_of(catalogue_in(tmp_path, sources=text))
    assert problem.wrong == "this feed is listed (line 8)"


def test_feeds_that_differ_in_path_case_query_or_port_are_different() -> None:
    urls = ["a.example/F", "a.example/f", "a.example/f?x=1", "a.example/f?x=2", "a.example:8080/f"]
    assert len({feed_key(f"https://{url}") for url in urls}) == len(urls)


def test_an_organisation_and_a_topic_are_named_once(tmp_path: Path) -> None:
    topics = TOPICS + '\n[[topic]]\nname = "robotics"\nkeywords = ["droid"]\n'
    folder = catalogue_in(tmp_path, organisations=ORGANISATIONS * 2, topics=topics)
    assert [problem.key for problem in problems_of(folder)] == [
        "organisation post.example: domain",
        "topic robotics: name",
    ]


def test_names_of_topics_must_lead_somewhere(tmp_path: Path) -> None:
    folder = catalogue_in(
        tmp_path,
        topics=TOPICS.replace('parent = "AI"', 'parent = "IA"'),
        sites=SITES.replace('["AI"]', '["AI", "Robotic"]'),
    )
    parent, topic = problems_of(folder)
    assert (parent.wrong, parent.line) == ("unknown topic 'IA'", 8)
    assert (topic.wrong, topic.line) == ("unknown topic 'Robotic'", 4)
    assert topic.remedy == "did you mean `Robotics`?"


def test_a_topic_that_is_wrong_otherwise_still_counts_as_known(tmp_path: Path) -> None:
    folder = catalogue_in(tmp_path, topics=TOPICS.replace('["AI"]', '"AI"'))
    (problem,) = problems_of(folder)
    assert problem.key == "topic AI: keywords"


def test_a_circle_of_parents_is_refused_once(tmp_path: Path) -> None:
    topics = "".join(
        f'[[topic]]\nname = "{name}"\nparent = "{parent}"\nkeywords = ["word"]\n'
        for name, parent in [("D", "A"), ("A", "B"), ("B", "C"), ("C", "A"), ("E", "E")]
    )
    circle, own = problems_of(catalogue_in(tmp_path, topics=topics, sites=""))
    assert circle.wrong == "a circle of parents: A > B > C > A"
    assert own.wrong == "a circle of parents: E > E"


@pytest.mark.parametrize("out", ["ai", "./ai", "ai/", "x/../ai", "ai//"])
def test_two_sites_must_not_share_a_folder(tmp_path: Path, out: str) -> None:
    sites = SITES + SITES.replace('name = "ai"', 'name = "b"').replace(
        'out = "ai"', f'out = "{out}"'
    )
    (problem,) = problems_of(catalogue_in(tmp_path, sites=sites))
    assert problem.key == "site b: out"


# --- the folder -----------------------------------------------------------------------------------


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    folder = catalogue_in(tmp_path)
    (folder / "topics.toml").unlink()
    (problem,) = problems_of(folder)
    assert (problem.where, problem.wrong) == (str(folder / "topics.toml"), "no such file")


def test_a_file_that_nobody_would_read_is_refused(tmp_path: Path) -> None:
    folder = catalogue_in(tmp_path, source="")
    (folder / "README.md").touch()
    (problem,) = problems_of(folder)
    assert (problem.wrong, problem.remedy) == ("unknown file", "did you mean `sources.toml`?")


def test_a_missing_folder_is_one_problem(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path / "none")
    assert "no folder of a catalogue" in problem.wrong
    (tmp_path / "file").touch()
    assert "no folder of a catalogue" in problems_of(tmp_path / "file")[0].wrong


def test_a_broken_file_is_told_before_names_that_only_seem_to_lead_nowhere(tmp_path: Path) -> None:
    (problem,) = problems_of(catalogue_in(tmp_path, topics="[[topic\n"))
    assert problem.where.endswith("topics.toml")
    assert problem.line == 1


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    text = SOURCES + '"\\u001b[31mred" = 1\n' + source(id="\x1b[2J")
    with pytest.raises(ConfigError) as caught:
        load_catalogue(catalogue_in(tmp_path, sources=text))
    assert str(caught.value).replace("\n", "").isprintable()


# --- rules of topics ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ('sections = ["/tech"]', "has not the right form"),
        ('sections = ["tech/"]', "has not the right form"),
        ('sections = ["Tech"]', "has not the right form"),
        ('sections = ["https://a.example/tech"]', "has not the right form"),
        ('sections = ["a.example"]', "a publisher alone stands in `providers`"),
        ('providers = ["https://a.example"]', "has not the right form"),
        ('providers = ["A.example"]', "has not the right form"),
        ('not_providers = ["example"]', "has not the right form"),
        ('providers = "a.example"', "should be a valid tuple"),
        ('excludes = ["r"]', "must be longer: characters at least 2"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_line(tmp_path: Path, rule: str, wrong: str) -> None:
    (problem,) = problems_of(catalogue_in(tmp_path, topics=f"{TOPICS}{rule}\n"))
    assert problem.key == f"topic Robotics: {rule.split(maxsplit=1)[0]}"
    assert problem.line == 10
    assert wrong in problem.wrong


def test_a_rule_at_odds_with_another_is_refused(tmp_path: Path) -> None:
    rules = """excludes = ["robot lawn", "robot"]
providers = ["a.example"]
not_providers = ["a.example"]
"""
    word, provider = problems_of(catalogue_in(tmp_path, topics=TOPICS + rules))
    assert str(word) == (
        f"{tmp_path}/topics.toml, line 10: topic Robotics: excludes: "
        "'robot' stands in keywords too; leave it out of one of the two"
    )
    assert (provider.line, provider.wrong) == (12, "'a.example' stands in providers too")


def test_a_publisher_that_nobody_knows_is_a_warning(tmp_path: Path) -> None:
    rules = """sections = ["tech/v1.2", "www.post.example/tech", "post.example/tech"]
providers = ["post.example", "pots.example"]
not_providers = ["pot.example", "post.example.org"]
"""
    catalogue = load_catalogue(catalogue_in(tmp_path, topics=TOPICS + rules))
    assert catalogue_warnings(catalogue) == [
        "topic Robotics: no source and no organisation is called www.post.example",
        "topic Robotics: no source and no organisation is called pots.example",
        "topic Robotics: no source and no organisation is called pot.example",
        "topic Robotics: no source and no organisation is called post.example.org",
    ]


def test_a_draft_takes_the_place_of_the_topics_file(tmp_path: Path) -> None:
    folder = catalogue_in(tmp_path / "catalogue")
    draft = tmp_path / "draft.toml"
    draft.write_text(TOPICS.replace("robot", "droid"))
    assert load_catalogue(folder, topics_file=draft).topics[1].keywords == ("droid",)
    assert load_catalogue(folder).topics[1].keywords == ("robot",)
    assert load_catalogue(topics_file=draft).sources == load_catalogue().sources


def test_a_draft_is_checked_against_the_rest_of_the_catalogue(tmp_path: Path) -> None:
    folder = catalogue_in(tmp_path / "catalogue")
    draft = tmp_path / "draft.toml"
    draft.write_text('[[topic]]\nname = "Droids"\nkeywords = ["droid"]\n')
    with pytest.raises(ConfigError) as caught:
        load_catalogue(folder, topics_file=draft)
    assert [problem.wrong for problem in caught.value.problems] == ["unknown topic 'AI'"]
    draft.write_text("[[topic")
    with pytest.raises(ConfigError) as caught:
        load_catalogue(folder, topics_file=draft)
    assert [problem.where for problem in caught.value.problems] == [str(draft)]
    with pytest.raises(ConfigError, match=r"none\.toml: no such file"):
        load_catalogue(folder, topics_file=tmp_path / "none.toml")


def test_a_topic_that_nothing_shows_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(catalogue_in(tmp_path, topics=TOPICS.replace('["AI"]', "[]")))
    assert "give it keywords, sections or providers" in problem.wrong


def test_a_topic_may_be_given_by_places_alone(tmp_path: Path) -> None:
    places = 'sections = ["tech/ai"]\nproviders = ["a.example"]'
    topics = TOPICS.replace('keywords = ["AI"]', places)
    assert load_catalogue(catalogue_in(tmp_path, topics=topics)).topics[0].keywords == ()
