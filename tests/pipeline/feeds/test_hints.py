"""What a feed says about how often to look at it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.feeds.hints import poll_hints
from pipeline.records import PollHints

HOUR = timedelta(hours=1)


def _hints(xml: str = "", ttl: str = "", period: str = "", frequency: str = "") -> PollHints:
    return poll_hints(xml, ttl=ttl, period=period, frequency=frequency)


@pytest.mark.parametrize(
    ("ttl", "period", "frequency", "expected"),
    [
        ("60", "", "", HOUR),
        (" 30\n", "", "", HOUR / 2),
        ("", "hourly", "2", HOUR / 2),
        ("", " Daily ", "", 24 * HOUR),
        ("60", "daily", "4", 6 * HOUR),
        ("", "hourly", "0", HOUR),
        ("", "hourly", "often", HOUR),
        ("", "now and then", "3", None),
        ("0", "", "", None),
        ("-5", "", "", None),
        ("soon", "", "", None),
        ("9" * 5000, "", "", None),
    ],
)
def test_the_longer_of_both_waits_counts(
    ttl: str, period: str, frequency: str, expected: timedelta | None
) -> None:
    assert _hints(ttl=ttl, period=period, frequency=frequency).ttl == expected


def test_hours_and_days_to_skip_are_read_in_either_counting() -> None:
    xml = (
        "<rss><skipHours><hour>0</hour><hour> 23 </hour><hour>24</hour><hour>99</hour></skipHours>"
        "<skipDays><day>Saturday</day><day>sunday</day><day>Someday</day></skipDays></rss>"
    )

    assert _hints(xml) == PollHints(skip_hours=frozenset({0, 23}), skip_days=frozenset({5, 6}))


def test_a_list_inside_an_entry_is_none_of_the_feeds() -> None:
    assert _hints("<rss><item><skipHours><hour>1</hour></skipHours></item></rss>") == PollHints()
