"""Old articles by the Wayback Machine's snapshots of a feed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.history.lookup import Ask, Coverage, Span
from pipeline.history.wayback import Wayback
from pipeline.records import Entry
from tests.pipeline.history.material import (
    PLACE,
    SITE,
    SPAN,
    Search,
    answer,
    garbled,
    rss,
    rss_item,
)

BASE = "https://web.archive.org"
FEED = PLACE.feed_url
ROW = ["timestamp", "original", "digest", "statuscode"]


def _feed(day: datetime) -> str:
    """Write the feed as it was on a day: one entry a day, the last five."""
    return rss(*(rss_item(f"{day - timedelta(days=ago):%F}") for ago in range(5)))


def _snapshot(day: datetime, base: str = BASE) -> str:
    return f"{base}/web/{day:%Y%m%d%H%M%S}id_/{FEED}"


class _Machine(dict[str, str]):
    """A Wayback Machine that kept the feed on these days, at most `rows` to a part of its index."""

    def __init__(self, days: list[datetime], *, rows: int = 1_000, base: str = BASE) -> None:
        super().__init__({_snapshot(day, base): _feed(day) for day in days})
        self._days, self._rows = days, rows
        self.queries: list[dict[str, str]] = []

    def get(self, url: str, default: object = None) -> str | None:  # type: ignore[override]
        if "/cdx/search/cdx" not in url:
            return super().get(url)
        query = {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}
        self.queries.append(query)
        stamps = [f"{day:%Y%m%d%H%M%S}" for day in self._days]
        kept = [one for one in stamps if query["from"] <= one <= query["to"]]
        if "resumeKey" in query:
            after = query["resumeKey"].removeprefix("example,outlet)/feed ").removesuffix("!")
            kept = [one for one in kept if one > after]
        rows = [[one, FEED, "D", "200"] for one in kept[: self._rows]]
        # As the CDX server gives it: encoded for the address of the next part.
        last = f"example%2Coutlet%29%2Ffeed+{kept[self._rows - 1]}%21" if kept[self._rows :] else ""
        key = [[], [last]] if last else []
        return json.dumps([ROW, *rows, *key] if rows else [])


def _days(first: str, count: int, *, every: int = 1) -> list[datetime]:
    start = datetime.fromisoformat(f"{first}T12:00:00+00:00")
    return [start + timedelta(days=every * number) for number in range(count)]


def _march(search: Search) -> set[str]:
    return {url.removeprefix(f"{SITE}/") for url in search.urls}


WHOLE_MARCH = {f"2025-03-{day:02}" for day in range(1, 32)}


def test_no_more_snapshots_are_read_than_the_feed_s_length_asks_for() -> None:
    search = Search(Wayback(), _Machine(_days("2025-02-20", 60)))

    assert _march(search) == WHOLE_MARCH
    # One for the index; five days a snapshot, with a day of overlap.
    assert len(search.asked) <= 1 + 9
    assert search.notes == ""


def test_the_index_is_asked_for_the_span_and_what_stands_in_later_snapshots() -> None:
    machine = _Machine(_days("2025-02-20", 60))
    Search(Wayback(), machine)

    [query] = machine.queries
    assert query["url"] == FEED
    assert query["from"].startswith("20250301")
    assert query["to"] > "20250401"
    assert (query["output"], query["filter"], query["collapse"]) == (
        "json",
        "statuscode:200",
        "digest",
    )


def test_a_gap_between_snapshots_is_told_and_crossed() -> None:
    search = Search(Wayback(), _Machine([*_days("2025-02-20", 20), *_days("2025-03-25", 12)]))

    assert _march(search) == WHOLE_MARCH - {f"2025-03-{day}" for day in range(12, 21)}
    assert "nothing was kept from 2025-03-11 12:00 to 2025-03-21" in search.notes
    result = search.estimate()
    assert result is not None
    assert result.coverage is Coverage.PARTIAL
    assert "2025-03-11" in result.note


def test_gaps_at_both_ends_of_the_span_are_told() -> None:
    search = Search(Wayback(), _Machine(_days("2025-03-10", 10)))

    assert "nothing was kept from 2025-03-19 12:00 to 2025-04-01 00:00" in search.notes
    assert "nothing was kept from 2025-03-01 00:00 to 2025-03-06" in search.notes


def test_an_index_in_parts_is_read_to_its_end() -> None:
    machine = _Machine(_days("2025-02-20", 60), rows=10)

    search = Search(Wayback(), machine)

    assert len(machine.queries) == 6
    assert _march(search) == WHOLE_MARCH
    assert search.notes == ""


def test_a_snapshot_that_cannot_be_had_is_replaced_by_the_one_before() -> None:
    machine = _Machine(_days("2025-02-20", 60))
    for day in _days("2025-03-24", 2):
        del machine[_snapshot(day)]

    search = Search(Wayback(), machine)

    assert _march(search) >= WHOLE_MARCH - {"2025-03-24", "2025-03-25", "2025-03-26"}
    assert min(_march(search)) == "2025-03-01"


def test_a_pinned_entry_does_not_pass_for_the_feed_s_length() -> None:
    days = _days("2025-02-20", 60)
    machine = _Machine(days)
    for day in days:
        entries = [rss_item(f"{day - timedelta(days=ago):%F}") for ago in range(12)]
        machine[_snapshot(day)] = rss(rss_item("2020-01-01", url=f"{SITE}/about"), *entries)

    assert _march(Search(Wayback(), machine)) == WHOLE_MARCH


def test_feeds_without_dates_are_read_snapshot_by_snapshot() -> None:
    days = _days("2025-03-01", 5)
    machine = _Machine(days)
    for day in days:
        machine[_snapshot(day)] = rss(rss_item("", url=f"{SITE}/{day:%d}"))

    assert sorted(_march(Search(Wayback(), machine))) == ["01", "02", "03", "04", "05"]


def test_the_archive_may_be_another() -> None:
    base = "http://127.0.0.1:8080"
    search = Search(Wayback(f"{base}/"), _Machine(_days("2025-02-20", 60), base=base))

    assert all(url.startswith(f"{base}/") for url in search.asked)
    assert _march(search) == WHOLE_MARCH


@pytest.mark.parametrize(
    "written",
    [
        f"{BASE}/web/20250304120000/{SITE}/2025-03-04",
        f"http://web.archive.org/web/20250304120000if_/{SITE}/2025-03-04",
        f"{BASE}/web/20250304120000id_/https:/outlet.example/2025-03-04",
        "/2025-03-04",
        "2025-03-04",
        f"{SITE}/2025-03-04",
    ],
)
def test_addresses_that_were_rewritten_are_the_site_s_own_again(written: str) -> None:
    [day] = _days("2025-03-04", 1)
    machine = _Machine([day])
    item = (
        f"<item><title>One</title><link>{written}</link><guid>{written}</guid>"
        f"<pubDate>2025-03-04</pubDate></item>"
    )
    machine[_snapshot(day)] = rss(item, head="").replace(f"<link>{SITE}/</link>", "")

    [entry] = Search(Wayback(), machine).entries

    assert entry.url == f"{SITE}/2025-03-04"
    assert "archive.org" not in entry.guid


def test_an_unwrapped_entry_is_the_one_that_polling_would_have_found() -> None:
    [day] = _days("2025-03-04", 1)
    plain, wrapped = _Machine([day]), _Machine([day])
    text = rss(rss_item("2025-03-04"))
    plain[_snapshot(day)] = text
    wrapped[_snapshot(day)] = text.replace(SITE, f"{BASE}/web/20250304120000/{SITE}")

    def found(machine: _Machine) -> Entry:
        [entry] = Search(Wayback(), machine).entries
        return entry

    assert found(plain) == found(wrapped)


def test_the_plan_tells_snapshots_and_gaps_before_they_are_read() -> None:
    search = Search(Wayback(), _Machine([*_days("2025-02-20", 20), *_days("2025-03-25", 12)]))

    result = search.estimate(looks=2)

    assert result is not None
    assert abs(result.requests - len(search.seen)) <= 2
    assert result.entries is not None
    assert "nothing was kept from 2025-03-11" in result.note


def test_a_feed_that_was_never_kept_gives_no_estimate() -> None:
    search = Search(Wayback(), _Machine([]))

    assert search.estimate() is None
    assert "no snapshot" in search.notes


@pytest.mark.parametrize(
    "body", ["", "[", "{}", "[1]", "[[]]", '[["timestamp"],["x"]]', "[" * 5000]
)
def test_an_index_that_means_nothing_is_an_empty_one(body: str) -> None:
    [ask] = Wayback().begin(PLACE, SPAN)

    look = Wayback().read(answer(ask, body), PLACE, SPAN)

    assert (look.entries, look.asks) == ((), ())


def test_spans_at_the_end_of_time_are_asked_for() -> None:
    end = datetime(9999, 12, 31, tzinfo=UTC)

    assert Wayback().begin(PLACE, Span(since=end, until=end))


INDEX = json.dumps([ROW, *([f"202503{day:02}120000", FEED, "D", "200"] for day in (1, 9, 30))])
MEMO = json.dumps(
    {
        "at": "20250330120000",
        "left": "20250309120000",
        "known": "2025-03-30T00:00:00+00:00",
        "floor": "2025-03-01T00:00:00+00:00",
        "length": 1000.0,
    }
)


@given(
    garbled([INDEX, _feed(datetime(2025, 3, 30, tzinfo=UTC))]),
    st.sampled_from(["index", "snapshot"]),
    garbled([MEMO]).map(lambda raw: raw.decode("utf-8", "replace")),
)
def test_whatever_comes_back_nothing_is_raised_and_nothing_older_is_let_through(
    body: bytes, role: str, memo: str
) -> None:
    kind = "page" if role == "index" else "feed"
    ask = Ask(url=f"{BASE}/x", kind=kind, role=role, memo=memo)  # type: ignore[arg-type]

    look = Wayback().read(answer(ask, body), PLACE, SPAN)

    assert all(SPAN.may_hold(entry) for entry in look.entries)
    assert len(look.asks) <= 2
    Wayback().estimate([(ask, look)], PLACE, SPAN)
