"""One turn of the clusterer: a partition of a tick, under a lease that lasts as the work does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row

from pipeline.context import Context
from pipeline.io.store import leases, partitions
from pipeline.stories.duplicates import ALIAS_WITHIN

#: A live window is at most a day older than its tick, and that may be late: twice is far enough.
_FAR: Final = 2


@dataclass(frozen=True, slots=True)
class Turn:
    """One partition of one tick, or of one step of a backfill, under a lease."""

    tick_id: int
    opened: datetime
    language: str
    lease: str
    token: int
    #: Set where it is one step of a backfill: `opened` is the end of the step then, and nothing
    #: later is looked at.
    backfill_id: int | None = None

    @property
    def until(self) -> datetime | None:
        """The latest publication that counts; None for a live tick, which knows nothing later."""
        return self.opened if self.backfill_id is not None else None

    @property
    def window_key(self) -> str:
        """Under which name its window is kept from turn to turn."""
        return self.language if self.backfill_id is None else f"{self.language}@{self.tick_id}"

    def version_of(self, partition: Row[Any]) -> tuple[int, ...]:
        """Return what a kept window is as of: the past has movements of its own."""
        if self.backfill_id is None:
            return (partition.version,)
        return (partition.version, partition.past_version)


def window_since(ctx: Context, turn: Turn) -> datetime:
    """Return from when on articles are in the window: all that a week's arrivals are near to."""
    return turn.opened - ALIAS_WITHIN - ctx.settings.window


def note_placed(ctx: Context, tx: Connection, turn: Turn, partition: Row[Any]) -> tuple[int, ...]:
    """Note that a turn placed articles; return what its window is as of from now on.

    Steps of a backfill leave a live tick's window as it is, unless they come within its reach.
    """
    changes: dict[str, Any] = {"version": partition.version + 1}
    if turn.backfill_id is None:
        changes["placed_tick"] = turn.tick_id
    else:
        changes["past_version"] = partition.past_version + 1
        if is_far(ctx, turn):
            del changes["version"]
    partitions.note(tx, turn.language, **changes)
    return turn.version_of(partitions.partition(tx, turn.language))


def is_far(ctx: Context, turn: Turn) -> bool:
    """Say whether a turn lies so far back that no live tick sees what it does."""
    reach = _FAR * (ALIAS_WITHIN + ctx.settings.window)
    return turn.backfill_id is not None and turn.opened < ctx.clock() - reach


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
