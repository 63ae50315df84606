"""The fast reader tells what feedparser tells, or nothing."""

from __future__ import annotations

import re
import time
import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from feedparser import mixin
from feedparser.util import FeedParserDict
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pipeline.charsets import decode
from pipeline.errors import NotAFeed, Rejected
from pipeline.feeds import fast
from pipeline.feeds.fastnames import BYGONE, MEANT, SPACES
from pipeline.feeds.parse import is_sampled, parse_feed, parse_plain_feed
from pipeline.feeds.xmlfeed import XmlFeed
from pipeline.io.feedjob import HERE_LIMIT, read_here
from pipeline.records import FeedDocument, ParsedFeed
from tests.conftest import ROOT
from tests.pipeline.feeds.dialects import DIALECTS, FIRST, RSS20

NOW = datetime(2020, 1, 24, tzinfo=UTC)
FEED_URL = "https://outlet.example/feed"
ATOM = "http://www.w3.org/2005/Atom"
USUAL = (
    f'xmlns:atom="{ATOM}" xmlns:media="http://search.yahoo.com/mrss/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
    ' xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:y="urn:example:y"'
)


def _fast(text: str) -> ParsedFeed | None:
    """Return what the fast reader vouches for, after comparing it with feedparser's word."""
    feed = XmlFeed(text, final_url=FEED_URL, now=NOW)
    fast = feed.fast()
    if fast is not None:
        assert replace(fast, parser="feedparser") == feed.judged()
    return fast


def _rss(channel: str, *, names: str = USUAL, version: str = "2.0") -> str:
    return f'<rss version="{version}" {names}><channel>{channel}</channel></rss>'


def _atom(feed: str, *, names: str = "") -> str:
    names = names or USUAL.replace(f'xmlns:atom="{ATOM}"', "")
    return f'<feed xmlns="{ATOM}" {names}>{feed}</feed>'


def _rdf(channel: str, items: str, *, names: str = "") -> str:
    names = names or USUAL.replace(f'xmlns:atom="{ATOM}"', "")
    return (
        f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" {names}'
        f' xmlns="http://purl.org/rss/1.0/"><channel>{channel}</channel>{items}</rdf:RDF>'
    )


