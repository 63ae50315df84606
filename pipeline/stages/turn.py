"""One turn of the clusterer: a partition of a tick, under a lease that lasts as the work does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.context import Context
from pipeline.io.store import leases
from pipeline.stories.duplicates import ALIAS_WITHIN


@dataclass(frozen=True, slots=True)
class Turn:
    """One partition of one tick, under a lease."""

    tick_id: int
    opened: datetime
    language: str
    lease: str
    token: int


def window_since(ctx: Context, turn: Turn) -> datetime:
    """Return from when on articles are in the window: all that a week's arrivals are near to."""
    return turn.opened - ALIAS_WITHIN - ctx.settings.window


class Heart:
    """Renews the lease of a turn while long work goes on."""

    def __init__(self, ctx: Context, turn: Turn) -> None:
        """Begin with a lease just taken."""
        self._ctx, self._turn = ctx, turn
        self._beat_at = ctx.clock()

    def __call__(self) -> None:
        """Renew it when a third of it is over."""
        now, lasts = self._ctx.clock(), self._ctx.settings.lease
        if now - self._beat_at < lasts / 3:
            return
        self._beat_at = now
        with self._ctx.store.write() as tx:
            leases.renew(tx, self._turn.lease, self._turn.token, until=now + lasts)
