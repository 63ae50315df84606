"""No way into the network: 40 and more spellings, every hop, every answer of the resolver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager

import httpcore
import httpx
import pytest

from pipeline.io.dial import GuardedBackend, Resolver, system_resolver
from pipeline.io.guard import Guard
from pipeline.io.transport import PoolTransport, network_transport
from pipeline.io.web import Web, WebPolicy, WebRequest
from pipeline.outcomes import Fetched, FetchFailed
from tests.pipeline.io.conftest import OpenWeb
from tests.servers import Server, redirect, reply

PUBLIC = "93.184.216.34"
BLOCKED = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://www.localhost/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.0.0.1./",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fec0::1]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[ff02::1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://172.16.0.1/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://192.88.99.1/",
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://１２７.0.0.1/",
    "http://%31%32%37.0.0.1/",
    "http://example.org@127.0.0.1/",
    "http://127.0.0.1\\@example.org/",
    "http://127.0.0.1:22/",
    "https://127.0.0.1:8443/",
    "http:\\\\127.0.0.1/",
    "http:127.0.0.1/",
    "http://127.0.0.1#@example.org/",
]
#: Refused before anything is looked up, for another reason.
REFUSED = {
    "http://[fe80::1%25eth0]/": "bad-url",
    "http://example.org:22/": "blocked-port",
    "http://example.org:25/": "blocked-port",
    "http://example.org:6379/": "blocked-port",
    "http://example.org:0/": "blocked-port",
    "http://example.org:99999/": "bad-url",
    "http://127.0.0.1 /": "bad-url",
    "http://127.0.0.1\t/": "bad-url",
    "file:///etc/passwd": "bad-url",
    "gopher://127.0.0.1:6379/": "bad-url",
}
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage"


class Recorder(httpcore.AsyncMockBackend):
    """Remembers who would have been dialled, and opens no socket."""

    def __init__(self, answer: bytes = PAGE) -> None:
        super().__init__([answer])
        self.dialled: list[tuple[str, int]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append((host, port))
        return await super().connect_tcp(host, port)


def names(*answers: list[str]) -> Resolver:
    """Return a resolver that gives these answers in turn, the last one from then on."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@contextmanager
def recorded(resolve: Resolver, recorder: Recorder) -> Iterator[Web]:
    """Give a web with the real pool and the real dial-time check over a recorder."""
    transport = network_transport(Guard(), resolve, backend=recorder)
    with closing(Web(WebPolicy(), transport=transport)) as web:
        yield web


def ask(web: Web, url: str) -> Fetched | FetchFailed:
    (outcome,) = web.get_many([WebRequest(url=url)])
    assert isinstance(outcome, Fetched | FetchFailed)
    return outcome


@pytest.mark.parametrize("url", BLOCKED)
def test_no_spelling_of_a_private_address_is_dialled(url: str) -> None:
    recorder = Recorder()
    with recorded(names([PUBLIC]), recorder) as web:
        outcome = ask(web, url)

    assert isinstance(outcome, FetchFailed)
    assert (outcome.reason, outcome.permanent) == ("blocked-address", True)
    assert recorder.dialled == []


@pytest.mark.parametrize(("url", "reason"), REFUSED.items())
def test_other_ways_in_are_closed_as_well(url: str, reason: str) -> None:
    recorder = Recorder()
    with recorded(names([PUBLIC]), recorder) as web:
        outcome = ask(web, url)

    assert isinstance(outcome, FetchFailed)
    assert (outcome.reason, outcome.permanent) == (reason, True)
    assert recorder.dialled == []


@pytest.mark.parametrize(
    "url",
    [
        "http://1.1.1.1/",
        "http://8.8.8.8:8080/",
        "http://93.184.216.34/",
        "http://172.32.0.1/",
        "http://100.128.0.1/",
        "http://[2606:4700::1111]/",
        "http://[2a00:1450:4001:81b::200e]/",
        "http://[::ffff:8.8.8.8]/",
        "http://[64:ff9b::808:808]/",
        "http://[2002:808:808::1]/",
        "http://example.org/",
        "http://bücher.example/",
    ],
)
def test_public_addresses_pass(url: str) -> None:
    recorder = Recorder()
    with recorded(names([PUBLIC]), recorder) as web:
        outcome = ask(web, url)

    assert isinstance(outcome, Fetched), outcome
    assert len(recorder.dialled) == 1