# --- the two readers agree ------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(max_size=12).map(lambda text: re.sub("[<&]", "", text)),
    st.sampled_from(
        [
            "",
            " A title ",
            "Caf&#233; &#8211; &eacute; &amp;amp; &amp;#8217; &unknown; & &lt;b&gt;bold&lt;/b&gt;",
            "<![CDATA[<p>One</p> &#8217; &amp; two <img src='/a.jpg'>]]>",
            "Ã©crit, Ã  la",
            "Ã©crit — plus",
            "liberté» à\xa0la",
            "it\x92s \x85",
            "&#146;&#x85;",
            "]]&gt; a \t\r\n b",
            "a<!-- note -->b",
            "a<?php x ?>b",
            "<b>bold</b>",
            "</p><p>",
            "Jo (jo@outlet.example)",
            "jo@outlet.example (Jo)",
            "https://outlet.example/a?x=1&amp;y=2",
            "https://outlet.example/é?a[]=1",
            "https://outlet.example/a?x=1&copy;2",
            "https:////outlet.example/a",
            "https://münchen.example/a",
            "/b",
            "tag:outlet.example,2020:1",
            "http://[bad",
            "javascript:x()",
            "Thu, 23 Jan 2020 15:31:00 GMT",
            "Thu, 23 Jan 2020 09:00 EST",
            "2020-01-23T15:31:00.000+01:00",
            "2020-02-30",
            "23 janvier 2020",
            "99 Foo 0000 99:99:99 +9999",
            "60",
            "hourly",
            "en-GB",
            "yes",
        ]
    ),
)
ATTRIBUTES = st.lists(
    st.sampled_from(
        [
            'type="html"',
            'type="TEXT"',
            'type="xhtml"',
            'type="text/plain"',
            'type=""',
            'type="image/jpeg"',
            'type="application/x"',
            'rel="self"',
            'rel="Alternate"',
            'rel=""',
            'rel="enclosure"',
            'rel="related"',
            'href="https://outlet.example/b"',
            'href=""',
            'href=" b "',
            'HREF="/c"',
            'url="https://pictures.example/a.jpg"',
            'url="/a.png"',
            'url=""',
            'uri="/u"',
            'width="640px"',
            'height="x"',
            'medium="image"',
            'isPermaLink="false"',
            'isPermaLink="TRUE"',
            'isPermaLink="true"',
            'xml:base="https://base.example/x/"',
            'base="/x/"',
            'xml:lang="de_AT"',
            'lang="fr"',
            'y:count="3"',
            'y:href="/y"',
            'atom:rel="self"',
            'mode="escaped"',
            'lastmod="2020-01-23"',
            'version="1.0"',
            'xmlns:z="urn:example:z"',
            'xmlns:y="urn:example:other"',
            'xmlns:media="urn:example:media"',
            'xmlns="urn:example:default"',
            'xmlns="http://purl.org/dc/elements/1.1/"',
            'xmlns:xlink="http://www.w3.org/1999/xlink"',
        ]
    ),
    max_size=2,
    unique_by=lambda text: text.partition("=")[0],
).map(" ".join)
COMMON = [
    *("title", "link", "description", "guid", "pubDate", "author", "category", "comments"),
    *("atom:link", "dc:creator", "dc:date", "content:encoded", "media:content", "enclosure"),
    *("media:thumbnail", "media:title", "media:description", "source", "y:note", "nopermalink"),
    *("id", "updated", "published", "summary", "content", "creator", "name", "email", "uri"),
]
RARE = [
    *("TITLE", "PubDate", "dc:title", "dc:description", "dcterms:created", "dcterms:modified"),
    *("dc:subject", "dc:publisher", "dc:contributor", "dc:language", "dc:rights", "dc:type"),
    *("image", "textInput", "date", "created", "issued", "modified", "abstract", "body", "info"),
    *("media:group", "media:credit", "media:caption", "media:category", "media:rating"),
    *("media:keywords", "media:text", "media:player", "feedburner:origLink", "slash:comments"),
    *("contributor", "rights", "managingEditor", "webMaster", "subtitle", "language", "ttl"),
    *("feedburner:browserFriendly", "content:items", "custom-field", "custom_field", "links"),
    *("authors", "title_detail", "url", "item", "entry", "channel", "rdf:li", "cloud", "tags"),
    *("sy:updatePeriod", "sy:updateFrequency", "skipHours", "hour", "generator", "docs", "x:y"),
    *("dcterms:valid", "expirationDate", "newlocation", "fullitem", "svg", "div", "width", "logo"),
    *("lastBuildDate", "copyright", "keywords", "homepage", "atom:author", "dc:author", "é"),
]
NAMES = st.one_of(st.sampled_from(COMMON), st.sampled_from(COMMON), st.sampled_from(RARE))
LEAVES = st.builds(
    lambda name, attributes, text: f"<{name} {attributes}>{text}</{name}>",
    NAMES,
    st.one_of(st.just(""), st.just(""), ATTRIBUTES),
    TEXTS,
)
PARENTS = st.builds(
    lambda name, attributes, members: f"<{name} {attributes}>{''.join(members)}</{name}>",
    st.sampled_from(
        [
            *("media:group", "media:content", "author", "contributor", "image", "source", "y:box"),
            *("skipHours", "items", "atom:author", "textInput", "custom", "title", "description"),
        ]
    ),
    st.one_of(st.just(""), ATTRIBUTES),
    st.lists(LEAVES, max_size=4),
)
#: What real feeds are made of, one of each, so that many examples are vouched for.
PLAIN = st.sampled_from(
    [
        "<title>A title</title>",
        "<link>https://outlet.example/a</link>",
        "<guid isPermaLink='false'>17</guid>",
        "<guid>https://outlet.example/g</guid>",
        "<pubDate>Thu, 23 Jan 2020 15:31:00 GMT</pubDate>",
        "<description>&lt;p&gt;Short&lt;/p&gt;</description>",
        "<content:encoded><![CDATA[<p>Long</p>]]></content:encoded>",
        "<summary type='html'>Short</summary>",
        "<content type='html'>Long</content>",
        "<dc:creator>Jo</dc:creator>",
        "<dc:creator>Kim</dc:creator>",
        "<author><name>Jo</name><email>jo@outlet.example</email></author>",
        "<author><name>Kim</name><uri>/kim</uri></author>",
        "<author><email>kim@outlet.example</email></author>",
        "<updated>2020-01-23T15:31:00Z</updated>",
        "<link href='/c'/>",
        "<link rel='enclosure' type='image/png' href='/c.png'/>",
        "<enclosure url='/d.jpg' type='image/jpeg' length='1'/>",
        "<media:content url='/e.jpg' width='1'><media:title>T</media:title></media:content>",
        "<media:content><media:description type='plain'>C</media:description></media:content>",
        "<media:group><media:thumbnail url='/f.jpg'/><media:title/></media:group>",
        "<media:title>Of a picture</media:title>",
        "<media:description>Of a picture</media:description>",
        "<source url='/s'>Somewhere</source>",
        "<title>Another title</title>",
        "<title/>",
        "<y:note><y:inner k='v'>n</y:inner></y:note>",
        "<custom>c</custom>",
        "<feedburner:origLink>https://outlet.example/o</feedburner:origLink>",
        "<category domain='d'>News</category>",
        "<comments>https://outlet.example/a#c</comments>",
        "<language>de</language>",
        "<id>tag:outlet.example,2020:1</id>",
        "\n text between ",
        "<!-- note -->",
    ]
)
HEAD = st.sampled_from(
    [
        "<title>Outlet</title>",
        "<title>Another</title>",
        "<title/>",
        "<link>https://outlet.example/</link>",
        "<link rel='self' href='/feed'/>",
        "<link href='https://outlet.example/'/>",
        "<id>https://outlet.example/id</id>",
        "<dc:title>Outlet by another name</dc:title>",
        "<description>What it is</description>",
        "<image><url>/i.png</url><title>Logo</title><link>/</link></image>",
        "<language>de</language>",
        "<dc:language>fr</dc:language>",
        "<ttl>60</ttl>",
        "<sy:updatePeriod>daily</sy:updatePeriod>",
        "<sy:updateFrequency>2</sy:updateFrequency>",
        "<skipHours><hour>3</hour><hour>4</hour></skipHours>",
        "<author><name>Jo</name></author>",
        "<lastBuildDate>Thu, 23 Jan 2020 15:31:00 GMT</lastBuildDate>",
        "<managingEditor>jo@outlet.example (Jo)</managingEditor>",
        "<generator uri='/g'>by hand</generator>",
        "<items><y:inner/></items>",
        "<!-- note -->",
    ]
)
ANY = st.one_of(LEAVES, PARENTS)


