"""Pure: what of an answer belongs to the span, and what the rest tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pipeline.history.lookup import Ask, Look, Span
from pipeline.records import Entry, SkippedEntry

#: Reasons under which what lies outside the span is counted.
BEFORE, AFTER = "before-span", "after-span"
#: For `feed_date`, which refuses what lies ahead of now: here the span alone decides.
ANY_TIME = datetime(9999, 1, 1, tzinfo=UTC)


def within(
    entries: Iterable[Entry], span: Span
) -> tuple[tuple[Entry, ...], tuple[SkippedEntry, ...]]:
    """Return the entries that may belong to the span, and how many lie before and after it."""
    kept, before, after = [], 0, 0
    for entry in entries:
        if span.may_hold(entry):
            kept.append(entry)
        elif is_before(entry, span):
            before += 1
        else:
            after += 1
    return tuple(kept), counted({BEFORE: before, AFTER: after}, "entries")


def is_before(entry: Entry, span: Span) -> bool:
    """Say whether an entry is older than the span, by its own date or its last change."""
    moment = entry.published_at or entry.updated_at
    return moment is not None and moment < span.since


def is_wholly_before(entries: Sequence[Entry], span: Span) -> bool:
    """Say whether all that has a date is older than the span; a page without dates is not."""
    dated = [one for one in entries if one.published_at or one.updated_at]
    return bool(dated) and all(is_before(one, span) for one in dated)


def counted(numbers: dict[str, int], what: str) -> tuple[SkippedEntry, ...]:
    """Return what was left out, by reason: one record each, with the number."""
    return tuple(
        SkippedEntry(reason=reason, label=f"{number} {what}")
        for reason, number in numbers.items()
        if number
    )


def reaches_back(seen: Iterable[tuple[Ask, Look]]) -> bool:
    """Say whether something older than the span was met, so that the method goes that far."""
    return any(one.reason == BEFORE for _, look in seen for one in look.skipped)


def pending(seen: Sequence[tuple[Ask, Look]]) -> int:
    """Return how many addresses are known and were not asked for yet."""
    known = {ask.url for _, look in seen for ask in look.asks}
    return len(known - {ask.url for ask, _ in seen})


def found(seen: Iterable[tuple[Ask, Look]]) -> int:
    """Return how many pages the entries lead to, each counted once."""
    return len({entry.url for _, look in seen for entry in look.entries})
