"""XML from strangers, element by element."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import NotAFeed
from pipeline.safexml import child_text, each_element, parse_xml

DOCUMENT = "<urlset><url><loc>a</loc></url><!-- --><url><loc>b</loc></url></urlset>"


def _locations(text: str) -> list[str]:
    return [child_text(element, "loc") for element in each_element(text, "url")]


def test_elements_come_one_by_one_whatever_their_namespace() -> None:
    assert _locations(DOCUMENT) == ["a", "b"]
    assert _locations(DOCUMENT.replace("<urlset", "<urlset xmlns='urn:x'")) == ["a", "b"]


def test_what_comes_before_a_break_is_read() -> None:
    assert _locations("<urlset><url><loc>a</loc></url><url><loc>b") == ["a"]
    assert _locations("<urlset><url><loc>a&b</loc></url></oops></urlset>") == ["a&b"]


def test_the_tree_does_not_grow_with_the_file() -> None:
    text = "<urlset>" + "<url><loc>a</loc></url>" * 5_000 + "</urlset>"
    left = 0
    for element in each_element(text, "url"):
        left = len(element.getparent())

    assert left <= 2


def test_entities_stay_the_text_they_are() -> None:
    bomb = "<!DOCTYPE urlset [<!ENTITY a 'aaaa'>]>" + DOCUMENT.replace("<loc>a", "<loc>&a;")

    assert _locations(bomb) == ["&a;", "b"]


def test_no_element_at_all_is_refused() -> None:
    with pytest.raises(NotAFeed):
        next(each_element("no markup", "url"))


@given(st.text(alphabet="<>/&;!-[]'\"= urlset\0\ud800a", max_size=60))
def test_both_ways_to_read_take_or_refuse_any_text(junk: str) -> None:
    for text in (junk, DOCUMENT[:40] + junk + DOCUMENT[40:]):
        for read in (lambda text: parse_xml(text, recover=True), _locations):
            with suppress(NotAFeed):
                read(text)