def _some(plain: st.SearchStrategy[str], odd: int) -> st.SearchStrategy[str]:
    """Draw a few plain elements among which are at most so many of any kind."""
    anything = st.lists(ANY, max_size=odd)
    mixed = st.tuples(st.lists(plain, max_size=8), anything).map(lambda two: two[0] + two[1])
    return mixed.flatmap(st.permutations).map("".join)


NAMESPACES = st.one_of(
    st.just(""),
    st.just(""),
    st.just(""),
    st.sampled_from(
        [
            'xmlns:m="http://search.yahoo.com/mrss/"',
            'xmlns:itunes="http://www.itunes.com/DTDs/PodCast-1.0.dtd"',
            'xmlns:itunes="urn:example:i"',
            'xmlns:author="urn:example:a"',
            'xmlns:rss="http://purl.org/rss/1.0/"',
            'xmlns:old="http://purl.org/atom/ns#"',
            'xmlns:xhtml="http://www.w3.org/1999/xhtml"',
            'xmlns:DC="http://purl.org/dc/elements/1.1/"',
            'xml:lang="de-AT"',
            'lang="pt_BR"',
            'xml:base="https://base.example/"',
            'version="0.91"',
            'href="/r"',
        ]
    ),
)


@st.composite
def feeds(draw: st.DrawFn) -> str:
    """Draw a feed of one of the dialects, mostly with one odd thing in it at most."""
    odd = draw(st.sampled_from([0, 0, 1, 1, 5]))
    entries = draw(st.lists(_some(PLAIN, odd), max_size=3))
    head = draw(_some(HEAD, odd // 2))
    tail = draw(st.one_of(st.just(""), HEAD))
    more = draw(NAMESPACES)
    dialect = draw(st.sampled_from(["rss", "rdf", "atom"]))
    if dialect == "atom":
        members = "".join(f"<entry>{entry}</entry>" for entry in entries)
        return _atom(f"{head}{members}{tail}", names=f"{USUAL} {more}")
    members = "".join(f"<item>{entry}</item>" for entry in entries)
    if dialect == "rdf":
        kept = USUAL if draw(st.integers(0, 9)) == 0 else USUAL.replace(f'xmlns:atom="{ATOM}"', "")
        return _rdf(head, members + tail, names=f"{kept} {more}")
    version = draw(st.sampled_from(["2.0", "2.0", "2.01", "0.91", "0.92", "9", ""]))
    return _rss(f"{head}{members}{tail}", names=f"{USUAL} {more}", version=version)


@settings(max_examples=300, deadline=None)
@given(feeds())
def test_both_readers_tell_the_same_of_every_feed(text: str) -> None:
    event("vouched for" if _fast(text) else "declined")


@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - {"json10", "json11"}))
def test_the_dialects_of_today_are_read_fast(dialect: str) -> None:
    found = _fast(DIALECTS[dialect])

    assert (found is None) == (dialect in {"rss090", "atom03"})
    assert found is None or (found.dialect, found.parser) == (dialect, "fast")


