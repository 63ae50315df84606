"""The ledger: notes stand or fall with the rows they speak of, and every move is noted once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select, update

from pipeline.io.schema import articles, pages, partitions, sources
from pipeline.io.store import Store, corrections, ledger, quarantine, sourcebook, ticks
from pipeline.io.store.ledger import Run
from pipeline.io.store.statements import insert_new
from pipeline.records import ArticleId
from tests.pipeline.io.store.world import (
    MINUTE,
    NOW,
    add_sources,
    claim,
    claim_pages,
    open_tick,
    polled,
    save,
    terms,
)


def _run(store: Store, run_id: int) -> Run:
    with store.read() as tx:
        [run] = ledger.runs(tx, ids=[run_id])
    return run


def _ended(run: Run, stage: str) -> dict[str, int]:
    return {
        f"{outcome}: {reason}" if reason else outcome: count
        for (outcome, reason), count in run.stages[stage].ended.items()
    }


@contextmanager
def _statements(store: Store) -> Iterator[list[str]]:
    """Give the ledger's statements while the block runs."""
    seen: list[str] = []

    def listen(*args: object) -> None:
        statement = str(args[2])
        if "INTO ledger" in statement:
            seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", listen)
    yield seen
    event.remove(store.engine, "before_cursor_execute", listen)


def test_notes_are_lost_with_their_transaction_and_add_up_over_several(store: Store) -> None:
    add_sources(store, ["one"])
    tick = open_tick(store)
    with store.write() as tx:
        ledger.note(tx, tick, "fetch", "fetched", 2)
    with pytest.raises(ZeroDivisionError), store.write() as tx:  # noqa: PT012 -- the transaction is the test
        ledger.note(tx, tick, "fetch", "fetched", 40)
        _ = 1 // 0
    with store.write() as tx:
        ledger.note(tx, tick, "fetch", "fetched", 3)
        ledger.note(tx, tick, "fetch", "failed", error="http-404: no such page")

    assert _ended(_run(store, tick), "fetch") == {"fetched": 5, "failed: http-404": 1}


def test_a_batch_costs_one_statement_however_many_members_it_has(store: Store) -> None:
    names = [f"s{number}" for number in range(9)]
    add_sources(store, names)
    tick = open_tick(store)
    claimed = claim(store, names, terms())
    polls = [
        polled(one, *(f"https://{one.source.id}.example/{n}" for n in range(30))) for one in claimed
    ]

    with _statements(store) as seen:
        save(store, *polls)

    assert len(seen) == 1
    run = _run(store, tick)
    assert _ended(run, "fetch") == {"fetched": 9}
    assert run.stages["extract"].taken == run.stages["extract"].pending == 270


def test_a_result_that_comes_twice_is_noted_once(store: Store) -> None:
    add_sources(store, ["one"])
    tick = open_tick(store)
    [first] = claim(store, ["one"], terms())
    later = NOW + 3 * MINUTE
    [second] = claim(store, ["one"], terms(later, owner="b"))

    saved = [
        save(store, polled(one, "https://one.example/x"), now=later) for one in (second, first)
    ]

    run = _run(store, tick)
    assert saved == [{"one"}, set()]
    assert _ended(run, "fetch") == {"fetched": 1}
    assert _ended(run, "entries") == {"new": 1}
    assert run.stages["extract"].taken == 1
    assert run.difference == 0


def test_a_row_that_vanishes_without_a_note_is_missed(store: Store) -> None:
    add_sources(store, ["one", "two"])
    tick = open_tick(store)
    assert _run(store, tick).difference == 0

    with store.write() as tx:
        tx.execute(update(sources).where(sources.c.id == "two").values(tick_id=None))

    run = _run(store, tick)
    assert run.difference == 1
    assert run.stages["fetch"].difference == 1


def test_an_ending_too_many_is_missed_and_another_stage_does_not_make_up_for_it(
    store: Store,
) -> None:
    add_sources(store, ["one"])
    tick = open_tick(store)
    with store.write() as tx:
        ledger.note(tx, tick, "fetch", "fetched")
        ledger.note(tx, tick, "write", ledger.TAKEN)

    run = _run(store, tick)
    assert [run.stages[stage].difference for stage in ("fetch", "write")] == [-1, 1]
    assert run.difference == 2


def test_what_operators_take_away_is_noted(store: Store) -> None:
    add_sources(store, ["disabled", "removed", "stays"])
    tick = open_tick(store)
    with store.write() as tx:
        sourcebook.disable_source(tx, "disabled", reason="")
        assert sourcebook.remove_source(tx, "removed")
        sourcebook.disable_source(tx, "disabled", reason="once more")

    run = _run(store, tick)
    assert _ended(run, "fetch") == {"disabled": 1, "removed": 1}
    assert run.stages["fetch"].pending == 1
    assert run.difference == 0


