"""Housekeeping, once a day: the database forgets what nobody will ask for again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pipeline.context import Context
from pipeline.io.store import housekeeping, leases

_EVERY = timedelta(days=1)


def housekeep(ctx: Context) -> Mapping[str, int]:
    """Forget old rows if a day has gone by since somebody did; return how many of each kind."""
    now = ctx.clock()
    with ctx.store.write() as tx:
        if not leases.once_in(tx, "housekeeping", now=now, every=_EVERY):
            return {}
    return {kind: _forget(ctx, kind) for kind in housekeeping.KINDS}


def _forget(ctx: Context, kind: str) -> int:
    """Forget all old rows of one kind, a batch in each transaction."""
    total = 0
    while True:
        with ctx.store.write() as tx:
            count = housekeeping.forget_some(
                tx, kind, now=ctx.clock(), keep_pages=ctx.settings.keep_pages
            )
        total += count
        if count < housekeeping.BATCH:
            return total