RECORDED = sorted(
    (host.parent.name, answer["file"])
    for host in (ROOT / "seeds" / "web").glob("*/host.toml")
    for answer in tomllib.loads(host.read_text())["answer"]
    if answer.get("file", "").endswith(".xml")
)


@pytest.mark.parametrize(("host", "file"), RECORDED)
def test_both_readers_tell_the_same_of_recorded_feeds(host: str, file: str) -> None:
    _fast(decode((ROOT / "seeds" / "web" / host / file).read_bytes()).lstrip("\ufeff \r\n"))


# --- what is left to feedparser -------------------------------------------------------------------

ENTRY = "<item><title>One</title><link>https://outlet.example/a</link>{}</item>"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<description>AT&amp;amp;T &amp;eacute; &eacute;</description>",
        "<media:content url='/a.jpg'><media:title type='html'>T</media:title></media:content>",
        "<dc:creator>Jo</dc:creator><dc:creator>Kim</dc:creator>",
        "<site xmlns='com-wordpress:feed-additions:1'>12</site>",
        "<guid isPermaLink='false'>17</guid><unknown>u</unknown>",
        "<content:encoded xml:base='https://base.example/'>long</content:encoded>",
        "<pubDate>Thu, 23 Jan 2020 15:31:00 GMT</pubDate>",
        "<pubDate/>",
        "<link>/relative</link>",
        "<!-- note -->",
        "<y:box><y:in/><media:thumbnail url='/a.jpg'/></y:box>",
    ],
)
def test_what_is_common_is_read_fast(content: str) -> None:
    assert _fast(_rss(ENTRY.format(content)))


