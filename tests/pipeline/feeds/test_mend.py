"""What a strict parser gets to see."""

from __future__ import annotations

import contextlib
import time
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import NotAFeed
from pipeline.feeds.mend import capped, essential, mended


def _text(content: str) -> str | None:
    """Return the text of an element with `content`, as a strict parser reads it after mending."""
    return ET.fromstring(mended(f"<rss>{content}</rss>")).text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Q & A &amp; &lt;", "Q & A & <"),
        ("caf&eacute;&nbsp;&hellip; Re&colon;", "café\xa0… Re:"),
        ("&#8217; &#x2019; &#150;", "’ ’ –"),
        ("&unknown; &copy", "&unknown; &copy"),
        ("&#60;b&#62; &#38;amp;", "<b> &amp;"),
        ("a\x00b\x0b\x1f\ufffe c", "ab c"),
        ("&#0;&#x1F;&#xD83D;&#99999999;&#xFFFE;!", "!"),
        ("<![CDATA[Q & A &nbsp; &#8217;&#xD83D;]]>", "Q & A &nbsp; &#8217;"),
    ],
)
def test_text_that_a_strict_parser_refuses_is_mended(content: str, text: str) -> None:
    assert _text(content) == text


def test_well_formed_text_means_the_same_as_before() -> None:
    xml = (
        "<rss a='1 &lt; 2 &#34;' b=\"&#39;\"><i>x &amp;amp; &#38;lt; &gt;</i><![CDATA[<p>]]></rss>"
    )

    assert ET.tostring(ET.fromstring(mended(xml))) == ET.tostring(ET.fromstring(xml))


def test_addresses_in_attributes_may_hold_bare_ampersands() -> None:
    [child] = ET.fromstring(mended("<rss><l href='/?a=1&copy=2&b=3'/></rss>"))

    assert child.get("href") == "/?a=1&copy=2&b=3"


@pytest.mark.parametrize(
    "around",
    [
        "\n\n <?xml version='1.0'?>{}",
        "<br />\n<b>Warning</b>: something in line 3<br />\n<?xml version='1.0'?>{}",
        "<?xml version='1.0'?><!-- made <rss> by hand --><?xml-stylesheet href='x'?>{}",
        "<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY a 'b'><!ENTITY c SYSTEM 'file:///x'>]>{}",
        "<?xml version='1.0'?><!DOCTYPE html>{}",
        "{}<script>count()</script>",
        "{}\x00\x00 garbage & more",
    ],
)
def test_what_surrounds_the_feed_goes(around: str) -> None:
    feed = "<rss version='2.0'><channel/></rss>"

    assert mended(around.format(feed)) == feed


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("<!DOCTYPE html><html lang='en'><body><rss></body></html>", "an HTML page"),
        ("<HTML>", "an HTML page"),
        ("<sitemapindex/>", "no dialect that is known"),
        ("<!-- <rss>", "no dialect that is known"),
        ("rss feed", "no dialect that is known"),
    ],
)
def test_what_is_no_feed_is_refused(text: str, detail: str) -> None:
    with pytest.raises(NotAFeed) as caught:
        mended(text)

    assert (caught.value.reason, caught.value.detail) == ("not-a-feed", detail)


def test_captions_are_told_from_descriptions() -> None:
    caption = '<media:description type="plain">A</media:description><media:description/>'

    assert mended(f"<rss>{caption}</rss>") == (
        "<rss><media:caption>A</media:caption><media:caption/></rss>"
    )


def test_an_undeclared_prefix_for_rss_itself_goes_and_a_declared_one_stays() -> None:
    assert mended("<rss><rss:item/></rss>") == "<rss><item/></rss>"
    declared = '<rss xmlns:rss="http://purl.org/rss/1.0/"><rss:item/></rss>'
    assert mended(declared) == declared


def test_runs_longer_than_any_word_or_address_are_broken_up() -> None:
    pieces = (_text(f"a {'b.' * 2000} c") or "").split()

    assert max(map(len, pieces)) == 256
    assert "".join(pieces) == f"a{'b.' * 2000}c"
    assert _text("b" * 2048) == "b" * 2048


def test_a_guid_that_is_no_address_is_marked() -> None:
    guids = "<guid>1</guid><guid isPermaLink='true'>2</guid><guid isPermaLink=\"False\">3</guid>"
    marked = [element.tag for element in ET.fromstring(mended(f"<rss>{guids}</rss>"))]

    assert marked == ["guid", "guid", "nopermalink", "guid"]


def test_the_middle_of_far_too_many_entries_is_not_parsed() -> None:
    items = [f"<item>{number}</item>" for number in range(7_000)]
    xml, missing = capped(f"<rss>{''.join(items)}</rss>")
    numbers = [int(item.text or "") for item in ET.fromstring(xml)]

    assert missing == 2_000
    assert numbers == [*range(2_500), *range(4_500, 7_000)]
    assert capped("<rss><item/><items/></rss>") == ("<rss><item/><items/></rss>", 0)


def test_unread_elements_can_be_left_out() -> None:
    xml = "<item><georss:point>1 2</georss:point><width>3</width><title>T</title></item>"

    assert essential(xml) == "<item>1 23<title>T</title></item>"


@pytest.mark.parametrize(
    "piece",
    ["&", "<", "<!--", "<?", "<![CDATA[", "&#97;", "a" * 2000 + " ", "<media:description ", "\n"],
)
def test_hostile_repetition_is_quick(piece: str) -> None:
    started = time.process_time()
    with contextlib.suppress(NotAFeed):
        mended("<rss>" + piece * (1_000_000 // len(piece)))
    with contextlib.suppress(NotAFeed):
        mended(piece * (1_000_000 // len(piece)) + "<rss>")

    assert time.process_time() - started < 5


@given(st.text(alphabet=st.sampled_from("<>&;#x0aD83![]CT/-?\x00é "), max_size=60))
def test_whatever_is_mended_can_be_encoded_and_holds_no_controls(text: str) -> None:
    xml = mended(f"<rss>{text}</rss>")

    assert "\x00" not in xml
    xml.encode()
