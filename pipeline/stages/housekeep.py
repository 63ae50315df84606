"""Housekeeping, once a day: the database forgets what nobody will ask for again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pipeline.context import Context
from pipeline.io.store import housekeeping, leases
from pipeline.io.store.housekeeping import Keep

_EVERY = timedelta(days=1)


def housekeep(ctx: Context) -> Mapping[str, int]:
    """Forget old rows if a day has gone by since somebody did; return how many of each kind."""
    with ctx.store.write() as tx:
        if not leases.once_in(tx, "housekeeping", now=ctx.clock(), every=_EVERY):
            return {}
    return prune(ctx)


def prune(ctx: Context) -> Mapping[str, int]:
    """Forget all old rows; return how many of each kind."""
    return {kind: _forget(ctx, kind) for kind in housekeeping.KINDS}


def old_rows(ctx: Context) -> Mapping[str, tuple[int, int]]:
    """Return for each kind how many rows there are, and how many of them are old."""
    with ctx.store.read() as tx:
        return {kind: housekeeping.count_old(tx, kind, _keep(ctx)) for kind in housekeeping.KINDS}


def _keep(ctx: Context) -> Keep:
    """Return how much an installation keeps."""
    settings = ctx.settings
    return Keep(
        now=ctx.clock(),
        pages=settings.keep_pages,
        entries=settings.keep_entries,
        changes=settings.keep_changes,
    )


def _forget(ctx: Context, kind: str) -> int:
    """Forget all old rows of one kind, a batch in each transaction."""
    total = 0
    while True:
        with ctx.store.write() as tx:
            count = housekeeping.forget_some(tx, kind, _keep(ctx))
        total += count
        if count < housekeeping.BATCH:
            return total
