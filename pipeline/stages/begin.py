"""The beginning of a backfill: from a plan to its first look-ups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Row

from pipeline.context import Context
from pipeline.history.lookup import Span
from pipeline.io.store import backfills, sources
from pipeline.io.store.backfills import NewLookup
from pipeline.records import SourceId
from pipeline.stages.find import finder_named, new_lookup, place_of
from pipeline.stages.localfiles import first_parts


def begin(ctx: Context, number: int) -> bool:
    """Start a planned backfill; say whether this call did, not an earlier one."""
    with ctx.store.read() as tx:
        row = backfills.backfill(tx, number)
    if row is None or row.state != "planned":
        return False
    first = first_lookups(ctx, row)
    with ctx.store.write() as tx:
        now = backfills.backfill(tx, number)
        if now is None or now.state != "planned":
            return False
        backfills.start(tx, number, first, now=ctx.clock())
    return True


def first_lookups(ctx: Context, row: Row[Any]) -> list[NewLookup]:
    """Return what a planned backfill asks for first."""
    span = Span(since=row.since, until=row.until)
    with ctx.store.read() as tx:
        parts = backfills.parts_of(tx, row.id)
        known = {part.source_id: sources.one_source(tx, part.source_id) for part in parts}
    if row.path:
        return first_parts(Path(row.path), [SourceId(part.source_id) for part in parts])
    new: list[NewLookup] = []
    for part in parts:
        one = known[part.source_id]
        if part.method and one is not None:
            asks = finder_named(ctx, part.method).begin(place_of(one[0]), span)
            new += [new_lookup(one[0], ask) for ask in asks]
    return new
