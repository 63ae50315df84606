"""What an operator was told: rows of what is wrong, from its first message to the last."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select, tuple_

from pipeline.io.schema import alerts
from pipeline.io.store.statements import upsert

#: What is wrong, and with what: (kind, subject).
Key = tuple[str, str]


def told_at(tx: Connection) -> dict[Key, datetime]:
    """Return what was told and is not over, with the time of the last message about it."""
    rows = tx.execute(select(alerts.c.kind, alerts.c.subject, alerts.c.told_at))
    return {(row.kind, row.subject): row.told_at for row in rows}


def note(tx: Connection, told: Iterable[Key], over: Collection[Key], *, now: datetime) -> None:
    """Note that somebody was told of `told` just now, and that `over` is over."""
    rows = [{"kind": kind, "subject": subject, "since": now} for kind, subject in told]
    upsert(tx, alerts, [{**row, "told_at": now} for row in rows], kept=("since",))
    if over:
        key = tuple_(alerts.c.kind, alerts.c.subject)
        tx.execute(delete(alerts).where(key.in_(over)))
