"""`newsloom sources why`: when a source is polled next, and what led to that."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.common import AsJson, Home, opened_store, out, print_json, shown_time
from pipeline.context import system_clock
from pipeline.errors import UsageError
from pipeline.feeds.rhythm import learned_interval, usual_gap
from pipeline.feeds.schedule import alarms, words
from pipeline.io.store import sources as rows
from pipeline.records import Memory, PollHints, Source, SourceId

#: Hours of the day that are named as a feed's busiest.
_BUSIEST = 3


def why(
    source: Annotated[str, typer.Argument(help="Id of the source.")],
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Explain when a source is polled next: its rhythm, its server's wishes, its failures.

    Example: newsloom sources why bbc-technology
    """
    with opened_store(home) as store, store.read() as tx:
        found = rows.one_source(tx, SourceId(source))
    if found is None:
        raise UsageError(f"{source}: no such source; see `newsloom sources list`")
    record, row = found
    facts = _facts(record, row)
    if json_:
        print_json(facts)
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in facts.items():
        if value not in (None, "", []):
            shown = "\n".join(value) if isinstance(value, list) else str(value)
            table.add_row(name.replace("_", " "), Text(shown))
    out.print(table)


def _facts(source: Source, row: Any) -> dict[str, Any]:
    """Return what is known of a source's polls, in words."""
    state = source.state
    memory, rhythm = state.memory, state.memory.rhythm
    learned = learned_interval(rhythm)
    return {
        "source": source.id,
        "feed": source.feed_url,
        "moved_to": state.moved_to,
        "last_poll": shown_time(row.last_polled_at),
        "ended_as": row.last_status,
        "error": row.last_error,
        "next_poll": shown_time(row.next_at) if row.enabled else "never: disabled",
        "because": row.decision,
        "quarantined": row.quarantined,
        "own_interval": words(source.interval) if source.interval else None,
        "learned_interval": words(learned) if learned else "not yet",
        "something_new": f"every {words(usual_gap(rhythm))}" if learned else "not known yet",
        "busiest_hours": _busiest(memory),
        "shows_entries": rhythm.shown,
        "last_new": shown_time(rhythm.last_new_at),
        "polls_that_knew_no_entry": f"{rhythm.gaps:.1%}",
        "feed_asks": _asks(memory.hints),
        "failures": f"{state.failures:g} in a row, weighted" if state.failures else None,
        "redirect": _redirect(memory),
        "validators": _validators(source),
        "alarms": list(alarms(state, system_clock())),
    }


def _busiest(memory: Memory) -> str | None:
    """Name the hours of the day in which most comes."""
    counts = memory.rhythm.by_hour
    if not sum(counts):
        return None
    hours = sorted(range(len(counts)), key=lambda hour: -counts[hour])[:_BUSIEST]
    return ", ".join(f"{hour}:00" for hour in sorted(hours)) + " UTC"


def _asks(hints: PollHints) -> str | None:
    """Say what the feed asks for."""
    wishes = []
    if hints.ttl:
        wishes.append(f"{words(hints.ttl)} between polls")
    if hints.skip_hours:
        wishes.append(f"no polls in the hours {sorted(hints.skip_hours)}")
    if hints.skip_days:
        wishes.append(f"no polls on the days {sorted(hints.skip_days)} (0 is Monday)")
    return ", ".join(wishes) or None


def _redirect(memory: Memory) -> str | None:
    """Say how far a permanent redirect is from being believed."""
    move = memory.move
    if move is None:
        return None
    same = "with" if move.shares_entries else "without"
    return f"to {move.url}, met {move.polls} times since {move.since:%F}, {same} known entries"


def _validators(source: Source) -> str:
    """Say what makes the next GET conditional."""
    found = source.state.validators
    names = {"ETag": found.etag, "Last-Modified": found.last_modified}
    return ", ".join(name for name, value in names.items() if value) or "none"
