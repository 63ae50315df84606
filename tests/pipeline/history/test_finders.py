"""Every finder finds a year of made-up news, on the archives it is made for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pipeline.history.finders import FINDERS, finders
from pipeline.history.lookup import Coverage, Finder, Place, Span
from tests.archivehost import ArchiveWorld, Offer
from tests.pipeline.history.material import Search

ONE = "outlet00"
OFFERS: dict[str, Offer] = {
    "archive-links": "archives",
    "sitemap": "sitemap-gz",
    "paging": "paging",
    "wayback": "wayback",
}
PLACE = Place(
    provider=f"{ONE}.example",
    feed_url=f"https://{ONE}.example/feed.xml",
    home_url=f"https://{ONE}.example/",
)
#: Requests of a planning look-up: enough to see what works.
LOOKS = 4


class _Answers(dict[str, bytes]):
    """A made-up world as what a search asks; 404 for whatever it does not have."""

    def __init__(self, world: ArchiveWorld, now: datetime) -> None:
        self._world, self._now = world, now

    def get(self, url: str, default: object = None) -> bytes | None:  # type: ignore[override]
        reply = self._world.answer(url, self._now)
        return reply.body if reply.status == 200 else None


def _world(*offers: Offer) -> ArchiveWorld:
    return ArchiveWorld(articles=600, outlets=3, months=12, offers={ONE: offers})


def _search(finder: Finder, world: ArchiveWorld, span: Span) -> Search:
    web = _Answers(world, world.end + timedelta(days=1))
    return Search(finder, web, place=PLACE, span=span)


def test_the_registry_names_each_method_once() -> None:
    assert [finder.name for finder in FINDERS] == [*OFFERS, "current-feed"]


def test_the_wayback_machine_may_be_another() -> None:
    [ask] = finders("http://127.0.0.1:8/")[len(OFFERS) - 1].begin(PLACE, _months())

    assert ask.url.startswith("http://127.0.0.1:8/cdx/search/cdx?url=")


#: Those that ask for an archive; the last one is content with what the feed shows now.
ARCHIVES = FINDERS[: len(OFFERS)]


def _months() -> Span:
    world = _world()
    return Span(since=world.start + timedelta(days=90), until=world.start + timedelta(days=180))


@pytest.mark.parametrize("finder", ARCHIVES, ids=lambda finder: finder.name)
def test_each_finds_every_article_of_the_span_and_hardly_asks_for_others(finder: Finder) -> None:
    world, span = _world(OFFERS[finder.name]), _months()

    search = _search(finder, world, span)

    wanted = {world.url(one) for one in world.pieces[ONE] if span.holds(one.published)}
    assert len(wanted) > 30
    assert wanted <= set(search.urls)
    assert all(span.may_hold(entry) for entry in search.entries)
    # The sitemap's dates are hints alone: a few days around the months that meet the span.
    others = set(search.urls) - wanted
    assert len(others) <= (len(wanted) if finder.name == "sitemap" else 0)


@pytest.mark.parametrize("finder", ARCHIVES, ids=lambda finder: finder.name)
def test_a_few_look_ups_tell_what_all_of_them_will_take_and_bring(finder: Finder) -> None:
    search = _search(finder, _world(OFFERS[finder.name]), _months())

    early, late = search.estimate(looks=LOOKS), search.estimate()

    assert early is not None
    assert late is not None
    assert late.requests == len(search.seen)
    assert late.entries == len(set(search.urls))
    assert 0.6 * late.requests <= early.requests <= 1.6 * late.requests
    assert early.entries is not None
    assert 0.5 * late.entries <= early.entries <= 2 * late.entries
    expected = Coverage.PARTIAL if finder.name == "wayback" else Coverage.COMPLETE
    assert (early.coverage, late.coverage) == (expected, expected)
    assert early.note


@pytest.mark.parametrize("finder", ARCHIVES, ids=lambda finder: finder.name)
def test_none_pretends_to_work_where_its_archive_is_missing(finder: Finder) -> None:
    search = _search(finder, _world(), _months())

    assert search.estimate() is None
    assert len(search.seen) <= 5


def test_without_an_archive_what_the_feed_shows_is_told_for_what_it_is() -> None:
    world = _world()
    shown = world.pieces[ONE][-20:]
    all_of_it = Span(since=world.start, until=world.end)
    last_days = Span(since=shown[10].published, until=world.end)

    part, whole, none = (
        _search(FINDERS[-1], world, span) for span in (all_of_it, last_days, _months())
    )

    assert set(part.urls) == {world.url(one) for one in shown}
    estimates = [search.estimate() for search in (part, whole)]
    assert [one and one.coverage for one in estimates] == [Coverage.PARTIAL, Coverage.COMPLETE]
    assert none.estimate() is None
