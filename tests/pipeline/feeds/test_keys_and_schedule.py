"""What names an entry, what changed, and when to look again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.feeds.changes import Change, keyed, new_or_changed
from pipeline.feeds.keys import entry_key, key_kind
from pipeline.feeds.schedule import (
    LONGEST,
    PollKind,
    PollOutcome,
    classify_failure,
    hints_from_headers,
    next_poll,
)
from pipeline.records import Entry, EntryKeyKind, PollHints, PollState, Validators

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def _entry(guid: str, url: str = "https://a.example/x", title: str = "T") -> Entry:
    return Entry(guid=guid, url=url, title=title, content_hash=title)


def test_guids_name_entries_while_they_are_good() -> None:
    entries = [_entry(f"g{n}", f"https://a.example/{n}") for n in range(20)]

    assert key_kind(entries, EntryKeyKind.GUID) is EntryKeyKind.GUID
    assert key_kind([*entries, _entry("g0")], EntryKeyKind.GUID) is EntryKeyKind.GUID


def test_bad_guids_degrade_to_links_and_links_to_titles_for_good() -> None:
    same_guid = [_entry("same", f"https://a.example/{n}") for n in range(9)]
    same_link = [_entry("same", title=f"T{n}") for n in range(9)]
    good = [_entry(f"g{n}", f"https://a.example/{n}") for n in range(9)]

    assert key_kind(same_guid, EntryKeyKind.GUID) is EntryKeyKind.LINK
    assert key_kind(same_link, EntryKeyKind.GUID) is EntryKeyKind.LINK_TITLE
    assert key_kind(good, EntryKeyKind.LINK) is EntryKeyKind.LINK


def test_keys_are_bounded() -> None:
    assert len(entry_key(_entry("g" * 100_000), EntryKeyKind.GUID)) < 250


def test_new_and_changed_entries_are_found_and_the_first_of_a_key_wins() -> None:
    entries = [_entry("a", title="new"), _entry("b"), _entry("c"), _entry("a", title="later")]
    found = list(new_or_changed(keyed(entries, EntryKeyKind.GUID), known={"b": "T", "c": "other"}))

    assert [(one.key, one.entry.title, one.change) for one in found] == [
        ("a", "new", Change.NEW),
        ("c", "T", Change.CHANGED),
    ]


def _next(
    outcome: PollOutcome, state: PollState | None = None, override: timedelta | None = None
) -> tuple[PollState, timedelta, str]:
    after, why = next_poll(
        state or PollState(), outcome, now=NOW, override=override, default=30 * MINUTE, jitter=0.0
    )
    assert after.next_fetch_at is not None
    return after, after.next_fetch_at - NOW, why


def test_a_source_without_rhythm_has_the_default_interval() -> None:
    _, wait, why = _next(PollOutcome(kind=PollKind.SUCCESS))

    assert wait == 30 * MINUTE
    assert "poll_interval" in why


def test_the_rhythm_is_half_the_usual_gap_within_bounds() -> None:
    every_two_hours = tuple(NOW - n * 2 * HOUR for n in range(10))
    every_minute = tuple(NOW - n * MINUTE for n in range(10))
    every_week = tuple(NOW - n * 7 * 24 * HOUR for n in range(10))

    waits = [
        _next(PollOutcome(kind=PollKind.SUCCESS, published=times))[1]
        for times in (every_two_hours, every_minute, every_week)
    ]
    assert waits == [HOUR, 15 * MINUTE, 6 * HOUR]


def test_the_servers_wish_is_a_floor_and_the_operator_wins() -> None:
    outcome = PollOutcome(kind=PollKind.SUCCESS, server_hint=2 * HOUR)

    assert _next(outcome)[1] == 2 * HOUR
    assert _next(outcome, override=10 * MINUTE)[1] == 10 * MINUTE
    assert _next(replace(outcome, server_hint=90 * 24 * HOUR))[1] == LONGEST


def test_hours_and_days_ruled_out_are_left_out() -> None:
    hints = PollHints(skip_hours=frozenset({12, 13}))
    _, wait, _ = _next(PollOutcome(kind=PollKind.SUCCESS, hints=hints))

    assert NOW + wait == NOW.replace(hour=14)
    whole_week = PollHints(skip_days=frozenset(range(7)))
    assert _next(PollOutcome(kind=PollKind.SUCCESS, hints=whole_week))[1] < 10 * 24 * HOUR


def test_failures_wait_longer_each_time_and_never_for_ever() -> None:
    state, waits = PollState(), []
    for _ in range(200):
        state, wait, _ = _next(PollOutcome(kind=PollKind.HARD), state)
        waits.append(wait)

    assert waits[:3] == [30 * MINUTE, HOUR, 90 * MINUTE]
    assert waits[-1] == LONGEST
    assert _next(PollOutcome(kind=PollKind.SUCCESS), state)[0].failures == 0


def test_validators_come_from_a_success_alone() -> None:
    state = PollState(validators=Validators(etag='"a"'))
    new = Validators(etag='"b"')

    assert _next(PollOutcome(kind=PollKind.SUCCESS, validators=new), state)[0].validators == new
    for kind in (PollKind.NOT_MODIFIED, PollKind.SOFT):
        after = _next(PollOutcome(kind=kind, validators=new), state)[0]
        assert after.validators == state.validators


@pytest.mark.parametrize(
    ("reason", "status", "kind"),
    [
        ("http-410", 410, PollKind.HARD),
        ("blocked-address", None, PollKind.HARD),
        ("http-404", 404, PollKind.SOFT),
        ("not-a-feed", None, PollKind.SOFT),
        ("tls", None, PollKind.SOFT),
        ("http-429", 429, PollKind.TEMPORARY),
        ("http-503", 503, PollKind.TEMPORARY),
        ("deadline", None, PollKind.TEMPORARY),
    ],
)
def test_failures_are_weighed_by_the_hope_they_leave(
    reason: str, status: int | None, kind: PollKind
) -> None:
    assert classify_failure(reason, status) is kind


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "120"}, 2 * MINUTE),
        ({"retry-after": "Sun, 01 Mar 2026 12:10:00 GMT"}, 10 * MINUTE),
        ({"retry-after": "99999999"}, LONGEST),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, None),
        ({"cache-control": "public, max-age=900"}, 15 * MINUTE),
        ({"cache-control": "no-cache, max-age=900"}, None),
        ({"cache-control": "max-age=banana"}, None),
        ({"expires": "Sun, 01 Mar 2026 13:00:00 GMT"}, HOUR),
        ({"expires": "0"}, None),
        ({"retry-after": "9" * 5000}, LONGEST),
        ({}, None),
    ],
)
def test_headers_ask_for_time(headers: dict[str, str], expected: timedelta | None) -> None:
    assert hints_from_headers(headers, NOW) == expected
