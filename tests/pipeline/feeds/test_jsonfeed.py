"""What is particular to JSON Feed; what it shares with all dialects stands in test_parse."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import NotAFeed
from pipeline.feeds.parse import parse_feed
from pipeline.records import FeedDocument, ParsedFeed

NOW = datetime(2020, 1, 24, tzinfo=UTC)
VERSION = "https://jsonfeed.org/version/1.1"
PAGE = "https://outlet.example/b"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    ["id", "url", "external_url", "title", "summary", "content_html", "content_text", "image",
     "banner_image", "authors", "author", "attachments", "date_published", "date_modified"]
)  # fmt: skip


def _parse(body: str | bytes) -> ParsedFeed:
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    document = FeedDocument(final_url="https://outlet.example/feed.json", body=data)
    return parse_feed(document, now=NOW)


def _feed(*items: Any, **fields: Any) -> ParsedFeed:
    return _parse(json.dumps({"version": VERSION, "items": items, **fields}))


def test_a_later_version_is_read_as_the_latest_known() -> None:
    assert _feed(version="https://jsonfeed.org/version/2").dialect == "json11"
    assert _feed(version="https://jsonfeed.org/version/1").dialect == "json10"


def test_an_item_without_a_url_leads_where_it_points() -> None:
    [entry] = _feed({"external_url": PAGE}).entries

    assert entry.url == PAGE


@pytest.mark.parametrize(
    ("id_", "guid"), [("a", "a"), (7, "7"), (0, "0"), (1.5, "1.5"), (None, ""), ([1], "")]
)
def test_ids_are_texts(id_: Any, guid: str) -> None:
    [entry] = _feed({"id": id_, "url": PAGE}).entries

    assert entry.guid == guid


def test_the_text_stands_in_for_a_summary() -> None:
    html = {"url": PAGE, "content_html": "<p>One</p><p>two &amp; three</p>"}
    found = [_feed(item).entries[0].summary for item in (html, html | {"content_text": "Plain"})]

    assert found == ["One two & three", "Plain"]


def test_pictures_and_videos_are_found_and_sounds_are_not() -> None:
    item = {
        "url": PAGE,
        "image": "/a.jpg",
        "banner_image": "https://cdn.example/b.jpg",
        "attachments": [
            {"url": "/c.png", "mime_type": "image/png"},
            {"url": "/d.mp3", "mime_type": "audio/mpeg"},
            {"url": "/a.jpg", "mime_type": "image/jpeg"},
        ],
    }
    media = _feed(item).entries[0].media

    assert [(one.url, one.type) for one in media] == [
        ("https://outlet.example/a.jpg", "image/*"),
        ("https://cdn.example/b.jpg", "image/*"),
        ("https://outlet.example/c.png", "image/png"),
    ]


def test_raw_line_breaks_in_texts_are_forgiven() -> None:
    body = f'{{"version": "{VERSION}", "items": [{{"url": "{PAGE}", "title": "a\n\tb"}}]}}'

    assert _parse(body).entries[0].title == "a b"


def test_lone_surrogates_and_controls_never_survive() -> None:
    bad = "a\ud800\x00\u202eb"
    item = {"id": bad, "title": bad, "url": f"{PAGE}?\ud800", "authors": [{"name": bad}]}
    attachment = {"attachments": [{"url": PAGE, "mime_type": f"image/{bad}"}]}
    parsed = _feed(item | {"url": PAGE}, item, {"url": PAGE} | attachment, title=bad, language=bad)

    assert (parsed.title, parsed.language) == ("ab", None)
    assert (parsed.entries[0].guid, parsed.entries[0].authors) == ("ab", ("ab",))
    assert parsed.entries[-1].media[0].type == ""
    for entry in parsed.entries:
        entry.url.encode()


@pytest.mark.parametrize("items", [None, 5, "text", {"a": 1}, [1, None, "x", []]])
def test_items_that_are_none_are_no_entries(items: Any) -> None:
    parsed = _parse(json.dumps({"version": VERSION, "items": items}))

    assert (parsed.entries, parsed.skipped) == ((), ())


@pytest.mark.parametrize(
    "body",
    [
        "{}", '{"error": "not found"}', '{"version": ["jsonfeed.org/version/1"]}', "{'a': 1}",
        '{"version": "https://jsonfeed.org/version/1.1", "items": [', "{" * 10_000,
        f'{{"version": "{VERSION}", "n": {"9" * 5000}}}',
    ],
)  # fmt: skip
def test_other_json_is_no_feed(body: str) -> None:
    with pytest.raises(NotAFeed) as caught:
        _parse(body)

    assert caught.value.reason == "not-a-feed"


@given(st.lists(st.dictionaries(FIELDS, VALUES), max_size=4))
def test_no_values_whatever_raise(items: list[dict[str, Any]]) -> None:
    parsed = _feed(*items)

    assert len(parsed.entries) + len(parsed.skipped) == len(items)
    for entry in parsed.entries:
        assert entry.url.startswith(("http://", "https://"))
        assert not any(ord(character) < 32 for character in entry.title + entry.summary)
