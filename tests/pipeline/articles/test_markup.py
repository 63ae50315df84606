from __future__ import annotations

import pytest

from pipeline.articles.markup import decode, has_endless_word, parse_markup
from pipeline.articles.refusals import NOT_HTML
from pipeline.errors import NotAnArticle

DECODED = {
    "UTF-8 whatever is declared": ("<p>Müller".encode(), "text/html; charset=iso-8859-1", "Müller"),
    "a byte order mark": (b"\xef\xbb\xbf<p>M\xc3\xbcller", "", "Müller"),
    "UTF-16 with a mark": ("\ufeff<p>Müller".encode("utf-16-le"), "", "Müller"),
    "UTF-16 by the header": (
        "<p>Müller".encode("utf-16-be"),
        "text/html; charset=UTF-16BE",
        "Müller",
    ),
    "the header's charset": ("<p>Чайка".encode("koi8-r"), "text/html; charset=koi8-r", "Чайка"),
    "the page's charset": ('<meta charset="windows-1251"><p>Чайка'.encode("cp1251"), "", "Чайка"),
    "the page's old charset": (
        b'<meta http-equiv="content-type" content="text/html; charset=Shift_JIS"><p>'
        + "潮車".encode("cp932"),
        "text/html",
        "潮車",
    ),
    "latin-1 means windows-1252": (b"<p>\x93Tide\x94", "text/html; charset=latin1", "“Tide”"),
    "nothing declared": ("<p>Müller".encode("cp1252"), "", "Müller"),
    "an unknown charset": ("<p>Müller".encode("cp1252"), "text/html; charset=klingon", "Müller"),
    "UTF-7 is no charset of pages": (b"<p>+AD4-\xfc", "text/html; charset=utf-7", "+AD4-ü"),
    "one broken byte in UTF-8": (
        "<p>Müller \xff".encode("latin-1") + "ü".encode(),
        "text/html; charset=utf-8",
        "\ufffdller",
    ),
    "UTF-8 cut within a character": ("<p>Müller".encode() + b"\xc3", "", "Müller"),
}


@pytest.mark.parametrize(("body", "content_type", "word"), DECODED.values(), ids=DECODED)
def test_characters_are_read_as_they_were_meant(body: bytes, content_type: str, word: str) -> None:
    assert word in decode(body, content_type)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"%PDF-1.7 ...", "text/html"),
        (b"\xff\xd8\xff\xe0JFIF", "text/html"),
        (b"\x89PNG\r\n", ""),
        (b"GIF89a", "text/html"),
        (b"PK\x03\x04", ""),
        (b"<p>a</p>", "application/pdf"),
        (b'{"a": 1}', "application/json"),
        (b' {"a": 1}', "text/html"),
        (b"[1]", "text/html"),
        (b'<?xml version="1.0"?><rss version="2.0"></rss>', "text/xml"),
        (b"<feed></feed>", "text/html"),
        (b"<svg></svg>", "text/html"),
    ],
)
def test_another_format_is_no_page(body: bytes, content_type: str) -> None:
    with pytest.raises(NotAnArticle) as refused:
        parse_markup(body, content_type)
    assert refused.value.reason == NOT_HTML


@pytest.mark.parametrize("body", [b"", b" \n ", b"words alone", b"<!-- -->" * 50, b"\x00" * 500])
def test_a_page_of_nothing_has_a_tree_all_the_same(body: bytes) -> None:
    parsed = parse_markup(body, "text/html")
    assert parsed.tree.tag == "html"
    assert parsed.too_costly is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html><p>a</p>" + b"<i>a" * 50_000, "tags"),
        (b"<html>" + b"<br>" * 10_001, "breaks"),
        (b"<html>" + b"<P>a" * 10_001, "breaks"),
        (b"<html><title>a</title>" + b"word " * 1_100_000, "bytes"),
    ],
)
def test_markup_that_costs_more_than_its_size_is_recognised(body: bytes, reason: str) -> None:
    assert parse_markup(body, "text/html").too_costly == reason


def test_a_tag_of_thousands_of_attributes_is_dropped_before_it_is_parsed() -> None:
    crowd = " ".join(f'name-{n}="value"' for n in range(20_000))
    tree = parse_markup(f"<html><body><p {crowd}>kept</p></body></html>".encode(), "").tree
    assert max(len(node.attrib) for node in tree.iter()) == 0
    assert "kept" in tree.text_content()


def test_a_long_picture_inside_a_page_is_no_crowd() -> None:
    body = f'<html><body><img src="data:image/png;base64,{"A" * 50_000}"></body></html>'
    assert len(list(parse_markup(body.encode(), "").tree.iter("img"))) == 1


def test_a_word_without_end_is_recognised() -> None:
    assert has_endless_word("a " + "b" * 100_001)
    assert not has_endless_word("b " * 100_001)
