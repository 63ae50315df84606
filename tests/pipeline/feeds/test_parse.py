"""Every dialect, and everything that is wrong with real feeds."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import NotAFeed
from pipeline.feeds.entries import ENTRIES_LIMIT
from pipeline.feeds.parse import parse_feed
from pipeline.records import FeedDocument, ParsedFeed
from tests.pipeline.feeds.dialects import DIALECTS, FIRST, RSS20, SECOND, TITLE, UNDATED

NOW = datetime(2020, 1, 24, tzinfo=UTC)


def _parse(
    body: bytes | str, content_type: str = "", url: str = "https://outlet.example/feed"
) -> ParsedFeed:
    data = body.encode() if isinstance(body, str) else body
    return parse_feed(FeedDocument(final_url=url, body=data, content_type=content_type), now=NOW)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_dialect_tells_the_same(dialect: str) -> None:
    parsed = _parse(DIALECTS[dialect])
    first, second = parsed.entries

    assert parsed.dialect.startswith(dialect[:4])
    assert parsed.title == "Outlet"
    assert (first.title, first.url, first.summary) == (TITLE, FIRST, "A short summary.")
    assert (second.title, second.url) == ("Second", SECOND)
    if dialect not in UNDATED:
        assert first.published_at == datetime(2020, 1, 23, 15, 31, tzinfo=UTC)
        assert second.published_at == datetime(2020, 1, 23, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize("dialect", ["rss20", "json11"])
def test_pictures_are_absolute(dialect: str) -> None:
    [picture] = _parse(DIALECTS[dialect]).entries[0].media

    assert picture.url == "https://outlet.example/pictures/a.jpg"


def test_authors_lose_their_addresses() -> None:
    for dialect in ("rss20", "atom10", "json11"):
        assert _parse(DIALECTS[dialect]).entries[0].authors == ("The desk",)


def test_hints_are_read() -> None:
    assert _parse(RSS20).hints.ttl == timedelta(minutes=30)
    assert _parse(DIALECTS["rss10"]).hints.ttl == timedelta(minutes=30)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-15", "windows-1252"])
def test_declared_encodings_are_read(encoding: str) -> None:
    title = "Café öffnet"
    body = (
        f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><title>o</title>'
    )
    body += f"<item><title>{title}</title><link>{FIRST}</link></item></channel></rss>"

    assert _parse(body.encode(encoding)).entries[0].title == title


def test_latin_bytes_declared_as_utf8_are_repaired() -> None:
    body = RSS20.replace("Second", "Zweites Caf\xe9").encode("latin-1", errors="replace")

    assert _parse(body).entries[1].title == "Zweites Café"


def test_an_ill_formed_feed_still_gives_its_entries() -> None:
    broken = RSS20.replace("</channel></rss>", "<item><title>A & B</title><link>/c</link>")

    assert [entry.url for entry in _parse(broken).entries][:2] == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty-body"),
        (b"\xef\xbb\xbf", "empty-body"),
        (b" \n\t ", "empty-body"),
        (b"<!DOCTYPE html><html><head><title>Log in</title></head></html>", "not-a-feed"),
        (bytes(range(256)), "not-a-feed"),
        (b"{", "not-a-feed"),
        (b'{"version": 3, "items": []}', "not-a-feed"),
        (b"[" * 100_000, "not-a-feed"),
        (b'{"a":' * 50_000, "not-a-feed"),
        (b"/etc/passwd", "not-a-feed"),
        (b"https://outlet.example/other", "not-a-feed"),
    ],
)
def test_what_is_no_feed_has_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(NotAFeed) as caught:
        _parse(body)

    assert caught.value.reason == reason


def test_a_body_that_is_a_path_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_text(RSS20)

    with pytest.raises(NotAFeed):
        _parse(str(file))


def test_entities_neither_grow_nor_read_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    for declared, used in (
        (f'<!ENTITY e0 "lol">{bomb}', "&e8;"),
        (f'<!ENTITY x SYSTEM "file://{secret}">', "&x;"),
        (f'<!ENTITY % p SYSTEM "file://{secret}">%p;', "p"),
    ):
        body = f"<?xml version='1.0'?><!DOCTYPE rss [{declared}]>" + RSS20.split("?>", 1)[1]
        parsed = _parse(body.replace("Second", used))
        assert all("secret" not in entry.title for entry in parsed.entries)
        assert all(len(entry.title) <= 500 for entry in parsed.entries)


def test_markup_and_controls_never_survive() -> None:
    body = DIALECTS["json11"].replace(
        "Second", "<script>x</script>\\u0000&lt;img src=x onerror=y&gt;\\u202eright"
    )
    title = _parse(body).entries[1].title

    assert title == "right"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("<item><title>No link</title></item>", "entry-without-link"),
        (
            "<item><title>No link</title><link>javascript:alert(1)</link></item>",
            "entry-without-link",
        ),
        ("<item><title>No link</title><link>http://</link></item>", "entry-without-link"),
    ],
)
def test_an_entry_without_a_link_is_named_and_left_out(item: str, reason: str) -> None:
    parsed = _parse(RSS20.replace("</channel>", f"{item}</channel>"))

    assert [(one.reason, one.label) for one in parsed.skipped] == [(reason, "No link")]
    assert len(parsed.entries) == 2


def test_a_guid_that_is_an_address_serves_as_link() -> None:
    item = f"<item><title>T</title><guid>{SECOND}</guid></item>"
    parsed = _parse(f"<rss version='2.0'><channel><title>o</title>{item}</channel></rss>")

    assert parsed.entries[0].url == SECOND


def test_the_newest_entries_of_an_endless_feed_are_kept() -> None:
    items = "".join(
        f"<item><title>t{n}</title><link>/{n}</link>"
        f"<pubDate>{datetime(2019, 1, 1, tzinfo=UTC) + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}"
        "</pubDate></item>"
        for n in range(ENTRIES_LIMIT + 5)
    )
    parsed = _parse(f"<rss version='2.0'><channel><title>o</title>{items}</channel></rss>")

    assert len(parsed.entries) == ENTRIES_LIMIT
    assert parsed.entries[0].title == "t5"
    assert [note.reason for note in parsed.skipped] == ["truncated-feed"]


def test_a_long_description_costs_little() -> None:
    body = RSS20.replace(
        "Second</title>", "Second</title><description>" + "&lt;b&gt;x " * 60_000 + "</description>"
    )
    started = time.process_time()
    entry = _parse(body).entries[1]

    assert len(entry.summary) <= 2_000
    assert time.process_time() - started < 10


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_whatever_raise_anything_else(body: bytes) -> None:
    with contextlib.suppress(NotAFeed):
        _parse(body)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=40))
def test_no_text_whatever_breaks_an_entry(title: str, link: str, date: str) -> None:
    import json  # noqa: PLC0415

    item = {"id": title, "title": title, "url": link, "date_published": date}
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [item]}
    parsed = _parse(json.dumps(feed))

    assert len(parsed.entries) + len(parsed.skipped) == 1
    for entry in parsed.entries:
        assert entry.url.startswith(("http://", "https://"))
        assert not any(ord(character) < 32 for character in entry.title)
