"""TLS is always verified, directly and through a proxy; a further authority by file."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline.io.transport import PoolTransport, ssl_context
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome
from pipeline.records import Access
from tests.pipeline.io.conftest import OpenWeb
from tests.proxy import Authority, playing
from tests.servers import Server, drip, head, raw, redirect, reply, running_server

HOST = "one.example"


async def _loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def _outcome(outcomes: list[WebOutcome]) -> Fetched | FetchFailed:
    (outcome,) = outcomes
    assert isinstance(outcome, Fetched | FetchFailed)
    return outcome


class Expired(Authority):
    """An authority whose certificates ended yesterday."""

    @staticmethod
    def _builder(
        subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=9))
            .not_valid_after(now - timedelta(days=1))
        )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(authority: Authority) -> Iterator[Server]:
    """Give a server whose certificate says HOST."""
    with running_server(tls=authority.context(HOST)) as running:
        running.on("/", reply(b"safe"))
        yield running


def test_an_authority_from_a_file_is_trusted(
    secure: Server, open_web: OpenWeb, authority: Authority
) -> None:
    web = open_web(resolve=_loopback, ca_file=authority.file)

    outcome = _outcome(web.get_many([WebRequest(url=secure.url(host=HOST))]))

    assert isinstance(outcome, Fetched), outcome
    assert outcome.body == b"safe"


def test_an_unknown_authority_is_not(secure: Server, open_web: OpenWeb) -> None:
    web = open_web(resolve=_loopback)

    outcome = _outcome(web.get_many([WebRequest(url=secure.url(host=HOST))]))

    assert isinstance(outcome, FetchFailed)
    assert (outcome.reason, outcome.permanent) == ("tls", False)
    assert "certificate" in outcome.detail
    assert secure.asked == []


def test_a_certificate_for_another_host_is_refused(
    secure: Server, open_web: OpenWeb, authority: Authority
) -> None:
    web = open_web(resolve=_loopback, ca_file=authority.file)

    for host in ("two.example", None):  # None: by the bare address
        outcome = _outcome(web.get_many([WebRequest(url=secure.url(host=host))]))
        assert isinstance(outcome, FetchFailed)
        assert outcome.reason == "tls"
    assert secure.asked == []


def test_an_expired_certificate_is_refused(tmp_path: Path, open_web: OpenWeb) -> None:
    expired = Expired(tmp_path)
    web = open_web(resolve=_loopback, ca_file=expired.file)

    with running_server(tls=expired.context(HOST)) as server:
        outcome = _outcome(web.get_many([WebRequest(url=server.url(host=HOST))]))

    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == "tls"
    assert "expired" in outcome.detail


def test_a_server_that_speaks_no_tls_is_a_tls_failure(server: Server, open_web: OpenWeb) -> None:
    server.greeting = b"220 mail.example ready\r\n"
    url = server.url().replace("http:", "https:")

    outcome = _outcome(open_web().get_many([WebRequest(url=url)]))

    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == "tls"


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _sinks_to(files: int) -> bool:
    """Say whether no more files than that are open, soon: the server's ends close a bit later."""
    for _ in range(50):
        if _open_files() <= files:
            return True
        time.sleep(0.02)
    return False


def test_handshakes_that_never_end_meet_the_deadline_and_leave_no_sockets(
    server: Server, open_web: OpenWeb
) -> None:
    web = open_web(page_deadline=timedelta(seconds=0.5))
    web.get_many([WebRequest(url=server.on("/", reply()))])
    before = _open_files()
    # An http server waits for the end of a head that a TLS client never sends.
    url = server.url().replace("http:", "https:")

    outcomes = web.get_many([WebRequest(url=url)] * 10)

    assert {getattr(outcome, "reason", "") for outcome in outcomes} == {"deadline"}
    assert _sinks_to(before)


def test_bodies_over_tls_are_bounded_and_whole(
    secure: Server, open_web: OpenWeb, authority: Authority
) -> None:
    terms = {"ca_file": authority.file, "page_deadline": timedelta(seconds=1)}
    web = open_web(resolve=_loopback, page_max_bytes=5000, **terms)
    cases = {
        "/large": (raw(head() + b"x" * 6000), "too-large"),
        "/cut": (raw(head(200, [("Content-Length", "100")]) + b"x"), "truncated"),
        "/drip": (drip(head()), "deadline"),
    }
    for path, (behaviour, _) in cases.items():
        secure.on(path, behaviour)

    outcomes = web.get_many([WebRequest(url=secure.url(path, host=HOST)) for path in cases])

    assert [getattr(outcome, "reason", "") for outcome in outcomes] == [
        reason for _, reason in cases.values()
    ]


def test_a_step_down_to_plain_http_shows_in_the_outcome(
    secure: Server, server: Server, open_web: OpenWeb, authority: Authority
) -> None:
    secure.on("/down", redirect(server.on("/plain", reply(b"plain")), 301))
    web = open_web(resolve=_loopback, ca_file=authority.file)

    url = secure.url("/down", host=HOST)
    outcome = _outcome(web.get_many([WebRequest(url=url)]))

    assert isinstance(outcome, Fetched)
    assert outcome.redirects == ((301, url),)
    assert outcome.final_url == server.url("/plain")


