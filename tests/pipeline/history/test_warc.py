"""Which records of an archive are pages of the span, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.history.lookup import Span
from pipeline.history.warc import ArchivedPage, RecordHead, WarcRecord, passed_over, read_page
from pipeline.records import SkippedEntry
from pipeline.urls import url_key
from tests.pipeline.history.material import SPAN

PROVIDERS = frozenset({"outlet.example"})
HEAD = RecordHead(
    type="response",
    url="https://www.outlet.example/pier?utm_source=x",
    date=datetime(2025, 3, 4, tzinfo=UTC),
    status=200,
    headers={"content-type": "text/html; charset=utf-8", "x-robots-tag": "noindex"},
)
BODY = b"<html><title>Pier</title></html>"


def _read(head: RecordHead = HEAD, *, body: bytes = BODY, fault: str = "") -> ArchivedPage | str:
    read = read_page(WarcRecord(head=head, body=body, fault=fault), providers=PROVIDERS, span=SPAN)
    return read.reason if isinstance(read, SkippedEntry) else read


def test_a_page_comes_with_the_entry_that_stands_for_it() -> None:
    read = _read()

    assert isinstance(read, ArchivedPage)
    assert read.provider == "outlet.example"
    assert read.entry.url == HEAD.url
    assert (read.entry.title, read.entry.published_at) == ("", None)
    page = read.page
    assert page.id == url_key(HEAD.url)
    assert (page.body, page.content_type) == (BODY, "text/html; charset=utf-8")
    assert (page.fetched_at, page.robots_tag) == (HEAD.date, "noindex")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "request"}, "not-a-response"),
        ({"type": ""}, "not-a-response"),
        ({"status": 404}, "http-404"),
        ({"status": None}, "no-status"),
        ({"date": None}, "no-date"),
        ({"url": ""}, "bad-address"),
        ({"url": "dns:outlet.example"}, "bad-address"),
        ({"url": "https://another.example/pier"}, "not-a-provider"),
        ({"headers": {}}, "not-html"),
        ({"headers": {"content-type": "application/pdf"}}, "not-html"),
        ({"url": "https://outlet.example/"}, "home-page"),
        ({"truncated": "length"}, "truncated"),
        ({"date": datetime(2025, 2, 28, tzinfo=UTC)}, "before-span"),
        ({"url": "https://outlet.example/2019/05/pier"}, "before-span"),
        ({"url": "https://outlet.example/2025/06/01/pier"}, "after-span"),
    ],
)
def test_what_is_passed_over_has_a_reason(change: dict[str, object], reason: str) -> None:
    assert _read(replace(HEAD, **change)) == reason  # type: ignore[arg-type]


def test_a_page_fetched_after_the_span_may_have_come_out_within() -> None:
    assert isinstance(_read(replace(HEAD, date=datetime(2026, 1, 1, tzinfo=UTC))), ArchivedPage)


def test_a_record_without_a_body_says_why() -> None:
    assert _read(body=b"", fault="too-large") == "too-large"
    assert _read(body=b" \n") == "empty-body"


HEADS = st.builds(
    RecordHead,
    type=st.sampled_from(["response", "resource", ""]),
    url=st.one_of(st.text(max_size=30), st.sampled_from([HEAD.url, "https://outlet.example/x"])),
    date=st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))),
    status=st.sampled_from([None, 200, 304]),
    headers=st.sampled_from([{}, HEAD.headers]),
    truncated=st.sampled_from(["", "time"]),
)


@given(HEADS, st.binary(max_size=20), st.sampled_from(["", "too-large"]))
def test_no_record_raises_and_the_head_alone_tells_what_is_not_wanted(
    head: RecordHead, body: bytes, fault: str
) -> None:
    read = read_page(WarcRecord(head=head, body=body, fault=fault), providers=PROVIDERS, span=SPAN)

    if passed_over(head, providers=PROVIDERS, span=SPAN):
        assert isinstance(read, SkippedEntry)
    if isinstance(read, ArchivedPage):
        assert read.page.fetched_at >= SPAN.since
        assert read.provider in PROVIDERS
        assert read.page.body.strip()


def test_an_empty_span_wants_nothing_that_was_fetched_before() -> None:
    later = Span(since=datetime(2025, 5, 1, tzinfo=UTC), until=datetime(2025, 5, 1, tzinfo=UTC))

    assert passed_over(HEAD, providers=PROVIDERS, span=later) == "before-span"
