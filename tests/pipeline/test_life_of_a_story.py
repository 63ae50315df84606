"""What happens to a story's file, and what a downstream site is told of it."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from config.catalogue import Site
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store import ledger, stories
from pipeline.io.store.documents import last_publication
from pipeline.records import StoryId
from pipeline.stages import correct
from pipeline.stages.write import write
from tests.world import (
    APPLES,
    FERRIES,
    NOW,
    ORCHARD,
    PIER,
    Item,
    TwoOutlets,
    catalogue,
    publish,
    source,
    tree,
)


@pytest.fixture
def world(tmp_path: Path) -> TwoOutlets:
    made = TwoOutlets(tmp_path)
    made.run()
    return made


def test_stories_are_created_once(world: TwoOutlets) -> None:
    assert world.kinds() == ["created", "created"]
    world.run()
    assert world.kinds() == ["created", "created"]


def test_a_new_related_article_and_a_correction_update_it(world: TwoOutlets) -> None:
    later = Item(
        url="https://two.example/later",
        title="Harbour pier: cracks in northern pillars were known, divers say",
        text=FERRIES.text + "\nDivers said that they had reported the cracks a year ago.",
    )
    publish(world.web, "two.example", [FERRIES, later])
    world.run()
    assert world.kinds() == ["created", "created", "updated"]
    assert len(world.document(PIER.title).related) == 2


def test_a_merged_story_leaves_a_tombstone_that_names_the_survivor(world: TwoOutlets) -> None:
    ids = world.stories()
    names = set(world.documents())
    with world.open() as ctx:
        correct.merge(ctx, ids[APPLES.title], ids[PIER.title])
        write(ctx, list(ids.values()))

    tombstone = world.document(APPLES.title)
    assert (tombstone.published, tombstone.heat, tombstone.related) == (False, -1, ())
    assert len(world.document(PIER.title).related) == 2
    assert set(world.documents()) == names
    assert sorted(world.kinds()[2:]) == ["merged", "updated"]
    last = (world.home / "out" / "all" / "changes.jsonl").read_text()
    assert f'"into":"{ids[PIER.title]}"' in last.replace(" ", "")
    with world.open() as ctx, pytest.raises(UsageError, match="was merged"):
        correct.merge(ctx, ids[APPLES.title], ids[PIER.title])


def test_a_split_makes_a_story_with_an_id_of_its_own(world: TwoOutlets) -> None:
    ids = world.stories()
    with world.open() as ctx:
        with ctx.store.read() as tx:
            members = stories.members_of(tx, [ids[PIER.title]])[ids[PIER.title]]
        [ferries] = [article.id for article, _ in members if article.url == FERRIES.url]
        new = correct.split(ctx, ids[PIER.title], [ferries]).other
        assert new is not None
        write(ctx, [ids[PIER.title], new])
        with pytest.raises(UsageError, match="not all"):
            correct.split(ctx, new, [ferries])

    assert new not in ids.values()
    assert world.document(FERRIES.title).related == ()
    assert world.document(PIER.title).related == ()
    assert sorted(world.kinds()[2:]) == ["split", "updated"]


def test_a_retracted_story_keeps_its_file_hidden_and_does_not_come_back(world: TwoOutlets) -> None:
    ids = world.stories()
    with world.open() as ctx:
        correct.retract(ctx, ids[APPLES.title])
        write(ctx, [ids[APPLES.title]])
    assert world.document(APPLES.title).published is False
    publish(
        world.web,
        "one.example",
        [PIER, Item(url=APPLES.url, title="Frost ruins the apple harvest", text=ORCHARD)],
    )
    world.run()

    assert world.document(APPLES.title).published is False
    assert world.kinds()[2:] == ["retracted"]


def test_a_story_whose_lead_goes_takes_a_new_one_and_keeps_its_name(world: TwoOutlets) -> None:
    ids = world.stories()
    names = set(world.documents())
    with world.open() as ctx:
        with ctx.store.read() as tx:
            lead = {row.title: row.lead_id for row in stories.story_rows(tx)}[PIER.title]
        correct.withdraw_article(ctx, lead)
        write(ctx, [ids[PIER.title]])

    assert set(world.documents()) == names
    assert world.document(FERRIES.title).related == ()


def _words_left(world: TwoOutlets, word: str) -> list[str]:
    return [path for path, data in tree(world.home / "out").items() if word.encode() in data]


def test_what_is_forgotten_leaves_no_trace_and_does_not_come_back(world: TwoOutlets) -> None:
    with world.open() as ctx:
        done = correct.forget(ctx, url=APPLES.url)
        assert done is not None
        assert done.before["erased"] == 1
        write(ctx, list(world_ids(ctx)))
    assert _words_left(world, "Frost") == []
    assert _words_left(world, "apples") == []

    world.run()
    assert _words_left(world, "Frost") == []
    database = (world.home / "state" / "newsloom.db").read_bytes()
    assert b"smallest apple harvest in a decade" not in database


def world_ids(ctx: Context) -> list[StoryId]:
    """Return every story that a site is behind with."""
    with ctx.store.read() as tx:
        return list(stories.unwritten(tx, ctx.catalogue.sites))


def test_a_forgotten_domain_goes_from_every_story(world: TwoOutlets) -> None:
    with world.open() as ctx:
        done = correct.forget(ctx, domain="one.example")
        assert done is not None
        assert done.before["erased"] == 2
        write(ctx, world_ids(ctx))
        with pytest.raises(UsageError, match="either an address or a domain"):
            correct.forget(ctx)
    world.run()

    assert _words_left(world, "one.example") == []
    assert world.document(FERRIES.title).related == ()


def _many(count: int) -> list[Item]:
    """Return articles that have nothing to do with one another: each in words of its own."""

    def words(number: int, amount: int) -> str:
        dice = random.Random(number)
        syllables = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti")
        made = ("".join(dice.choices(syllables, k=dice.randint(2, 4))) for _ in range(amount))
        return " ".join(made)

    return [
        Item(
            url=f"https://one.example/{number}",
            title=words(number, 6).capitalize(),
            text=f"{words(number + 1000, 40).capitalize()}.",
            published=NOW - timedelta(hours=number),
        )
        for number in range(count)
    ]


def test_a_failing_gate_keeps_the_last_good_set_until_it_is_forced(tmp_path: Path) -> None:
    site = Site(name="all", out="all", threshold=0)
    world = TwoOutlets(tmp_path, catalogue([source("one")], sites={"all": site}))
    publish(world.web, "one.example", _many(30))
    world.run()
    before = tree(world.home / "out")
    published = sum(bool(one.published) for one in world.documents().values())
    assert published >= 25
    strict = site.model_copy(update={"threshold": 900})
    world.books = world.books.model_copy(update={"sites": {"all": strict}})

    with world.open() as ctx:
        with ctx.store.write() as tx:
            ids = [StoryId(row.id) for row in stories.story_rows(tx)]
            stories.make_unwritten(tx, "all", ids)
        left = write(ctx, ids)
        failed = ctx.tally.stages["write"].reasons
        with ctx.store.read() as tx:
            [run] = ledger.runs(tx)

    assert left == []
    assert run.difference == 0
    assert run.stages["write"].ended["held-back", ""] == len(ids)
    assert tree(world.home / "out") == before
    assert failed[0][0] == "all"
    assert f"gate: {published} of {published} published stories would vanish" in failed[0][1]
    with world.open() as ctx:
        write(ctx, ids, force="the threshold was raised on purpose")
        with ctx.store.read() as tx:
            row = last_publication(tx, "all")
    assert row is not None
    assert row.forced == "the threshold was raised on purpose"
    assert not any(one.published for one in world.documents().values())


def test_a_new_site_gets_every_story_and_its_program_is_run(tmp_path: Path) -> None:
    world = TwoOutlets(tmp_path)
    world.run()
    told = ("sh", "-c", "ls _news | wc -l > published.txt")
    both = {
        **world.books.sites,
        "later": Site(name="later", out="later", threshold=0, after_publish=told),
    }
    world.books = world.books.model_copy(update={"sites": both})
    world.run()

    assert (world.home / "out" / "later" / "published.txt").read_text().strip() == "2"
    failing = Site(name="later", out="later", after_publish=("false",))
    world.books = world.books.model_copy(update={"sites": {"later": failing}})
    publish(world.web, "two.example", [FERRIES, *_many(1)])
    tally = world.run()
    assert ("later: after_publish", "false: exit code 1: ") in tally.stages["write"].reasons


@pytest.mark.parametrize(
    "change",
    [
        {"sites": {"all": Site(name="all", out="all", threshold=1000)}},
        {"sites": {"all": Site(name="all", out="all", threshold=0, dialect="web")}},
        {"organisations": {}},
    ],
)
def test_a_file_follows_the_catalogue_when_it_is_written_again(
    world: TwoOutlets, change: dict[str, object]
) -> None:
    before = tree(world.home / "out")
    world.books = world.books.model_copy(update=change)
    ids = list(world.stories().values())
    with world.open() as ctx:
        with ctx.store.write() as tx:
            stories.make_unwritten(tx, "all", ids)
        write(ctx, ids)

    after = tree(world.home / "out")
    changed = [path for path in after if path.endswith(".md") and after[path] != before[path]]
    assert len(changed) == len([path for path in after if path.endswith(".md")])
