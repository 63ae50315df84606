"""The catalogue and the operator's word."""

from __future__ import annotations

from sqlalchemy import update

from pipeline.io.schema import sources as table
from pipeline.io.store import Store, sources
from tests.pipeline.io.store.world import NOW, add_sources, source_entry


def test_sync_adds_changes_and_disables(store: Store) -> None:
    add_sources(store, ["gone", "kept"])
    changed = source_entry("kept").model_copy(update={"title": "Another"})
    catalogue = {"kept": changed, "new": source_entry("new")}

    with store.write() as tx:
        plan = sources.plan_sync(tx, catalogue)
        report = sources.apply_sync(tx, catalogue, now=NOW)
        rows = {row.id: row for row in sources.all_sources(tx)}
        again = sources.apply_sync(tx, catalogue, now=NOW)

    assert plan == report
    assert (report.added, report.changed, report.disabled) == (("new",), ("kept",), ("gone",))
    assert rows["kept"].title == "Another"
    assert not rows["gone"].enabled
    assert again == sources.SyncReport()


def test_the_operator_wins_over_the_catalogue(store: Store) -> None:
    add_sources(store, ["one"])
    with store.write() as tx:
        tx.execute(update(table).values(title="Mine", managed_by="operator"))
        report = sources.apply_sync(tx, {"one": source_entry("one")}, now=NOW)
        [row] = sources.all_sources(tx)

    assert report.kept == ("one",)
    assert row.title == "Mine"
