"""Lists of addresses that an operator brings along."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pipeline.history.url_list import UrlList, read_url_list

CSV = """\
url,published,title
https://a.example/1,2025-03-01T09:30:00+01:00,"One, and more"
https://a.example/2,,
"""
JSONL = """\
{"url": "https://a.example/1", "published": "2025-03-01T09:30:00+01:00", "title": "One, and more"}

{"url": "https://a.example/2"}
"""


def _complaints(read: UrlList) -> dict[int, str]:
    return {one.line: one.text for one in read.complaints}


def test_both_forms_say_the_same() -> None:
    read = read_url_list(CSV)

    assert read == read_url_list(JSONL)
    assert read.complaints == ()
    first, second = read.entries
    assert (first.url, first.title) == ("https://a.example/1", "One, and more")
    assert first.published_at == datetime(2025, 3, 1, 8, 30, tzinfo=UTC)
    assert (second.url, second.title, second.published_at) == ("https://a.example/2", "", None)


def test_columns_may_come_in_any_order_and_with_others() -> None:
    read = read_url_list("\ufeffTitle,Note,URL\r\nOne,x,https://a.example/1\r\n")

    [entry] = read.entries
    assert (entry.url, entry.title) == ("https://a.example/1", "One")


def test_a_complaint_names_the_line() -> None:
    read = read_url_list('url,published\n"https://a.example/1\n",\n\nmailto:x@a.example,\n')

    assert _complaints(read) == {5: "no web address: 'mailto:x@a.example'; left out"}


def test_a_date_that_means_nothing_costs_the_date_alone() -> None:
    read = read_url_list("url,published\nhttps://a.example/1,last spring\n")

    assert [entry.published_at for entry in read.entries] == [None]
    assert "'last spring'" in _complaints(read)[2]


def test_a_date_in_the_future_is_read_as_it_stands() -> None:
    [entry] = read_url_list("url,published\nhttps://a.example/1,2199-01-01\n").entries

    assert entry.published_at == datetime(2199, 1, 1, tzinfo=UTC)


def test_a_page_counts_once() -> None:
    read = read_url_list("url\nhttps://a.example/1\nhttps://www.a.example/1?utm_source=x\n")

    assert len(read.entries) == 1
    assert _complaints(read) == {3: "the page of line 2; left out"}


def test_a_csv_needs_its_header() -> None:
    read = read_url_list("https://a.example/1\nhttps://a.example/2\n")

    assert read.entries == ()
    assert "no column `url`" in _complaints(read)[1]


def test_lines_that_are_no_objects_are_told() -> None:
    read = read_url_list('{"url": "https://a.example/1"}\n[]\n{"url"\n{"url": 3}\n')

    assert [entry.url for entry in read.entries] == ["https://a.example/1"]
    assert sorted(_complaints(read)) == [2, 3, 4]


def test_an_empty_list_is_empty() -> None:
    assert read_url_list("") == UrlList()


def test_a_field_beyond_all_measure_is_one_complaint() -> None:
    read = read_url_list(f"url\n{'x' * 200_000}\nhttps://a.example/1\n")

    assert [entry.url for entry in read.entries] == ["https://a.example/1"]
    assert list(_complaints(read)) == [2]


@given(st.text(alphabet='{}[]",:\n\r\0url tilepbsdhé/.x1'), st.sampled_from(["", CSV, JSONL]))
def test_no_text_raises(junk: str, before: str) -> None:
    read = read_url_list(before + junk)

    assert all(1 <= one.line <= (before + junk).count("\n") + 2 for one in read.complaints)


def test_a_list_is_read_in_parts_as_it_is_read_whole() -> None:
    rows = [f"https://one.example/{number}," for number in range(7)]
    text = "\n".join(["url,published", *rows])

    parts = [read_url_list(text, start=start, most=3) for start in (0, 3, 6)]

    assert [one for part in parts for one in part.entries] == [*read_url_list(text).entries]
    assert [part.goes_on for part in parts] == [True, True, False]
    assert not read_url_list(text, start=4, most=3).goes_on
