"""The news sitemap."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import fromstring

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.seedfile.listing import Listing, time_text
from pipeline.seedfile.sitemap import news_sitemap
from tests.pipeline.seedfile.listings import BASE, LISTING, hostile, numbered
from tests.pipeline.seedfile.world import MOMENT, site

NAMES = {
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "news": "http://www.google.com/schemas/sitemap-news/0.9",
}


def _texts(data: bytes, name: str) -> list[str | None]:
    return [one.text for one in fromstring(data).iterfind(f".//{name}", NAMES)]


def test_a_story_is_told_as_google_news_wants_it() -> None:
    data = news_sitemap([LISTING], site=site(base_url=BASE), now=MOMENT)

    assert (
        data.decode()
        == f"""\
<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="{NAMES["s"]}" xmlns:news="{NAMES["news"]}">
 <url>
  <loc>{BASE}/news/2020/01/23/a-headline/</loc>
  <news:news>
   <news:publication>
    <news:name>ai</news:name>
    <news:language>en</news:language>
   </news:publication>
   <news:publication_date>2020-01-23T15:31:00Z</news:publication_date>
   <news:title>A headline</news:title>
  </news:news>
 </url>
</urlset>
"""
    )


def test_without_an_address_of_the_site_the_article_s_own_is_told() -> None:
    assert _texts(news_sitemap([LISTING], site=site(), now=MOMENT), "s:loc") == [LISTING.url]


def test_only_the_last_48_hours_before_the_full_hour_are_told() -> None:
    now = datetime(2020, 1, 25, 15, 59, 59, tzinfo=UTC)
    oldest = datetime(2020, 1, 23, 15, tzinfo=UTC)
    listings = [
        replace(numbered(number), published_at=time_text(oldest + timedelta(seconds=number)))
        for number in (-1, 0, 1)
    ]

    found = _texts(news_sitemap(listings, site=site(), now=now), "news:publication_date")
    assert found == ["2020-01-23T15:00:01Z", "2020-01-23T15:00:00Z"]


def test_the_bytes_stay_the_same_within_an_hour() -> None:
    listings = [numbered(60 * number) for number in range(60)]
    hour = datetime(2020, 1, 24, 15, tzinfo=UTC)
    first, last, next_one = (
        news_sitemap(listings, site=site(), now=hour + timedelta(seconds=seconds))
        for seconds in (0, 3599, 3600)
    )

    assert first == last != next_one


def test_of_more_than_a_thousand_stories_the_newest_are_told() -> None:
    listings = [numbered(number) for number in range(1_001)]
    titles = _texts(news_sitemap(listings[::-1], site=site(), now=MOMENT), "news:title")

    assert titles == [one.title for one in listings[:1_000]]


def test_a_site_without_stories_has_an_empty_sitemap() -> None:
    assert _texts(news_sitemap([], site=site(), now=MOMENT), "s:url") == []


@given(hostile().flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
@settings(max_examples=80, deadline=None)
def test_any_order_gives_the_same_well_formed_sitemap(
    orders: tuple[list[Listing], list[Listing]],
) -> None:
    given_order, other_order = orders
    data = news_sitemap(given_order, site=site(), now=MOMENT)

    assert data == news_sitemap(other_order, site=site(), now=MOMENT)
    titles = [title or "" for title in _texts(data, "news:title")]
    assert sorted(titles) == sorted(one.title for one in given_order)
