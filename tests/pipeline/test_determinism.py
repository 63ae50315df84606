"""The same input in the same tick gives the same files, whatever the order and however often."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import line
from pipeline.context import Context
from pipeline.io.store import pages, sources, ticks
from pipeline.records import SourceId
from pipeline.stages.cluster import cluster
from pipeline.stages.extract import extract
from pipeline.stages.fetch import fetch
from pipeline.stages.write import write
from tests.world import (
    HARBOUR,
    NOW,
    ORCHARD,
    FakeWeb,
    Item,
    catalogue,
    opened,
    publish,
    source,
    tree,
)

OUTLETS = ("one", "two", "three", "four")


def _world() -> FakeWeb:
    """Make outlets that tell two events, one address in two feeds, and a title twice on a day."""
    web = FakeWeb()
    for number, name in enumerate(OUTLETS):
        publish(
            web,
            f"{name}.example",
            [
                Item(
                    url=f"https://{name}.example/pier",
                    title=f"Harbour pier closed, report {number}",
                    text=HARBOUR + f"\nOutlet {name} asked {number + 3} passengers.",
                    published=NOW - timedelta(hours=2, minutes=number % 2),
                ),
                Item(
                    url=f"https://{name}.example/apples",
                    title="Frost ruins apple harvest",
                    text=ORCHARD + f"\nOutlet {name} visited {number + 2} farms.",
                ),
            ],
        )
    shared = Item(url="https://one.example/pier", title="From another feed", text=HARBOUR)
    publish(web, "five.example", [shared])
    publish(
        web,
        "one.example",
        [
            Item(
                url="https://one.example/pier",
                title="Harbour pier closed, report 0",
                text=HARBOUR + "\nOutlet one asked 3 passengers.",
                published=NOW - timedelta(hours=2),
            ),
        ],
    )
    return web


BOOKS = catalogue([source(name) for name in (*OUTLETS, "five")])


def _straight(home: Path) -> dict[str, bytes]:
    with opened(home, BOOKS, _world()) as ctx:
        _sync(ctx)
        line.run(ctx)
    return dict(tree(home / "out"))


def _sync(ctx: Context) -> None:
    with ctx.store.write() as tx:
        sources.apply_sync(tx, BOOKS.sources, now=NOW)


def _shuffled(home: Path, seed: int) -> dict[str, bytes]:
    """Deliver everything in an order of its own, twice, with restarts in between."""
    dice = random.Random(seed)
    web = _world()
    with opened(home, BOOKS, web) as ctx:
        _sync(ctx)
        line.open_tick(ctx)
    names = [one for one in BOOKS.sources for _ in range(2)]
    dice.shuffle(names)
    for name in names:
        with opened(home, BOOKS, web) as ctx:
            page_ids = fetch(ctx, [SourceId(name)])
            dice.shuffle(page_ids)
            for page_id in page_ids[: dice.randint(0, len(page_ids))]:
                cluster(ctx, extract(ctx, [page_id]))
    with opened(home, BOOKS, web) as ctx:
        with ctx.store.read() as tx:
            left = [
                id_ for tick in ticks.in_work(tx) for id_ in pages.due_in_tick(tx, tick.id, NOW)
            ]
        dice.shuffle(left)
        for page_id in left * 2:
            extract(ctx, [page_id])
    with opened(home, BOOKS, web) as ctx:
        story_ids = cluster(ctx, [])
        dice.shuffle(story_ids)
        for story_id in story_ids * 2:
            write(ctx, [story_id])
    return dict(tree(home / "out"))


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_delivery_with_restarts_gives_the_same_files(
    seed: int, tmp_path: Path
) -> None:
    straight = _straight(tmp_path / "straight")
    shuffled = _shuffled(tmp_path / "shuffled", seed)

    names = {name for name in straight if name.endswith(".md")}
    assert names
    assert {name: shuffled.get(name) for name in names} == {name: straight[name] for name in names}
    assert shuffled.keys() == straight.keys()
