"""Old articles by counting up a feed's pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.history import paging
from pipeline.history.chain import LONGEST
from pipeline.history.lookup import Ask, Coverage, Missing, Place
from pipeline.history.paging import Paging
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

FEED = PLACE.feed_url
WORDPRESS = "<generator>https://wordpress.org/?v=6.8</generator>"
#: Three entries a page, newest first: May to January.
DAYS = [f"2025-{month:02}-{day:02}" for month in (5, 4, 3, 2, 1) for day in (20, 15, 10)]


def _page(number: int, *, head: str = "") -> str:
    return rss(*(rss_item(day) for day in DAYS[(number - 1) * 3 : number * 3]), head=head)


def _paged(parameter: str, *, feed: str = FEED, head: str = "") -> dict[str, str]:
    mark = "&" if "?" in feed else "?"
    return {feed: _page(1, head=head)} | {
        f"{feed}{mark}{parameter}={number}": _page(number, head=head) for number in range(2, 6)
    }


MARCH = [f"{SITE}/2025-03-{day}" for day in (20, 15, 10)]


def test_pages_are_counted_up_until_one_is_wholly_older() -> None:
    search = Search(Paging(), _paged("paged"))

    assert search.asked == [FEED, *(f"{FEED}?paged={number}" for number in (2, 3, 4))]
    assert search.urls == MARCH
    result = search.estimate()
    assert result is not None
    assert (result.coverage, result.requests, result.entries) == (Coverage.COMPLETE, 4, 3)


def test_the_other_parameter_is_tried_when_the_first_is_ignored_or_missing() -> None:
    ignored = _paged("page") | {f"{FEED}?paged=2": _page(1)}

    for web in (ignored, _paged("page")):
        search = Search(Paging(), web)
        assert search.asked[1:4] == [f"{FEED}?paged=2", f"{FEED}?page=2", f"{FEED}?page=3"]
        assert search.urls == MARCH


def test_a_feed_that_ignores_both_is_given_up_after_two_requests() -> None:
    web = dict.fromkeys([FEED, f"{FEED}?paged=2", f"{FEED}?page=2"], _page(3))
    search = Search(Paging(), web)

    assert len(search.asked) == 3
    assert search.urls == MARCH
    assert search.estimate() is None


def test_news_that_came_in_between_does_not_hide_that_a_page_repeats() -> None:
    moved = rss(rss_item("2025-05-21"), *(rss_item(day) for day in DAYS[:2]))
    search = Search(Paging(), {FEED: _page(1), f"{FEED}?paged=2": moved})

    assert search.asked == [FEED, f"{FEED}?paged=2", f"{FEED}?page=2"]


@pytest.mark.parametrize("last", [4, 1], ids=["the last page again", "the first page again"])
def test_a_feed_that_never_ends_is_left_when_it_repeats(last: int) -> None:
    undated = rss(rss_item("", url=f"{SITE}/u1"), rss_item("", url=f"{SITE}/u2"))
    web = {
        FEED: _page(1),
        f"{FEED}?paged=2": undated,
        f"{FEED}?paged=3": undated if last == 4 else _page(1),
        f"{FEED}?paged=4": _page(2),
    }

    assert Search(Paging(), web).asked == [FEED, f"{FEED}?paged=2", f"{FEED}?paged=3"]


def test_the_program_that_makes_the_feed_says_what_to_try_first() -> None:
    place = Place(provider="outlet.example", feed_url=f"{SITE}/x.xml", home_url=f"{SITE}/")

    plain = Search(Paging(), {f"{SITE}/x.xml": _page(1)}, place=place)
    wordpress = Search(Paging(), {f"{SITE}/x.xml": _page(1, head=WORDPRESS)}, place=place)

    assert plain.asked[1] == f"{SITE}/x.xml?page=2"
    assert wordpress.asked[1] == f"{SITE}/x.xml?paged=2"


def test_the_feed_s_own_parameters_stay() -> None:
    feed = f"{SITE}/feed?cat=news&paged=7"
    place = Place(provider="outlet.example", feed_url=feed, home_url=f"{SITE}/")
    search = Search(Paging(), {feed: _page(1)}, place=place)

    assert search.asked[1] == f"{SITE}/feed?cat=news&paged=2"


def test_a_server_s_bad_day_is_told_and_the_end_of_the_pages_is_not() -> None:
    first, second = Search(Paging(), _paged("paged")).seen[:2]
    [third] = second[1].asks

    bad = Paging().read(Missing(ask=third, reason="http-500", status=500), PLACE, SPAN)
    end = Paging().read(Missing(ask=third, reason="http-404", status=404), PLACE, SPAN)

    assert (bad.note, end.note) == (f"{FEED}?paged=3: http-500", "")
    assert first[1].note == ""


def test_the_pages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "LONGEST", 3)

    assert len(Search(Paging(), _paged("paged")).asked) == 3


def test_two_pages_tell_how_many_there_will_be() -> None:
    result = Search(Paging(), _paged("paged")).estimate(looks=2)

    assert result is not None
    assert 3 <= result.requests <= 5
    assert result.entries is not None
    assert 2 <= result.entries <= 6
    assert "WordPress" in result.note


def test_a_feed_without_dates_has_no_end_to_tell() -> None:
    def undated(number: int) -> str:
        return rss(*(rss_item("", url=f"{SITE}/{number}-{place}") for place in range(3)))

    web = {FEED: undated(1)} | {f"{FEED}?paged={page}": undated(page) for page in range(2, 9)}
    result = Search(Paging(), web).estimate(looks=3)

    assert result is not None
    assert result.entries is None
    assert result.requests == LONGEST


@given(garbled(_paged("paged", head=WORDPRESS).values()), st.text())
def test_whatever_comes_back_nothing_is_raised_and_nothing_older_is_let_through(
    body: bytes, memo: str
) -> None:
    ask = Ask(url=FEED, kind="feed", role="page", memo=memo)

    look = Paging().read(answer(ask, body), PLACE, SPAN)

    assert all(SPAN.may_hold(entry) for entry in look.entries)
    assert len(look.asks) <= 1
    Paging().estimate([(ask, look)], PLACE, SPAN)
