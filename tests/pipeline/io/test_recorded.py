from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest

from pipeline.errors import UsageError
from pipeline.io.guard import is_public
from pipeline.io.pictures import size_of
from pipeline.io.recorded import HostedWeb, RecordedWeb, blank_png
from pipeline.io.web import Web, WebPolicy, WebRequest
from pipeline.outcomes import Fetched, FetchFailed, NotModified
from pipeline.records import Validators

MORNING = datetime(2020, 1, 23, 9, 0, tzinfo=UTC)
EVENING = datetime(2020, 1, 23, 18, 0, tzinfo=UTC)
HOST = """
[[answer]]
path = "/news/pier"
file = "pages/late.html"
type = "text/html"
after = 2020-01-23T18:00:00Z

[[answer]]
path = "/news/pier"
file = "early.html"
type = "text/html; charset=utf-8"
etag = '"early"'
headers = { cache-control = "max-age=60" }

[[answer]]
path = "/x/?amp"
file = "early.html"

[[answer]]
path = "/moved"
status = 301
location = "/news/pier"

[[answer]]
path = "/gone"
status = 410

[[answer]]
path = "/later"
file = "early.html"
after = 2020-01-23T18:00:00Z

[[answer]]
path = "/pictures/a.png"
picture = [1024, 576]
"""


