"""Claims, leases, deaths and the pace of hosts, on both databases."""

from __future__ import annotations

from pipeline.io.store import Store, sources, work
from tests.pipeline.io.store.world import (
    MINUTE,
    NOW,
    add_sources,
    claim,
    open_tick,
    polled,
    save,
    source_entry,
    terms,
)


def test_a_claimed_row_is_nobody_elses(store: Store) -> None:
    add_sources(store, ["one", "two"])
    open_tick(store)

    first = claim(store, ["one", "two"], terms(owner="a"))
    second = claim(store, ["one", "two"], terms(owner="b"))

    assert [item.source.id for item in first] == ["one", "two"]
    assert second == []


def test_rows_outside_a_tick_are_not_claimed(store: Store) -> None:
    add_sources(store, ["one"])

    assert claim(store, ["one"], terms()) == []


def test_attempts_are_committed_at_the_claim(store: Store) -> None:
    add_sources(store, ["one"])
    open_tick(store)

    claimed = claim(store, ["one"], terms())

    assert [item.row.attempts for item in claimed] == [1]


def test_the_result_of_a_lost_lease_is_dropped(store: Store) -> None:
    add_sources(store, ["one"])
    open_tick(store)
    [slow] = claim(store, ["one"], terms(owner="a"))
    later = NOW + 3 * MINUTE
    [quick] = claim(store, ["one"], terms(later, owner="b"))

    assert save(store, polled(slow, "https://one.example/x")) == set()
    assert save(store, polled(quick, "https://one.example/x")) == {"one"}


def test_rows_of_a_dead_batch_are_claimed_again_one_by_one(store: Store) -> None:
    names = ["one", "three", "two"]
    add_sources(store, names)
    open_tick(store)
    claim(store, names, terms())
    later = NOW + 3 * MINUTE

    batches = [claim(store, names, terms(later, owner=f"w{n}")) for n in range(3)]

    assert [[item.source.id for item in batch] for batch in batches] == [
        ["one"],
        ["three"],
        ["two"],
    ]
    assert all(item.row.deaths == 0 for batch in batches for item in batch)


def test_three_deaths_alone_are_quarantine_and_bystanders_go_free(store: Store) -> None:
    names = ["bystander", "poison"]
    add_sources(store, names)
    open_tick(store)
    claim(store, names, terms())  # the batch that dies
    now = NOW
    for _ in range(8):
        now += 3 * MINUTE
        for item in claim(store, names, terms(now)):
            if item.source.id == "bystander":
                save(store, polled(item), now=now)

    with store.read() as tx:
        rows = {row.id: row for row in sources.all_sources(tx)}
    assert rows["poison"].quarantined == "worker-died"
    assert rows["poison"].deaths == 3
    assert "3 workers died on it alone" in rows["poison"].last_error
    assert rows["bystander"].quarantined is None
    assert rows["bystander"].deaths == 0


def test_a_busy_host_does_not_hide_the_others(store: Store) -> None:
    busy = [f"a{n}" for n in range(9)]
    catalogue = {name: source_entry(name, "busy.example") for name in busy}
    with store.write() as tx:
        sources.apply_sync(tx, {**catalogue, "z": source_entry("z")}, now=NOW)
    open_tick(store)

    claimed = claim(store, [*busy, "z"], terms(spacing=1, limit=2))

    assert [item.source.id for item in claimed] == ["a0", "z"]


def test_what_is_released_can_be_claimed_at_once(store: Store) -> None:
    add_sources(store, ["one"])
    open_tick(store)
    claim(store, ["one"], terms(owner="a"))
    with store.write() as tx:
        work.release_all(tx, "a")

    assert len(claim(store, ["one"], terms(owner="b"))) == 1


def test_waiting_tells_what_a_busy_host_keeps(store: Store) -> None:
    add_sources(store, ["one", "two"], host="busy.example")
    open_tick(store)
    claim(store, ["one", "two"], terms(spacing=1))

    with store.read() as tx:
        rows = work.waiting(tx, "fetch", ["one", "two"], now=NOW, until=NOW + MINUTE)

    assert [row.id for row in rows] == ["two"]