@pytest.mark.parametrize(
    "content",
    [
        "<title><b>bold</b></title>",
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>x</div></content>",
        "<description type='application/x'>eA==</description>",
        "<pubDate>23 janvier 2020</pubDate>",
        "<pubDate>23/01/2020 15:31</pubDate>",
        "<link xml:base='https://base.example/'>/b</link>",
        "<link href=''/>",
        "<link>https://outlet.example/?a[]=1</link>",
        "<link>https://outlet.example/?a&amp;copy;b</link>",
        "<link>https:////outlet.example/b</link>",
        "<author>jo@outlet.example (Jo)</author><author>Kim</author>",
        "<author>Jo</author><author><name>Kim</name></author>",
        "<author><email>jo@outlet.example</email></author><author><name>Kim</name></author>",
        "<media:player url='/p'/>",
        "<y:box><link>/b</link></y:box>",
        "<image><url>/i.png</url></image>",
        "<links>l</links>",
        "<title_detail>t</title_detail>",
        "<?php x ?>",
        "<unbound:note>n</unbound:note>",
        "<y:note unbound:key='v'/>",
        "<y:note k='1' K='2'/><enclosure url='/a' URL='/b'/>",
        "<media:content y:url='/a.jpg'/>",
        "<title>not closed",
    ],
)
def test_what_is_odd_is_left_to_feedparser(content: str) -> None:
    assert _fast(_rss(ENTRY.format(content))) is None


@pytest.mark.parametrize(
    "names",
    [
        'xmlns:m="http://search.yahoo.com/mrss/"',
        'xmlns:dc="urn:example:other"',
        'xmlns:itunes="urn:example:other"',
        'xmlns:author="urn:example:other"',
        'xmlns:rss="http://purl.org/rss/1.0/"',
        'xmlns:old="http://purl.org/atom/ns#"',
        'xmlns:u="http://backend.userland.com/rss2"',
        'xmlns:e="urn:example:a&amp;b"',
        'xml:base="https://base.example/"',
    ],
)
def test_unusual_prefixes_are_left_to_feedparser(names: str) -> None:
    assert _fast(_rss(ENTRY.format(""), names=names)) is None


def test_a_prefix_with_two_meanings_is_left_to_feedparser() -> None:
    twice = "<y:note xmlns:y='urn:example:one'/><y:note xmlns:y='urn:example:two'/>"

    assert _fast(_rss(ENTRY.format(twice), names="")) is None


def test_nothing_outside_the_document_is_read() -> None:
    bomb = (
        '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY file SYSTEM "file:///etc/hostname">]>'
    )
    body = _rss(ENTRY.format("<description>[&b;&file;]</description>"))
    found = _fast(bomb + body)

    assert found is not None
    assert found.entries[0].summary == "[&b;&file;]"


@pytest.mark.parametrize(
    "content",
    ["<y:n>" * 300 + "</y:n>" * 300, "<y:n>" * 100_000],
    ids=["deeper than 256 levels", "never closed"],
)
def test_depth_is_limited(content: str) -> None:
    assert XmlFeed(_rss(ENTRY.format(content)), final_url=FEED_URL, now=NOW).fast() is None


# --- feedparser's own lists -----------------------------------------------------------------------


def _handlers() -> set[str]:
    """Return the names of the elements that feedparser reads in a way of their own."""
    methods = (re.fullmatch("_(?:start|end)_(.+)", name) for name in dir(mixin._FeedParserMixin))
    return {match[1].lower() for match in methods if match}


def test_every_namespace_that_feedparser_reads_is_known() -> None:
    handled = {name.partition("_")[0] for name in _handlers() if "_" in name}
    theirs = {
        uri.lower(): name.lower()
        for uri, name in mixin._FeedParserMixin.namespaces.items()
        if not name or name.lower() in handled or name in ("rdf", "sy")
    }

    assert {uri: name for uri, name in theirs.items() if uri not in BYGONE} == SPACES
    assert {theirs[uri] for uri in BYGONE} == {""}


