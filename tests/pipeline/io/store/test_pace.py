"""The pace of hosts: who holds them, for how long, and what they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from pipeline.io.store import Store, pace, sources, work
from pipeline.records import SourceId
from tests.pipeline.io.store.world import (
    MINUTE,
    NOW,
    add_sources,
    claim,
    open_tick,
    source_entry,
    terms,
)

HOST = "busy.example"
SECOND = timedelta(seconds=1)


def busy(store: Store, count: int) -> list[str]:
    names = [f"s{n}" for n in range(count)]
    add_sources(store, names, host=HOST)
    open_tick(store)
    return names


def release(store: Store, now: datetime, *, owner: str = "a", spacing: timedelta = SECOND) -> None:
    with store.write() as tx:
        pace.release(tx, [HOST], owner=owner, now=now, spacing=spacing)


def turn(store: Store, now: datetime, host: str = HOST) -> float:
    with store.write() as tx:
        wait = pace.take_turn(tx, host, now=now, spacing=SECOND, longest=30 * SECOND)
    return wait.total_seconds()


def test_one_asks_a_host_at_a_time_and_the_spacing_counts_from_its_answer(store: Store) -> None:
    names = busy(store, 4)
    held: dict[str, datetime] = {}
    asked: list[datetime] = []
    answered: list[datetime] = []
    for step in range(200):
        now = NOW + timedelta(milliseconds=100 * step)
        for owner in ("a", "b"):
            if owner in held and now >= held[owner]:
                release(store, now, owner=owner)
                answered.append(held.pop(owner))
            elif claim(store, names, terms(now, owner=owner, spacing=1)):
                asked.append(now)
                held[owner] = now + timedelta(milliseconds=700)

    assert len(asked) == 4
    assert all(next_ - before >= SECOND for before, next_ in zip(answered, asked[1:], strict=False))
    assert all(next_ - before >= SECOND for before, next_ in pairwise(asked))


def test_a_host_whose_holder_died_is_free_when_its_lease_is_over(store: Store) -> None:
    names = busy(store, 2)
    assert len(claim(store, names, terms(owner="dead", spacing=1))) == 1

    assert claim(store, names, terms(NOW + MINUTE, owner="b", spacing=1)) == []
    # Two minutes is the lease; the dead one's row is looked at first, and alone.
    assert len(claim(store, names, terms(NOW + 2 * MINUTE + SECOND, owner="b", spacing=1))) == 1


def test_only_the_holder_lets_go(store: Store) -> None:
    names = busy(store, 2)
    claim(store, names, terms(spacing=1))
    release(store, NOW + SECOND, owner="somebody")

    assert claim(store, names, terms(NOW + 10 * SECOND, owner="b", spacing=1)) == []
    with store.write() as tx:
        work.release_all(tx, "a")
    assert len(claim(store, names, terms(NOW + 20 * SECOND, owner="b", spacing=1))) == 1


def test_without_a_spacing_a_host_gets_a_batch_and_is_never_held(store: Store) -> None:
    names = busy(store, 6)

    assert len(claim(store, names, terms(owner="a"))) == 4
    assert len(claim(store, names, terms(owner="b"))) == 2


def test_the_second_row_of_a_host_is_put_off_for_longer_than_the_first(store: Store) -> None:
    names = busy(store, 4)
    claim(store, names, terms(spacing=1))
    claim(store, names, terms(spacing=1))

    with store.read() as tx:
        due = sorted((row.next_at - NOW).total_seconds() for row in sources.all_sources(tx))
    assert due == [0, 1.25, 2.25, 3.25]


def test_turns_come_one_spacing_after_the_other_and_after_a_claim(store: Store) -> None:
    assert [turn(store, NOW) for _ in range(3)] == [0, 1.25, 2.5]
    assert turn(store, NOW + 10 * SECOND) == 0

    claim(store, busy(store, 1), terms(NOW + 20 * SECOND, spacing=1))
    assert turn(store, NOW + 20 * SECOND) == 1.25
    release(store, NOW + 20 * SECOND)
    assert turn(store, NOW + 20 * SECOND) == 2.5


def test_a_host_that_asks_for_more_room_gets_it(store: Store) -> None:
    names = busy(store, 2)
    turn(store, NOW - MINUTE)
    with store.write() as tx:
        pace.save_robots(tx, HOST, b"", spacing=10 * SECOND, at=NOW)

    assert len(claim(store, names, terms(spacing=1))) == 1
    release(store, NOW)
    assert claim(store, names, terms(NOW + 9 * SECOND, spacing=1)) == []
    assert len(claim(store, names, terms(NOW + 11 * SECOND, spacing=1))) == 1
    assert turn(store, NOW + 11 * SECOND) == 10.25


def test_a_paused_host_is_left_alone(store: Store) -> None:
    names = busy(store, 1)
    turn(store, NOW - MINUTE)
    with store.write() as tx:
        pace.pause_host(tx, HOST, NOW + 10 * MINUTE)

    assert claim(store, names, terms(NOW + 9 * MINUTE)) == []
    assert turn(store, NOW + 9 * MINUTE) == 60  # too far away to be reserved
    assert len(claim(store, names, terms(NOW + 10 * MINUTE))) == 1


def test_two_feeds_in_trouble_within_a_minute_speak_for_the_host(store: Store) -> None:
    turn(store, NOW)

    def trouble(source: str, now: datetime) -> bool:
        with store.write() as tx:
            return pace.note_trouble(tx, HOST, SourceId(source), now=now)

    assert not trouble("one", NOW)
    assert not trouble("one", NOW + SECOND)
    assert trouble("two", NOW + 2 * SECOND)
    assert not trouble("three", NOW + 2 * MINUTE)


def test_robots_are_kept_until_they_are_too_old(store: Store) -> None:
    turn(store, NOW)
    turn(store, NOW, "other.example")
    with store.write() as tx:
        pace.save_robots(tx, HOST, b"User-agent: *\nDisallow: /a\n", spacing=None, at=NOW)
        pace.save_robots(tx, "other.example", None, spacing=None, at=NOW)

    with store.read() as tx:
        found = pace.robots_of(tx, [HOST, "other.example", "new.example"], since=NOW - SECOND)
        assert {host: row.text for host, row in found.items()} == {
            HOST: b"User-agent: *\nDisallow: /a\n",
            "other.example": None,
        }
        assert pace.robots_of(tx, [HOST], since=NOW) == {}


def test_a_provider_with_many_feeds_does_not_starve_the_others(store: Store) -> None:
    many = [source_entry(f"m{n:03}", f"m{n}.example") for n in range(300)]
    few = [source_entry(f"z{n}").model_copy(update={"provider": f"z{n}.example"}) for n in range(5)]
    with store.write() as tx:
        sources.apply_sync(tx, {entry.id: entry for entry in [*many, *few]}, now=NOW)
    open_tick(store)

    claimed = claim(store, [entry.id for entry in [*many, *few]], terms(limit=10))

    assert _named(claimed, "z") == 5
    assert _named(claimed, "m") == 5


def _named(claimed: Sequence[sources.ClaimedSource], letter: str) -> int:
    return sum(item.source.id.startswith(letter) for item in claimed)
