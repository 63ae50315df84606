"""Conditions that both databases take in any size."""

from __future__ import annotations

from sqlalchemy import select

from pipeline.io.schema import sources as table
from pipeline.io.store import Store
from pipeline.io.store.statements import one_of
from tests.pipeline.io.store.world import add_sources, claim, open_tick, terms


def test_no_number_of_values_is_too_large(store: Store) -> None:
    add_sources(store, ["one", "two"])
    open_tick(store)
    many = [f"none-{n}" for n in range(100_000)]

    claimed = claim(store, [*many, "two"], terms())

    assert [item.source.id for item in claimed] == ["two"]


def test_what_is_asked_for_is_text_whatever_it_holds(store: Store) -> None:
    names = ['a"b', "a'b", "a\\b", "{a,b}", "a\nb", "null", ""]
    with store.read() as tx:
        for name in names:
            assert tx.execute(select(table.c.id).where(one_of(tx, table.c.id, [name]))).all() == []
        assert tx.execute(select(table.c.id).where(one_of(tx, table.c.id, []))).all() == []