def test_every_name_that_feedparser_reads_is_known() -> None:
    aliases = {*FeedParserDict.keymap}
    safe = {name for name in _handlers() | aliases if "_" in name}

    assert _handlers() | aliases <= MEANT | safe


# --- the two speeds -------------------------------------------------------------------------------


def _document(text: str) -> FeedDocument:
    return FeedDocument(final_url=FEED_URL, body=text.encode())


def _sampled(text: str) -> str:
    """Return a feed that both readers read, by a remark at its end."""
    numbered = (f"{text}<!--{number}-->" for number in range(10_000))
    return next(one for one in numbered if is_sampled(one.encode()))


def test_one_body_in_a_hundred_is_read_by_both() -> None:
    bodies = [f"{RSS20}<!--{number}-->".encode() for number in range(10_000)]

    assert 50 <= sum(map(is_sampled, bodies)) <= 150


def test_a_sampled_feed_is_feedparsers_and_tells_nothing_when_both_agree() -> None:
    document = _document(_sampled(RSS20))
    parsed = parse_feed(document, now=NOW)

    assert parse_plain_feed(document, now=NOW) is None
    assert (parsed.parser, parsed.skipped) == ("feedparser", ())
    assert parsed.entries[0].url == FIRST


def test_a_difference_between_the_readers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # The two agree on all we know, so one of them has to be made to err.
    monkeypatch.setitem(fast._VERSIONS, "0.92", "rss093")
    [note] = parse_feed(_document(_sampled(DIALECTS["rss092"])), now=NOW).skipped

    assert (note.reason, note.label) == ("readers-differ", "fast and feedparser: dialect")


def test_a_plain_feed_is_read_at_once_and_any_other_is_not() -> None:
    plain = _document(RSS20)

    assert parse_plain_feed(plain, now=NOW) == parse_feed(plain, now=NOW)
    for other in (DIALECTS["atom03"], DIALECTS["json11"]):
        assert parse_plain_feed(_document(other), now=NOW) is None
    with pytest.raises(NotAFeed):
        parse_plain_feed(_document("<html>"), now=NOW)


MARKS = "\u0301\u0316" * 60_000


@pytest.mark.parametrize(
    "text",
    [
        _rss("xmlns:" * 40_000),
        _rss(ENTRY.format(f"<guid isPermaLink='false'>a{MARKS}</guid>")),
        _rss(ENTRY.format(f"<description>a{MARKS}</description>")),
        _rss(
            "<language>en</language>" * 5_000,
            names=" ".join(f'xmlns:p{number}="u:{number}"' for number in range(6_000)),
        ),
        _rss("<y:note {}/>".format(" ".join(f"a{number}=''" for number in range(20_000)))),
        _rss(ENTRY.format("<author>a</author>" * 14_000)),
    ],
    ids=["declarations", "marks in a guid", "marks", "prefixes", "attributes", "authors"],
)
def test_a_feed_read_without_a_child_costs_little_whatever_is_in_it(text: str) -> None:
    # Each of them has taken between five seconds and two minutes.
    body = text.encode()
    assert len(body) <= HERE_LIMIT
    started = time.process_time()
    parse_plain_feed(FeedDocument(final_url=FEED_URL, body=body), now=NOW)

    assert time.process_time() - started < 4


def test_large_feeds_and_those_for_feedparser_are_left_to_a_child() -> None:
    large = RSS20.replace("</rss>", f"<!--{'x' * HERE_LIMIT}--></rss>")

    assert read_here(_document(RSS20), now=NOW) == parse_feed(_document(RSS20), now=NOW)
    assert read_here(_document(large), now=NOW) is None
    assert read_here(_document(DIALECTS["atom03"]), now=NOW) is None
    refused = read_here(_document("<html>"), now=NOW)
    assert isinstance(refused, Rejected)
    assert refused.reason == "not-a-feed"
