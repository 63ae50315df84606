"""Corrections against the clusterer: what is put together and parted stays so, on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.migrate import upgrade
from pipeline.io.schema import articles
from pipeline.io.store import Store, correctionbook, partitions, stories
from pipeline.records import Article, ArticleId, StoryId
from pipeline.stages import correct
from pipeline.stages import regroup as regrouping
from pipeline.stages.carry import apply, as_line, corrections_in
from pipeline.stages.cluster import cluster
from pipeline.stages.correct import Author
from pipeline.stages.score import let_go_of
from pipeline.stages.undo import undo
from tests.pipeline.stages.test_cluster import arrive, article, grouped, states
from tests.world import NOW, FakeWeb, catalogue, opened, source

ANNA = Author("anna", "it is so")
PIER = (
    "The harbour authority closed the northern pier after divers found cracks in two old pillars, "
    "and ferries to the outer islands leave from the southern basin for weeks."
)
FROST = (
    "Growers in the valley expect the smallest apple harvest in a decade after two nights of frost "
    "in the week when most trees were in blossom."
)
Open = Callable[..., Context]


def on(text: str, title: str, numbers: Iterable[int]) -> list[Article]:
    return [
        article(
            number,
            f"{title} {number}",
            f"{text} Report {number}.",
            NOW - timedelta(hours=3, minutes=-number),
        )
        for number in numbers
    ]


def piers(*numbers: int) -> list[Article]:
    return on(PIER, "Harbour closes the northern pier", numbers)


def frosts(*numbers: int) -> list[Article]:
    return on(FROST, "Frost ruins apple harvest", numbers)


@pytest.fixture
def open_ctx(tmp_path: Path, database_url: str) -> Iterable[Open]:
    """Give contexts on one database of each kind."""
    store = Store(database_url)
    upgrade(store)
    store.close()
    with ExitStack() as stack:

        def enter() -> Context:
            url = SecretStr(database_url)
            books = catalogue([source("one")])
            return stack.enter_context(opened(tmp_path, books, FakeWeb(), database_url=url))

        yield enter


def brought(ctx: Context, new: Sequence[Article]) -> None:
    arrive(ctx, new)
    cluster(ctx, [])


def together(ctx: Context, *wanted: Article) -> bool:
    found = grouped(ctx)
    return len({found[one.id] for one in wanted}) == 1


def test_what_was_joined_stays_though_the_article_that_ties_it_leaves(open_ctx: Open) -> None:
    ctx = open_ctx()
    pier, frost = piers(0, 1), frosts(10, 11)
    brought(ctx, [*pier, *frost])
    at = grouped(ctx)
    correct.merge(ctx, at[frost[0].id], at[pier[0].id], by=ANNA)
    with ctx.store.write() as tx:
        let_go_of(ctx, tx, [pier[0].id], state="gone")
    brought(ctx, [*piers(2), *frosts(12)])

    assert together(ctx, pier[1], *frost)


def test_a_split_holds_against_what_was_joined_through_an_article_that_left(open_ctx: Open) -> None:
    ctx = open_ctx()
    pier, frost = piers(0, 1, 2), frosts(10, 11)
    brought(ctx, [*pier, *frost])
    at = grouped(ctx)
    correct.merge(ctx, at[frost[0].id], at[pier[0].id], by=ANNA)
    with ctx.store.write() as tx:
        let_go_of(ctx, tx, [pier[0].id], state="gone")
    correct.split(ctx, at[pier[0].id], [frost[1].id], by=ANNA)
    brought(ctx, [*piers(3), *frosts(12)])

    assert not together(ctx, frost[0], frost[1])
    assert together(ctx, pier[1], pier[2], frost[0]), "what is left stays joined"


def test_an_article_that_comes_back_is_parted_again_at_once(
    open_ctx: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regrouping, "SMALL", 0)  # as with a hundred thousand live articles
    ctx = open_ctx()
    pier = piers(0, 1, 2, 3)
    brought(ctx, pier)
    [story] = set(grouped(ctx).values())
    correct.split(ctx, story, [pier[3].id], by=ANNA)
    with ctx.store.write() as tx:
        let_go_of(ctx, tx, [pier[3].id], state="gone")
    back = ctx.clock()
    with ctx.store.write() as tx:
        tick = tx.execute(
            update(articles).where(articles.c.id == pier[3].id).values(state="pending")
        )
        assert tick.rowcount == 1
    arrive(ctx, piers(4))
    with ctx.store.write() as tx:
        newest = tx.execute(articles.select().where(articles.c.id == piers(4)[0].id)).one().tick_id
        tx.execute(update(articles).where(articles.c.id == pier[3].id).values(tick_id=newest))
    cluster(ctx, [])

    assert ctx.clock() == back, "no time went by in which all is grouped anew anyway"
    assert together(ctx, *pier[:3])
    assert not together(ctx, pier[0], pier[3])


def test_what_was_said_of_a_story_goes_with_it_when_the_clusterer_merges_it(open_ctx: Open) -> None:
    ctx = open_ctx()
    pier = piers(0, 1, 2)
    brought(ctx, pier)
    [story] = set(grouped(ctx).values())
    parted = correct.split(ctx, story, [pier[2].id], by=ANNA)
    assert parted.other is not None
    correct.retitle(ctx, parted.other, "What the divers saw", by=ANNA)
    correct.pin_lead(ctx, parted.other, pier[2].id, by=ANNA)
    with ctx.store.write() as tx:  # as if nobody had parted them
        partitions.untie(tx, "cannot", [one.id for one in pier])
    brought(ctx, piers(3))

    assert together(ctx, *pier)
    assert states(ctx)[parted.other] == ("merged", story)
    with ctx.store.read() as tx:
        word = correctionbook.words_of(tx, [story])[story]
        lead = {row.id: row.lead_id for row in stories.story_rows(tx)}[story]
    assert (word.title, word.leads, lead) == ("What the divers saw", (pier[2].id,), pier[2].id)


def everything(ctx: Context) -> object:
    """Return all that a correction can change."""
    ids = [ArticleId(one.id) for one in (*piers(0, 1, 2), *frosts(10, 11))]
    with ctx.store.read() as tx:
        members = stories.members_of(tx, set(grouped(ctx).values()))
        tied = partitions.ties_at(tx, ids)
    reasons = {key: [membership for _, membership in rows] for key, rows in members.items()}
    alive = {key for key, (state, _) in states(ctx).items() if state == "live"}
    return reasons, tied, alive


@pytest.mark.parametrize("kind", ["merge", "split", "retract"])
def test_undone_it_is_as_it_was(open_ctx: Open, kind: str) -> None:
    ctx = open_ctx()
    pier, frost = piers(0, 1, 2), frosts(10, 11)
    brought(ctx, [*pier, *frost])
    at = grouped(ctx)
    correct.split(ctx, at[pier[0].id], [pier[1].id], by=ANNA)  # ties there are before
    before, at = everything(ctx), grouped(ctx)
    made = {
        "merge": lambda: correct.merge(ctx, at[pier[1].id], at[pier[0].id], by=ANNA),
        "split": lambda: correct.split(ctx, at[frost[0].id], [frost[0].id], by=ANNA),
        "retract": lambda: correct.retract(ctx, at[frost[0].id], by=ANNA),
    }[kind]()
    assert everything(ctx) != before

    undo(ctx, made.number, by=ANNA)

    assert everything(ctx) == before
    with pytest.raises(UsageError, match="was undone by anna"):
        undo(ctx, made.number, by=ANNA)


def test_a_rehearsal_leaves_nothing(open_ctx: Open) -> None:
    ctx = open_ctx()
    brought(ctx, [*piers(0, 1), *frosts(10)])
    before, at = everything(ctx), grouped(ctx)
    with ctx.store.rehearsal() as store:
        rehearsed = replace(ctx, store=store)
        correct.merge(rehearsed, at[frosts(10)[0].id], at[piers(0)[0].id], by=ANNA)
        assert everything(rehearsed) != before

    assert everything(ctx) == before
    with ctx.store.read() as tx:
        assert correctionbook.all_of(tx) == []


def test_a_file_of_corrections_holds_for_articles_that_are_yet_to_come(
    open_ctx: Open, tmp_path: Path
) -> None:
    ctx = open_ctx()
    pier, frost = piers(0, 1, 2), frosts(10, 11)
    brought(ctx, [*pier, *frost])
    at = grouped(ctx)
    correct.split(ctx, at[pier[0].id], [pier[2].id], by=ANNA)
    correct.merge(ctx, at[frost[0].id], at[pier[0].id], by=ANNA)
    with ctx.store.read() as tx:
        lines = [as_line(one) for one in correctionbook.all_of(tx)]

    with opened(tmp_path / "new", catalogue([source("one")]), FakeWeb()) as new:
        given = corrections_in("corrections.jsonl", lines)
        assert len(apply(new, given)) == 2
        assert apply(new, given) == []
        brought(new, [*pier, *frost])
        assert together(new, pier[0], pier[1], *frost)
        assert not together(new, pier[0], pier[2])


def test_a_file_of_corrections_moves_what_stands_otherwise(open_ctx: Open, tmp_path: Path) -> None:
    ctx = open_ctx()
    pier, frost = piers(0, 1, 2), frosts(10, 11)
    brought(ctx, [*pier, *frost])
    at = grouped(ctx)
    parted = correct.split(ctx, at[pier[0].id], [pier[2].id], by=ANNA)
    correct.retitle(ctx, StoryId(str(parted.other)), "What the divers saw", by=ANNA)
    correct.merge(ctx, at[frost[0].id], at[pier[0].id], by=ANNA)
    with ctx.store.read() as tx:
        given = correctionbook.all_of(tx)
    expected = grouped(ctx)

    with opened(tmp_path / "new", catalogue([source("one")]), FakeWeb()) as new:
        brought(new, [*pier, *frost])
        assert grouped(new) != expected
        apply(new, given)
        assert grouped(new) == expected
        with new.store.read() as tx:
            assert correctionbook.words_of(tx, [StoryId(str(parted.other))])


def test_a_line_that_is_no_correction_is_named() -> None:
    with pytest.raises(UsageError, match=r"book\.jsonl:2: kind: "):
        corrections_in(
            "book.jsonl",
            ["", '{"at": "2026-03-01T00:00:00Z", "kind": "join", "who": "a", "why": "b"}'],
        )
