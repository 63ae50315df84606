"""Servers that lie, stall and flood: each gets its stated reason and harms no other."""

from __future__ import annotations

import gzip
import resource
import time
import tracemalloc
import zlib
from datetime import timedelta

import pytest

from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome
from tests.pipeline.io.conftest import OpenWeb
from tests.servers import (
    Behaviour,
    Server,
    after,
    drip,
    endless,
    gzipped,
    head,
    raw,
    redirect,
    reply,
)

CAP = 20_000
#: Long enough for a busy machine to answer properly, short enough to wait for.
DEADLINE = timedelta(seconds=0.5)
TEXT = b"The harbour is closed. " * 100
GZIP = ("Content-Encoding", "gzip")
LENGTH = ("Content-Length", "4")
CHUNKED = ("Transfer-Encoding", "chunked")


def failed(outcome: WebOutcome) -> FetchFailed:
    assert isinstance(outcome, FetchFailed), outcome
    return outcome


def coded(name: str, body: bytes = TEXT) -> Behaviour:
    return reply(body, headers=[("Content-Encoding", name)])


def said(*headers: tuple[str, str], body: bytes = b"") -> Behaviour:
    """Send exactly these headers and bytes, then hang up."""
    return raw(head(200, headers) + body)


def _twenty_times(body: bytes) -> bytes:
    for _ in range(20):
        body = gzip.compress(body)
    return body


MISBEHAVIOURS: dict[str, tuple[Behaviour, str]] = {
    "endless body": (endless(head(), b"x" * 65536), "too-large"),
    "endless chunks": (endless(head(200, [CHUNKED]), b"a\r\n0123456789\r\n" * 99), "too-large"),
    "endless trailers": (endless(head(200, [CHUNKED]) + b"0\r\n", b"X: y\r\n" * 99), "too-large"),
    "endless chunk extension": (endless(head(200, [CHUNKED]) + b"5;", b"x" * 999), "too-large"),
    "endless after gzip": (endless(head(200, [GZIP]) + gzip.compress(b"x"), TEXT), "too-large"),
    "length of 5,000 digits": (said(("Content-Length", "9" * 5000)), "bad-response"),
    "announced too large": (said(("Content-Length", "99999999")), "too-large"),
    "gzip bomb": (reply(gzip.compress(bytes(30 * 2**20)), headers=[GZIP]), "too-large"),
    "brotli not asked for": (coded("br", b"\x5b\xff\xff\x6f" * 200), "bad-encoding"),
    "zstd not asked for": (coded("zstd", b"\x28\xb5\x2f\xfd" * 100), "bad-encoding"),
    "twenty codings": (coded(", ".join(["gzip"] * 20), _twenty_times(TEXT)), "bad-encoding"),
    "gzip twice": (coded("gzip, gzip"), "bad-encoding"),
    "gzip that is none": (coded("gzip"), "bad-encoding"),
    "gzip cut short": (reply(gzip.compress(TEXT)[:-12], headers=[GZIP]), "truncated"),
    "deflate cut short": (coded("deflate", zlib.compress(TEXT)[:-12]), "truncated"),
    "body shorter than announced": (said(("Content-Length", "5000"), body=TEXT), "truncated"),
    "last chunk missing": (said(CHUNKED, body=b"4\r\ntext\r\n"), "truncated"),
    "bad chunk": (said(CHUNKED, body=b"zz\r\ntext\r\n"), "bad-response"),
    "chunk of negative size": (said(CHUNKED, body=b"-4\r\ntext\r\n"), "bad-response"),
    "drip in the body": (drip(head(200, [("Content-Length", "1000")])), "deadline"),
    "drip in the head": (drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), "deadline"),
    "silence": (drip(b"", drop=b""), "deadline"),
    "one huge header": (said(("X-Large", "x" * 300_000)), "too-large"),
    "a large head": (said(*[(f"X-{n}", "x" * 900) for n in range(90)]), "too-large"),
    "5,000 headers": (said(*[("X", "y")] * 5000), "too-large"),
    "201 headers": (said(*[("X", "y")] * 201), "too-large"),
    "not HTTP": (raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), "bad-response"),
    "HTTP/0.9": (raw(b"<html>hello</html>\r\n\r\n"), "bad-response"),
    "binary": (raw(bytes(range(256)) * 10), "bad-response"),
    "closed at once": (raw(b""), "bad-response"),
    "closed in the head": (raw(b"HTTP/1.1 200 OK\r\nContent-"), "bad-response"),
    "flood of 1xx": (endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20), "too-large"),
    "another protocol": (raw(head(101, [("Connection", "upgrade")])), "bad-response"),
    "two lengths": (said(LENGTH, ("Content-Length", "5"), body=b"text"), "bad-response"),
    "header with NUL": (said(("X", "a\0b")), "bad-response"),
    "header folded over a line": (raw(head()[:-2] + b"ETag: a\r\n\x01b\r\n\r\n"), "bad-response"),
    "ETag with CR": (raw(b'HTTP/1.1 200 OK\r\nETag: "a\rb"\r\n\r\n'), "bad-response"),
    "304 to a plain GET": (raw(head(304)), "not-modified-without-validators"),
    "redirect without a target": (reply(status=302), "bad-response"),
    "choices": (reply(status=300), "bad-response"),
    "redirect to a control character": (redirect("/a\tb"), "bad-url"),
    "404": (reply(b"none", status=404), "http-404"),
    "410": (reply(status=410), "http-410"),
    "451": (reply(status=451), "http-451"),
    "500": (reply(status=500), "http-500"),
    "999": (reply(status=999), "http-999"),
    "error page without end": (endless(head(503), b"x" * 1000), "http-503"),
}  # fmt: skip


