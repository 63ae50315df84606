"""Articles of live stories are looked at again: updated, kept, or gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from pipeline.io.schema import articles, pages
from tests.world import FERRIES, PIER, TwoOutlets, page

FERRY_PAGE = FERRIES.url
HEADLINE = "Harbour closes northern pier"


@pytest.fixture
def outlets(tmp_path: Path) -> TwoOutlets:
    world = TwoOutlets(tmp_path)
    world.run()
    world.web.asked.clear()
    return world


def states(world: TwoOutlets) -> dict[str, str]:
    with world.open() as ctx, ctx.store.read() as tx:
        return {row.url: row.state for row in tx.execute(select(articles.c.url, articles.c.state))}


def related(world: TwoOutlets) -> list[str]:
    return [one.url for one in world.document(HEADLINE).related]


def test_pages_are_looked_at_three_times_and_then_left_alone(outlets: TwoOutlets) -> None:
    looks = []
    for hours in (0.25, 1, 2, 6, 12, 24, 25, 48):
        outlets.minutes = int(hours * 60)  # each opening adds an hour, the first one too
        outlets.web.asked.clear()
        outlets.run()
        looks.append(outlets.web.asked.count(PIER.url))
    assert looks == [0, 1, 0, 1, 0, 1, 0, 0]


def test_a_second_look_is_conditional(outlets: TwoOutlets) -> None:
    given: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        given.append(request.headers.get("if-none-match"))
        if given[-1] == '"1"':
            return httpx.Response(304)
        headers = {"content-type": "text/html", "etag": '"1"'}
        return httpx.Response(200, content=page(PIER).encode(), headers=headers)

    outlets.web.answers[PIER.url] = answer
    outlets.run()
    outlets.minutes = 360
    tally = outlets.run()

    assert given == [None, '"1"']
    assert tally.stages["extract"].ended["kept"] == 1
    assert outlets.document(HEADLINE).title == HEADLINE


def test_a_changed_headline_is_an_update_with_a_revision(outlets: TwoOutlets) -> None:
    headline = "Harbour closes northern pier for three weeks"
    outlets.web.answers[PIER.url] = page(PIER).replace(HEADLINE, headline)

    tally = outlets.run()

    assert tally.stages["extract"].ended["updated"] == 1
    document = outlets.document(headline)
    assert [one.url for one in document.related] == [FERRY_PAGE]
    with outlets.open() as ctx, ctx.store.read() as tx:
        query = select(articles.c.revision).where(articles.c.url == PIER.url)
        assert tx.execute(query).scalar_one() == 2


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_missing_twice_a_day_apart_is_gone(outlets: TwoOutlets, status: int) -> None:
    outlets.web.answers[FERRY_PAGE] = status
    for minutes in (60, 360, 1440):  # 1, 6 and 24 hours after the first look
        outlets.minutes = minutes
        outlets.run()
        assert related(outlets) == [FERRY_PAGE]
    outlets.minutes = 60 + 1440
    tally = outlets.run()

    assert tally.stages["extract"].ended["gone"] == 1
    assert tally.stages["cluster"].ended["gone"] == 1
    assert related(outlets) == []
    assert states(outlets)[FERRY_PAGE] == "gone"


def test_a_page_that_is_back_in_time_is_not_gone(outlets: TwoOutlets) -> None:
    kept = outlets.web.answers[FERRY_PAGE]
    outlets.web.answers[FERRY_PAGE] = 404
    outlets.run()
    outlets.web.answers[FERRY_PAGE] = kept
    for minutes in (1560, 3000, 6000):
        outlets.minutes = minutes
        outlets.run()

    assert related(outlets) == [FERRY_PAGE]
    with outlets.open() as ctx, ctx.store.read() as tx:
        assert set(tx.scalars(select(pages.c.gone_since))) == {None}


NOINDEX = "<meta name='robots' content='noindex'></head>"
REMOVED = "<html><title>Gone</title><p>This article has been removed.</p></html>"


@pytest.mark.parametrize(
    "change", [lambda text: text.replace("</head>", NOINDEX), lambda _: REMOVED]
)
def test_what_its_publisher_takes_back_leaves_at_once(
    outlets: TwoOutlets, change: Callable[[str], str]
) -> None:
    outlets.web.answers[PIER.url] = change(page(PIER))

    outlets.run()

    assert states(outlets)[PIER.url] == "gone"
    titles = {one.title: one.published for one in outlets.documents().values()}
    assert titles[FERRIES.title], "the story takes a new lead"


def test_the_last_article_takes_its_story_along(outlets: TwoOutlets) -> None:
    apples = "https://one.example/apples"
    outlets.web.answers[apples] = REMOVED

    outlets.run()

    assert outlets.kinds()[-1] == "retracted"


@pytest.mark.parametrize("answer", [500, 403, "<html></html>"])
def test_a_look_that_fails_leaves_the_article_as_it_is(
    outlets: TwoOutlets, answer: int | str
) -> None:
    outlets.web.answers[FERRY_PAGE] = answer

    tally = outlets.run()

    assert tally.stages["extract"].ended["kept"] == 1
    assert tally.failed == 0
    assert related(outlets) == [FERRY_PAGE]


def test_a_page_that_says_noindex_from_the_start_is_not_taken(tmp_path: Path) -> None:
    world = TwoOutlets(tmp_path)
    world.web.answers[PIER.url] = page(PIER).replace("</head>", NOINDEX)

    tally = world.run()

    assert (PIER.url, "noindex") in tally.stages["extract"].reasons
    assert PIER.url not in states(world)
