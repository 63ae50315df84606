"""Servers that lie, stall and flood: each gets its stated reason and harms no other."""

from __future__ import annotations

import resource
import time
import tracemalloc
import zlib
from datetime import timedelta

import pytest

from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome
from tests.misbehaviours import CHUNKED, GZIP, MISBEHAVIOURS, TEXT
from tests.pipeline.io.conftest import OpenWeb
from tests.servers import (
    Behaviour,
    Server,
    after,
    drip,
    gzipped,
    head,
    raw,
    redirect,
    reply,
)

CAP = 20_000
#: Long enough for a busy machine to answer properly, short enough to wait for.
DEADLINE = timedelta(seconds=0.5)


def failed(outcome: WebOutcome) -> FetchFailed:
    assert isinstance(outcome, FetchFailed), outcome
    return outcome


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
