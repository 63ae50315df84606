"""What the commands of backfills share: moments that are given, states that are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from pipeline.errors import UsageError
from pipeline.io.store import backfills
from pipeline.io.store.backfills import Progress


def moment(option: str, text: str, *, is_end: bool = False) -> datetime:
    """Return the moment that an option names: a day in UTC (its end where it ends), or a time.

    Raise UsageError when it is neither.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        pass
    else:
        # 9999-12-31 is nobody's last day, but it is a date.
        next_day = day + timedelta(days=1) if is_end and day < date.max else day
        return datetime(next_day.year, next_day.month, next_day.day, tzinfo=UTC)
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{option} {text!r} is no date; write 2025-03-01 or 2025-03-01T09:30Z"
        ) from error
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)


def found(tx: Connection, number: int) -> Row[Any]:
    """Return the row of a backfill. Raise UsageError when there is none."""
    row = backfills.backfill(tx, number)
    if row is None:
        raise UsageError(f"backfill {number}: there is none; see `newsloom backfill list`")
    return row


def row_json(row: Row[Any]) -> dict[str, Any]:
    """Return a backfill for machines."""
    names = ("state", "note", "since", "until", "path", "budget")
    more = ("planned_at", "started_at", "ended_at")
    return (
        {"backfill": row.id, "run": row.tick_id}
        | {name: getattr(row, name) for name in (*names, *more)}
        | {"path": row.path or None, "note": row.note or None}
    )


def left(state: Progress) -> str:
    """Tell how far a backfill is in one line."""
    parts = [
        f"look-ups {state.lookups_done} made, {state.lookups_left} left",
        f"{state.lookups_failed} failed" if state.lookups_failed else "",
        f"entries {state.entries}",
        f"pages {state.pages_left} left",
        f"articles {state.articles}, {state.articles_left} in no story yet",
        f"{state.requests} requests",
    ]
    return "; ".join(part for part in parts if part)


def spent(time: timedelta) -> str:
    """Tell a length of time for people: 2 d 3 h, 4 h 5 min, 6 min, 7 s."""
    seconds = int(time.total_seconds())
    days, hours = divmod(seconds // 3600, 24)
    minutes = seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def by_note(notes: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield each note once with the sources it is about, in the order of the first of them."""
    about: dict[str, list[str]] = {}
    for source, note in notes:
        if note:
            about.setdefault(note, []).append(source)
    for note, of in about.items():
        more = len(of) - _NAMED
        named = ", ".join(of[:_NAMED]) + (f" and {more} more sources" if more > 0 else "")
        yield note, named


#: Sources named of those that a note is about.
_NAMED = 3
