"""An operator's own sources, and the entries that tell one feed from another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from config.catalogue import SourceEntry
from pipeline.io.schema import sources as table
from pipeline.io.store import Store, sourcebook, sources
from pipeline.records import Access
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

MINE = SourceEntry(
    id="mine",
    feed="https://mine.example/feed",
    provider="mine.example",
    title="Mine",
    language="en",
    interval=timedelta(hours=2),
    robots=False,
    headers={"Authorization": "env:MINE_KEY"},
    user_agent="mine-reader/1",
    proxy="file:proxy-url",
)


def test_a_source_of_the_operators_own_survives_every_sync(store: Store) -> None:
    with store.write() as tx:
        sourcebook.add_source(tx, MINE, now=NOW)
        report = sources.apply_sync(tx, {"one": source_entry("one")}, now=NOW)
        row = sourcebook.source_row(tx, "mine")

    assert row is not None
    assert sourcebook.entry_of(row) == MINE
    assert (report.added, report.disabled, report.kept) == (("one",), (), ())


def test_a_new_source_is_polled_at_the_next_tick(store: Store) -> None:
    with store.write() as tx:
        sourcebook.add_source(tx, MINE, now=NOW)
    open_tick(store)

    [claimed] = claim(store, ["mine"], terms())
    assert claimed.source.access == Access(
        headers={"Authorization": "env:MINE_KEY"},
        user_agent="mine-reader/1",
        proxy="file:proxy-url",
    )


def test_a_new_address_drops_what_was_known_of_the_old_one(store: Store) -> None:
    add_sources(store, ["one"])
    known = {"etag": '"old"', "body_hash": "x", "failures": 7.0, "quarantined": "failed"}
    later = NOW + timedelta(days=1)
    with store.write() as tx:
        tx.execute(update(table).values(next_at=later, **known))
        moved = source_entry("one").model_copy(update={"feed": "https://one.example/new"})
        sourcebook.change_source(tx, moved, now=NOW)
        row = sourcebook.source_row(tx, "one")

    assert row is not None
    assert (row.etag, row.body_hash, row.failures, row.quarantined) == (None, None, 0.0, None)
    assert (row.feed_url, row.next_at) == ("https://one.example/new", NOW)
    assert row.managed_by == "operator"


def test_another_title_keeps_what_is_known(store: Store) -> None:
    add_sources(store, ["one"])
    with store.write() as tx:
        tx.execute(update(table).values(etag='"old"'))
        changed = source_entry("one").model_copy(update={"title": "Another"})
        sourcebook.change_source(tx, changed, now=NOW)
        row = sourcebook.source_row(tx, "one")

    assert row is not None
    assert (row.etag, row.title) == ('"old"', "Another")


def test_the_catalogues_new_address_drops_the_old_validators_too(store: Store) -> None:
    add_sources(store, ["one"])
    with store.write() as tx:
        tx.execute(update(table).values(etag='"old"'))
        moved = source_entry("one").model_copy(update={"feed": "https://one.example/new"})
        sources.apply_sync(tx, {"one": moved}, now=NOW)
        row = sourcebook.source_row(tx, "one")

    assert row is not None
    assert row.etag is None


@pytest.mark.parametrize("change", ["disable", "move"])
def test_what_a_poll_brings_after_the_operators_word_is_dropped(store: Store, change: str) -> None:
    add_sources(store, ["one"])
    open_tick(store)
    [claimed] = claim(store, ["one"], terms())
    moved = source_entry("one").model_copy(update={"feed": "https://one.example/new"})
    with store.write() as tx:
        if change == "disable":
            sourcebook.disable_source(tx, "one", reason="paywalled")
        else:
            sourcebook.change_source(tx, moved, now=NOW)

    assert save(store, polled(claimed, "https://one.example/1")) == set()


def test_a_disabled_source_says_why_and_comes_back_clean(store: Store) -> None:
    add_sources(store, ["one"])
    with store.write() as tx:
        tx.execute(update(table).values(failures=9.0, quarantined="failed"))
        sourcebook.disable_source(tx, "one", reason="paywalled")
        disabled = sourcebook.source_row(tx, "one")
        sourcebook.enable_source(tx, "one", now=NOW + MINUTE)
        enabled = sourcebook.source_row(tx, "one")

    assert disabled is not None
    assert enabled is not None
    assert (disabled.enabled, disabled.decision) == (False, "disabled by hand: paywalled")
    assert (enabled.enabled, enabled.failures, enabled.quarantined) == (True, 0.0, None)
    assert enabled.next_at == NOW + MINUTE


def test_a_released_source_follows_the_catalogue_again(store: Store) -> None:
    add_sources(store, ["one"])
    with store.write() as tx:
        sourcebook.disable_source(tx, "one", reason="")
        sourcebook.release_source(tx, "one")
        report = sources.apply_sync(tx, {"one": source_entry("one")}, now=NOW)
        row = sourcebook.source_row(tx, "one")

    assert report.changed == ("one",)
    assert row is not None
    assert row.enabled


def test_only_a_source_that_has_shown_nothing_is_removed(store: Store) -> None:
    add_sources(store, ["one", "two"])
    open_tick(store)
    [claimed] = claim(store, ["one"], terms())
    save(store, polled(claimed, "https://one.example/1"))
    with store.write() as tx:
        removed = [sourcebook.remove_source(tx, name) for name in ("one", "two")]
        left = [row.id for row in sources.all_sources(tx)]

    assert removed == [False, True]
    assert left == ["one"]


def test_a_profile_holds_what_the_feed_held_when_it_was_last_read(store: Store) -> None:
    add_sources(store, ["one", "two"])
    open_tick(store)
    [claimed] = claim(store, ["one"], terms())
    save(store, polled(claimed, "https://one.example/old", "https://one.example/both"))
    later = NOW + timedelta(hours=1)
    open_tick(store, later)
    [again] = claim(store, ["one"], terms(later))
    save(store, polled(again, "https://one.example/both", "https://one.example/new"), now=later)
    with store.read() as tx:
        found = {profile.name: profile.pages for profile in sourcebook.profiles(tx)}
        shown = sourcebook.shown_pages(tx, "one")

    assert found == {
        "one": {"1-https://one.example/both", "1-https://one.example/new"},
        "two": frozenset(),
    }
    assert shown == found["one"] | {"1-https://one.example/old"}
