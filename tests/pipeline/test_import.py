"""Taking over trees of documents: our own after a lost database, and those of other systems."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import Site
from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.io.store import stories
from pipeline.records import ArticleId, StoryId
from pipeline.seedfile.adoption import Adoption, FoundDocument
from pipeline.seedfile.adoption import adopt as plan
from pipeline.seedfile.document import (
    SeedDocument,
    SeedImage,
    SeedProvider,
    SeedRelated,
    SeedScore,
)
from pipeline.seedfile.parse import parse
from pipeline.seedfile.render import render
from pipeline.stages import correct
from pipeline.stages.adopt import Import, adopt
from pipeline.stages.write import write
from tests.world import APPLES, FERRIES, HARBOUR, NOW, PIER, Item, TwoOutlets, publish, tree

Newsloom = Callable[..., subprocess.CompletedProcess[str]]
PROVIDER = SeedProvider(name="One", domain="one.example")


def related(name: str) -> SeedRelated:
    return SeedRelated(
        title=f"Title of {name}",
        excerpt=f"What {name} tells about the closed harbour.",
        published_at=NOW,
        url=f"https://one.example/{name}",
        type="article",
        provider=PROVIDER,
        quality=40,
    )


def document(name: str, *others: str, heat: int = 60) -> SeedDocument:
    return SeedDocument(
        title=f"Title of {name}",
        excerpt=f"What {name} tells about the closed harbour.",
        published_at=NOW,
        url=f"https://one.example/{name}",
        type="article",
        score=SeedScore(quality=50, heat=heat, published=heat >= 0),
        provider=PROVIDER,
        topics=("Harbour",),
        images=(SeedImage(url="https://one.example/a.jpg", width=600, height=400, title="A"),),
        related=tuple(related(other) for other in others),
    )


def put(folder: Path, name: str, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def site_of(ctx: Context) -> Site:
    [site] = ctx.catalogue.sites.values()
    return site


def imported(world: TwoOutlets, folder: Path) -> Import:
    with world.open() as ctx:
        return adopt(ctx, folder, site_of(ctx))


def states(done: Import) -> dict[str, str]:
    return {adoption.found.name: adoption.state for adoption in done.adoptions}


@pytest.fixture
def empty(tmp_path: Path) -> TwoOutlets:
    """Give an installation that has not run yet."""
    return TwoOutlets(tmp_path / "new")


# --- our own tree -----------------------------------------------------------------------------


def test_a_lost_database_comes_back_from_the_files(tmp_path: Path) -> None:
    world = TwoOutlets(tmp_path / "old")
    world.run()
    ids = world.stories()
    with world.open() as ctx:
        correct.merge(ctx, ids[APPLES.title], ids[PIER.title])
        write(ctx, list(ids.values()))
    before = tree(world.home / "out" / "all")
    inodes = {path: path.stat().st_ino for path in (world.home / "out").rglob("*.md")}
    for database in (world.home / "state").glob("newsloom.db*"):
        database.unlink()

    done = imported(world, world.home / "out" / "all")

    assert done.refused == ()
    assert sorted(states(done).values()) == ["live", "merged"]
    assert tree(world.home / "out" / "all") == before
    assert {path: path.stat().st_ino for path in inodes} == inodes
    with world.open() as ctx, ctx.store.read() as tx:
        fates = stories.fates_of(tx, ids.values())
        members = stories.members_of(tx, [ids[PIER.title]])[ids[PIER.title]]
    assert fates[ids[APPLES.title]].merged_into == ids[PIER.title]
    assert {article.url for article, _ in members} == {PIER.url, FERRIES.url, APPLES.url}
    tally = world.run()
    assert tally.stages["cluster"].ended["founded"] == 0
    assert set(world.documents()) == {path.name for path in inodes}
    world.changes()  # numbered on without a gap


def test_an_import_twice_changes_nothing(empty: TwoOutlets, tmp_path: Path) -> None:
    put(tmp_path / "site" / "_posts", "2026-03-01-a.md", render(document("a", "b"), "web"))
    imported(empty, tmp_path / "site")
    before = tree(empty.home / "out")

    done = imported(empty, tmp_path / "site")

    assert (done.adoptions, done.known, done.refused) == ((), 1, ())
    assert tree(empty.home / "out") == before


def test_the_story_goes_on_under_its_name_and_keeps_what_only_it_says(
    empty: TwoOutlets, tmp_path: Path
) -> None:
    old = replace(
        document("pier"), title=PIER.title, excerpt=HARBOUR.partition("\n")[0], url=PIER.url
    )
    old = replace(old, tags=("port", "ferry"), extra={"locale": " en-GB"})
    put(tmp_path / "site", "2026-03-01-pier.md", render(old, "seed"))
    imported(empty, tmp_path / "site")

    empty.run()

    [found] = [one for name, one in empty.documents().items() if name == "2026-03-01-pier.md"]
    assert found.url == PIER.url
    assert FERRIES.url in {one.url for one in found.related}
    assert (found.tags, dict(found.extra)) == (("port", "ferry"), {"locale": " en-GB"})
    assert PIER.title not in {
        one.title for name, one in empty.documents().items() if name != "2026-03-01-pier.md"
    }


# --- trees of other systems -------------------------------------------------------------------


def test_groups_of_one_file_an_article_become_stories(empty: TwoOutlets, tmp_path: Path) -> None:
    site = tmp_path / "site"
    files = {
        "lead.md": document("lead", "second", "third", heat=70),
        "second.md": document("second", "lead", "third", heat=-1),
        "third.md": document("third", "lead", "second", heat=-1),
        "alone.md": document("alone", heat=20),
        "orphan.md": document("orphan", "elsewhere", heat=-1),
        "gone.md": replace(document("gone", heat=-1), removed=True),
    }
    for name, content in files.items():
        put(site, name, render(content, "web"))

    done = imported(empty, site)

    assert states(done) == {
        "lead.md": "live",
        "second.md": "merged",
        "third.md": "merged",
        "alone.md": "live",
        "orphan.md": "retracted",
        "gone.md": "retracted",
    }
    news = empty.home / "out" / "all" / "_news"
    assert {path.name: path.read_bytes() for path in news.iterdir()} == {
        name: render(content, "web") for name, content in files.items()
    }
    lead = next(one for one in done.adoptions if one.found.name == "lead.md")
    assert len(lead.members) == 3
    assert {one.into for one in done.adoptions if one.state == "merged"} == {lead.story_id}
    with empty.open() as ctx:
        write(ctx, [one.story_id for one in done.adoptions])  # nothing is due
    assert empty.kinds().count("updated") == 0


def test_a_second_file_of_one_article_becomes_a_tombstone_with_the_next_writing(
    empty: TwoOutlets, tmp_path: Path
) -> None:
    put(tmp_path / "site", "a.md", render(document("a", heat=70), "web"))
    put(tmp_path / "site", "b.md", render(document("a", heat=60), "web"))

    done = imported(empty, tmp_path / "site")
    assert states(done) == {"a.md": "live", "b.md": "merged"}
    with empty.open() as ctx:
        write(ctx, [one.story_id for one in done.adoptions])

    found = empty.documents()
    assert (found["a.md"].published, found["b.md"].published) == (True, False)


def test_a_file_beside_a_story_that_runs_already_becomes_its_tombstone(tmp_path: Path) -> None:
    world = TwoOutlets(tmp_path / "home")
    world.run()
    before = world.stories()
    other = replace(document("pier"), url=PIER.url)
    put(tmp_path / "site", "old-name.md", render(other, "web"))

    done = imported(world, tmp_path / "site")

    assert states(done) == {"old-name.md": "merged"}
    assert world.stories() == before
    with world.open() as ctx:
        write(ctx, [done.adoptions[0].story_id])
    assert world.documents()["old-name.md"].published is False


def test_what_was_forgotten_stays_forgotten(tmp_path: Path) -> None:
    world = TwoOutlets(tmp_path / "home")
    with world.open() as ctx:
        correct.forget(ctx, domain="one.example")
    put(tmp_path / "site", "a.md", render(document("a"), "web"))

    done = imported(world, tmp_path / "site")
    with world.open() as ctx:
        write(ctx, [one.story_id for one in done.adoptions])

    assert states(done) == {"a.md": "retracted"}
    assert world.documents()["a.md"].published is False


def test_bad_files_are_named_and_harm_no_other(empty: TwoOutlets, tmp_path: Path) -> None:
    site = tmp_path / "site"
    good = render(document("a"), "web")
    put(site, "good.md", good)
    put(site, "cut.md", good[:200])
    put(site, "latin.md", good.replace(b"harbour", b"h\xe4rbour"))
    put(site, "GOOD.md", good)
    put(site, "no-address.md", good.replace(b'webUrl: "https://one.example/a"\n', b""))
    put(site, "a" * 242 + ".md", good)
    put(site, "large.md", b"---\n" + b"# \n" * 2**21)
    (site / "link.md").symlink_to("/etc/passwd")
    (site / "folder.md").mkdir()
    os.mkfifo(site / "fifo.md")

    done = imported(empty, site)

    assert [one.found.name for one in done.adoptions] == ["GOOD.md"]
    reasons = dict(done.refused)
    assert len(reasons) == 9
    assert "--- is missing" in reasons["cut.md"]
    assert "UTF-8" in reasons["latin.md"]
    assert "differs only in case" in reasons["good.md"]
    assert "originalUrl" in reasons["no-address.md"]
    assert "larger than" in reasons["large.md"]
    assert "symbolic link" in reasons["link.md"]
    assert "plain file" in reasons["fifo.md"]


def test_a_foreign_manifest_or_change_feed_is_as_good_as_none(
    empty: TwoOutlets, tmp_path: Path
) -> None:
    put(tmp_path / "site" / "_news", "a.md", render(document("a"), "web"))
    put(tmp_path / "site", "manifest.json", b'{"version": 1, "documents": [{"path": "../x"}]}')
    put(tmp_path / "site", "changes.jsonl", b'{"number": "many"}\n')

    assert states(imported(empty, tmp_path / "site")) == {"a.md": "live"}
    assert empty.kinds() == ["created"]


def test_nothing_to_import_is_a_usage_error(empty: TwoOutlets, tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError, match="name the"):
            imported(empty, folder)


# --- the command ------------------------------------------------------------------------------


def test_the_command_says_what_it_would_do_and_then_does_it(
    newsloom: Newsloom, tmp_path: Path
) -> None:
    home, site = tmp_path / "home", tmp_path / "site"
    newsloom("init", str(home))
    put(site / "_news", "2026-03-01-a.md", render(document("a", "b"), "web"))
    command = ["import", str(site), "--home", str(home)]

    dry = newsloom(*command, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "1 files = 1 live; nothing was saved" in dry.stdout
    assert not list(home.rglob("*.md"))

    put(site / "_news", "bad.md", b"no document")
    done = newsloom(*command, "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["imported"] == {"live": 1}
    assert told["refused"][0]["file"] == "bad.md"
    assert newsloom("verify", "--home", str(home)).returncode == 0
    assert "1 already there" in newsloom(*command).stdout

    for wrong in ([*command, "--site", "nosuch"], ["import", str(tmp_path / "none")]):
        refused = newsloom(*wrong, *([] if "--home" in wrong else ["--home", str(home)]))
        assert refused.returncode == 2
        assert "nosuch" in refused.stderr or "name the" in refused.stderr


# --- the plan ---------------------------------------------------------------------------------

_NAMES = st.sampled_from("abcdef")
_DOCUMENTS = st.lists(
    st.tuples(_NAMES, st.lists(_NAMES, unique=True, max_size=4), st.sampled_from([-1, 10, 60, 90])),
    max_size=8,
)


def _new_id(founder: ArticleId, is_taken: Callable[[StoryId], bool]) -> StoryId:
    counter = 0
    while is_taken(StoryId(f"{founder}{counter}")):
        counter += 1
    return StoryId(f"{founder}{counter}")


def _planned(files: Sequence[tuple[str, list[str], int]]) -> list[Adoption]:
    found = [
        FoundDocument(
            name=f"{number}.md",
            data=b"",
            document=replace(
                document(lead, *others, heat=heat), published_at=NOW + timedelta(seconds=number)
            ),
            lead=ArticleId(lead),
            related={ArticleId(other): related(other) for other in others},
        )
        for number, (lead, others, heat) in enumerate(files)
    ]
    return plan(found, owners={}, homeless=(), refused=(), new_id=_new_id)


@given(_DOCUMENTS)
def test_every_file_gets_a_story_and_every_article_at_most_one(
    files: list[tuple[str, list[str], int]],
) -> None:
    adoptions = _planned(files)

    assert len(adoptions) == len(files)
    assert len({one.story_id for one in adoptions}) == len(files)
    members = [article for one in adoptions for article in one.members]
    assert len(members) == len(set(members))
    live = {one.story_id for one in adoptions if one.state == "live"}
    assert all(one.into in live for one in adoptions if one.state == "merged")
    assert all(one.found.lead in one.members for one in adoptions if one.state == "live")
    assert all(not one.found.is_shown or one.lags for one in adoptions if one.state != "live")


@given(_DOCUMENTS, st.randoms())
def test_the_plan_does_not_hang_on_the_order_of_files(
    files: list[tuple[str, list[str], int]], random: object
) -> None:
    expected = {one.found.name: one for one in _planned(files)}
    found = [one.found for one in expected.values()]
    random.shuffle(found)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    again = plan(found, owners={}, homeless=(), refused=(), new_id=_new_id)
    assert {one.found.name: one for one in again} == expected


def test_what_is_imported_parses_as_it_was(empty: TwoOutlets, tmp_path: Path) -> None:
    content = document("a", "b", "c")
    put(tmp_path / "site", "a.md", render(content, "seed"))
    imported(empty, tmp_path / "site")
    publish(empty.web, "one.example", [Item(url=FERRIES.url, title="x", text="y")])
    [path] = (empty.home / "out").rglob("a.md")
    assert parse(path.read_bytes()).document == content
