"""`newsloom articles`: each value with its origin."""

from __future__ import annotations

import pytest

from tests.pipeline.cli.conftest import Desk
from tests.servers import reply


@pytest.fixture
def url(desk: Desk) -> str:
    """Give the address of an article that was read in a round."""
    feed = desk.serve("/all.xml")
    desk.server.on("/quarry", reply(b"<title>404 Not Found</title><p>Not here.</p>"))
    assert desk("sources", "add", "outlet", "--feed", feed).returncode == 0
    assert desk("run", "--once").returncode == 0
    return desk.server.url("/pier")


def test_why_tells_each_value_with_its_origin(desk: Desk, url: str) -> None:
    answer = desk.json("articles", "why", url)

    assert answer["article"]["title"] == {"value": "pier reopens", "from": "h1"}
    assert answer["article"]["excerpt"]["from"] == "text"
    assert answer["page"]["page_state"] == "done"
    assert answer["page"]["shown_by"] == ["outlet: pier reopens"]
    assert answer["page"]["looked_at_again"]
    assert len(answer["page"]["story"]) == 16
    shown = desk("articles", "why", f"{url}?utm_source=feed").stdout
    assert "pier reopens" in shown
    assert "article:published_time" in shown or "feed" in shown


def test_why_tells_what_was_refused(desk: Desk, url: str) -> None:
    answer = desk.json("articles", "why", url.replace("pier", "quarry"))

    assert answer["article"] == {}
    assert answer["page"]["page_state"] == "skipped"
    assert answer["page"]["reason"].startswith("error-page")


def test_what_no_feed_has_shown_is_said_with_a_remedy(desk: Desk, url: str) -> None:
    answer = desk("articles", "why", url + "-of-old")

    assert answer.returncode == 2
    assert "newsloom articles read" in answer.stderr
    assert desk("articles", "why", "not an address").returncode == 2


def test_read_looks_at_the_page_now_and_stores_nothing(desk: Desk) -> None:
    desk.serve("/all.xml")
    url = desk.server.url("/pier")

    found = desk.json("articles", "read", url)
    shown = desk("articles", "read", url)

    assert found["article"]["title"]["value"] == "pier reopens"
    assert found["text"].startswith("The harbour authority")
    assert "characters" in shown.stdout
    assert desk("articles", "why", url).returncode == 2


def test_read_tells_why_a_page_is_no_article(desk: Desk) -> None:
    url = desk.server.on("/gone", reply(b"<title>404 Not Found</title><p>Not here.</p>"))

    assert desk.json("articles", "read", url, code=1)["refused"] == "error-page"
    assert "error-page" in desk("articles", "read", url).stdout
