"""Ticks: what opens, what closes, what is carried over."""

from __future__ import annotations

from datetime import datetime

from pipeline.io.store import Store, pages, ticks
from pipeline.io.store.pages import PageResult
from pipeline.records import Page
from tests.pipeline.io.store.world import (
    MINUTE,
    NOW,
    add_sources,
    claim,
    claim_pages,
    open_tick,
    polled,
    save,
    terms,
)


def _close(store: Store, now: datetime = NOW) -> list[int]:
    with store.write() as tx:
        return [tick.id for tick in ticks.close_done(tx, now=now)]


def test_nothing_due_opens_no_tick(store: Store) -> None:
    with store.write() as tx:
        assert ticks.open_tick(tx, now=NOW, lasts=MINUTE) is None


def test_a_row_is_in_one_tick_only(store: Store) -> None:
    add_sources(store, ["one"])
    open_tick(store)

    with store.write() as tx:
        assert ticks.open_tick(tx, now=NOW, lasts=MINUTE) is None


def test_a_tick_closes_when_its_sources_and_pages_are_done(store: Store) -> None:
    add_sources(store, ["one"])
    tick = open_tick(store)
    assert _close(store) == []

    [source] = claim(store, ["one"], terms())
    save(store, polled(source, "https://one.example/x"))
    assert _close(store) == []

    [page] = claim_pages(store, terms())
    with store.write() as tx:
        result = PageResult(claimed=page, state="skipped", error="no-text")
        pages.save_pages(tx, [result], version=1, now=NOW)
    assert _close(store) == [tick]


def test_an_overdue_tick_waits_for_live_leases_and_drops_the_rest(store: Store) -> None:
    add_sources(store, ["one", "two"])
    tick = open_tick(store)
    late = NOW + 16 * MINUTE
    [leased] = claim(store, ["one"], terms(late))

    assert _close(store, late) == []

    save(store, polled(leased), now=late)
    assert _close(store, late) == [tick]
    again = open_tick(store, late)
    assert [item.source.id for item in claim(store, ["one", "two"], terms(late))] == ["two"]
    assert again != tick


def test_what_comes_late_for_a_closed_tick_is_dropped(store: Store) -> None:
    add_sources(store, ["one"])
    open_tick(store)
    [slow] = claim(store, ["one"], terms())

    assert _close(store, NOW + 16 * MINUTE) != []
    assert save(store, polled(slow, "https://one.example/x")) == set()


def test_a_page_to_be_tried_again_leaves_its_tick(store: Store) -> None:
    add_sources(store, ["one"])
    tick = open_tick(store)
    [source] = claim(store, ["one"], terms())
    save(store, polled(source, "https://one.example/x"))
    [page] = claim_pages(store, terms())
    with store.write() as tx:
        result = PageResult(claimed=page, state="retry", error="http-500", next_at=NOW + MINUTE)
        pages.save_pages(tx, [result], version=1, now=NOW)

    assert _close(store) == [tick]
    assert open_tick(store, NOW + MINUTE) == tick + 1
    assert [item.id for item in claim_pages(store, terms(NOW + MINUTE))] == [page.id]


def test_ticks_are_clustered_in_their_order(store: Store) -> None:
    add_sources(store, ["one"])
    first = open_tick(store)
    add_sources(store, ["one", "two"])
    open_tick(store)
    [two] = claim(store, ["two"], terms())
    save(store, polled(two))
    _close(store)

    with store.read() as tx:
        assert ticks.next_to_cluster(tx) is None, "the first is still open"
    [one] = claim(store, ["one"], terms())
    save(store, polled(one))
    _close(store)
    with store.write() as tx:
        assert ticks.next_to_cluster(tx) == first
        assert ticks.mark_clustered(tx, first, now=NOW)
        assert ticks.next_to_cluster(tx) == first + 1


def test_a_better_placed_entry_makes_its_page_due_again(store: Store) -> None:
    add_sources(store, ["a", "b"])
    open_tick(store)
    url = "https://a.example/x"
    [b] = claim(store, ["b"], terms())
    save(store, polled(b, url))
    [page] = claim_pages(store, terms())
    with store.write() as tx:
        pages.save_pages(tx, [_done(page)], version=1, now=NOW)
    assert claim_pages(store, terms()) == []

    [a] = claim(store, ["a"], terms())
    save(store, polled(a, url))

    [again] = claim_pages(store, terms())
    assert again.facts_from == f"a {url}"


def _done(page: pages.ClaimedPage) -> PageResult:
    kept = Page(
        id=page.id,
        url=page.url,
        final_url=page.url,
        body=b"<p>text",
        content_type="text/html",
        fetched_at=NOW,
    )
    return PageResult(claimed=page, state="done", page=kept)
