from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.plaintext import clean_line, plain_line

HOSTILE = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("<>&;#/!? abltgmp\x00\u200b\u202e\u0301\u2028\x85"),
    ),
    max_size=60,
)
TAG = re.compile(r"<[A-Za-z/!?]")

CLEAN = {
    "every white space is one space": ("a\t\r\n \u00a0\u3000b", "a b"),
    "next line and separators are white space": ("a\x85b\u2028c\u2029d\x1ce", "a b c d e"),
    "controls go": ("a\x00b\x08c\x7fd\x9be", "abcde"),
    "bidi overrides go": ("a\u202eb\u2066c\u200fd", "abcd"),
    "zero-width spaces and soft hyphens go": (
        "Heli\u00adkopter\u200b\u2060 \ufefflands",
        "Helikopter lands",
    ),
    "joiners of emoji and scripts stay": (
        "\U0001f469\u200d\U0001f52c",
        "\U0001f469\u200d\U0001f52c",
    ),
    "lone surrogates and non-characters go": ("a\ud800\ufffe\ufdd0b", "ab"),
    "letters are composed": ("e\u0301", "é"),
    "towers of marks are cut": ("a" + "\u0489" * 10_000, "a" + "\u0489" * 8),
}


@pytest.mark.parametrize(("text", "line"), CLEAN.values(), ids=CLEAN)
def test_a_line_is_clean(text: str, line: str) -> None:
    assert clean_line(text) == line


PLAIN = {
    "tags go": ("<p>One <b>bold</b> word</p>", "One bold word"),
    "blocks part words": ("<p>One</p><p>two</p>", "One two"),
    "inline tags do not": ("cease-<i>and</i>-desist", "cease-and-desist"),
    "entities are resolved": ("AT&amp;T &#8217;s &eacute;", "AT&T ’s é"),
    "entities of entities": ("AT&amp;amp;T", "AT&T"),
    "an escaped script": ("&lt;script&gt;alert(1)&lt;/script&gt;x", "x"),
    "a script escaped twice": ("&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;x", "x"),
    "an unclosed tag": ("x <img src=a onerror=", "x"),
    "less than is no tag": ("1 < 2 and <3", "1 < 2 and <3"),
    "a row of openings": ("&lt;&lt;&lt;a", "<<"),
    "a tag hidden by a control": ("1 <\u200bb", "1 b"),
    "template braces stay": ("{{ a }} {% b %}", "{{ a }} {% b %}"),
    "comments go": ("a<!-- b -->c", "ac"),
}


@pytest.mark.parametrize(("markup", "line"), PLAIN.values(), ids=PLAIN)
def test_markup_becomes_a_plain_line(markup: str, line: str) -> None:
    assert plain_line(markup) == line


@given(HOSTILE)
@settings(max_examples=400)
def test_a_clean_line_is_one_line_and_stays_as_it_is(text: str) -> None:
    line = clean_line(text)
    assert line == clean_line(line)
    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in line)
    assert line == unicodedata.normalize("NFC", line)


@given(HOSTILE)
@settings(max_examples=400)
def test_a_plain_line_opens_no_tag_whatever_comes_in(text: str) -> None:
    line = plain_line(text)
    assert not TAG.search(line)
    assert line == clean_line(line)


@pytest.mark.parametrize("piece", ["<", "&", "&amp;", "<b>", "\u0301", " ", "<!--", "&lt;"])
def test_long_input_takes_linear_time(piece: str) -> None:
    # The suite's own time limit would end a quadratic reader.
    assert isinstance(plain_line(piece * (200_000 // len(piece))), str)


def test_long_texts_are_normalised_throughout() -> None:
    # Longer than the pieces in which it is done, with characters of two parts across their ends.
    text = "cafe\u0301 " * 2_000

    assert clean_line(text) == ("caf\u00e9 " * 2_000).strip()
    assert clean_line("a" + "\u0301\u0316" * 60_000).startswith("\u00e1")
