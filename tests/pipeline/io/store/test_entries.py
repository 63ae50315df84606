"""A batch of polls and what it leaves of entries and pages."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import event, select, update

from pipeline.io.schema import entries, pages
from pipeline.io.store import Store
from pipeline.io.store.corrections import block
from tests.pipeline.io.store.world import (
    MINUTE,
    NOW,
    add_sources,
    claim,
    intent,
    open_tick,
    polled,
    save,
    terms,
)

LATER = NOW + 31 * MINUTE


def test_two_sources_of_one_batch_lead_to_one_page(store: Store) -> None:
    add_sources(store, ["one", "two"])
    tick_id = open_tick(store)
    claimed = claim(store, ["one", "two"], terms())

    save(store, *(polled(one, "https://x.example/a", "https://x.example/b") for one in claimed))

    with store.read() as tx:
        rows = tx.execute(select(pages).order_by(pages.c.id)).all()
        stored = tx.execute(select(entries.c.source_id, entries.c.entry_key)).all()
    assert [(row.url, row.host, row.state, row.tick_id) for row in rows] == [
        ("https://x.example/a", "x.example", "pending", tick_id),
        ("https://x.example/b", "x.example", "pending", tick_id),
    ]
    assert sorted(tuple(row) for row in stored) == [
        (source, f"https://x.example/{page}") for source in ("one", "two") for page in "ab"
    ]


def test_a_page_is_read_again_for_its_own_entry_and_not_for_another_one(store: Store) -> None:
    add_sources(store, ["one", "two"])
    open_tick(store)
    save(store, *(polled(one, "a") for one in claim(store, ["one", "two"], terms())))
    with store.write() as tx:
        tx.execute(update(pages).values(state="done", facts_from="one a", tick_id=None))
    open_tick(store, LATER)
    one, two = claim(store, ["one", "two"], terms(LATER))

    save(store, polled(two, "a", now=LATER), now=LATER)
    with store.read() as tx:
        assert tx.execute(select(pages.c.state)).scalar_one() == "done"
    save(store, polled(one, "a", now=LATER), now=LATER)

    with store.read() as tx:
        page = tx.execute(select(pages)).one()
    assert (page.state, page.tick_id, page.fence) == ("pending", one.tick_id, 1)


def test_an_entry_keeps_when_it_was_first_seen(store: Store) -> None:
    add_sources(store, ["one"])
    open_tick(store)
    [claimed] = claim(store, ["one"], terms())
    save(store, polled(claimed, "changed", "same", "gone"))
    open_tick(store, LATER)
    [claimed] = claim(store, ["one"], terms(LATER))
    result = polled(claimed, now=LATER)

    changed = intent("changed", "Another title")
    save(store, replace(result, intents=(changed,), seen=("changed", "same")), now=LATER)

    with store.read() as tx:
        rows = {row.entry_key: row for row in tx.execute(select(entries))}
    assert {key: (row.first_seen_at, row.last_seen_at) for key, row in rows.items()} == {
        "changed": (NOW, LATER),
        "same": (NOW, LATER),
        "gone": (NOW, NOW),
    }
    assert rows["changed"].title == "Another title"


def test_what_is_blocked_is_not_stored(store: Store) -> None:
    add_sources(store, ["one"])
    open_tick(store)
    with store.write() as tx:
        block(tx, "url", "1-refused", reason="asked to", at=NOW)
        block(tx, "domain", "refused.example", reason="asked to", at=NOW)
    [claimed] = claim(store, ["one"], terms())
    result = polled(claimed, "kept", "refused", "elsewhere")
    kept, refused, elsewhere = result.intents
    elsewhere = replace(elsewhere, domain="refused.example")

    save(store, replace(result, intents=(kept, refused, elsewhere)))

    with store.read() as tx:
        assert tx.execute(select(entries.c.entry_key)).scalars().all() == ["kept"]
        assert tx.execute(select(pages.c.id)).scalars().all() == ["1-kept"]


def test_the_number_of_statements_does_not_hang_on_the_number_of_entries(store: Store) -> None:
    add_sources(store, ["few", "many"])
    open_tick(store)
    few, many = claim(store, ["few", "many"], terms())
    said: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *given: said.append(given[2]))

    save(store, polled(few, "a"))
    for_few = len(said)
    save(store, polled(many, *map(str, range(500))))

    assert len(said) == 2 * for_few
