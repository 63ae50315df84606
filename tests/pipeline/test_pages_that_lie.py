"""Pages that lie, in real children with the limits of the settings."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.settings import Settings
from pipeline.errors import Rejected
from pipeline.io.children import Children
from pipeline.records import EntryFacts, ExtractedArticle, Page, PageId
from tests.pages_that_lie import ARTICLE, LIES, NEWS, Lie, page

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://one.example/pier"
FACTS = EntryFacts(title="Northern pier closed", summary="Cracks were found in two pillars.")
#: What the parent may hold more after all of them, in bytes.
GROWTH = 64 * 2**20
#: Its limits are those that a child has in service.
SETTINGS = Settings()


def record(body: bytes) -> Page:
    return Page(
        id=PageId("0"),
        url=URL,
        final_url=URL,
        body=body,
        content_type="text/html",
        fetched_at=NOW,
    )


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    opened = Children(
        size=1,
        cpu_seconds=SETTINGS.child_cpu_seconds,
        memory_mb=SETTINGS.child_memory_mb,
        wall_seconds=60,
    )
    yield opened
    opened.close()


def read(children: Children, body: bytes, facts: EntryFacts = FACTS) -> ExtractedArticle | Rejected:
    [answer] = children.read_pages([(record(body), facts)], now=NOW, extractors={})
    return answer


def check(lie: Lie, answer: ExtractedArticle | Rejected) -> None:
    """Check how the reading of a lie ended."""
    if isinstance(answer, Rejected):
        assert answer.reason in lie.ends, f"{lie.name}: {answer}"
        return
    assert ARTICLE in lie.ends, f"{lie.name}: an article"
    assert answer.title
    assert len(answer.title) <= 1_000
    assert len(answer.excerpt) <= 350
    shown = f"{answer.url} {answer.amp_url} {answer.excerpt} {answer.image_candidates}"
    assert not any(word in shown for word in lie.never), f"{lie.name}: {shown[:300]}"


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_each_ends_as_it_may(children: Children, lie: Lie) -> None:
    check(lie, read(children, lie.body))


@pytest.mark.parametrize("lie", [one for one in LIES if one.alone], ids=lambda lie: lie.name)
def test_a_page_of_nothing_gives_what_the_feed_told_or_a_reason(
    children: Children, lie: Lie
) -> None:
    told, alone = read(children, lie.body), read(children, lie.body, EntryFacts())

    assert isinstance(told, ExtractedArticle)
    assert told.excerpt == FACTS.summary
    assert isinstance(alone, Rejected)
    assert alone.reason == lie.alone


@pytest.mark.parametrize("name", ["200,000 nested div", "100,000 tiny paragraphs"])
def test_where_the_text_cannot_be_had_the_description_is_taken(
    children: Children, name: str
) -> None:
    [lie] = [one for one in LIES if one.name == name]

    answer = read(children, lie.body)

    assert isinstance(answer, ExtractedArticle)
    assert answer.origins["text"].startswith("none:")
    assert answer.excerpt.startswith("Divers found cracks")


def test_where_nothing_else_can_be_had_the_feeds_summary_is_taken(children: Children) -> None:
    body = page("<div>" * 200_000).replace(b"og:description", b"x")

    answer = read(children, body)

    assert isinstance(answer, ExtractedArticle)
    assert answer.excerpt == FACTS.summary


def test_others_of_the_batch_are_read_as_without_them_and_the_parent_does_not_grow(
    children: Children,
) -> None:
    honest = read(children, page(""))
    before = _resident()
    bodies = [body for lie in LIES for body in (lie.body, page(""))]

    answers = children.read_pages(
        [(record(body), FACTS) for body in bodies], now=NOW, extractors={}
    )

    assert answers[1::2] == [honest] * len(LIES)
    assert isinstance(honest, ExtractedArticle)
    assert honest.text == NEWS
    assert _resident() - before < GROWTH


def _resident() -> int:
    """Return the memory that this process holds now, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
