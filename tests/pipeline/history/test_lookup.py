"""The span that is looked through, and which entries can belong to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.history.lookup import Span
from pipeline.records import Entry

SINCE, UNTIL = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC)
SPAN = Span(since=SINCE, until=UNTIL)
INSTANT = timedelta(microseconds=1)


def _entry(published: datetime | None = None, updated: datetime | None = None) -> Entry:
    return Entry(
        guid="", url="https://a.example/1", title="One", published_at=published, updated_at=updated
    )


def test_a_span_begins_with_its_first_moment_and_ends_before_its_last() -> None:
    assert SPAN.holds(SINCE)
    assert SPAN.holds(UNTIL - INSTANT)
    assert not SPAN.holds(SINCE - INSTANT)
    assert not SPAN.holds(UNTIL)


def test_an_entry_goes_by_its_own_date_if_it_has_one() -> None:
    assert SPAN.may_hold(_entry(SINCE, updated=UNTIL + INSTANT))
    assert not SPAN.may_hold(_entry(UNTIL, updated=SINCE))


def test_an_entry_without_a_date_may_belong_unless_it_changed_last_before_the_span() -> None:
    assert SPAN.may_hold(_entry())
    assert SPAN.may_hold(_entry(updated=UNTIL + INSTANT))
    assert not SPAN.may_hold(_entry(updated=SINCE - INSTANT))
