"""robots.txt as the web has it, with what strangers put into it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.robots import Robots

AGENT = "newsloom/0.1"


def allowed(text: str, path: str = "/news/a.html", agent: str = AGENT) -> bool:
    return Robots(text.encode(), user_agent=agent).allows(f"https://one.example{path}")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /news/", False),
        ("User-agent: *\nDisallow: /news/\nAllow: /news/a", True),
        ("User-agent: *\nDisallow: /*.html$", False),
        ("User-agent: newsloom\nDisallow: /\n\nUser-agent: *\nDisallow:", False),
        ("User-agent: Newsloom\nAllow: /\n\nUser-agent: *\nDisallow: /", True),
        ("User-agent: otherbot\nDisallow: /", True),
        ("\ufeffUser-agent: *\nDisallow: /", False),
        ("<!doctype html><html><body>Not found</body></html>", True),
    ],
)
def test_the_most_specific_rule_for_us_counts(text: str, answer: bool) -> None:
    assert allowed(text) is answer


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: *\nDisallow:", None),
        ("User-agent: *\nCrawl-delay: 5", 5),
        ("User-agent: *\nCrawl-delay: 0.5", 0.5),
        ("User-agent: *\nRequest-rate: 10/1m", 6),
        ("User-agent: *\nCrawl-delay: 86400", 60),
        ("User-agent: *\nCrawl-delay: -3", None),
        ("User-agent: *\nCrawl-delay: soon", None),
    ],
)
def test_the_spacing_is_what_is_asked_for_within_reason(text: str, seconds: float | None) -> None:
    found = Robots(text.encode(), user_agent=AGENT).spacing

    assert found == (None if seconds is None else timedelta(seconds=seconds))


@given(st.binary(max_size=2_000), st.text(max_size=40))
def test_no_file_breaks_it(text: bytes, agent: str) -> None:
    robots = Robots(text, user_agent=agent)

    assert robots.allows("https://one.example/a?b=c") in (True, False)
    assert robots.spacing is None or robots.spacing > timedelta(0)


@given(
    st.lists(
        st.sampled_from(
            [
                "User-agent: *",
                "User-agent: newsloom",
                "Disallow: /*a*b$",
                "Allow: /%zz",
                "Disallow",
                "\x00",
                "ééé",
                "Crawl-delay: 1e999",
                "Crawl-delay: nan",
                "Request-rate: 0/0",
                "Request-rate: 1/0s",
                "Visit-time: 99-1",
                "Sitemap: ::",
                "Request-rate: 5/1h 0800-1730",
            ]
        )
    )
)
def test_no_rule_breaks_it(lines: list[str]) -> None:
    robots = Robots("\n".join(lines).encode(), user_agent=AGENT)

    assert robots.allows("https://one.example/xaxb") in (True, False)
    assert robots.spacing is None or timedelta(0) < robots.spacing <= timedelta(minutes=1)
