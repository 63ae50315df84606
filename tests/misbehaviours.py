"""Servers that lie, stall and flood: what each does, and the reason it must end in."""

from __future__ import annotations

import gzip
import zlib

from tests.servers import Behaviour, drip, endless, head, raw, redirect, reply

TEXT = b"The harbour is closed. " * 100
GZIP = ("Content-Encoding", "gzip")
LENGTH = ("Content-Length", "4")
CHUNKED = ("Transfer-Encoding", "chunked")


def coded(name: str, body: bytes = TEXT) -> Behaviour:
    return reply(body, headers=[("Content-Encoding", name)])


def said(*headers: tuple[str, str], body: bytes = b"") -> Behaviour:
    """Send exactly these headers and bytes, then hang up."""
    return raw(head(200, headers) + body)


def _twenty_times(body: bytes) -> bytes:
    for _ in range(20):
        body = gzip.compress(body)
    return body


#: Name -> (what a server does, the reason of the failure). What is too large is so for any cap from
#: 20,000 bytes to 10 MiB.
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
