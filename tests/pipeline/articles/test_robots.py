from __future__ import annotations

import pytest

from pipeline.articles.robots import UNLIMITED, Robots, robots_of
from tests.pipeline.articles.pages import declared, markup, meta

NOTHING = Robots(max_snippet=0)
HIDDEN = Robots(may_index=False)


@pytest.mark.parametrize(
    ("directives", "allowed"),
    [
        ("index, follow", UNLIMITED),
        ("all", UNLIMITED),
        ("noarchive, max-image-preview:large", UNLIMITED),
        ("max-snippet:-1", UNLIMITED),
        ("max-snippet:x", UNLIMITED),
        ("max-snippet:90, max-image-preview:large", Robots(max_snippet=90)),
        ("max-snippet: 90", Robots(max_snippet=90)),
        ("max-snippet:0", NOTHING),
        ("NoSnippet", NOTHING),
        ("NoIndex,follow", HIDDEN),
        ("none", HIDDEN),
        ("noindex, nosnippet", Robots(max_snippet=0, may_index=False)),
    ],
)
def test_metas_and_header_say_what_may_be_shown(directives: str, allowed: Robots) -> None:
    assert robots_of(declared(markup(meta("robots", directives)))) == allowed
    assert robots_of(declared(markup()), directives) == allowed


def test_the_strictest_of_all_counts() -> None:
    page = declared(
        markup(
            meta("robots", "noarchive")
            + meta("robots", "max-snippet:90")
            + meta("googlebot", "max-snippet:40")
        )
    )
    assert robots_of(page) == Robots(max_snippet=40)
    assert robots_of(page, "max-snippet:20, max-snippet:60") == Robots(max_snippet=20)


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        ("googlebot: nosnippet", NOTHING),
        ("googlebot-news: noindex", HIDDEN),
        ("otherbot: noindex, nosnippet", UNLIMITED),
        ("otherbot: noindex, googlebot: max-snippet: 50", Robots(max_snippet=50)),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST, nosnippet", NOTHING),
    ],
)
def test_a_header_may_speak_to_one_robot(header: str, allowed: Robots) -> None:
    assert robots_of(declared(markup()), header) == allowed


def test_what_other_robots_are_told_does_not_bind() -> None:
    assert robots_of(declared(markup(meta("otherbot", "noindex")))) == UNLIMITED