def test_every_misbehaviour_gets_its_reason_and_harms_no_other(
    server: Server, open_web: OpenWeb
) -> None:
    """All in one batch, each beside a good page: the good ones come whole."""
    # All the silent ones wait for the deadline, at the same time: it can be long, and the good ones
    # have no excuse on the slowest of machines.
    web = open_web(page_max_bytes=CAP, page_deadline=timedelta(seconds=10), concurrency=16)
    good = [server.on(f"/good/{n}", gzipped(TEXT)) for n in range(len(MISBEHAVIOURS))]
    bad = [server.on(f"/{n}", behaviour) for n, (behaviour, _) in enumerate(MISBEHAVIOURS.values())]

    outcomes = web.get_many(
        [WebRequest(url=url) for pair in zip(good, bad, strict=True) for url in pair]
    )

    assert [o.body for o in outcomes[::2] if isinstance(o, Fetched)] == [TEXT] * len(good)
    reasons = {
        name: failed(outcome).reason
        for name, outcome in zip(MISBEHAVIOURS, outcomes[1::2], strict=True)
    }
    assert reasons == {name: reason for name, (_, reason) in MISBEHAVIOURS.items()}


def test_only_what_can_never_work_is_permanent(server: Server, open_web: OpenWeb) -> None:
    web = open_web()

    for status, permanent in ((404, False), (403, False), (410, True), (500, False)):
        url = server.on("/", reply(status=status))
        outcome = failed(web.get_many([WebRequest(url=url)])[0])
        assert (outcome.status, outcome.permanent) == (status, permanent)


def test_a_refusal_keeps_its_headers(server: Server, open_web: OpenWeb) -> None:
    for wait in ("99999999", "-1", "Thu, 01 Jan 1970 00:00:00 GMT"):
        url = server.on("/", reply(status=429, headers=[("Retry-After", wait)]))
        outcome = failed(open_web().get_many([WebRequest(url=url)])[0])
        assert (outcome.reason, outcome.headers["retry-after"]) == ("http-429", wait)


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\n", head(), head(200, [("Content-Length", "1000")]), b""]
)
def test_the_deadline_ends_a_drip_wherever_it_falls(
    server: Server, open_web: OpenWeb, start: bytes
) -> None:
    web = open_web(page_deadline=DEADLINE)
    url = server.on("/", drip(start))
    began = time.monotonic()

    outcome = failed(web.get_many([WebRequest(url=url)])[0])

    assert outcome.reason == "deadline"
    assert 0.4 < time.monotonic() - began < 5


def test_the_deadline_covers_all_hops_together(server: Server, open_web: OpenWeb) -> None:
    for n in range(5):
        server.on(f"/{n}", after(0.2, redirect(f"/{n + 1}")))
    server.on("/5", reply(TEXT))

    outcome = failed(
        open_web(page_deadline=DEADLINE).get_many([WebRequest(url=server.url("/0"))])[0]
    )

    assert outcome.reason == "deadline"


def test_feeds_have_a_deadline_and_a_cap_of_their_own(server: Server, open_web: OpenWeb) -> None:
    web = open_web(feed_max_bytes=100, page_max_bytes=10_000, feed_deadline=DEADLINE)
    url = server.on("/", reply(b"x" * 101))

    page, feed = web.get_many([WebRequest(url=url), WebRequest(url=url, kind="feed")])
    slow = web.get_many([WebRequest(url=server.on("/slow", drip(head())), kind="feed")])[0]

    assert isinstance(page, Fetched)
    assert failed(feed).reason == "too-large"
    assert failed(slow).reason == "deadline"


@pytest.mark.parametrize("coding", ["identity", "gzip", "chunked"])
def test_the_cap_is_the_largest_body_that_passes(
    server: Server, open_web: OpenWeb, coding: str
) -> None:
    web = open_web(page_max_bytes=CAP)
    text = TEXT * 10

    def serve(size: int) -> Behaviour:
        body = text[:size]
        if coding == "chunked":
            return raw(
                head(200, [CHUNKED]) + b"%x\r\n" % size + body + b"\r\n0\r\n\r\n", stays=True
            )
        return gzipped(body) if coding == "gzip" else reply(body)

    for size in (CAP - 1, CAP):
        outcome = web.get_many([WebRequest(url=server.on("/", serve(size)))])[0]
        assert isinstance(outcome, Fetched)
        assert outcome.body == text[:size]
    outcome = web.get_many([WebRequest(url=server.on("/", serve(CAP + 1)))])[0]
    assert failed(outcome).reason == "too-large"


