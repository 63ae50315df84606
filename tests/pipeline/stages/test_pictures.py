"""Pictures: the true size, asked for once, and no house cards."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from pipeline import line
from pipeline.io.recorded import blank_png
from pipeline.io.store import sources, stories
from tests.world import NOW, ORCHARD, FakeWeb, Item, catalogue, feed, opened, page, source

CARD = "https://one.example/card.png"
PHOTO = "https://one.example/photo-{}.png"


def picture(width: int, height: int) -> bytes:
    return blank_png(width, height)


def item(number: int) -> Item:
    text = f"Harbour report number {number}: " + ORCHARD.replace("apple", f"fruit{number}")
    title = f"Berth {number} of the harbour gets crane type {number * 7}"
    return Item(url=f"https://one.example/{number}", title=title, text=text)


def page_with(one: Item, *pictures: str, declared: tuple[int, int] | None = None) -> str:
    metas = "".join(f'<meta property="og:image" content="{url}">' for url in pictures)
    if declared:
        metas += f'<meta property="og:image:width" content="{declared[0]}">'
        metas += f'<meta property="og:image:height" content="{declared[1]}">'
    return page(one).replace("</head>", metas + "</head>")


def run(home: Path, web: FakeWeb, *, hours: int) -> dict[str, str | None]:
    """Run a round; return the picture of each lead, by its title."""
    books, now = catalogue([source("one")]), NOW + timedelta(hours=hours)
    with opened(home, books, web, now=now, recheck_after=()) as ctx:
        with ctx.store.write() as tx:
            sources.apply_sync(tx, books.sources, now=now)
        line.run(ctx)
        with ctx.store.read() as tx:
            members = stories.members_of(tx, [row.id for row in stories.story_rows(tx)])
    return {
        article.title: f"{article.image.url} {article.image.width}x{article.image.height}"
        if article.image
        else None
        for rows in members.values()
        for article, _ in rows
    }


def test_the_true_size_beats_the_declared_one(tmp_path: Path) -> None:
    web, one = FakeWeb(), item(1)
    web.answers["https://one.example/feed.xml"] = feed([one])
    web.answers[one.url] = page_with(one, CARD, declared=(1200, 630))
    web.answers[CARD] = picture(640, 360)

    assert run(tmp_path, web, hours=0) == {one.title: f"{CARD} 640x360"}


@pytest.mark.parametrize("answer", [404, 410, b"<html>not here</html>", picture(120, 90)])
def test_what_is_no_such_picture_is_passed_over(tmp_path: Path, answer: int | bytes) -> None:
    web, one, photo = FakeWeb(), item(1), PHOTO.format(1)
    web.answers["https://one.example/feed.xml"] = feed([one])
    web.answers[one.url] = page_with(one, CARD, photo, declared=(1200, 630))
    web.answers |= {CARD: answer, photo: picture(800, 600)}

    assert run(tmp_path, web, hours=0) == {one.title: f"{photo} 800x600"}


def test_a_declared_size_holds_while_the_picture_cannot_be_had(tmp_path: Path) -> None:
    web, one = FakeWeb(), item(1)
    web.answers["https://one.example/feed.xml"] = feed([one])
    web.answers[one.url] = page_with(one, CARD, declared=(1200, 630))
    web.answers[CARD] = 503

    assert run(tmp_path, web, hours=0) == {one.title: f"{CARD} 1200x630"}


def test_only_the_beginning_is_asked_for_and_only_once(tmp_path: Path) -> None:
    web, items = FakeWeb(), [item(1), item(2)]
    ranges: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        ranges.append(request.headers.get("range"))
        return httpx.Response(200, content=picture(640, 360))

    for one in items:
        web.answers[one.url] = page_with(one, CARD)
    web.answers[CARD] = answer
    for hour, one in enumerate(items):
        web.answers["https://one.example/feed.xml"] = feed([one])
        run(tmp_path, web, hours=hour)

    assert ranges == ["bytes=0-65535"]


def test_a_card_that_stands_on_everything_stands_for_nothing(tmp_path: Path) -> None:
    web, items = FakeWeb(), [item(number) for number in range(7)]
    web.answers[CARD] = picture(1200, 630)
    for number, one in enumerate(items):
        photo = PHOTO.format(number)
        web.answers[one.url] = page_with(one, CARD, photo)
        web.answers[photo] = picture(800, 600)
        web.answers["https://one.example/feed.xml"] = feed(items[: number + 1])
        shown = run(tmp_path, web, hours=number)

    cards = {title: found for title, found in shown.items() if found and CARD in found}
    assert sorted(cards) == sorted(one.title for one in items[:5])
    assert shown[items[5].title] == f"{PHOTO.format(5)} 800x600"
    assert shown[items[6].title] == f"{PHOTO.format(6)} 800x600", "it stays known for what it is"
