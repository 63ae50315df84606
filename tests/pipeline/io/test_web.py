"""The door: order, concurrency, headers, conditional GETs, pictures, one life in many calls."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from config.settings import Settings
from pipeline.errors import UsageError
from pipeline.io.web import Web, WebPolicy, WebRequest, web_policy
from pipeline.outcomes import Fetched, FetchFailed, NotModified, WebOutcome
from pipeline.records import Validators
from tests.pipeline.io.conftest import OpenWeb
from tests.servers import Server, after, gzipped, head, raw, redirect, reply, unless_modified

TEXT = b"The harbour is closed. " * 200


def fetched(outcome: WebOutcome) -> Fetched:
    assert isinstance(outcome, Fetched), outcome
    return outcome


def failed(outcome: WebOutcome) -> FetchFailed:
    assert isinstance(outcome, FetchFailed), outcome
    return outcome


def test_outcomes_come_in_the_order_of_the_requests(server: Server, open_web: OpenWeb) -> None:
    urls = [
        server.on(f"/{n}", after(0.05 * (3 - n % 4), reply(str(n).encode()))) for n in range(12)
    ]
    urls.insert(5, "http://10.0.0.1/")
    urls.insert(7, urls[2])

    outcomes = open_web().get_many([WebRequest(url=url) for url in urls])

    assert [outcome.url for outcome in outcomes] == urls
    assert failed(outcomes.pop(5)).reason == "blocked-address"
    bodies = [fetched(outcome).body for outcome in outcomes]
    assert bodies == [str(n).encode() for n in (0, 1, 2, 3, 4, 5, 2, 6, 7, 8, 9, 10, 11)]


def test_no_requests_open_nothing(open_web: OpenWeb) -> None:
    web = open_web()

    assert web.get_many([]) == []
    assert web._runner is None


@pytest.mark.parametrize("concurrency", [1, 4])
def test_no_more_are_in_flight_than_the_policy_says(
    server: Server, open_web: OpenWeb, concurrency: int
) -> None:
    url = server.on("/", after(0.02, reply(b"x")))

    outcomes = open_web(concurrency=concurrency).get_many([WebRequest(url=url)] * 12)

    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert server.most_at_once == concurrency


def test_one_web_serves_many_calls_over_kept_connections(server: Server, open_web: OpenWeb) -> None:
    url = server.on("/", reply(TEXT))
    web = open_web()

    for _ in range(10):
        assert [fetched(o).body for o in web.get_many([WebRequest(url=url)] * 2)] == [TEXT] * 2

    assert len(server.asked) == 20
    assert server.connections == 2


def test_a_closed_web_may_be_closed_again_and_opens_anew(server: Server, open_web: OpenWeb) -> None:
    url = server.on("/", reply(TEXT))
    web = open_web()
    web.close()

    fetched(web.get_many([WebRequest(url=url)])[0])
    web.close()
    web.close()

    fetched(web.get_many([WebRequest(url=url)])[0])


def test_a_gzipped_answer_is_decoded(server: Server, open_web: OpenWeb) -> None:
    url = server.on("/", gzipped(TEXT))

    outcome = fetched(open_web().get_many([WebRequest(url=url)])[0])

    assert (outcome.body, outcome.status, outcome.final_url) == (TEXT, 200, url)
    assert outcome.headers["content-encoding"] == "gzip"


def test_repeated_headers_are_joined_under_lower_case_names(
    server: Server, open_web: OpenWeb
) -> None:
    url = server.on("/", reply(headers=[("Cache-Control", "no-cache"), ("CACHE-control", "a=1")]))

    outcome = fetched(open_web().get_many([WebRequest(url=url)])[0])

    assert outcome.headers["cache-control"] == "no-cache, a=1"


def test_requests_say_who_asks_and_take_only_gzip(server: Server, open_web: OpenWeb) -> None:
    web = open_web(user_agent="loom/1", contact="https://example.org/about")
    web.get_many(
        [
            WebRequest(url=server.on("/feed", reply()), kind="feed"),
            WebRequest(url=server.on("/page", reply()), kind="page"),
        ]
    )

    for asked in server.asked:
        assert asked.method == "GET"
        assert asked.headers["user-agent"] == "loom/1 (https://example.org/about)"
        assert asked.headers["accept-encoding"] == "gzip"
        assert asked.headers["host"] == f"127.0.0.1:{server.port}"
        assert not {"cookie", "authorization", "referer", "range"} & asked.headers.keys()
    assert "application/rss+xml" in server.requests("/feed")[0].headers["accept"]
    assert server.requests("/page")[0].headers["accept"].startswith("text/html")


def test_cookies_are_not_kept(server: Server, open_web: OpenWeb) -> None:
    server.on("/b", reply())
    url = server.on(
        "/a", reply(status=302, headers=[("Location", "/b"), ("Set-Cookie", "id=1; Path=/")])
    )
    web = open_web()

    for _ in range(2):
        fetched(web.get_many([WebRequest(url=url)])[0])

    assert len(server.asked) == 4
    assert all("cookie" not in asked.headers for asked in server.asked)


def test_user_and_password_of_a_url_are_not_sent(server: Server, open_web: OpenWeb) -> None:
    url = server.on("/", reply()).replace("://", "://user:secret@")

    outcome = fetched(open_web().get_many([WebRequest(url=url)])[0])

    assert "secret" not in outcome.final_url
    assert "authorization" not in server.asked[0].headers


def test_the_environment_chooses_no_proxy(
    server: Server, open_web: OpenWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")

    fetched(open_web().get_many([WebRequest(url=server.on("/", reply()))])[0])


# --- conditional GET ------------------------------------------------------------------------------


def test_validators_make_a_get_conditional(server: Server, open_web: OpenWeb) -> None:
    day = "Mon, 05 Oct 2026 10:00:00 GMT"
    url = server.on(
        "/",
        unless_modified(reply(TEXT, headers=[("ETag", 'W/"7"'), ("Last-Modified", day)]), 'W/"7"'),
    )
    web = open_web()
    first = fetched(web.get_many([WebRequest(url=url)])[0])

    second = web.get_many([WebRequest(url=url, validators=first.validators)])[0]

    assert first.validators == Validators(etag='W/"7"', last_modified=day)
    assert isinstance(second, NotModified)
    assert (second.url, second.validators) == (url, first.validators)
    assert second.headers["etag"] == 'W/"7"'
    assert server.asked[1].headers["if-modified-since"] == day


def test_a_304_that_nobody_asked_for_is_a_failure(server: Server, open_web: OpenWeb) -> None:
    url = server.on("/", raw(head(304)))
    web = open_web()

    for validators in (None, Validators(), Validators(etag="a\r\nb")):
        outcome = failed(web.get_many([WebRequest(url=url, validators=validators)])[0])
        assert (outcome.reason, outcome.status) == ("not-modified-without-validators", 304)
        assert not outcome.permanent


@pytest.mark.parametrize(
    "headers",
    [
        [("ETag", '"' + "x" * 2000 + '"')],
        [("ETag", '"a"'), ("ETag", '"b"')],
        [("ETag", "")],
        [("ETag", '"caf\xe9"')],
    ],
)
def test_strange_validators_are_not_kept(
    server: Server, open_web: OpenWeb, headers: list[tuple[str, str]]
) -> None:
    url = server.on("/", reply(headers=headers))

    outcome = fetched(open_web().get_many([WebRequest(url=url)])[0])

    assert outcome.validators == Validators()


def test_validators_come_only_from_a_plain_200(server: Server, open_web: OpenWeb) -> None:
    url = server.on("/", reply(status=203, headers=[("ETag", '"1"')]))

    assert fetched(open_web().get_many([WebRequest(url=url)])[0]).validators == Validators()


def test_an_etag_of_a_redirect_is_not_taken_for_the_pages(
    server: Server, open_web: OpenWeb
) -> None:
    server.on("/b", reply())
    url = server.on("/a", reply(status=301, headers=[("Location", "/b"), ("ETag", '"1"')]))

    assert fetched(open_web().get_many([WebRequest(url=url)])[0]).validators == Validators()


# --- pictures -------------------------------------------------------------------------------------

PICTURE = bytes(range(256)) * 40


def test_of_a_picture_only_the_beginning_is_fetched(server: Server, open_web: OpenWeb) -> None:
    part = reply(PICTURE[:1000], status=206, headers=[("Content-Range", "bytes 0-999/10240")])
    url = server.on("/p.jpg", part)

    web = open_web(image_prefix_bytes=1000)
    outcome = fetched(web.get_many([WebRequest(url=url, kind="image")])[0])

    assert (outcome.status, outcome.body) == (206, PICTURE[:1000])
    assert server.asked[0].headers["range"] == "bytes=0-999"
    assert server.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("length", [[("Content-Length", "100000000")], []])
def test_a_server_that_ignores_the_range_is_cut_off(
    server: Server, open_web: OpenWeb, length: list[tuple[str, str]]
) -> None:
    url = server.on("/p.jpg", raw(head(200, length) + PICTURE, stays=True))

    web = open_web(image_prefix_bytes=1000)
    outcome = fetched(web.get_many([WebRequest(url=url, kind="image")])[0])

    assert (outcome.status, outcome.body) == (200, PICTURE[:1000])


def test_a_small_picture_comes_whole(server: Server, open_web: OpenWeb) -> None:
    url = server.on("/p.png", reply(PICTURE[:300]))

    outcome = fetched(open_web().get_many([WebRequest(url=url, kind="image")])[0])

    assert outcome.body == PICTURE[:300]


@pytest.mark.parametrize("span", ["bytes 500-999/10240", "bytes */10240", ""])
def test_another_part_than_the_first_is_no_answer(
    server: Server, open_web: OpenWeb, span: str
) -> None:
    url = server.on("/p.png", reply(b"x", status=206, headers=[("Content-Range", span)]))

    outcome = failed(open_web().get_many([WebRequest(url=url, kind="image")])[0])

    assert outcome.reason == "bad-response"


def test_a_part_of_a_page_is_no_answer(server: Server, open_web: OpenWeb) -> None:
    url = server.on("/", reply(b"x", status=206, headers=[("Content-Range", "bytes 0-0/9")]))

    assert failed(open_web().get_many([WebRequest(url=url)])[0]).reason == "bad-response"


# --- the seam -------------------------------------------------------------------------------------


def test_a_plain_function_can_be_the_web(open_web: OpenWeb) -> None:
    asked: list[str] = []

    def play(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.path == "/old":
            return httpx.Response(301, headers={"location": "/new"})
        return httpx.Response(200, content=b"page", headers={"etag": '"1"'})

    web = open_web(transport=httpx.MockTransport(play))
    outcome = fetched(web.get_many([WebRequest(url="https://one.example/old")])[0])

    assert asked == ["https://one.example/old", "https://one.example/new"]
    assert (outcome.body, outcome.validators.etag) == (b"page", '"1"')
    assert outcome.redirects == ((301, "https://one.example/old"),)


def test_bounds_hold_for_a_function_too(open_web: OpenWeb) -> None:
    def play(request: httpx.Request) -> httpx.Response:
        coding = {"content-encoding": "br"} if request.url.path == "/br" else {}
        return httpx.Response(200, content=b"x" * 2000, headers=coding)

    web = open_web(transport=httpx.MockTransport(play), page_max_bytes=1024)
    urls = ["http://one.example/br", "http://one.example/large", "http://127.9.9.9:22/large"]
    reasons = [failed(o).reason for o in web.get_many([WebRequest(url=url) for url in urls])]

    assert reasons == ["bad-encoding", "too-large", "too-large"]


def test_a_fault_of_ours_is_an_outcome_as_well(open_web: OpenWeb) -> None:
    def play(request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError("oh")

    web = open_web(transport=httpx.MockTransport(play))
    outcome = failed(web.get_many([WebRequest(url="http://one.example/")])[0])

    assert (outcome.reason, outcome.detail) == ("client-error", "oh")


def _raise() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("interrupt", [_raise, partial(signal.raise_signal, signal.SIGINT)])
def test_an_interrupt_ends_the_call_and_leaves_a_usable_web(
    open_web: OpenWeb, interrupt: Callable[[], None]
) -> None:
    async def play(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/stop":
            interrupt()
            await asyncio.sleep(10)
        return httpx.Response(200)

    web = open_web(transport=httpx.MockTransport(play))
    with pytest.raises(KeyboardInterrupt):
        web.get_many([WebRequest(url=f"http://one.example/{path}") for path in ("a", "stop")])

    fetched(web.get_many([WebRequest(url="http://one.example/")])[0])


# --- settings -------------------------------------------------------------------------------------


def test_the_policy_is_made_from_the_settings(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "home": tmp_path,
            "user_agent": "loom/1",
            "contact": "ops@example.org",
            "proxy": SecretStr("http://user:secret@127.0.0.1:3128"),
            "allow_networks": "10.1.0.0/16, fd00::/8",
            "concurrency": 7,
            "feed_max_bytes": 2048,
            "page_max_bytes": 4096,
            "feed_deadline": "10s",
            "page_deadline": "5s",
        }
    )

    policy = web_policy(settings)

    assert (policy.user_agent, policy.contact) == ("loom/1", "ops@example.org")
    assert (policy.cap("feed"), policy.cap("page"), policy.cap("image")) == (2048, 4096, 65536)
    assert (policy.seconds("feed"), policy.seconds("page"), policy.seconds("image")) == (10, 5, 5)
    assert [str(network) for network in policy.allow_networks] == ["10.1.0.0/16", "fd00::/8"]
    assert policy.concurrency == 7
    assert "secret" not in repr(policy)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://", "http://[x:secret", "secret"])
def test_a_proxy_that_cannot_be_used_is_said_at_once_and_not_repeated(proxy: str) -> None:
    with pytest.raises(UsageError, match="proxy") as error:
        web_policy(Settings(proxy=SecretStr(proxy)))

    assert "secret" not in str(error.value)


def test_a_certificate_file_that_cannot_be_used_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(UsageError, match=name):
            web_policy(Settings(home=tmp_path, ca_file=Path(name)))


def test_a_web_leaves_no_sockets_behind(server: Server) -> None:
    server.on("/", redirect("/page"))
    server.on("/page", raw(head(200) + TEXT, stays=True))
    web = Web(WebPolicy(image_prefix_bytes=10))

    web.get_many([WebRequest(url=server.url(), kind="image")] * 3)
    web.close()

    gc.collect()  # an open socket would warn here, and a warning fails the test
