"""Lists of feeds: what is written is what is read, and hostile files end in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import NotAFeed
from pipeline.feeds.opml import MAX_BYTES, Opml, Outline, read_opml, write_opml
from pipeline.plaintext import clean_line

LINES = st.text(max_size=30).map(clean_line)
NAMES = LINES.filter(bool)
OUTLINES = st.builds(
    Outline,
    title=LINES,
    feed_url=NAMES,
    home_url=LINES,
    language=LINES,
    folders=st.lists(NAMES, max_size=3).map(tuple),
    own=st.dictionaries(st.sampled_from(["id", "provider", "interval"]), NAMES),
)


@given(st.builds(Opml, title=LINES, outlines=st.lists(OUTLINES, max_size=6).map(tuple)))
def test_what_is_written_is_read_back(listed: Opml) -> None:
    assert read_opml(write_opml(listed).encode()) == listed


def _read(body: str) -> list[tuple[str, str, tuple[str, ...]]]:
    text = f"<opml version='1.1'><head/><body>{body}</body></opml>"
    return [(one.title, one.feed_url, one.folders) for one in read_opml(text.encode()).outlines]


def test_nested_folders_are_walked_in_their_order() -> None:
    body = (
        "<outline text='News'><outline text='World'><outline text='A' xmlUrl='https://a/'/>"
        "</outline><outline title='B' text='b' xmlurl='https://b/'/></outline>"
        "<outline text='C' type='rss' xmlUrl='https://c/'><outline text='D' xmlUrl='https://d/'/>"
        "</outline><outline text='a note'/>"
    )

    assert _read(body) == [
        ("A", "https://a/", ("News", "World")),
        ("B", "https://b/", ("News",)),
        ("C", "https://c/", ()),
        ("D", "https://d/", ()),
    ]


def test_bare_ampersands_and_control_characters_are_forgiven() -> None:
    assert _read("<outline text='A&B\x01 &nbsp;' xmlUrl='https://a/?x=1&y=2'/>") == [
        ("A&B &nbsp;", "https://a/?x=1&y=2", ())
    ]


def test_no_entity_is_expanded_and_no_file_is_read() -> None:
    text = (
        "<?xml version='1.0'?><!DOCTYPE opml [<!ENTITY a 'lollollol'><!ENTITY b '&a;&a;&a;'>"
        "<!ENTITY file SYSTEM 'file:///etc/hostname'>]>"
        "<opml><body><outline text='&b; &file;' xmlUrl='https://a/'/></body></opml>"
    )

    assert [one.title for one in read_opml(text.encode()).outlines] == ["&b; &file;"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not-opml"),
        (b"<html><body>OPML</body></html>", "not-opml"),
        (b"<rss><channel/></rss>", "not-opml"),
        (b"<opml><body><outline text='A' xmlUrl='https://a/'>", "unreadable-feed"),
        (b"<opml>" + b"<outline>" * 100_000, "unreadable-feed"),
        (b"<opml>" + b" " * MAX_BYTES, "too-large"),
    ],
)
def test_what_is_no_list_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(NotAFeed) as caught:
        read_opml(body)

    assert caught.value.reason == reason


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body: bytes) -> None:
    try:
        read_opml(b"<opml><body>" + body)
    except NotAFeed as error:
        assert error.reason == "unreadable-feed"  # noqa: PT017 -- reading it would be fine as well
