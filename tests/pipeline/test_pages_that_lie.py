"""Pages that lie, in real children with the limits of the settings.

All are read once, in one batch with an honest page behind each; the tests look at how they ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.settings import Settings
from pipeline.errors import Rejected
from pipeline.io.children import Children
from pipeline.records import EntryFacts, ExtractedArticle, Page, PageId
from tests import pages_that_lie
from tests.pages_that_lie import ARTICLE, LIES, NEWS, Lie, page

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://one.example/pier"
FACTS = EntryFacts(title="Northern pier closed", summary="Cracks were found in two pillars.")
#: What the parent may hold more at any moment while it has them read, in bytes.
GROWTH = 64 * 2**20
#: Its limits are those that a child has in service.
SETTINGS = Settings()
#: Reading them all takes 15 s of processor time, of which a busy machine gives little.
pytestmark = pytest.mark.timeout(300)
#: On a busy machine a child waits for its turn; its processor time is what is limited.
WALL_SECONDS = 60


@dataclass(frozen=True)
class Reading:
    """How the batch ended, and what it cost the process that asked for it."""

    lies: dict[str, ExtractedArticle | Rejected]
    honest: list[ExtractedArticle | Rejected]
    growth: int


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    opened = Children(
        size=1,
        cpu_seconds=SETTINGS.child_cpu_seconds,
        memory_mb=SETTINGS.child_memory_mb,
        wall_seconds=WALL_SECONDS,
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def reading(children: Children) -> Reading:
    bodies = [body for lie in LIES for body in (lie.body, page(""))]
    jobs = [(record(body), FACTS) for body in bodies]
    # Linux: "5" sets the highest resident size back to the present one (proc(5)).
    Path("/proc/self/clear_refs").write_text("5")
    before = _memory("VmRSS")

    answers = children.read_pages(jobs, extractors={})

    lies = {lie.name: answer for lie, answer in zip(LIES, answers[::2], strict=True)}
    return Reading(lies, answers[1::2], _memory("VmHWM") - before)


def record(body: bytes, url: str = URL) -> Page:
    return Page(
        id=PageId("0"),
        url=url,
        final_url=url,
        body=body,
        content_type="text/html",
        fetched_at=NOW,
    )


def read(children: Children, body: bytes, facts: EntryFacts = FACTS) -> ExtractedArticle | Rejected:
    [answer] = children.read_pages([(record(body), facts)], extractors={})
    return answer


def _memory(name: str) -> int:
    """Return a figure of this process's memory, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_each_ends_as_it_must(reading: Reading, lie: Lie) -> None:
    answer = reading.lies[lie.name]

    assert lie.end == (ARTICLE if isinstance(answer, ExtractedArticle) else answer.reason), answer


@pytest.mark.parametrize(
    "lie", [one for one in LIES if one.end == ARTICLE], ids=lambda lie: lie.name
)
def test_its_article_keeps_its_limits(reading: Reading, lie: Lie) -> None:
    article = reading.lies[lie.name]

    assert isinstance(article, ExtractedArticle)
    assert article.title in {FACTS.title, "T"}
    assert len(article.excerpt) <= 350
    assert bool(article.excerpt) is not lie.silent
    assert len(article.text) <= 200_000
    assert article.published_at <= NOW
    assert article.url.startswith("https://one.example/")
    assert article.amp_url is None or (lie.amp and article.amp_url.startswith("https://one."))
    assert len(article.image_candidates) <= 12
    for picture in article.image_candidates:
        assert picture.url.startswith("https://one.example/")
        assert not picture.url.endswith((".svg", ".gif"))
        assert all(side is None or 0 < side <= 65_535 for side in (picture.width, picture.height))
    shown = f"{article.url} {article.amp_url} {article.excerpt} {article.image_candidates}"
    assert not any(word in shown for word in lie.never)


def test_others_of_the_batch_are_read_as_without_them(children: Children, reading: Reading) -> None:
    alone = read(children, page(""))

    assert isinstance(alone, ExtractedArticle)
    assert alone.text == NEWS
    assert reading.honest == [alone] * len(LIES)


def test_the_process_that_asks_does_not_grow(reading: Reading) -> None:
    assert reading.growth < GROWTH


@pytest.mark.parametrize("lie", [one for one in LIES if one.alone], ids=lambda lie: lie.name)
def test_a_page_of_nothing_gives_what_the_feed_told_or_a_reason(
    children: Children, reading: Reading, lie: Lie
) -> None:
    told, alone = reading.lies[lie.name], read(children, lie.body, EntryFacts())

    assert isinstance(told, ExtractedArticle)
    assert told.excerpt == FACTS.summary
    assert isinstance(alone, Rejected)
    assert alone.reason == lie.alone


@pytest.mark.parametrize("name", ["200,000 nested div", "100,000 tiny paragraphs", "20 MB"])
def test_where_the_text_cannot_be_had_the_description_is_taken(reading: Reading, name: str) -> None:
    answer = reading.lies[name]

    assert isinstance(answer, ExtractedArticle)
    assert answer.origins["text"].startswith("none:")
    assert answer.excerpt.startswith("Divers found cracks")


def test_where_nothing_else_can_be_had_the_feeds_summary_is_taken(children: Children) -> None:
    answer = read(children, page("<div>" * 200_000).replace(b"og:description", b"x"))

    assert isinstance(answer, ExtractedArticle)
    assert answer.excerpt == FACTS.summary


def test_a_page_that_nobody_can_read_to_its_end_costs_its_child_and_no_other_page() -> None:
    children = Children(
        size=1, cpu_seconds=5, memory_mb=SETTINGS.child_memory_mb, wall_seconds=WALL_SECONDS
    )
    jobs = [
        (record(page(""), f"https://{host}/pier"), FACTS)
        for host in ("one.example", "endless.example", "one.example")
    ]
    try:
        before, endless, after = children.read_pages(
            jobs, extractors={"endless.example": f"{pages_that_lie.__name__}.hang"}
        )
    finally:
        children.close()

    assert isinstance(endless, Rejected)
    assert endless.reason == "parse-timeout"
    assert isinstance(before, ExtractedArticle)
    assert after == before
