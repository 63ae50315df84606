"""`newsloom prune` at an operator's desk."""

from __future__ import annotations

from pipeline.io.store import Store
from tests.pipeline.cli.conftest import NAMES, Desk


def test_it_says_what_it_would_forget_and_forgets_it_only_when_told(desk: Desk) -> None:
    feed = desk.serve("/feed.xml")
    assert desk("sources", "add", "outlet", "--feed", feed).returncode == 0
    assert desk("run").returncode == 0
    store = Store(f"sqlite:///{desk.home / 'state' / 'newsloom.db'}")
    with store.write() as tx:
        tx.exec_driver_sql("UPDATE page_bodies SET fetched_at = '2020-01-01 00:00:00.000000'")
    store.close()
    kept = {"rows": len(NAMES), "old": len(NAMES), "forgotten": 0}

    for _ in range(2):
        told = desk.json("prune")
        assert told["dry_run"] is True
        assert told["kinds"]["page_bodies"] == kept
    assert "--yes forgets them" in desk("prune").stdout
    told = desk.json("prune", "--yes")
    assert told["kinds"]["page_bodies"] == kept | {"forgotten": len(NAMES)}
    assert desk.json("prune")["kinds"]["page_bodies"]["rows"] == 0
