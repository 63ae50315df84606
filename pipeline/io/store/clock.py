"""The time of the database: leases and ticks of many machines want one clock.

A machine whose own clock is hours off would take the leases of others for over, or close a tick
before its time. The server's clock is asked once a minute; between, this machine's monotonic clock
goes on from there, which nobody sets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from pipeline.errors import StoreError
from pipeline.io.store.engine import Store

#: Seconds between two looks at the server's clock: quartz drifts by milliseconds in an hour.
_LOOK_AFTER = 60.0


class ServerClock:
    """Tells the time of a PostgreSQL server."""

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Look at the server's clock. Raise StoreError when it cannot be asked."""
        self._store, self._monotonic = store, monotonic
        self._look()

    def __call__(self) -> datetime:
        """Return the time of the server, whole microseconds, UTC."""
        if self._monotonic() - self._looked_at > _LOOK_AFTER:
            try:
                self._look()
            except StoreError:
                # Whoever asks for the time is about to use the database, and will be told.
                self._looked_at += _LOOK_AFTER
                self._server += timedelta(seconds=_LOOK_AFTER)
        return self._server + timedelta(seconds=self._monotonic() - self._looked_at)

    def _look(self) -> None:
        asked_at = self._monotonic()
        with self._store.read() as tx:
            found: datetime = tx.execute(text("SELECT clock_timestamp()")).scalar_one()
        # The answer was made about half way between the question and now.
        self._looked_at = (asked_at + self._monotonic()) / 2
        self._server = found.astimezone(UTC)