@pytest.mark.parametrize(
    "answers",
    [
        [PUBLIC, "10.0.0.1"],
        ["::1", PUBLIC],
        ["127.0.0.1"],
        ["::ffff:169.254.169.254"],
        [PUBLIC, "2606:4700::1111", "64:ff9b::a00:1"],
    ],
)
def test_a_name_with_one_private_address_is_not_dialled(answers: list[str]) -> None:
    recorder = Recorder()
    with recorded(names(answers), recorder) as web:
        outcome = ask(web, "http://mixed.example/")

    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == "blocked-address"
    assert recorder.dialled == []


def test_the_address_that_was_checked_is_the_one_that_is_dialled() -> None:
    recorder = Recorder()
    with recorded(names([PUBLIC], ["127.0.0.1"]), recorder) as web:
        first = ask(web, "http://rebinding.example/")

    assert isinstance(first, Fetched)
    assert recorder.dialled == [(PUBLIC, 80)]


def test_a_name_that_turns_private_is_blocked_at_its_next_dial() -> None:
    recorder = Recorder(PAGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    with recorded(names([PUBLIC], ["127.0.0.1"]), recorder) as web:
        ask(web, "http://rebinding.example/")
        second = ask(web, "http://rebinding.example/")

    assert isinstance(second, FetchFailed)
    assert second.reason == "blocked-address"
    assert recorder.dialled == [(PUBLIC, 80)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["http://127.0.0.1/", "//[::1]/", "http://0x7f.1:6379/"])
def test_a_redirect_into_the_network_is_not_followed(status: int, target: str) -> None:
    head = f"HTTP/1.1 {status} Moved\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
    recorder = Recorder(head.encode())
    with recorded(names([PUBLIC]), recorder) as web:
        outcome = ask(web, "http://example.org/")

    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == "blocked-address"
    assert len(recorder.dialled) == 1


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "gopher://x/", "javascript:1", "ftp://x/"]
)
def test_a_redirect_out_of_the_web_is_not_followed(target: str) -> None:
    head = f"HTTP/1.1 302 Moved\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
    with recorded(names([PUBLIC]), Recorder(head.encode())) as web:
        outcome = ask(web, "http://example.org/")

    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == "bad-url"


def test_pictures_are_guarded_like_pages() -> None:
    recorder = Recorder()
    with recorded(names([PUBLIC]), recorder) as web:
        outcomes = web.get_many([WebRequest(url=url, kind="image") for url in BLOCKED])

    assert {getattr(outcome, "reason", "") for outcome in outcomes} == {"blocked-address"}
    assert recorder.dialled == []


