"""What is written reads back, for PyYAML as for us, whatever the texts; the rest is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SeedFileError
from pipeline.plaintext import clean_line
from pipeline.seedfile.document import SeedDocument, SeedImage, SeedProvider
from pipeline.seedfile.parse import parse
from pipeline.seedfile.render import prove, render
from pipeline.seedfile.style import STYLES, Dialect
from pipeline.seedfile.values import values_of
from pipeline.urls import resolve
from tests.pipeline.seedfile.world import (
    DOCUMENT,
    EXAMPLE,
    HOSTILE,
    LATER,
    MOMENT,
    RELATED,
    texts,
)

DIALECTS: tuple[Dialect, ...] = ("seed", "web")
#: libyaml is what the writer itself proves with; PyYAML's own reader must agree.
LOADERS = (yaml.SafeLoader, yaml.CSafeLoader)


def _values(data: bytes, loader: Any = yaml.SafeLoader) -> Any:
    front = data.decode().removeprefix("---\n").removesuffix("---\n\n")
    return yaml.load(front, Loader=loader)


def test_the_users_example_is_proven_and_written_again_byte_for_byte() -> None:
    data = EXAMPLE.read_bytes()
    document = parse(data).document

    prove(data, document)
    assert render(document, "seed") == data


@pytest.mark.parametrize("document", [DOCUMENT, LATER, replace(DOCUMENT, score=None, secured=None)])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_document_reads_back_as_it_was(document: SeedDocument, dialect: Dialect) -> None:
    data = render(document, dialect)

    prove(data, document)
    assert parse(data).document == document
    assert data.endswith(b"\n---\n\n")
    assert b"\n\n\n" not in data
    assert b"\r" not in data


def test_the_dialects_differ_in_names_and_quotes() -> None:
    seed, web = (render(DOCUMENT, dialect).decode() for dialect in DIALECTS)

    assert "\nsourceUrl: https://one.example/a\n" in seed
    assert "\nampUrl: https://one.example/a?amp\ncdnAmpUrl: https://one-ex" in seed
    assert "\n    sourceUrl: https://two.example/b\n" in seed
    assert '\nwebUrl: "https://one.example/a"\n' in web
    assert '\nampWebUrl: "https://one.example/a?amp"\ncdnAmpWebUrl: "https://one-ex' in web
    assert '\n    webUrl: "https://two.example/b"\n' in web


def _with_texts(title: str, excerpt: str, name: str, topic: str) -> SeedDocument:
    title, excerpt, name, topic = (clean_line(text) for text in (title, excerpt, name, topic))
    provider = SeedProvider(name=name or "One", domain="one.example")
    return replace(
        DOCUMENT,
        title=title or "A headline",
        excerpt=excerpt,
        provider=provider,
        topics=(topic or "AI",),
        images=(replace(DOCUMENT.images[0], title=title or "A headline"),),
        related=(replace(RELATED, title=excerpt or "B", excerpt=title, provider=provider),),
    )


@settings(max_examples=150, deadline=None)
@given(texts, texts, texts, texts)
def test_no_text_whatever_reads_back_as_something_else(
    title: str, excerpt: str, name: str, topic: str
) -> None:
    document = _with_texts(title, excerpt, name, topic)
    for dialect in DIALECTS:
        data = render(document, dialect)
        prove(data, document)
        for loader in LOADERS:
            assert _values(data, loader) == values_of(document, STYLES[dialect])
        assert parse(data).document == document


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:40])
def test_no_known_trap_works_in_any_place(text: str) -> None:
    document = _with_texts(text, text, text, text)
    for dialect in DIALECTS:
        data = render(document, dialect)
        prove(data, document)
        assert _values(data) == values_of(document, STYLES[dialect])
        assert len(data.splitlines()) == len(render(DOCUMENT, dialect).splitlines()) - 4


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["https://one.example", "http://one.example:8080/a", "javascript:", "", "//x"]),
    st.one_of(texts, st.sampled_from(["/a", "/a?b=c&amp;d", "/x y", '/"', "/ü", "/#a: b #c", ":"])),
)
def test_an_address_is_written_as_it_is_or_not_at_all(start: str, rest: str) -> None:
    url = start + rest
    document = replace(DOCUMENT, url=url, related=(replace(RELATED, url=url),))
    for dialect in DIALECTS:
        if resolve("", url) != url:
            with pytest.raises(SeedFileError, match="no safe http"):
                render(document, dialect)
        else:
            data = render(document, dialect)
            prove(data, document)
            assert _values(data)[STYLES[dialect].url] == url


UNSAFE = (
    "javascript:alert(1)", "data:text/html,x", "", "//a/", "http://a b", 'http://a/"b', "http://ä/",
    "http://a/\\b", "http://a/\n", "http://me:pw@a/", "http://a/" + "a" * 3000,
)  # fmt: skip


@pytest.mark.parametrize("url", UNSAFE)
def test_an_unsafe_address_is_refused_wherever_it_stands(url: str) -> None:
    picture = SeedImage(url=url, width=300, height=300)
    assert DOCUMENT.amp is not None
    for document in (
        replace(DOCUMENT, url=url),
        replace(DOCUMENT, original_url=url),
        replace(DOCUMENT, amp=replace(DOCUMENT.amp, url=url)),
        replace(DOCUMENT, amp=replace(DOCUMENT.amp, cdn_url=url)),
        replace(DOCUMENT, images=(picture,)),
        replace(DOCUMENT, provider=replace(DOCUMENT.provider, images=(picture,))),
        replace(DOCUMENT, related=(replace(RELATED, url=url),)),
        replace(DOCUMENT, related=(replace(RELATED, images=(picture,)),)),
    ):
        with pytest.raises(SeedFileError):
            render(document, "seed")
        with pytest.raises(SeedFileError):
            prove(render(DOCUMENT, "seed"), document)


@pytest.mark.parametrize("text", ["two\nlines", "a\x9d", " a", "a  b", "\u202ea"])
def test_a_text_that_was_not_cleaned_is_refused_wherever_it_stands(text: str) -> None:
    for document in (
        replace(DOCUMENT, title=text),
        replace(DOCUMENT, excerpt=text),
        replace(DOCUMENT, topics=(text,)),
        replace(DOCUMENT, featured_content=text),
        replace(DOCUMENT, provider=SeedProvider(name=text, domain="one.example")),
        replace(DOCUMENT, images=(replace(DOCUMENT.images[0], title=text),)),
        replace(DOCUMENT, related=(replace(RELATED, excerpt=text),)),
    ):
        with pytest.raises(SeedFileError, match="control characters"):
            render(document, "web")


def test_a_document_without_title_or_topic_name_is_refused() -> None:
    with pytest.raises(SeedFileError, match="title is empty"):
        render(replace(DOCUMENT, title=""), "seed")
    with pytest.raises(SeedFileError, match="topic is empty"):
        render(replace(DOCUMENT, topics=("AI", "")), "seed")
    assert parse(render(replace(DOCUMENT, excerpt=""), "seed")).document.excerpt == ""


@pytest.mark.parametrize(
    "moment",
    [
        MOMENT.replace(microsecond=1),
        MOMENT.astimezone(timezone(timedelta(hours=1))),
        datetime(2020, 1, 23, 15, 31),  # noqa: DTZ001 -- the point of the test
    ],
)
def test_a_time_that_the_format_cannot_hold_is_refused(moment: datetime) -> None:
    with pytest.raises(SeedFileError, match="not in UTC to the second"):
        render(replace(DOCUMENT, published_at=moment), "seed")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (b"heat: 97", b"heat: 98", "heat would be read as something else"),
        (b"published: true", b'published: "true"', "published would be read as something else"),
        (b"  name: One", b"  name: 411", "name would be read"),
        (b"  - AI", b"  - no", "topics would be read"),
        (b"  - AI", b"  - AI\n  - ML", "topics would be read"),
        (b"type: article\n", b"", "front matter would be read"),
        (b"type: article", b"type: article\nextra: 1", "front matter would be read"),
        (b'title: "A', b'title: "\\x', "no YAML"),
        (b"\n---\n\n", b"\n", "not closed"),
        (b"\n---\n\n", b"\n---\n", "not closed"),
        (b"\ntopics", b"\n---\ntopics", "not closed"),
        (b"category: news", b"- news", "no YAML"),
        (b"A headline", b"\xff", "no YAML"),
        (b"2020-01-23T15", b"2020-13-23T15", "no YAML"),
        (b"related:", b"related:\nothers:", "front matter would be read"),
        (render(DOCUMENT, "seed")[4:-5], b"only a text\n", "holds no keys"),
    ],
)
def test_bytes_that_say_anything_else_are_never_proven(
    before: bytes, after: bytes, message: str
) -> None:
    data = render(DOCUMENT, "seed")
    assert before in data

    with pytest.raises(SeedFileError, match=message):
        prove(data.replace(before, after, 1), DOCUMENT)


def test_unknown_keys_are_proven_too() -> None:
    document = replace(DOCUMENT, extra={"locale": " en", "authors": "\n  - A\n  - B"})
    data = render(document, "web")

    prove(data, document)
    assert _values(data)["authors"] == ["A", "B"]
    with pytest.raises(SeedFileError, match="locale would be read"):
        prove(data.replace(b"locale: en", b"locale: no"), document)


def test_what_was_found_uncleaned_can_be_written_again_but_not_published() -> None:
    document = replace(DOCUMENT, excerpt="two\nlines\x85and \ud83d more"[:-7])
    data = render(document, STYLES["web"])

    assert _values(data)["excerpt"] == document.excerpt
    assert parse(data).document == document
    with pytest.raises(SeedFileError):
        prove(data, document)
