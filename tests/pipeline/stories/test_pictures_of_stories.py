"""The map of stories and the page that explains one: well-formed, whole, and harmless."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from pipeline.records import ArticleId
from pipeline.stories.storymap import Dot, Row, draw_map
from pipeline.stories.whypage import why_page
from tests.world import NOW

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert(1)</script> "&amp; ]]> \x00\u202e Pier'


def row(title: str, hours: list[float], topic: str = "AI") -> Row:
    dots = tuple(
        Dot(
            article_id=ArticleId(f"{title}{number}"),
            title=f"{title} {number}",
            provider="One",
            published_at=NOW - timedelta(hours=hour),
            is_copy=number == 2,
        )
        for number, hour in enumerate(sorted(hours, reverse=True))
    )
    return Row(title=title, topic=topic, heat=7, lead_id=dots[0].article_id, dots=dots)


def drawn(*rows: Row) -> etree._Element:
    text = draw_map(rows, since=NOW - timedelta(days=3), until=NOW)
    return etree.fromstring(text.encode())


def test_every_article_of_a_story_is_a_dot_and_every_other_a_stroke() -> None:
    found = drawn(row("Pier", [3, 5, 8]), row("Apples", [30, 31]), row("Alone", [9]))

    dots = [node for node in found.iter(f"{SVG}circle") if len(node)]
    assert len(dots) == 5
    assert [node for node in dots if node.get("fill") == "none"], "a copy is a ring"
    strokes = [node for node in found.iter(f"{SVG}path") if len(node)]
    assert [node[0].text for node in strokes] == ["Alone 0 (One)"]
    words = " ".join(found.itertext())
    assert "2 stories of 5 articles; alone: 1" in words
    assert words.index("Apples") < words.index("Pier"), "older stories come first"


def test_dots_stand_in_the_order_of_time_and_inside_the_picture() -> None:
    found = drawn(row("Pier", [3, 50, 200]))

    places = sorted(float(node.get("cx", "")) for node in found.iter(f"{SVG}circle") if len(node))
    assert places[0] == 24
    assert all(0 <= place <= 1200 for place in places)
    assert len(set(places)) == 3


def test_no_story_at_all_is_a_picture_too() -> None:
    assert "0 stories" in " ".join(drawn().itertext())


@given(st.text(max_size=300), st.text(max_size=30))
def test_nothing_in_a_title_becomes_markup(title: str, topic: str) -> None:
    for text in (title, title + HOSTILE):
        found = drawn(row(text, [3, 5], topic=topic), row(text, [9]))
        allowed = {"svg", "title", "style", "rect", "text", "tspan", "circle", "path"}
        assert {etree.QName(node).localname for node in found.iter()} <= allowed
        assert not any(name.startswith("on") for node in found.iter() for name in node.attrib)


def explained(title: str) -> dict[str, object]:
    score = {"value": 9, "parts": [{"name": "provider", "value": 9, "detail": title}]}
    founder = {
        "article": "a",
        "lead": True,
        "title": title,
        "url": "https://one.example/?<b>",
        "provider": title,
        "published_at": "2026-03-01T12:00:00+00:00",
        "quality": score,
        "placed": {"founded": True},
    }
    joined = {
        **founder,
        "lead": False,
        "placed": {
            "founded": False,
            "score": 0.9,
            "nearest": "a",
            "nearest_title": title,
            "link": [],
            "pair": [{"name": "bias", "value": -9.5, "detail": ""}],
            "shared": [title],
            "copy_of": "a",
            "runner_up": {"name": "runner-up", "value": 0.1, "detail": "s"},
        },
    }
    return {
        "story": "s",
        "topics": [title],
        "heat": score,
        "voices": 0,
        "members": [founder, joined],
    }


@given(st.text(max_size=200))
def test_nothing_in_a_story_becomes_markup_of_its_page(title: str) -> None:
    page = html.fromstring(why_page(explained(title + HOSTILE)))

    assert not page.xpath("//script | //img | //a | //link | //iframe")
    assert len(page.xpath("//article")) == 2
    assert "founded the story" in page.text_content()
    assert "-9.50" in page.text_content()