def record(folder: Path, text: str = HOST, host: str = "one.example") -> Path:
    """Record one host; return the folder of the web."""
    (folder / host / "pages").mkdir(parents=True)
    (folder / host / "host.toml").write_text(text)
    (folder / host / "early.html").write_text("<p>early</p>")
    (folder / host / "pages" / "late.html").write_text("<p>late</p>")
    return folder


Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Give a way to ask a recorded host for a path at a time of day."""
    folder = record(tmp_path)

    def ask(path: str, now: datetime = MORNING, **headers: str) -> httpx.Response:
        url = path if "://" in path else f"https://one.example{path}"
        web = RecordedWeb(folder, clock=lambda: now)

        async def answer() -> httpx.Response:
            response = await web.handle_async_request(httpx.Request("GET", url, headers=headers))
            await response.aread()
            return response

        return asyncio.run(answer())

    return ask


def test_a_path_is_answered_with_its_file_and_headers(ask: Ask) -> None:
    response = ask("/news/pier")

    assert response.status_code == 200
    assert response.content == b"<p>early</p>"
    assert dict(response.headers) == {
        "cache-control": "max-age=60",
        "content-length": "12",
        "content-type": "text/html; charset=utf-8",
        "etag": '"early"',
    }


def test_http_and_https_are_one_and_the_query_belongs_to_the_path(ask: Ask) -> None:
    assert ask("http://one.example/x/?amp").content == b"<p>early</p>"
    assert ask("/x/").status_code == 404
    assert ask("/x/?amp=1").status_code == 404


def test_the_latest_answer_that_holds_is_given(ask: Ask) -> None:
    assert ask("/news/pier", EVENING).content == b"<p>late</p>"
    assert ask("/later").status_code == 404
    assert ask("/later", EVENING).status_code == 200


def test_an_equal_etag_is_answered_not_modified(ask: Ask) -> None:
    same = ask("/news/pier", **{"If-None-Match": '"early"'})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", '"early"')
    assert ask("/news/pier", **{"If-None-Match": '"other"'}).status_code == 200
    assert ask("/news/pier", EVENING, **{"If-None-Match": '"early"'}).status_code == 200


def test_other_statuses_come_as_recorded(ask: Ask) -> None:
    moved = ask("/moved")

    assert (moved.status_code, moved.headers["location"]) == (301, "/news/pier")
    assert ask("/gone").status_code == 410
    assert ask("/never/recorded").status_code == 404


def test_a_picture_has_the_size_it_was_recorded_with(ask: Ask) -> None:
    response = ask("/pictures/a.png")

    assert response.headers["content-type"] == "image/png"
    assert size_of(response.content) == (1024, 576)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (9, 2), (10_000, 10_000)])
def test_a_blank_picture_is_small_whatever_its_size(width: int, height: int) -> None:
    picture = blank_png(width, height)

    assert size_of(picture) == (width, height)
    assert len(picture) < 13_000


def test_an_unknown_host_is_not_there(tmp_path: Path) -> None:
    web = RecordedWeb(record(tmp_path), clock=lambda: MORNING)

    with pytest.raises(httpx.ConnectError, match=r"no host two\.example"):
        web(httpx.Request("GET", "https://two.example/"))
    with pytest.raises(socket.gaierror):
        asyncio.run(web.resolve("two.example", 443))
    [address] = asyncio.run(web.resolve("one.example", 443))
    assert is_public(ip_address(address))


def test_a_recorded_web_stands_in_for_the_network_behind_the_guard(tmp_path: Path) -> None:
    hosted = RecordedWeb(record(tmp_path), clock=lambda: MORNING)
    requests = [
        WebRequest(url="https://one.example/moved"),
        WebRequest(url="https://one.example/news/pier", validators=Validators(etag='"early"')),
        WebRequest(url="https://two.example/"),
        WebRequest(url="https://one.example/pictures/a.png", kind="image"),
    ]
    web = Web(WebPolicy(), transport=hosted, resolve=hosted.resolve)
    try:
        moved, known, unknown, picture = web.get_many(requests)
    finally:
        web.close()

    assert isinstance(moved, Fetched)
    assert (moved.final_url, moved.body) == ("https://one.example/news/pier", b"<p>early</p>")
    assert isinstance(known, NotModified)
    assert isinstance(unknown, FetchFailed)
    assert unknown.reason == "dns"
    assert isinstance(picture, Fetched)
    assert size_of(picture.body) == (1024, 576)


def test_any_function_can_be_a_host(tmp_path: Path) -> None:
    recorded = RecordedWeb(record(tmp_path), clock=lambda: MORNING)
    web = HostedWeb({**recorded.hosts, "two.example": lambda _request: httpx.Response(418)})

    assert web(httpx.Request("GET", "https://two.example/")).status_code == 418
    assert web(httpx.Request("GET", "https://one.example/gone")).status_code == 410


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("answer = 1", "answer"),
        ("[[answer]", "line 1"),
        ('[[answer]]\npath = "news"', "path"),
        ('[[answer]]\npath = "/"\nfiel = "early.html"', "fiel"),
        ('[[answer]]\npath = "/"\nfile = "missing.html"', "there is no file missing.html"),
        ('[[answer]]\npath = "/"\nfile = "../secret"', "file"),
        ('[[answer]]\npath = "/"\nfile = "/etc/hostname"', "file"),
        ('[[answer]]\npath = "/"\npicture = [0, 5]', "picture"),
        ('[[answer]]\npath = "/"\npicture = [5, 5]\nfile = "early.html"', "either file or"),
        ('[[answer]]\npath = "/"\nafter = 2020-01-23T18:00:00', "after"),
        ('[[answer]]\npath = "/"\nstatus = "200 OK"', "answer.0.status: Input should be"),
    ],
)
def test_a_recording_that_is_not_well_says_what_is_wrong(
    tmp_path: Path, text: str, reason: str
) -> None:
    record(tmp_path, text)

    with pytest.raises(UsageError, match=r"one\.example/host\.toml") as caught:
        RecordedWeb(tmp_path, clock=lambda: MORNING)

    assert reason in str(caught.value)


def test_a_web_that_was_never_recorded_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.example").mkdir()

    with pytest.raises(UsageError, match=r"nowhere: no folder with a recorded web"):
        RecordedWeb(tmp_path / "nowhere", clock=lambda: MORNING)
    with pytest.raises(UsageError, match=r"empty\.example/host\.toml: .*No such file"):
        RecordedWeb(tmp_path, clock=lambda: MORNING)
