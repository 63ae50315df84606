"""A source's own headers: read where they are kept, and told to its own host alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed
from pipeline.records import Access
from tests.pipeline.io.conftest import OpenWeb
from tests.servers import Server, redirect, reply, running_server

SECRET = "Bearer k3y-of-the-harbour"
KEY = {"Authorization": "file:feed-key"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "feed-key").write_text(f"{SECRET}\n")
    return tmp_path


def _ask(
    web_of: OpenWeb,
    url: str,
    home: Path,
    *,
    headers: Mapping[str, str] = KEY,
    user_agent: str | None = None,
) -> Fetched | FetchFailed:
    access = Access(headers=headers, user_agent=user_agent)
    request = WebRequest(url=url, kind="feed", access=access)
    [outcome] = web_of(home=home, user_agent="newsloom").get_many([request])
    assert isinstance(outcome, Fetched | FetchFailed)
    return outcome


def test_a_source_is_asked_with_its_own_headers(
    server: Server, open_web: OpenWeb, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARBOUR_COOKIE", "seen=1; terms=yes")
    url = server.on("/feed", reply(b"x"))

    references = {**KEY, "Cookie": "env:HARBOUR_COOKIE"}
    _ask(open_web, url, home, headers=references, user_agent="harbour-reader/2")

    headers = server.asked[0].headers
    assert headers["authorization"] == SECRET
    assert headers["cookie"] == "seen=1; terms=yes"
    assert headers["user-agent"] == "harbour-reader/2"


def test_a_redirect_within_the_host_keeps_them(
    server: Server, open_web: OpenWeb, home: Path
) -> None:
    server.on("/new", reply(b"x"))
    _ask(open_web, server.on("/old", redirect("/new")), home)

    assert [asked.headers.get("authorization") for asked in server.asked] == [SECRET, SECRET]


def test_another_host_never_sees_them(server: Server, open_web: OpenWeb, home: Path) -> None:
    with running_server(host="127.0.0.2") as stranger:
        url = server.on("/feed", redirect(stranger.on("/feed", reply(b"x"))))
        outcome = _ask(open_web, url, home, user_agent="harbour-reader/2")

    assert isinstance(outcome, Fetched)
    [asked] = stranger.asked
    assert "authorization" not in asked.headers
    assert asked.headers["user-agent"] == "newsloom"


def test_another_port_of_the_host_never_sees_them(
    server: Server, open_web: OpenWeb, home: Path
) -> None:
    with running_server() as neighbour:
        _ask(open_web, server.on("/feed", redirect(neighbour.on("/", reply(b"x")))), home)

    assert "authorization" not in neighbour.asked[0].headers


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("http://a.example/f", "https://a.example/f", True),
        ("https://a.example/f", "http://a.example/f", False),
        ("https://a.example/f", "https://b.a.example/f", False),
        ("http://a.example/f", "https://a.example.evil.example/f", False),
    ],
)
def test_tls_may_be_gained_but_not_lost(
    open_web: OpenWeb, home: Path, first: str, second: str, told: bool
) -> None:
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization"))
        if str(request.url) == first:
            return httpx.Response(301, headers={"location": second})
        return httpx.Response(200, content=b"x")

    web = open_web(home=home, transport=httpx.MockTransport(answer))
    web.get_many([WebRequest(url=first, kind="feed", access=Access(headers=KEY))])

    assert seen == [SECRET, SECRET if told else None]


@pytest.mark.parametrize(
    "reference", ["env:NOT_SET_ANYWHERE", "file:nowhere", "file:.", "file:two-lines"]
)
def test_a_secret_that_is_not_there_ends_the_request_unasked(
    server: Server, open_web: OpenWeb, home: Path, reference: str
) -> None:
    (home / "two-lines").write_text("Bearer first\r\nX-Injected: second")
    url = server.on("/feed", reply(b"x"))

    outcome = _ask(open_web, url, home, headers={"Authorization": reference})

    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == "no-secret"
    assert f"Authorization from {reference}" in outcome.detail
    assert "first" not in outcome.detail
    assert server.asked == []


def test_no_request_and_no_outcome_shows_the_secret(
    server: Server, open_web: OpenWeb, home: Path
) -> None:
    outcome = _ask(open_web, server.on("/feed", reply(b"x", status=401)), home)

    assert SECRET not in repr(outcome)
    assert SECRET not in repr(WebRequest(url=server.url("/"), access=Access(headers=KEY)))