@pytest.mark.parametrize("host", ["0x7f.1", "127.1", "2130706433", "0", "127.0.0.1", "::1"])
def test_the_dial_refuses_what_the_systems_resolver_makes_of_odd_hosts(host: str) -> None:
    """The last line of defence: hosts as no URL check would let them come this far."""
    recorder = Recorder()
    pool = httpcore.AsyncConnectionPool(
        network_backend=GuardedBackend(Guard(), system_resolver, backend=recorder)
    )

    class Careless(PoolTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await self.pool.request("GET", httpcore.URL(scheme="http", host=host, target="/"))
            raise AssertionError("dialled")

    with closing(Web(WebPolicy(), transport=Careless(pool))) as web:
        outcome = ask(web, "http://example.org/")

    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == "blocked-address"
    assert recorder.dialled == []


def test_a_name_without_an_address_is_a_failed_look_up() -> None:
    async def fail(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    for resolve in (fail, names([])):
        with recorded(resolve, Recorder()) as web:
            outcome = ask(web, "http://missing.example/")

        assert isinstance(outcome, FetchFailed)
        assert (outcome.reason, outcome.permanent) == ("dns", False)


def test_the_next_address_is_tried_when_one_does_not_answer(
    server: Server, open_web: OpenWeb
) -> None:
    url = server.on("/", reply(b"page")).replace("127.0.0.1", "many.example")
    web = open_web(resolve=names(["127.0.0.77", "127.0.0.1"]))

    outcome = ask(web, url)

    assert isinstance(outcome, Fetched)
    assert server.asked[0].headers["host"] == f"many.example:{server.port}"


def test_a_name_in_a_named_network_is_reached_at_any_port(
    server: Server, open_web: OpenWeb
) -> None:
    url = server.on("/", reply(b"page")).replace("127.0.0.1", "inside.example")

    assert isinstance(ask(open_web(resolve=names(["127.0.0.1"])), url), Fetched)
    outside = ask(open_web(resolve=names([PUBLIC])), url)
    assert isinstance(outside, FetchFailed)
    assert outside.reason == "blocked-port"


def test_without_a_named_network_loopback_gets_no_connection(
    server: Server, open_web: OpenWeb
) -> None:
    web = open_web(allow_networks=(), resolve=names(["127.0.0.1"]))

    for url in (server.url(), f"http://name.example:{server.port}/", "http://name.example/"):
        assert isinstance(ask(web, url), FetchFailed)

    assert server.connections == 0


# --- a given transport ----------------------------------------------------------------------------


def _counting(asked: list[str]) -> httpx.MockTransport:
    def play(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200)

    return httpx.MockTransport(play)


@pytest.mark.parametrize(
    ("resolve", "reason"),
    [(names(["10.0.0.1"]), "blocked-address"), (names([PUBLIC, "::1"]), "blocked-address")],
)
def test_a_given_transport_stands_behind_the_same_check(resolve: Resolver, reason: str) -> None:
    asked: list[str] = []
    with closing(Web(WebPolicy(), transport=_counting(asked), resolve=resolve)) as web:
        outcome = ask(web, "http://one.example/")

    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == reason
    assert asked == []


def test_before_a_given_transport_every_name_is_public_and_no_literal_is() -> None:
    asked: list[str] = []
    with closing(Web(WebPolicy(), transport=_counting(asked))) as web:
        blocked = [ask(web, url) for url in BLOCKED]
        passed = ask(web, "https://one.example/")

    assert {getattr(outcome, "reason", "") for outcome in blocked} == {"blocked-address"}
    assert isinstance(passed, Fetched)
    assert asked == ["https://one.example/"]


# --- behind a proxy -------------------------------------------------------------------------------


def test_a_proxy_is_asked_for_names_and_never_for_private_addresses(
    server: Server, make_proxied: Callable[[str], Web]
) -> None:
    server.on("http://one.example/", reply(b"by proxy"))
    web = make_proxied(server.url())

    blocked = [ask(web, url) for url in BLOCKED]
    passed = ask(web, "http://one.example/")

    assert {getattr(outcome, "reason", "") for outcome in blocked} == {"blocked-address"}
    assert isinstance(passed, Fetched)
    assert passed.body == b"by proxy"
    assert [asked.target for asked in server.asked] == ["http://one.example/"]


def test_a_redirect_behind_a_proxy_is_guarded(
    server: Server, make_proxied: Callable[[str], Web]
) -> None:
    server.on("http://one.example/", redirect("http://169.254.169.254/latest/meta-data/"))

    outcome = ask(make_proxied(server.url()), "http://one.example/")

    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == "blocked-address"
    assert len(server.asked) == 1


@pytest.fixture
def make_proxied() -> Iterator[Callable[[str], Web]]:
    """Give a maker of webs behind a proxy, with no network opened."""
    made: list[Web] = []

    def make(proxy: str) -> Web:
        made.append(Web(WebPolicy(proxy=proxy)))
        return made[-1]

    yield make
    for web in made:
        web.close()
