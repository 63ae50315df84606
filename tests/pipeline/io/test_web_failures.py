"""Every exception of the libraries below has a stable reason."""

from __future__ import annotations

import ssl
from contextlib import closing

import h11
import httpcore
import httpx
import idna
import pytest

from pipeline.errors import Rejected
from pipeline.io.failures import failure_of
from pipeline.io.web import Web, WebPolicy, WebRequest
from pipeline.outcomes import FetchFailed

URL = "http://one.example/"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Rejected("blocked-address", "10.0.0.1"), "blocked-address"),
        (httpx.InvalidURL("no"), "bad-url"),
        (httpx.UnsupportedProtocol("no"), "bad-url"),
        (UnicodeError("label too long"), "bad-url"),
        (idna.IDNAError("no"), "bad-url"),
        (TimeoutError(), "deadline"),
        (httpx.ReadTimeout("slow"), "deadline"),
        (httpcore.WriteTimeout("slow"), "deadline"),
        (httpx.PoolTimeout("slow"), "deadline"),
        (httpx.ConnectTimeout("slow"), "connect"),
        (httpcore.ConnectTimeout("slow"), "connect"),
        (httpx.ConnectError("refused"), "connect"),
        (httpcore.ConnectError(OSError(111, "refused")), "connect"),
        (ConnectionRefusedError(111, "refused"), "connect"),
        (OSError(24, "too many open files"), "connect"),
        (ssl.SSLError(1, "bad record"), "tls"),
        (ssl.SSLCertVerificationError(1, "expired"), "tls"),
        (httpcore.ConnectError(ssl.SSLError(1, "handshake failure")), "tls"),
        (httpx.ProxyError("407"), "proxy"),
        (httpcore.ProxyError("502 Bad Gateway"), "proxy"),
        (httpx.RemoteProtocolError("no HTTP"), "bad-response"),
        (httpcore.RemoteProtocolError(h11.RemoteProtocolError("no HTTP")), "bad-response"),
        (httpcore.RemoteProtocolError(h11.RemoteProtocolError("long", 431)), "too-large"),
        (httpx.LocalProtocolError("odd header"), "bad-response"),
        (httpx.ReadError("reset"), "bad-response"),
        (httpcore.WriteError("reset"), "bad-response"),
        (httpx.DecodingError("gzip"), "bad-encoding"),
        (RuntimeError("what"), "client-error"),
    ],
)
def test_an_exception_becomes_an_outcome(error: Exception, reason: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    with closing(Web(WebPolicy(), transport=httpx.MockTransport(fail))) as web:
        (outcome,) = web.get_many([WebRequest(url=URL)])

    assert isinstance(outcome, FetchFailed)
    assert (outcome.url, outcome.reason) == (URL, reason)
    assert outcome.permanent == reason.startswith(("bad-url", "blocked-"))
    assert outcome.detail


def test_a_tls_failure_is_found_behind_the_librarys_own_exception() -> None:
    error = httpx.ConnectError("failed")
    error.__cause__ = httpcore.ConnectError(ssl.SSLError(1, "unknown authority"))

    assert failure_of(URL, error).reason == "tls"


def test_a_deadline_met_while_tls_was_waiting_is_a_deadline() -> None:
    error = TimeoutError()
    error.__context__ = ssl.SSLWantReadError()

    assert failure_of(URL, error).reason == "deadline"


def test_details_are_one_short_clean_line() -> None:
    outcome = failure_of(URL, RuntimeError("a\nforged line \x1b[31m" + "x" * 500))

    assert outcome.detail.startswith("a forged line [31mxxx")
    assert len(outcome.detail) == 200
