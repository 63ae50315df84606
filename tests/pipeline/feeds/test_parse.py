"""Every dialect, and everything that is wrong with real feeds."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.charsets import decode
from pipeline.entries import ENTRIES_LIMIT
from pipeline.errors import NotAFeed
from pipeline.feeds.parse import parse_feed
from pipeline.feeds.xmlfeed import XmlFeed
from pipeline.records import Entry, FeedDocument, Media, ParsedFeed, PollHints, SkippedEntry
from tests.pipeline.feeds.dialects import BARE, DIALECTS, FIRST, RSS20, SECOND, TITLE

NOW = datetime(2020, 1, 24, tzinfo=UTC)
#: Dialects that only feedparser still reads.
BYGONE = ("rss090", "atom03")
FEED_URL = "https://outlet.example/feed"
NAMESPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
    ' xmlns:georss="http://www.georss.org/georss" xmlns:atom="http://www.w3.org/2005/Atom"'
)


def _parse(body: bytes | str, content_type: str = "", url: str = FEED_URL) -> ParsedFeed:
    data = body.encode() if isinstance(body, str) else body
    document = FeedDocument(final_url=url, body=data, content_type=content_type)
    parsed = parse_feed(document, now=NOW)
    if parsed.parser == "fast":
        text = decode(data, content_type=content_type).lstrip("\ufeff\0 \t\r\n")
        judged = XmlFeed(text, final_url=url, now=NOW).judged()
        assert replace(parsed, parser="feedparser") == judged
    return parsed


def _rss(items: str, channel: str = "<link>https://outlet.example/</link>") -> str:
    return (
        f'<rss version="2.0" {NAMESPACES}><channel><title>Outlet</title>{channel}{items}'
        "</channel></rss>"
    )


def _atom(entries: str, feed: str = '<link href="https://outlet.example/"/>') -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACES}>{feed}{entries}</feed>'


def _item(content: str, url: str = FEED_URL) -> Entry:
    """Return the one entry of an RSS feed."""
    [entry] = _parse(_rss(f"<item>{content}</item>"), url=url).entries
    return entry


# --- dialects -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_dialect_tells_the_same(dialect: str) -> None:
    parsed = _parse(DIALECTS[dialect])
    first, second = parsed.entries

    assert (parsed.dialect, parsed.title, parsed.skipped) == (dialect, "Outlet", ())
    slow = {"json10": "jsonfeed", "json11": "jsonfeed"} | dict.fromkeys(BYGONE, "feedparser")
    assert parsed.parser == slow.get(dialect, "fast")
    assert (first.title, first.url, first.summary) == (TITLE, FIRST, "A short summary.")
    assert (second.title, second.url, second.summary) == ("Second", SECOND, "")


@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - BARE))
def test_dates_guids_and_authors_are_told_alike(dialect: str) -> None:
    first, second = _parse(DIALECTS[dialect]).entries

    assert first.published_at == datetime(2020, 1, 23, 15, 31, tzinfo=UTC)
    assert second.published_at == datetime(2020, 1, 23, 14, 0, tzinfo=UTC)
    assert (first.guid, second.guid) == ("g1", "g2")
    assert (first.authors, second.authors) == (("The desk",), ())
    if dialect.startswith(("atom", "json")):
        assert first.updated_at == datetime(2020, 1, 23, 15, 45, tzinfo=UTC)


@pytest.mark.parametrize("dialect", sorted(BARE))
def test_a_dialect_without_dates_and_guids_has_none(dialect: str) -> None:
    for entry in _parse(DIALECTS[dialect]).entries:
        assert (entry.guid, entry.published_at, entry.updated_at) == ("", None, None)


@pytest.mark.parametrize("dialect", ["rss20", "rss10", "atom10", "json11"])
def test_the_language_is_a_bare_code(dialect: str) -> None:
    assert _parse(DIALECTS[dialect]).language == "en"


@pytest.mark.parametrize("language", ["English", "", "x", "\x00\ud800"])
def test_what_is_no_language_code_is_no_language(language: str) -> None:
    channel = f"<language>{language}</language>".encode("utf-8", "surrogatepass").decode(
        "utf-8", "replace"
    )

    assert _parse(_rss("", channel)).language is None


def test_hints_are_read() -> None:
    half_an_hour = timedelta(minutes=30)

    assert _parse(RSS20).hints == PollHints(
        ttl=half_an_hour, skip_hours=frozenset({3}), skip_days=frozenset({6})
    )
    assert _parse(DIALECTS["rss10"]).hints.ttl == half_an_hour
    assert _parse(DIALECTS["json11"]).hints == PollHints()


def test_a_feed_may_be_empty() -> None:
    assert _parse(_rss("")).entries == ()


# --- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "url"),
    [
        ("<link>\n https://outlet.example/b\n</link>", SECOND),
        ("<link><![CDATA[https://outlet.example/a?id=1]]></link>", FIRST),
        ("<link>https://outlet.example/a?x=1&amp;copy=2</link>", f"{FIRST[:-4]}x=1&copy=2"),
        ("<link>https://outlet.example/a?x=1&copy=2</link>", f"{FIRST[:-4]}x=1&copy=2"),
        ("<link>b</link>", SECOND),
        ("<link>//outlet.example/b</link>", SECOND),
        ("<link>outlet.example/b</link>", SECOND),
        ("<link>HTTPS://user:word@OUTLET.example:443/b</link>", SECOND),
        ("<guid>https://outlet.example/b</guid>", SECOND),
        ("<link/><guid isPermaLink='true'>https://outlet.example/b</guid>", SECOND),
        ("<guid>https://outlet.example/other</guid><link>/b</link>", SECOND),
        ("<link>/b</link><guid>https://outlet.example/other</guid>", SECOND),
        ("<link>javascript:x()</link><guid>https://outlet.example/b</guid>", SECOND),
        ("<atom:link rel='self' href='/self'/><atom:link href='/b'/>", SECOND),
        ("<link>https://p.example/</link><feedburner:origLink>/b</feedburner:origLink>", SECOND),
    ],
)
def test_the_link_is_absolute_and_clean(content: str, url: str) -> None:
    assert _item(content).url == url


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<link></link>",
        "<link>javascript:alert(1)</link>",
        "<link>data:text/html,x</link>",
        "<link>file:///etc/passwd</link>",
        "<link>http://</link>",
        f"<link>https://outlet.example/{'x' * 100_000}</link>",
        "<link>https://xn--/</link>",
        "<guid isPermaLink='false'>https://outlet.example/b</guid>",
        "<link>mailto:x</link><guid isPermaLink='false'>https://outlet.example/b</guid>",
        "<guid>post-17</guid>",
        "<atom:link rel='enclosure' href='/b.mp3'/>",
    ],
)
def test_an_entry_without_a_usable_link_is_named_and_left_out(content: str) -> None:
    item = f"<item><title>No link</title>{content}</item>"
    parsed = _parse(_rss(f"{item}<item><link>/b</link></item>"))

    assert parsed.skipped == (SkippedEntry(reason="entry-without-link", label="No link"),)
    assert [entry.url for entry in parsed.entries] == [SECOND]


def test_an_entry_without_anything_is_told_as_well() -> None:
    [skipped] = _parse(_rss("<item/>")).skipped

    assert skipped.label == "an entry without any name"


def test_relative_links_resolve_against_xml_base_then_the_channels_link() -> None:
    items = (
        '<item xml:base="https://base.example/x/"><link>1</link></item>'
        "<item><link>2</link></item><item><link>/3</link></item>"
    )
    parsed = _parse(_rss(items, "<link>https://outlet.example/news/</link>"), url="https://p.test/")

    assert [entry.url for entry in parsed.entries] == [
        "https://base.example/x/1",
        "https://outlet.example/news/2",
        "https://outlet.example/3",
    ]


@pytest.mark.parametrize(
    ("feed_url", "site", "url"),
    [
        ("https://outlet.example/blog/feed", "/", "https://outlet.example/blog/1"),
        ("https://proxy.example/blog/feed", "https://outlet.example/", "https://outlet.example/1"),
        ("https://outlet.example/blog/feed", "mailto:x", "https://outlet.example/blog/1"),
    ],
    ids=["the feed's address", "the site's, when another host serves it", "no site"],
)
def test_relative_links_of_atom_resolve_against_the_feed(
    feed_url: str, site: str, url: str
) -> None:
    entry = '<entry><link href="1"/></entry>'

    assert _parse(_atom(entry, f'<link href="{site}"/>'), url=feed_url).entries[0].url == url


def test_absolute_links_need_no_base() -> None:
    for body in (RSS20.replace("<link>https://outlet.example/</link>", ""), DIALECTS["atom10"]):
        assert _parse(body, url="").entries[0].url == FIRST


def test_guids_stay_as_served() -> None:
    assert _item("<link>/b</link><guid>/b</guid>").guid == "/b"
    assert _item("<link>/b</link><guid> a\x00\u202e\n b </guid>").guid == "a b"
    assert len(_item(f"<link>/b</link><guid>{'g ' * 500_000}</guid>").guid) < 100


# --- texts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("AT&amp;amp;T &amp;lt;b&amp;gt;news&amp;lt;/b&amp;gt;", "AT&T news"),
        ("<![CDATA[<p>One</p><p>two</p>]]>", "One two"),
        ("<![CDATA[<script>x()</script>Safe<style>p{}</style>]]>", "Safe"),
        ("&lt;img src=x onerror=y", ""),
        ("<b>Bold</b> as elements", "Bold as elements"),
        ("Line\n\tbreaks\u2028and\u00a0spaces", "Line breaks and spaces"),
        ("a\x00b\x0b&#x1;\u202e&#8238;c", "abc"),
        ("AT&T news", "AT&T news"),
        ("caf&eacute; &hellip;", "café …"),
    ],
)
def test_texts_are_plain_lines(markup: str, text: str) -> None:
    entry = _item(f"<link>/b</link><title>{markup}</title><description>{markup}</description>")

    assert (entry.title, entry.summary) == (text, text)


def test_titles_and_summaries_are_cut_at_a_space() -> None:
    entry = _item(
        f"<link>/b</link><title>{'word ' * 1000}</title><description>{'word ' * 1000}</description>"
    )

    assert entry.title == ("word " * 100).strip()
    assert entry.summary == ("word " * 400).strip()


def test_the_summary_is_the_description_then_the_content_then_a_caption() -> None:
    full = "<content:encoded>&lt;p&gt;The whole text.&lt;/p&gt;</content:encoded>"
    caption = (
        "<media:content url='/a.jpg'><media:description>A view</media:description></media:content>"
    )

    for content, summary in (
        (f"{full}<description>Short.</description>", "Short."),
        (f"<description>Short.</description>{full}", "Short."),
        (f"<description>&lt;img src='x'&gt;</description>{full}", "The whole text."),
        (f"{caption}<description>Short.</description>", "Short."),
        (f"{full}{caption}", "The whole text."),
        (caption, "A view"),
    ):
        assert _item(f"<link>/b</link>{content}").summary == summary


def test_the_title_is_the_entrys_own() -> None:
    media = "<media:title>A picture</media:title>"

    for content in (f"<title>News</title>{media}", f"{media}<title>News</title>"):
        assert _item(f"<link>/b</link>{content}").title == "News"


def test_an_entry_may_lack_title_and_date() -> None:
    entry = _item("<link>/b</link>")

    assert (entry.title, entry.summary, entry.published_at) == ("", "", None)


@pytest.mark.parametrize(
    ("content", "authors"),
    [
        ("<author>desk@outlet.example (The desk)</author>", ("The desk",)),
        ("<author>The desk &lt;desk@outlet.example&gt;</author>", ("The desk",)),
        ("<author>desk@outlet.example(The desk)</author>", ("The desk",)),
        ("<author>desk@outlet.example</author>", ()),
        ("<dc:creator>One</dc:creator><dc:creator>Two</dc:creator>", ("One", "Two")),
        ("<dc:creator>Desk</dc:creator><dc:creator> Desk </dc:creator>", ("Desk",)),
    ],
)
def test_authors_lose_their_addresses(content: str, authors: tuple[str, ...]) -> None:
    assert _item(f"<link>/b</link>{content}").authors == authors


def test_the_content_hash_tells_what_a_reader_would_see_change() -> None:
    base = "<link>/b</link><title>T</title><description>S</description>"
    same = [base, f"{base}<guid>g</guid><pubDate>Thu, 23 Jan 2020 15:31:00 GMT</pubDate>"]
    other = [base.replace("T<", "U<"), base.replace("S<", "V<"), base.replace("/b", "/c")]

    assert len({_item(content).content_hash for content in same}) == 1
    assert len({_item(content).content_hash for content in (base, *other)}) == 4


# --- dates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "date",
    ["Sun, 30 Feb 2020 10:00:00 GMT", "0000-00-00", "Mon, 01 Jan 0001 00:00:00 +0000", "soon"],
)
def test_a_date_that_means_nothing_is_no_date(date: str) -> None:
    assert _item(f"<link>/b</link><pubDate>{date}</pubDate>").published_at is None


def test_a_second_date_stands_in_for_a_first_that_means_nothing() -> None:
    entry = _item(
        "<link>/b</link><pubDate>2020-02-30</pubDate><dc:date>2020-01-23T15:31:00Z</dc:date>"
    )

    assert entry.published_at == datetime(2020, 1, 23, 15, 31, tzinfo=UTC)


# --- pictures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["rss20", "json11"])
def test_pictures_are_absolute(dialect: str) -> None:
    [picture] = _parse(DIALECTS[dialect]).entries[0].media

    assert picture.url == "https://outlet.example/pictures/a.jpg"


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (
            "<media:content url='/a.jpg' width='1024' height='576px' type='image/JPEG'/>",
            Media(url="/a.jpg", width=1024, height=576, type="image/jpeg"),
        ),
        (
            "<media:group><media:content url='/a' medium='image'/></media:group>",
            Media(url="/a", type="image"),
        ),
        ("<media:content url='/a'/>", Media(url="/a")),
        (
            "<media:thumbnail url='/a' width='-1' height='0'/>",
            Media(url="/a", type="image/*"),
        ),
        ("<enclosure url='/a' type='image/png'/>", Media(url="/a", type="image/png")),
        ("<enclosure url='/a.jpg?w=1' length='0'/>", Media(url="/a.jpg?w=1", type="image/*")),
        (
            "<media:content url='/a' width='99999999999' height='abc' type='image/x\x00\ud800'/>",
            Media(url="/a", type="image/x"),
        ),
        ("<media:content url='/a' type='image/ß'/>", Media(url="/a")),
    ],
)
def test_pictures_of_every_kind_are_found(content: str, media: Media) -> None:
    text = content.encode("utf-8", "ignore").decode()
    [found] = _item(f"<link>/b</link>{text}").media

    assert found.url == f"https://outlet.example{media.url}"
    assert (found.width, found.height, found.type) == (media.width, media.height, media.type)


@pytest.mark.parametrize(
    "content",
    [
        "<media:content url='/a.mp3' type='audio/mpeg'/>",
        "<media:content/>",
        "<media:thumbnail url='data:image/png;base64,xx'/>",
        "<enclosure url='/a.mp3' type='audio/mpeg'/>",
        "<enclosure url='/a'/>",
    ],
)
def test_what_is_no_picture_is_left_out(content: str) -> None:
    assert _item(f"<link>/b</link>{content}").media == ()


def test_pictures_are_told_once_and_only_the_first_few() -> None:
    gallery = "".join(f"<media:content url='/{n // 2}.jpg'/>" for n in range(100))

    assert len(_item(f"<link>/b</link>{gallery}").media) == 10


# --- encodings and ill-formed feeds ---------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-16", "utf-16-be", "iso-8859-15", "windows-1252"]
)
def test_declared_encodings_are_read(encoding: str) -> None:
    declared = encoding.removesuffix("-be")
    body = f'<?xml version="1.0" encoding="{declared}"?>' + _rss(
        f"<item><title>Café öffnet</title><link>{FIRST}</link></item>"
    )

    assert _parse(body.encode(encoding)).entries[0].title == "Café öffnet"


@pytest.mark.parametrize("content_type", ["", "text/xml", "text/html; charset=iso-8859-1"])
def test_utf8_is_read_whatever_the_server_says(content_type: str) -> None:
    assert (
        _parse(_rss("<item><title>Café</title><link>/b</link></item>"), content_type)
        .entries[0]
        .title
        == "Café"
    )


def test_latin_bytes_declared_as_utf8_are_repaired() -> None:
    body = RSS20.replace("Second", "Zweites Café").encode("latin-1")

    assert _parse(body, "text/xml; charset=utf-8").entries[1].title == "Zweites Café"


def test_an_ill_formed_feed_still_gives_its_entries() -> None:
    broken = RSS20.replace("</channel></rss>", "<item><b>A & B</title><link>/c</link>")
    parsed = _parse(broken)

    assert [entry.url for entry in parsed.entries] == [FIRST, SECOND, "https://outlet.example/c"]
    assert parsed.entries[0].title == TITLE


def test_a_truncated_feed_gives_what_arrived() -> None:
    cut = RSS20[: RSS20.index("<item><title>Second")] + "<item><title>Sec"

    assert [entry.url for entry in _parse(cut).entries] == [FIRST]


def test_elements_with_an_undeclared_prefix_are_read() -> None:
    body = (
        "<!-- made by a tool --><?xml?xml version='1.0' ??><rss rss:version=2.0><rss:channel>"
        "<rss:item><rss:title>T</rss:title><rss:link>https://outlet.example/b</rss:link></rss:item>"
        "</rss:channel></rss>"
    )

    assert [entry.url for entry in _parse(body).entries] == [SECOND]


def test_elements_that_the_parser_fails_on_cost_nothing_else() -> None:
    item = "<item><link>/b</link><georss:point>1 2</georss:point></item>"
    broken = _rss(f"<georss:where/></georss:point><height/></width>{item}").replace(
        "<georss:where/>", "<source><georss:point>1 2</source>"
    )

    assert [entry.url for entry in _parse(broken).entries] == [SECOND]


def test_a_feed_that_the_parser_fails_on_twice_is_unreadable() -> None:
    # An element named as feedparser's own handler of another namespace; no feed has it.
    with pytest.raises(NotAFeed) as caught:
        _parse(_rss("<item></creativecommons_license></item>"))

    assert caught.value.reason == "unreadable-feed"


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty-body"),
        (b"\xef\xbb\xbf", "empty-body"),
        (b"\xff\xfe", "empty-body"),
        (b" \n\t ", "empty-body"),
        (b"\x00" * 1000, "empty-body"),
        (b"<!DOCTYPE html><html><head><title>Log in</title></head></html>", "not-a-feed"),
        (b"<html><head><link rel='alternate' type='application/rss+xml'></head>", "not-a-feed"),
        (b"<?xml version='1.0'?><svg/>", "not-a-feed"),
        (b"<channel>", "not-a-feed"),
        (bytes(range(256)), "not-a-feed"),
        (b"\x1f\x8b\x08\x00" + bytes(100), "not-a-feed"),
        (b"%PDF-1.7\n<<", "not-a-feed"),
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
        (f'<!ENTITY e "{"x" * 50_000}">', "&e;" * 1_000),
        (f'<!ENTITY x SYSTEM "file://{secret}">', "&x;"),
        (f'<!ENTITY % p SYSTEM "file://{secret}">%p;', "p"),
    ):
        body = f"<?xml version='1.0'?><!DOCTYPE rss [{declared}]>" + RSS20.split("?>", 1)[1]
        parsed = _parse(body.replace("Second", used))
        assert [entry.url for entry in parsed.entries] == [FIRST, SECOND]
        assert parsed.entries[1].title == used[:500]


@pytest.mark.parametrize(
    "content",
    [
        f"<author>a@{'a.' * 40_000}!</author>",
        f"<description>{'<!--' * 10_000}</description>",
        f"<description>{'&lt;div&gt;' * 10_000}</description>",
        f"<description><![CDATA[{'<div>' * 5_000}]]></description>",
        f"<title>{'x' * 1_000_000}</title>",
        f"<description>{'&lt;b&gt;x ' * 60_000}</description>",
        "<x>" * 10_000 + "</x>" * 10_000,
        "<link>x</link>" * 5_000,
        "&#55357;&#56832;" * 1_000,
    ],
    ids=[
        "author", "comments", "nested", "nested in CDATA", "title", "long", "deep", "links",
        "surrogates",
    ],
)  # fmt: skip
def test_hostile_entries_cost_little_and_spoil_no_other(content: str) -> None:
    started = time.process_time()
    hostile = f"<item><title>Bad</title>{content}<link>/bad</link></item>"
    parsed = _parse(_rss(f"<item><link>/b</link></item>{hostile}"))

    assert parsed.entries[0].url == SECOND
    assert all(len(entry.summary) <= 2_000 for entry in parsed.entries)
    assert time.process_time() - started < 10


def test_the_newest_entries_of_an_endless_feed_are_kept() -> None:
    first = datetime(2019, 1, 1, tzinfo=UTC)
    items = "".join(
        f"<item><title>t{n}</title><link>/{n}</link>"
        f"<pubDate>{first + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}</pubDate></item>"
        for n in range(ENTRIES_LIMIT + 5)
    )
    undated = "<item><title>undated</title><link>/undated</link></item>"
    parsed = _parse(_rss(undated + items))

    assert [entry.title for entry in parsed.entries] == [
        f"t{n}" for n in range(5, ENTRIES_LIMIT + 5)
    ]
    assert parsed.skipped == (SkippedEntry(reason="truncated-feed", label="6 older entries"),)


def test_a_million_entries_are_not_even_parsed() -> None:
    started = time.process_time()
    parsed = _parse(_rss("<item><title>t</title><link>/x</link></item>" * 100_000))

    assert len(parsed.entries) == ENTRIES_LIMIT
    assert parsed.skipped[-1].label == "98000 older entries"
    assert time.process_time() - started < 20


# --- whatever -------------------------------------------------------------------------------------


def _assert_safe(parsed: ParsedFeed) -> None:
    for entry in parsed.entries:
        assert entry.url.startswith(("http://", "https://"))
        assert entry.url.isascii()
        texts = (entry.title, entry.summary, entry.guid, *entry.authors, parsed.title)
        for text in (*texts, *(one.type for one in entry.media)):
            text.encode()
            assert not any(ord(character) < 32 for character in text)
        assert len(entry.title) <= 500


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_whatever_raise_anything_else(body: bytes) -> None:
    with contextlib.suppress(NotAFeed):
        _parse(body)


TAGS = st.sampled_from(
    [
        "item", "title", "link", "guid", "description", "pubDate", "author", "media:content",
        "media:thumbnail", "media:credit", "georss:point", "creativeCommons:license", "image",
        "width", "textInput", "source", "content:encoded", "enclosure", "category", "svg", "x",
    ]
)  # fmt: skip
PIECES = st.one_of(
    TAGS.map("<{}>".format),
    TAGS.map("</{}>".format),
    TAGS.map("<{} url='/a' type='x'/>".format),
    st.sampled_from(["&#xD83D;", "&#99999999;", "<![CDATA[", "]]>", "&", "<", "\x00", "/b", "é"]),
    st.text(max_size=8),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_no_markup_whatever_raises_anything_else(markup: str) -> None:
    with contextlib.suppress(NotAFeed):
        _assert_safe(_parse(_rss(f"<item><link>/b</link></item>{markup}")))
        _assert_safe(_parse(_atom(f"<entry><link href='/b'/>{markup}</entry>")))