def test_the_caps_of_the_head_are_what_just_passes(server: Server, open_web: OpenWeb) -> None:
    web = open_web(header_max_bytes=1000, header_max_count=10)

    def heads(*headers: tuple[str, str]) -> str:
        return server.on("/", raw(head(200, headers)))

    passes = [("X", "y")] * 10, [("X", "y" * 999)]
    fails = [("X", "y")] * 11, [("X", "y" * 1000)]
    for headers in passes:
        assert isinstance(web.get_many([WebRequest(url=heads(*headers))])[0], Fetched)
    for headers in fails:
        assert failed(web.get_many([WebRequest(url=heads(*headers))])[0]).reason == "too-large"


def test_what_follows_the_announced_length_is_no_part_of_the_body(
    server: Server, open_web: OpenWeb
) -> None:
    url = server.on("/", raw(head(200, [("Content-Length", "4")]) + b"text and more"))

    outcome = open_web().get_many([WebRequest(url=url)])[0]

    assert isinstance(outcome, Fetched)
    assert outcome.body == b"text"


def test_a_page_in_any_charset_comes_as_bytes(server: Server, open_web: OpenWeb) -> None:
    body = "Grüße".encode("utf-16-le")
    url = server.on("/", reply(body, content_type="text/html; charset=x-unknown"))

    outcome = open_web().get_many([WebRequest(url=url)])[0]

    assert isinstance(outcome, Fetched)
    assert outcome.body == body
    assert outcome.headers["content-type"] == "text/html; charset=x-unknown"


# --- redirects ------------------------------------------------------------------------------------


def _chain(server: Server, length: int) -> str:
    for n in range(length):
        server.on(f"/{n}", redirect(f"/{n + 1}", (301, 302, 303, 307, 308)[n % 5]))
    server.on(f"/{length}", reply(TEXT))
    return server.url("/0")


def test_five_redirects_are_followed_and_remembered(server: Server, open_web: OpenWeb) -> None:
    url = _chain(server, 5)

    outcome = open_web().get_many([WebRequest(url=url)])[0]

    assert isinstance(outcome, Fetched)
    assert (outcome.url, outcome.final_url) == (url, server.url("/5"))
    assert outcome.redirects == tuple(
        (status, server.url(f"/{n}")) for n, status in enumerate((301, 302, 303, 307, 308))
    )


def test_a_sixth_redirect_is_not_followed(server: Server, open_web: OpenWeb) -> None:
    outcome = failed(open_web().get_many([WebRequest(url=_chain(server, 6))])[0])

    assert outcome.reason == "too-many-redirects"
    assert len(server.asked) == 6


@pytest.mark.parametrize("target", ["/a", "/b", "/a#again"])
def test_a_redirect_in_a_circle_is_told(server: Server, open_web: OpenWeb, target: str) -> None:
    url = server.on("/a", redirect(target))
    server.on("/b", redirect("/a"))

    outcome = failed(open_web().get_many([WebRequest(url=url)])[0])

    assert outcome.reason == "redirect-loop"


def test_a_redirect_may_name_its_target_in_any_form(server: Server, open_web: OpenWeb) -> None:
    web = open_web()
    server.on("/c%20d", reply(TEXT))
    server.on("/gr%C3%BC%C3%9Fe", reply(TEXT))
    forms = ["c d", "/c%20d", f"//127.0.0.1:{server.port}/c d#x", "/x/../c d", "/grüße"]
    for form in forms:
        start = f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {form}\r\n\r\n"
        url = server.on("/start", raw(start.encode(), stays=True))

        outcome = web.get_many([WebRequest(url=url)])[0]

        assert isinstance(outcome, Fetched), (form, outcome)


# --- what it costs --------------------------------------------------------------------------------


def test_a_gzip_bomb_costs_little_memory_and_time(server: Server, open_web: OpenWeb) -> None:
    deflater = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    megabyte = bytes(2**20)
    bomb = b"".join([*(deflater.compress(megabyte) for _ in range(100)), deflater.flush()])
    url = server.on("/", reply(bomb, headers=[GZIP]))
    web = open_web()
    web.get_many([WebRequest(url=server.on("/warm", reply()))])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    tracemalloc.start()
    began = time.process_time()
    outcomes = web.get_many([WebRequest(url=url, kind="feed")] * 4)
    seconds = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert {failed(outcome).reason for outcome in outcomes} == {"too-large"}
    assert peak < 32 * 2**20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # kilobytes
    assert seconds < 5


def test_many_that_never_end_block_nobody_afterwards(server: Server, open_web: OpenWeb) -> None:
    web = open_web(page_deadline=DEADLINE, concurrency=16)
    stuck = server.on("/stuck", drip(head()))
    good = server.on("/good", reply(TEXT))

    slow = web.get_many([WebRequest(url=stuck)] * 32)
    quick = web.get_many([WebRequest(url=good)] * 32)

    assert {failed(outcome).reason for outcome in slow} == {"deadline"}
    assert all(isinstance(outcome, Fetched) for outcome in quick)
