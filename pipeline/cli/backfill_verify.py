"""`newsloom backfill verify`: what was listed against what is stored, day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy import Row

from pipeline.articles import refusals
from pipeline.cli.backfill_words import by_note, found
from pipeline.cli.common import SOME_FAILED, AsJson, Home, opened_store, out, print_json
from pipeline.errors import UsageError
from pipeline.io.store import backfillbook, backfills
from pipeline.io.store.backfillbook import Listed
from pipeline.io.store.lookups import OUTSIDE, UNDATED

Number = Annotated[int, typer.Argument(metavar="ID", help="As `newsloom backfill list` shows it.")]


@dataclass(slots=True)
class Day:
    """One day of one source."""

    listed: int = 0
    stored: int = 0
    #: Pages that were read and hold no article: nothing is missing there.
    none: int = 0
    #: Why those without an article have none.
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def missing(self) -> int:
        """Entries whose article should be there."""
        return self.listed - self.stored - self.none


#: What a page says for good: it holds no article, or is not for us.
_NO_ARTICLE = frozenset({*refusals.ALL, "robots-disallowed", UNDATED})

#: Source -> day -> figures; None is for entries whose day nobody knows.
Days = Mapping[str, Mapping[date | None, Day]]


def verify(
    number: Number,
    home: Home = None,
    every: Annotated[bool, typer.Option("--all", help="Also the days that are complete.")] = False,
    json_: AsJson = False,
) -> None:
    """Compare what a backfill's archives listed with what is stored, by source and day.

    Exit code 1 when something is missing: articles, whole days, look-ups that failed.

    Example: newsloom backfill verify 3
    """
    with opened_store(home) as store, store.read() as tx:
        row = found(tx, number)
        if row.tick_id is None:
            raise UsageError(f"backfill {number} has not begun; `newsloom backfill run {number}`")
        parts = backfills.parts_of(tx, number)
        listed = backfillbook.listed(tx, number)
        failed = backfillbook.failures(tx, number)
        notes = backfillbook.notes(tx, number)
    days = by_day(listed, [part.source_id for part in parts])
    empty = {source: empty_days(of) for source, of in days.items()}
    unfound = [part.source_id for part in parts if not days[part.source_id]]
    missing = sum(day.missing for of in days.values() for day in of.values())
    if json_:
        print_json(_as_json(row, days, empty, failed, notes, unfound))
    else:
        _print(days, empty, every=every)
        _print_rest(parts, failed, notes, unfound)
        stored = sum(day.stored for of in days.values() for day in of.values())
        none = sum(day.none for of in days.values() for day in of.values())
        state = "" if row.state == "done" else f" (it is {row.state})"
        out.print(
            f"backfill {number}{state}: {stored + none + missing} listed, {stored} stored, "
            f"{none} without an article, {missing} missing; "
            f"{sum(map(len, empty.values()))} days with nothing listed, "
            f"{len(failed)} look-ups failed"
        )
    gaps = missing or failed or unfound or any(empty.values()) or row.state != "done"
    raise typer.Exit(SOME_FAILED if gaps else 0)


def by_day(listed: Sequence[Listed], sources: Sequence[str]) -> Days:
    """Count what was listed and what is stored; pages of another time are neither."""
    found_: dict[str, dict[date | None, Day]] = {source: {} for source in sources}
    for one in listed:
        if one.reason == OUTSIDE:
            continue
        day = found_.setdefault(one.source_id, {}).setdefault(one.day, Day())
        day.listed += 1
        if one.article_id is not None:
            day.stored += 1
        else:
            day.reasons[one.reason] += 1
            day.none += one.reason in _NO_ARTICLE
    return found_


def empty_days(days: Mapping[date | None, Day]) -> list[date]:
    """Return the days, between the first and the last with any, on which nothing was listed.

    None for a source that publishes so little that such days are usual.
    """
    known = sorted(day for day in days if day is not None)
    if not known:
        return []
    length = (known[-1] - known[0]).days + 1
    mean = sum(day.listed for at, day in days.items() if at is not None) / length
    if mean < _DAILY:
        return []
    have = set(known)
    return [at for at in (known[0] + timedelta(days=n) for n in range(length)) if at not in have]


#: Entries a day on average from which on a day without any is remarkable: at three, one day in
#: twenty is empty by chance (Poisson); sparser sources are not judged by the day.
_DAILY = 3.0


def _print(days: Days, empty: Mapping[str, Sequence[date]], *, every: bool) -> None:
    """Print the days with gaps, or all."""
    table = Table(box=None, pad_edge=False)
    table.add_column("source")
    table.add_column("day")
    for column in ("listed", "stored", "missing"):
        table.add_column(column, justify="right")
    table.add_column("why")
    shown = 0
    for source, of in days.items():
        rows = [(at, day) for at, day in of.items()]
        rows += [(at, Day()) for at in empty[source]]
        for at, day in sorted(rows, key=lambda row: (row[0] is None, str(row[0]))):
            if not (day.missing or every or not day.listed):
                continue
            shown += 1
            why = ", ".join(f"{n} {reason}" for reason, n in sorted(day.reasons.items()))
            figures = (str(day.listed), str(day.stored), str(day.missing))
            told = why or ("nothing listed" if not day.listed else "")
            table.add_row(source, str(at or "unknown"), *figures, told)
    if shown:
        out.print(table)


def _print_rest(
    parts: Sequence[Row[Any]],
    failed: Sequence[Row[Any]],
    notes: Mapping[str, Sequence[str]],
    unfound: Sequence[str],
) -> None:
    """Print what goes beyond single days."""
    for note, of in by_note((part.source_id, _shortfall(part, unfound)) for part in parts):
        out.print(f"{of}: {note}", markup=False)
    for source, told in notes.items():
        for note in told[:_NOTES]:
            out.print(f"{source}: {note}", markup=False)
    for one in failed:
        out.print(f"{one.source_id}: {one.url}: {one.last_error}", markup=False)


def _shortfall(part: Row[Any], unfound: Sequence[str]) -> str:
    """Say what a way cannot tell, or did not find, of a source; "" for nothing."""
    if part.source_id in unfound:
        return f"{part.method} listed nothing" if part.method else f"no way: {part.note}"
    return "" if part.coverage == "complete" else f"{part.coverage}: {part.note}"


#: Notes told of one source; a thousand answers may say much the same.
_NOTES = 5


def _as_json(
    row: Row[Any],
    days: Days,
    empty: Mapping[str, Sequence[date]],
    failed: Sequence[Row[Any]],
    notes: Mapping[str, Sequence[str]],
    unfound: Sequence[str],
) -> dict[str, Any]:
    """Return the comparison for machines."""
    return {
        "backfill": row.id,
        "state": row.state,
        "days": [
            {
                "source": source,
                "day": at,
                "listed": day.listed,
                "stored": day.stored,
                "without_article": day.none,
                "reasons": dict(day.reasons),
            }
            for source, of in days.items()
            for at, day in sorted(of.items(), key=lambda one: str(one[0]))
        ],
        "empty": {source: list(of) for source, of in empty.items() if of},
        "nothing_listed": list(unfound),
        "failed": [
            {"source": one.source_id, "url": one.url, "error": one.last_error} for one in failed
        ],
        "notes": dict(notes),
    }
