"""Feeds that link to their older documents: RFC 5005, and JSON Feed's next_url."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.history.archive_links import ArchiveLinks
from pipeline.history.lookup import Ask, Coverage
from tests.pipeline.history.material import (
    PLACE,
    SITE,
    SPAN,
    Search,
    answer,
    atom,
    atom_entry,
    garbled,
    rss,
    rss_item,
)

FEED = PLACE.feed_url
COMPLETE = "<fh:complete xmlns:fh='http://purl.org/syndication/history/1.0'/>"


def _link(relation: str, url: str) -> str:
    return f"<link rel='{relation}' href='{url}'/>"


def _archived(months: int) -> dict[str, str]:
    """Make a feed with an archive for each month of 2025, the newest first."""
    web = {FEED: atom(atom_entry("2026-01-01"), head=_link("prev-archive", "/2025/12"))}
    for month in range(12, 12 - months, -1):
        days = [atom_entry(f"2025-{month:02}-{day:02}") for day in (28, 14, 1)]
        web[f"{SITE}/2025/{month:02}"] = atom(
            *days, head=_link("prev-archive", f"/2025/{month - 1:02}")
        )
    return web


def test_archives_are_followed_until_one_is_older_than_the_span() -> None:
    search = Search(ArchiveLinks(), _archived(12))

    assert search.asked == [FEED, *(f"{SITE}/2025/{month:02}" for month in range(12, 1, -1))]
    assert search.urls == [f"{SITE}/2025-03-{day:02}" for day in (28, 14, 1)]
    assert search.reasons["before-span"] == "3 entries"
    result = search.estimate()
    assert result is not None
    assert (result.coverage, result.requests, result.entries) == (Coverage.COMPLETE, 12, 3)


def test_after_two_documents_the_length_of_the_chain_is_guessed_by_their_dates() -> None:
    result = Search(ArchiveLinks(), _archived(12)).estimate(looks=4)

    assert result is not None
    assert result.coverage is Coverage.COMPLETE
    assert 10 <= result.requests <= 14
    assert result.entries is not None
    assert 2 <= result.entries <= 5


def test_a_complete_feed_is_asked_for_once() -> None:
    web = {FEED: atom(atom_entry("2025-03-05"), head=COMPLETE + _link("next", "/more"))}
    search = Search(ArchiveLinks(), web)

    assert search.asked == [FEED]
    result = search.estimate()
    assert result is not None
    assert (result.coverage, result.requests, result.entries) == (Coverage.COMPLETE, 1, 1)


@pytest.mark.parametrize(
    "relation", ["next", "NEXT", "http://www.iana.org/assignments/relation/next"]
)
def test_a_paged_feed_is_followed_but_promises_nothing(relation: str) -> None:
    head = f"<atom:link rel='{relation}' href='/feed?after=1'/>"
    web = {
        FEED: rss(rss_item("2025-03-20"), head=head),
        f"{FEED}?after=1": rss(rss_item("2025-03-02"), rss_item("2025-02-20")),
    }
    search = Search(ArchiveLinks(), web)

    assert search.urls == [f"{SITE}/2025-03-20", f"{SITE}/2025-03-02"]
    result = search.estimate()
    assert result is not None
    assert result.coverage is Coverage.UNKNOWN


def test_archives_are_preferred_to_pages() -> None:
    head = _link("next", "/pages/2") + _link("prev-archive", "/archive/1")
    search = Search(ArchiveLinks(), {FEED: atom(atom_entry("2025-03-05"), head=head)})

    assert search.asked == [FEED, f"{SITE}/archive/1"]


def test_links_of_entries_are_not_links_of_the_feed() -> None:
    entry = atom_entry("2025-03-05").replace("</entry>", _link("next", "/story/2") + "</entry>")
    search = Search(ArchiveLinks(), {FEED: atom(entry)})

    assert search.asked == [FEED]
    assert search.estimate() is None


def test_json_feeds_name_their_next_page() -> None:
    def page(day: str, following: str | None) -> str:
        item = {"id": day, "url": f"{SITE}/{day}", "date_published": f"{day}T10:00:00Z"}
        said = {"version": "https://jsonfeed.org/version/1.1", "title": "O", "items": [item]}
        return json.dumps(said | ({"next_url": following} if following else {}))

    web = {FEED: page("2025-03-20", "/feed/2"), f"{SITE}/feed/2": page("2025-03-10", None)}

    assert Search(ArchiveLinks(), web).urls == [f"{SITE}/2025-03-20", f"{SITE}/2025-03-10"]


def test_an_xml_base_is_what_links_resolve_against() -> None:
    body = atom(atom_entry("2025-03-05"), head=_link("prev-archive", "1.xml")).replace(
        "<feed ", f"<feed xml:base='{SITE}/archives/' ", 1
    )

    assert Search(ArchiveLinks(), {FEED: body}).asked == [FEED, f"{SITE}/archives/1.xml"]


def test_a_chain_that_bites_its_tail_ends() -> None:
    web = {FEED: atom(atom_entry("2025-03-05"), head=_link("prev-archive", FEED))}

    assert Search(ArchiveLinks(), web).asked == [FEED]


def test_a_document_without_dates_does_not_end_the_chain() -> None:
    undated = f"<entry><id>u</id><title>Undated</title><link href='{SITE}/u'/></entry>"
    web = {
        FEED: atom(undated, head=_link("prev-archive", "/1")),
        f"{SITE}/1": atom(atom_entry("2025-03-02")),
    }

    assert Search(ArchiveLinks(), web).urls == [f"{SITE}/u", f"{SITE}/2025-03-02"]


def test_what_is_no_feed_or_missing_is_told() -> None:
    head = _link("prev-archive", "/1")
    broken = Search(ArchiveLinks(), {FEED: atom(head=head), f"{SITE}/1": "<html>gone</html>"})

    assert "not a feed" in broken.notes
    assert "http-404" in Search(ArchiveLinks(), {}).notes


def test_entities_and_doctypes_do_nothing() -> None:
    bomb = "<!DOCTYPE feed [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>"
    body = bomb + atom(atom_entry("2025-03-05"), head=_link("prev-archive", "/&b;"))
    [ask] = ArchiveLinks().begin(PLACE, SPAN)

    asks = ArchiveLinks().read(answer(ask, body), PLACE, SPAN).asks

    assert all("aaaa" not in one.url for one in asks)


@given(
    garbled([*_archived(1).values(), rss(rss_item("2025-03-05"), head=_link("next", "/2"))]),
    st.text(),
)
def test_whatever_comes_back_nothing_is_raised_and_nothing_older_is_let_through(
    body: bytes, memo: str
) -> None:
    ask = Ask(url=FEED, kind="feed", role="document", memo=memo)

    look = ArchiveLinks().read(answer(ask, body), PLACE, SPAN)

    assert all(SPAN.may_hold(entry) for entry in look.entries)
    assert len(look.asks) <= 1
    ArchiveLinks().estimate([(ask, look)], PLACE, SPAN)
