"""The clustering stage on a stream: kept windows, second groupings, people's word, crashes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from pipeline.context import Context
from pipeline.io.schema import articles, memberships, pages, stories, ticks
from pipeline.io.store import corrections
from pipeline.io.store.articlerows import article_values
from pipeline.records import Article, ArticleId, ArticleType, PageId, StoryId
from pipeline.stages import cluster as stage
from pipeline.stages import correct
from pipeline.stages import regroup as regrouping
from pipeline.stages.cluster import cluster
from pipeline.stages.score import score_stories
from pipeline.stories import refine as refining
from pipeline.stories.cluster import LiveArticle
from pipeline.stories.refine import Refinement, refine
from pipeline.urls import url_key
from tests.world import NOW, FakeWeb, catalogue, opened, source

SYLLABLES = ("ka", "lo", "mi", "ru", "ten", "vor", "sil", "dan", "pek", "ush", "gra", "bel")
COMMON = ("said", "new", "year", "people", "week", "city", "will", "been", "after", "where")


def article(number: int, title: str, text: str, at: datetime, host: str = "one") -> Article:
    url = f"https://{host}{number % 7}.example/{number}"
    return Article(
        id=ArticleId(url_key(url)),
        page_id=PageId(url_key(url)),
        url=url,
        title=title,
        excerpt=text[:200],
        text=text,
        published_at=at,
        language="en",
        type=ArticleType.ARTICLE,
        provider=f"{host}{number % 7}.example",
        provider_name=f"Outlet {number % 7}",
    )


def stream(events: int, seed: int = 1) -> list[Article]:
    """Return articles on events of their own words, over three days, oldest first."""
    rng = random.Random(seed)
    found: list[Article] = []
    for event in range(events):
        words = ["".join(rng.choices(SYLLABLES, k=3)) for _ in range(14)]
        start = NOW - timedelta(hours=rng.uniform(2, 72))
        for _ in range(rng.randint(1, 5)):
            title = " ".join(rng.sample(words, 6)).capitalize()
            text = " ".join(rng.choice(words if rng.random() < 0.5 else COMMON) for _ in range(70))
            at = start + timedelta(minutes=rng.randint(0, 900))
            found.append(article(len(found), f"{title} {event}", text, at))
    return sorted(found, key=lambda one: (one.published_at, one.id))


def arrive(ctx: Context, new: Sequence[Article]) -> None:
    """Put articles into a tick of now, as extract leaves them."""
    now = ctx.clock()
    with ctx.store.write() as tx:
        values = {"opened_at": now, "deadline": now, "closed_at": now}
        key = tx.execute(insert(ticks).values(values)).inserted_primary_key
        assert key is not None
        for one in new:
            tx.execute(insert(pages).values(_page(one, now)))
            tx.execute(
                insert(articles).values(article_values(one, tick_id=key[0], state="pending"))
            )


def _page(one: Article, now: datetime) -> dict[str, object]:
    zeros = dict.fromkeys(("attempts", "deaths", "failures", "fence"), 0)
    return {
        "id": one.page_id,
        "url": one.url,
        "host": "h",
        "state": "done",
        "next_at": now,
        "is_recheck": False,
        **zeros,
    }


def grouped(ctx: Context) -> Mapping[ArticleId, StoryId]:
    with ctx.store.read() as tx:
        rows = tx.execute(select(memberships.c.article_id, memberships.c.story_id))
        return {ArticleId(row.article_id): StoryId(row.story_id) for row in rows}


def states(ctx: Context) -> Mapping[StoryId, tuple[str, str | None]]:
    with ctx.store.read() as tx:
        rows = tx.execute(select(stories.c.id, stories.c.state, stories.c.merged_into))
        return {StoryId(row.id): (row.state, row.merged_into) for row in rows}


Open = Callable[..., Context]


@pytest.fixture
def open_ctx(tmp_path: Path) -> Iterable[Open]:
    """Give contexts at a time, one after the other or the same one."""
    books, entered = catalogue([source("one")]), []

    def enter(name: str = "home", *, hours: float = 0, **changes: Any) -> Context:
        now = NOW + timedelta(hours=hours)
        manager = opened(tmp_path / name, books, FakeWeb(), now=now, **changes)
        entered.append(manager)
        return manager.__enter__()

    yield enter
    for manager in entered:
        manager.__exit__(None, None, None)


def by_hours(found: Sequence[Article], hours: int) -> list[list[Article]]:
    """Return a stream in the parts in which it arrives."""
    parts: dict[int, list[Article]] = {}
    for one in found:
        parts.setdefault(
            int((one.published_at - NOW).total_seconds() // (3600 * hours)), []
        ).append(one)
    return [parts[key] for key in sorted(parts)]


def test_a_window_that_is_kept_decides_as_one_that_is_loaded(open_ctx: Open) -> None:
    parts = by_hours(stream(40), 6)
    kept = open_ctx("kept", hours=-72)
    for number, part in enumerate(parts):
        kept.clock.now = NOW + timedelta(hours=-66 + 6 * number)  # type: ignore[attr-defined]  # a FixedClock
        arrive(kept, part)
        cluster(kept, [])
        loaded = open_ctx("loaded", hours=-66 + 6 * number)
        arrive(loaded, part)
        cluster(loaded, [])
        assert loaded.windows.keys() == kept.windows.keys() == {"en"}

    assert grouped(kept) == grouped(loaded)
    assert states(kept) == states(loaded)
    sizes = sorted(grouped(kept).values())
    assert len(set(sizes)) < len(sizes), "something was put together"


def test_a_correction_is_seen_by_a_window_that_is_kept(open_ctx: Open) -> None:
    ctx = open_ctx()
    first, second, third = _alike(3)
    arrive(ctx, [first])
    cluster(ctx, [])
    correct.retract(ctx, grouped(ctx)[first.id])
    arrive(ctx, [second, third])
    cluster(ctx, [])

    assert grouped(ctx).keys() == {second.id, third.id}
    assert len(set(grouped(ctx).values())) == 1


def _alike(count: int, start: int = 0) -> list[Article]:
    """Return articles that tell one event in nearly the same words."""
    text = (
        "The harbour authority closed the northern pier after divers found cracks in two old "
        "pillars, and ferries to the outer islands leave from the southern basin for weeks."
    )
    titles = (
        "Northern pier closed",
        "Harbour closes the northern pier",
        "Pier cracks halt ferries",
        "Ferries leave northern pier",
        "Divers find cracks in northern pier pillars",
    )
    return [
        article(
            start + number,
            titles[number % len(titles)],
            f"{text} Report {number}.",
            NOW - timedelta(hours=3, minutes=-number),
        )
        for number in range(count)
    ]


def test_what_an_operator_parted_stays_apart(open_ctx: Open) -> None:
    ctx = open_ctx()
    alike = _alike(5)
    arrive(ctx, alike[:4])
    cluster(ctx, [])
    [story] = set(grouped(ctx).values())
    new = correct.split(ctx, story, [alike[1].id]).other
    arrive(ctx, alike[4:])
    cluster(ctx, [])

    groups = grouped(ctx)
    assert groups[alike[1].id] == new
    assert {groups[one.id] for one in (alike[0], *alike[2:4])} == {story}


def test_what_an_operator_joined_stays_together_until_he_parts_it(open_ctx: Open) -> None:
    ctx = open_ctx()
    pier, [orchard] = _alike(2), [_orchard(9)]
    arrive(ctx, [*pier, orchard])
    cluster(ctx, [])
    before = grouped(ctx)
    correct.merge(ctx, before[orchard.id], before[pier[0].id])
    arrive(ctx, [_orchard(10)])
    cluster(ctx, [])
    assert grouped(ctx)[orchard.id] == before[pier[0].id]

    correct.split(ctx, before[pier[0].id], [orchard.id])
    arrive(ctx, [_orchard(11)])
    cluster(ctx, [])
    assert grouped(ctx)[orchard.id] != grouped(ctx)[pier[0].id]


def _orchard(number: int) -> Article:
    text = (
        "Growers in the valley expect the smallest apple harvest in a decade after two nights of "
        f"frost in the week when most trees were in blossom. Report {number}."
    )
    at = NOW - timedelta(hours=2, minutes=-number)
    return article(number, f"Frost ruins apple harvest {number}", text, at)


def test_stories_that_prove_to_be_one_merge_and_the_other_id_is_an_alias(open_ctx: Open) -> None:
    ctx = open_ctx()
    alike = _alike(4)
    arrive(ctx, alike[:2])
    cluster(ctx, [])
    [one] = set(grouped(ctx).values())
    with ctx.store.write() as tx:  # as if the second had arrived without a likeness
        corrections.found_by_split(tx, StoryId("second"), one)
        corrections.move_articles(tx, [alike[1].id], StoryId("second"))
        score_stories(ctx, tx, [one, StoryId("second")])
    arrive(ctx, alike[2:])
    cluster(ctx, [])

    assert len(set(grouped(ctx).values())) == 1
    [kept] = set(grouped(ctx).values())
    [lost] = {one, StoryId("second")} - {kept}
    assert states(ctx)[lost] == ("merged", kept)


def test_a_death_between_placing_and_grouping_anew_changes_nothing(
    open_ctx: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = by_hours(stream(25, seed=3), 12)
    whole, broken = open_ctx("whole", hours=1), open_ctx("broken", hours=1)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    for part in parts:
        arrive(whole, part)
        cluster(whole, [])
        arrive(broken, part)
        with monkeypatch.context() as patched:
            patched.setattr(stage, "regroup", die)
            with pytest.raises(KeyboardInterrupt):
                cluster(broken, [])
        broken.windows.clear()
        cluster(broken, [])

    assert grouped(broken) == grouped(whole)
    assert states(broken) == states(whole)


def test_many_are_grouped_anew_every_few_hours_alone(
    open_ctx: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regrouping, "SMALL", 3)
    seen: list[int] = []

    def counted(members: Sequence[LiveArticle], **given: Any) -> Refinement:
        seen.append(len(members))
        return refine(members, **given)

    monkeypatch.setattr(regrouping, "refine", counted)
    ctx = open_ctx(refine_every="6h")
    alike = _alike(5) + [_orchard(number) for number in range(20, 29)]
    for number, one in enumerate(alike):
        ctx.clock.now = NOW + timedelta(hours=number)  # type: ignore[attr-defined]  # a FixedClock
        arrive(ctx, [one])
        cluster(ctx, [])

    assert seen == [1, 2, 3, 9]


def test_a_story_above_the_cap_is_warned_of(
    open_ctx: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refining, "STORY_CAP", 3)
    ctx = open_ctx()
    arrive(ctx, _alike(5))
    cluster(ctx, [])

    [story] = set(grouped(ctx).values())
    assert ("en", f"warning: story {story} has 5 articles, more than 3") in (
        ctx.tally.stages["cluster"].reasons
    )


def test_an_article_older_than_the_window_joins_those_of_its_time(open_ctx: Open) -> None:
    ctx = open_ctx()
    old = [_aged(one, days=40) for one in _alike(3)]
    arrive(ctx, old[:2])
    cluster(ctx, [])
    arrive(ctx, _alike(5)[3:])
    cluster(ctx, [])
    arrive(ctx, old[2:])
    cluster(ctx, [])

    groups = grouped(ctx)
    assert len({groups[one.id] for one in old}) == 1
    assert len(set(groups.values())) == 2


def _aged(one: Article, days: int) -> Article:
    return replace(one, published_at=one.published_at - timedelta(days=days))