def test_deaths_and_what_a_deadline_leaves_behind_are_endings(store: Store) -> None:
    add_sources(store, ["late", "poison"])
    tick = open_tick(store)
    now = NOW
    for _ in range(4):
        claim(store, ["poison"], terms(now))
        now += 3 * MINUTE
    with store.write() as tx:
        ticks.close_done(tx, now=NOW + 16 * MINUTE)

    run = _run(store, tick)
    assert _ended(run, "fetch") == {"quarantined: worker-died": 1, "deferred": 1}
    assert run.difference == 0

    with store.write() as tx:
        quarantine.retry(tx, quarantine.held_rows(tx), now=now)
    again = _run(store, open_tick(store, NOW + 20 * MINUTE))
    assert again.stages["fetch"].taken == again.stages["fetch"].pending == 2
    assert _run(store, tick).difference == again.difference == 0


def test_a_page_in_quarantine_is_not_taken_by_a_changed_entry(store: Store) -> None:
    add_sources(store, ["one"])
    open_tick(store)
    [claimed] = claim(store, ["one"], terms())
    save(store, polled(claimed, "https://one.example/x"))
    with store.write() as tx:
        tx.execute(update(pages).values(state="quarantined", quarantined="http-500", tick_id=None))
    later = NOW + 31 * MINUTE
    tick = open_tick(store, later)
    [claimed] = claim(store, ["one"], terms(later))
    save(store, polled(claimed, "https://one.example/x", now=later), now=later)

    run = _run(store, tick)
    assert run.stages["extract"].taken == 0
    with store.read() as tx:
        assert len(quarantine.held_rows(tx, kinds=("page",))) == 1


def test_what_is_erased_while_it_waits_is_noted_and_not_saved_by_who_was_reading_it(
    store: Store,
) -> None:
    add_sources(store, ["one"])
    tick = open_tick(store)
    [claimed] = claim(store, ["one"], terms())
    save(store, polled(claimed, "https://one.example/x"))
    [page] = claim_pages(store, terms())
    with store.write() as tx:
        tx.execute(
            articles.insert().values(
                **_article_values(str(page.id), tick), content_hash="", revision=1
            )
        )
        ledger.note(tx, tick, "cluster", ledger.TAKEN)
    with store.write() as tx:
        corrections.withdraw_articles(tx, [ArticleId(page.id)])
        corrections.erase_articles(tx, [ArticleId(page.id)])

    run = _run(store, tick)
    assert _ended(run, "extract") == {"erased": 1}
    assert _ended(run, "cluster") == {"withdrawn": 1}
    assert run.difference == 0
    with store.read() as tx:
        row = tx.execute(select(pages.c.fence, pages.c.lease_owner)).one()
    assert row.fence > page.row.fence
    assert row.lease_owner is None


def _article_values(id_: str, tick: int) -> dict[str, object]:
    texts = ("url", "title", "excerpt", "text", "provider", "provider_name")
    return {
        **dict.fromkeys(texts, "x"),
        "id": id_,
        "page_id": id_,
        "tick_id": tick,
        "state": "pending",
        "published_at": NOW,
        "published_precision": "second",
        "language": "en",
        "type": "article",
        "authors": [],
        "origins": {},
        "extractor_version": 1,
    }


def test_only_rows_that_were_not_there_are_told(store: Store) -> None:
    with store.write() as tx:
        first = ledger.add_ended(tx, "import", now=NOW)
    rows = [{"language": name, "version": first} for name in ("de", "en", "fr")]
    with store.write() as tx:
        told = insert_new(tx, partitions, rows[:2], tell=partitions.c.language)
        again = insert_new(tx, partitions, rows, tell=partitions.c.language)

    assert sorted(told) == ["de", "en"]
    assert again == ["fr"]


def test_many_writers_of_the_same_lines_lose_nothing(store: Store) -> None:
    with store.write() as tx:
        tick = ledger.add_ended(tx, "manual", now=NOW)
    stages = list(ledger.STAGES)

    def work(number: int) -> None:
        for turn in range(10):
            with store.write() as tx:
                # Each in an order of its own.
                for stage in stages[number:] + stages[:number]:
                    ledger.note(tx, tick, stage, "ended", turn + 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    run = _run(store, tick)
    assert [_ended(run, stage) for stage in stages] == [{"ended": 4 * 55}] * len(stages)


def test_runs_are_listed_newest_first_within_their_bounds(store: Store) -> None:
    with store.write() as tx:
        ids = [
            ledger.add_ended(tx, kind, now=NOW + number * MINUTE)
            for number, kind in enumerate(("tick", "import", "backfill"))
        ]
    with store.read() as tx:
        everything = ledger.runs(tx)
        newest = ledger.runs(tx, limit=1)
        late = ledger.runs(tx, since=NOW + MINUTE)
        none = ledger.runs(tx, ids=[])

    assert [run.id for run in everything] == ids[::-1]
    assert [run.kind for run in newest] == ["backfill"]
    assert [run.kind for run in late] == ["backfill", "import"]
    assert none == []
