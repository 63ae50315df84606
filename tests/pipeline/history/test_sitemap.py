"""Old articles by a site's sitemaps."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.history import sitemap
from pipeline.history.lookup import Ask, Coverage, Place
from pipeline.history.sitemap import Sitemap
from tests.pipeline.history.material import PLACE, SITE, SPAN, Search, Web, answer, garbled

ROBOTS = f"{SITE}/robots.txt"
MAP = f"{SITE}/sitemap.xml"
SPACE = "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
NEWS = "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'"


def _url(path: str, changed: str = "", *, news: str = "") -> str:
    about = (
        f"<news:news><news:publication_date>{news}</news:publication_date>"
        "<news:title>Pier &amp; ferries</news:title></news:news>"
        if news
        else ""
    )
    lastmod = f"<lastmod>{changed}</lastmod>" if changed else ""
    return f"<url><loc>{SITE}{path}</loc>{lastmod}{about}</url>"


def _urlset(*urls: str) -> str:
    return f"<?xml version='1.0'?><urlset {SPACE} {NEWS}>{''.join(urls)}</urlset>"


def _index(*children: str) -> str:
    return f"<sitemapindex {SPACE}>{''.join(children)}</sitemapindex>"


def _child(path: str, changed: str = "") -> str:
    lastmod = f"<lastmod>{changed}</lastmod>" if changed else ""
    return f"<sitemap><loc>{SITE}{path}</loc>{lastmod}</sitemap>"


def _search(body: str | bytes, more: Web | None = None, *, place: Place = PLACE) -> Search:
    web = {ROBOTS: f"User-agent: *\nSitemap: {MAP}\n", MAP: body}
    return Search(Sitemap(), {**web, **(more or {})}, place=place)


def _asked(search: Search) -> list[str]:
    return [url.removeprefix(SITE) for url in search.asked[2:]]


def test_a_news_date_is_the_entry_s_own_and_lastmod_a_hint() -> None:
    search = _search(
        _urlset(
            _url("/pier", "2025-03-05", news="2025-03-04T10:00:00+01:00"), _url("/a", "2025-03-06")
        )
    )

    pier, other = search.entries
    assert (pier.url, pier.title) == (f"{SITE}/pier", "Pier & ferries")
    assert pier.published_at == datetime(2025, 3, 4, 9, tzinfo=UTC)
    assert pier.updated_at == datetime(2025, 3, 5, tzinfo=UTC)
    assert (other.published_at, other.updated_at) == (None, datetime(2025, 3, 6, tzinfo=UTC))


def test_what_is_outside_the_span_is_counted() -> None:
    search = _search(
        _urlset(
            _url("/1", "2025-02-27"),
            _url("/2", news="2025-02-27"),
            _url("/3", "2025-05-01", news="2025-04-02"),
            _url("/2019/05/old", "2025-05-01"),
            _url("/2025/04/05/late"),
            _url("/changed-later", "2025-05-01"),
            _url("/undated"),
        )
    )

    assert search.urls == [f"{SITE}/changed-later", f"{SITE}/undated"]
    assert search.reasons == {"before-span": "3 pages", "after-span": "2 pages"}


def test_children_are_followed_only_where_they_may_reach_into_the_span() -> None:
    search = _search(
        _index(
            _child("/sitemap-2025-01.xml"),
            _child("/sitemap-2025-03.xml"),
            _child("/sitemap-2025-05.xml"),
            _child("/quiet.xml", "2025-02-01"),
            _child("/busy.xml", "2025-06-01"),
            _child("/category-sitemap.xml", "2025-06-01"),
            _child("/unknown.xml"),
        )
    )

    assert _asked(search) == ["/sitemap-2025-03.xml", "/busy.xml", "/unknown.xml"]
    assert search.reasons == {
        "before-span": "2 sitemaps",
        "after-span": "1 sitemaps",
        "sitemap-of-listings": "1 sitemaps",
    }


def test_a_day_in_a_single_name_may_be_that_of_its_making() -> None:
    search = _search(_index(_child("/sitemap-20250705.xml"), _child("/pages.xml")))

    assert "/sitemap-20250705.xml" in _asked(search)


def test_a_number_that_looks_like_a_month_but_is_older_is_none() -> None:
    search = _search(
        _index(_child("/sitemap-2025-12.xml", "2025-03-10"), _child("/sitemap-2025-03.xml"))
    )

    assert sorted(_asked(search)) == ["/sitemap-2025-03.xml", "/sitemap-2025-12.xml"]


def test_packed_sitemaps_are_unpacked_also_when_cut_short_or_in_several_members() -> None:
    halves = [_urlset(_url("/1"), _url("/2"))[:90], _urlset(_url("/1"), _url("/2"))[90:]]
    packed = b"".join(gzip.compress(half.encode()) for half in halves)

    assert _search(packed).urls == [f"{SITE}/1", f"{SITE}/2"]
    long = gzip.compress(_urlset(*(_url(f"/{number}") for number in range(2_000))).encode())
    assert 0 < len(_search(long[: len(long) // 2]).urls) < 2_000


def test_a_bomb_is_unpacked_up_to_the_standard_s_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "BYTES_LIMIT", 100_000)
    body = _urlset(_url("/1"), *(f"<!--{' ' * 10_000}-->" for _ in range(50)), _url("/2"))

    assert _search(gzip.compress(body.encode())).urls == [f"{SITE}/1"]


def test_a_plain_list_is_a_sitemap_too() -> None:
    assert _search(f"{SITE}/1\r\n{SITE}/2\nnonsense://x\n").urls == [f"{SITE}/1", f"{SITE}/2"]


def test_pages_of_other_sites_are_left_out() -> None:
    urls = _urlset(
        _url("/1").replace(SITE, "https://another.example"), _url("/2").replace("//", "//www.")
    )

    search = _search(urls)

    assert search.urls == ["https://www.outlet.example/2"]
    assert search.reasons == {"another-site": "1 pages"}


def test_fifty_thousand_addresses_are_read_in_bounded_time_and_no_more() -> None:
    body = _urlset(*(_url(f"/{number}", "2025-03-04") for number in range(50_010)))
    start = time.process_time()

    search = _search(body)

    assert len(search.entries) == 50_000
    assert "truncated-sitemap" in search.reasons
    assert time.process_time() - start < 40


def test_a_loop_ends() -> None:
    again = _index(_child("/sitemap.xml"), _child("/again.xml"))

    search = _search(again, {f"{SITE}/again.xml": again})

    assert _asked(search) == ["/again.xml"]
    assert search.entries == []


def test_a_loop_of_ever_new_addresses_ends_by_its_depth() -> None:
    class Endless(dict[str, str]):
        def get(self, url: str, default: object = None) -> str:
            path = url.removeprefix(SITE)
            return f"Sitemap: {MAP}" if url == ROBOTS else _index(_child(f"{path}x"))

    search = Search(Sitemap(), Endless())

    assert len(search.seen) <= 6
    assert "not followed" in search.notes


def test_without_a_robots_txt_the_usual_places_are_tried() -> None:
    search = Search(Sitemap(), {f"{SITE}/sitemap_index.xml": _index(_child("/a.xml"))})

    assert search.asked == [
        ROBOTS,
        *(f"{SITE}/{name}.xml" for name in ("sitemap", "sitemap_index", "wp-sitemap", "a")),
    ]
    assert search.notes == f"{SITE}/a.xml: http-404"


def test_a_news_sitemap_alone_does_not_keep_from_the_usual_places() -> None:
    robots = f"Sitemap: {SITE}/news.xml"
    search = Search(
        Sitemap(), {ROBOTS: robots, f"{SITE}/news.xml": _urlset(_url("/1", news="2025-03-30"))}
    )

    assert f"{SITE}/sitemap.xml" in search.asked
    result = search.estimate()
    assert result is not None
    assert result.coverage is Coverage.PARTIAL
    assert "two days" in result.note


def test_how_far_it_goes_back_decides_on_how_complete_it_can_be() -> None:
    recent = _search(_urlset(_url("/1", "2025-03-30"))).estimate()
    far = _search(_urlset(_url("/1", "2025-03-30"), _url("/2", "2024-03-30"))).estimate()

    assert recent is not None
    assert far is not None
    assert (recent.coverage, far.coverage) == (Coverage.UNKNOWN, Coverage.COMPLETE)
    assert "1 of 1 entries are dated by their pages" in far.note


@pytest.mark.parametrize("body", ["<html><p>none</p></html>", "", "<rss/>", "just text"])
def test_what_is_no_sitemap_is_told(body: str) -> None:
    search = _search(body)

    assert MAP in search.notes
    assert search.estimate() is None


DOCUMENTS: list[str | bytes] = [
    _urlset(_url("/pier", "2025-03-05", news="2025-03-04"), _url("/a", "2020-03-06")),
    _index(_child("/sitemap-2025-03.xml", "2025-03-06"), _child("/b.xml")),
    gzip.compress(_urlset(_url("/1"), _url("/2")).encode()),
    f"{SITE}/1\n{SITE}/2",
]


@given(
    garbled(DOCUMENTS), st.sampled_from(["robots", "sitemap", "usual", "?"]), st.text(max_size=3)
)
def test_whatever_comes_back_nothing_is_raised_and_nothing_older_is_let_through(
    body: bytes, role: str, memo: str
) -> None:
    ask = Ask(url=MAP, kind="page", role=role, memo=memo)

    look = Sitemap().read(answer(ask, body), PLACE, SPAN)

    assert all(SPAN.may_hold(entry) for entry in look.entries)
    Sitemap().estimate([(ask, look)], PLACE, SPAN)
