"""What is written reads back, for our reader and for PyYAML, whatever the texts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from pipeline.errors import SeedFileError
from pipeline.plaintext import clean_line
from pipeline.seedfile.document import SeedDocument, SeedProvider
from pipeline.seedfile.parse import parse
from pipeline.seedfile.render import prove, render
from pipeline.seedfile.style import STYLES, Dialect
from tests.conftest import ROOT
from tests.pipeline.seedfile.world import DOCUMENT, HOSTILE, RELATED, texts

EXAMPLE = (
    ROOT / "seeds" / "_news" / ("2020-01-23-twitter-demands-ai-company-stops-collecting-faces.md")
)
DIALECTS: tuple[Dialect, ...] = ("seed", "web")


def _values(data: bytes) -> dict[str, Any]:
    values: dict[str, Any] = next(yaml.safe_load_all(data.decode()))
    return values


def test_the_users_example_comes_back_byte_for_byte() -> None:
    data = EXAMPLE.read_bytes()
    parsed = parse(data)

    assert parsed.style == STYLES["seed"]
    assert render(parsed.document, "seed") == data
    prove(data, parsed.document)


def test_every_golden_document_comes_back_byte_for_byte() -> None:
    for path in sorted(EXAMPLE.parent.glob("*.md")):
        data = path.read_bytes()
        parsed = parse(data)
        assert render(parsed.document, parsed.style) == data, path.name


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_document_reads_back_as_it_was(dialect: Dialect) -> None:
    data = render(DOCUMENT, dialect)

    assert parse(data).document == DOCUMENT
    prove(data, DOCUMENT)
    assert data.endswith(b"\n---\n\n")
    assert b"\n\n\n" not in data


def test_the_dialects_differ_in_names_and_quotes() -> None:
    seed, web = (render(DOCUMENT, dialect).decode() for dialect in DIALECTS)

    assert "\nsourceUrl: https://one.example/a\n" in seed
    assert '\nwebUrl: "https://one.example/a"\n' in web
    assert '\n    webUrl: "https://two.example/b"\n' in web


def test_line_ends_of_the_other_world_are_read_and_kept() -> None:
    data = render(DOCUMENT, "web").replace(b"\n", b"\r\n")
    parsed = parse(data)

    assert parsed.document == DOCUMENT
    assert render(parsed.document, parsed.style) == data


def test_what_only_later_generations_say_is_kept() -> None:
    document = replace(
        DOCUMENT,
        original_url="https://one.example/original",
        featured_content='<iframe src="https://one.example/embed"></iframe>',
        removed=True,
        tags=("US", "US-CA"),
        images=(replace(DOCUMENT.images[0], is_cached=True),),
        type="video",
    )

    assert parse(render(document, "web")).document == document


def test_a_document_without_scores_is_read() -> None:
    document = replace(DOCUMENT, quality=None, heat=None, published=None)

    assert parse(render(document, "web")).document == document


def _with_texts(title: str, excerpt: str, name: str, topic: str) -> SeedDocument:
    title, excerpt, name, topic = (clean_line(text) for text in (title, excerpt, name, topic))
    provider = SeedProvider(name=name, domain="one.example")
    return replace(
        DOCUMENT,
        title=title,
        excerpt=excerpt,
        provider=provider,
        topics=(topic,),
        related=(replace(RELATED, title=excerpt, excerpt=title, provider=provider),),
    )


@settings(max_examples=300, deadline=None)
@given(texts, texts, texts, texts)
def test_no_text_whatever_reads_back_as_something_else(
    title: str, excerpt: str, name: str, topic: str
) -> None:
    document = _with_texts(title, excerpt, name, topic)
    for dialect in DIALECTS:
        data = render(document, dialect)
        prove(data, document)
        values = _values(data)
        assert values["title"] == document.title
        assert values["provider"]["name"] == document.provider.name
        assert values["topics"] == list(document.topics)
        assert set(values) == set(_values(render(DOCUMENT, dialect)))


@pytest.mark.parametrize("name", [text for text in HOSTILE if clean_line(text) == text])
def test_names_stay_texts(name: str) -> None:
    document = _with_texts("t", "e", name, name)

    prove(render(document, "seed"), document)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "http://a b", 'http://a"b', "http://a\\b", "http://ä", "", "//a",
     "http://a\n", "http://" + "a" * 3000, "data:text/html,x"],
)  # fmt: skip
def test_an_unsafe_address_is_never_proven(url: str) -> None:
    document = replace(DOCUMENT, url=url)

    with pytest.raises(SeedFileError):
        prove(render(document, "seed"), document)


def test_uncleaned_text_is_never_proven() -> None:
    document = replace(DOCUMENT, title="two\nlines")

    with pytest.raises(SeedFileError, match="title holds control characters"):
        prove(render(document, "seed"), document)


def test_bytes_of_another_document_are_never_proven() -> None:
    with pytest.raises(SeedFileError, match="another document"):
        prove(render(DOCUMENT, "seed"), replace(DOCUMENT, heat=98))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("---\ncategory", "\n---\ncategory", "line 1: a document begins with ---"),
        ("\n---\n\n", "\n", "the closing --- is missing"),
        ("quality: 87", "quality: many", "line 10: quality: 'many' is no whole number"),
        ("published: true", "published: perhaps", "line 12: published"),
        ("publishedDateTime: 2020", "publishedDateTime: A2020", "line 5: publishedDateTime"),
        ("type: article", "kind: article", "line 9: unknown key 'kind'"),
        ('title: "A headline"', 'title: "A "headline"', "line 3: no YAML"),
        ("topics:\n  - AI", "topics: AI", "line 22: topics is no list"),
        ("category: news", "\tcategory: news", "no YAML"),
    ],
)
def test_a_broken_file_is_named_with_its_line(before: str, after: str, message: str) -> None:
    text = render(DOCUMENT, "seed").decode()
    assert before in text

    with pytest.raises(SeedFileError) as caught:
        parse(text.replace(before, after, 1).encode())
    assert message in str(caught.value)


def test_bytes_that_are_no_text_are_named_with_their_line() -> None:
    with pytest.raises(SeedFileError, match="line 3: not UTF-8"):
        parse(render(DOCUMENT, "seed").replace(b"A headline", b"\xff"))