def test_verification_is_on_with_and_without_a_file(authority: Authority) -> None:
    for context in (ssl_context(None), ssl_context(authority.file)):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


# --- through a proxy ------------------------------------------------------------------------------


def _play(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/old":
        return httpx.Response(301, headers={"location": "https://two.example/new"})
    return httpx.Response(200, text=f"{request.url} for {request.headers['host']}")


def test_tls_runs_through_a_proxy_to_the_named_host(tmp_path: Path, open_web: OpenWeb) -> None:
    with playing(httpx.MockTransport(_play), tmp_path) as proxy:
        web = open_web(allow_networks=(), proxy=proxy.url, ca_file=proxy.ca_file)
        urls = ["https://one.example/old", "https://one.example/page", "http://three.example/"]
        bodies = [
            outcome.body.decode() if isinstance(outcome, Fetched) else str(outcome)
            for outcome in web.get_many([WebRequest(url=url) for url in urls])
        ]
        web.close()

    assert bodies == [
        "https://two.example/new for two.example",
        "https://one.example/page for one.example",
        "http://three.example/ for three.example",
    ]


def test_an_unknown_authority_behind_a_proxy_is_refused_and_leaves_nothing_behind(
    tmp_path: Path, open_web: OpenWeb
) -> None:
    with playing(httpx.MockTransport(_play), tmp_path) as proxy:
        web = open_web(proxy=proxy.url)
        web.get_many([WebRequest(url="http://one.example/")])
        before = _open_files()
        outcomes = web.get_many([WebRequest(url=f"https://{n}.example/") for n in range(5)])
        assert _sinks_to(before)
        [way] = web._ways.values()
        assert isinstance(way.transport, PoolTransport)
        kept = [c for c in way.transport.pool.connections if not (c.is_idle() or c.is_closed())]
        web.close()

    assert {getattr(outcome, "reason", "") for outcome in outcomes} == {"tls"}
    assert proxy.asked == ["http://one.example/"]
    assert kept == []


def test_a_source_can_have_a_proxy_of_its_own(
    tmp_path: Path, server: Server, open_web: OpenWeb
) -> None:
    (tmp_path / "good").mkdir()
    with playing(httpx.MockTransport(_play), tmp_path / "good") as proxy:
        (tmp_path / "proxy-url").write_text(f"{proxy.url}\n")
        (tmp_path / "nonsense").write_text("socks9://user:canary@x")
        web = open_web(home=tmp_path, ca_file=proxy.ca_file)
        direct = server.on("/feed", reply(b"direct"))
        asked = [
            ("https://one.example/page", "file:proxy-url"),
            (direct, None),
            ("https://one.example/old", "file:proxy-url"),
            ("http://10.1.2.3/", "file:proxy-url"),
            ("https://one.example/page", "file:nowhere"),
            ("https://one.example/page", "file:nonsense"),
        ]
        outcomes = web.get_many(
            [WebRequest(url=url, kind="feed", access=Access(proxy=way)) for url, way in asked]
        )
        web.close()

    told = [
        outcome.body.decode() if isinstance(outcome, Fetched) else getattr(outcome, "reason", "")
        for outcome in outcomes
    ]
    assert told == [
        "https://one.example/page for one.example",
        "direct",
        "https://two.example/new for two.example",
        "blocked-address",  # the proxy looks names up; an address needs nobody to look it up
        "no-secret",
        "proxy",
    ]
    assert "canary" not in repr(outcomes)


def test_a_proxy_gets_its_password_and_nobody_else_sees_it(
    server: Server, open_web: OpenWeb
) -> None:
    server.on("http://one.example/", reply(b"x"))
    server.on("one.example:443", raw(head(407)))
    proxy = server.url().replace("://", "://user:pass%20word@")
    web = open_web(proxy=proxy)

    plain, tunnelled = web.get_many(
        [WebRequest(url="http://one.example/"), WebRequest(url="https://one.example/")]
    )

    assert isinstance(plain, Fetched)
    assert isinstance(tunnelled, FetchFailed)
    assert tunnelled.reason == "proxy"
    assert {asked.headers["proxy-authorization"] for asked in server.asked} == {
        "Basic dXNlcjpwYXNzIHdvcmQ="
    }
    assert "pass" not in f"{plain}{tunnelled}"


def test_a_proxy_that_is_not_there_is_a_failed_connection(open_web: OpenWeb) -> None:
    with running_server() as gone:
        proxy = gone.url()

    outcomes = open_web(proxy=proxy).get_many(
        [WebRequest(url="https://one.example/"), WebRequest(url="http://one.example/")]
    )

    assert [getattr(outcome, "reason", "") for outcome in outcomes] == ["connect", "connect"]
