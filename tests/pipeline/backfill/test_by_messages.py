"""What a message of a worker does to a backfill that somebody paused."""

from __future__ import annotations

from pathlib import Path

from pipeline import pastline
from pipeline.context import Context
from pipeline.io.store import backfills
from pipeline.pastline import Told
from pipeline.stages.begin import begin
from tests.pipeline.backfill.material import SMALL, Archive, span_of


def told(ctx: Context, number: int) -> tuple[str, int]:
    """Return the state of a backfill, and how many articles wait to be placed."""
    with ctx.store.read() as tx:
        row = backfills.backfill(tx, number)
        assert row is not None
        return row.state, backfills.progress(tx, row).articles_left


def test_a_message_places_nothing_while_a_backfill_rests_and_the_rest_afterwards(
    tmp_path: Path,
) -> None:
    archive = Archive(tmp_path, SMALL)
    with archive.open() as ctx:
        number = archive.plan(ctx, span_of(SMALL))
        begin(ctx, number)

        def pause(heard: Told) -> None:
            if heard.progress.is_found and told(ctx, number)[0] == "running":
                pastline.pause(ctx, number, "by an operator")

        assert pastline.run_backfill(ctx, number, pause) == "paused"
        resting = told(ctx, number)
        assert resting[0] == "paused"
        assert resting[1] > 0

        assert pastline.place_some(ctx, number) == []
        assert told(ctx, number) == resting

        pastline.resume(ctx, number)
        written = pastline.place_some(ctx, number)
        assert written
        assert told(ctx, number) == ("done", 0)
