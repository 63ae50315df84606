"""Many small feed hosts on loopback, in a process of their own, that count what they are asked.

    with feed_hosts(1000) as hosts:
        urls = hosts.urls
        ... let a reader ask for them ...
        answers = hosts.counted()      # url -> statuses since the last call

Every feed has an address and a port of its own, so that it is an origin of its own. The feeds are
made from their number alone: the same in every run. Answers are prepared before the first request,
so that the hosts are no bottleneck; what they cost is in no reader's figures.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from html import escape
from typing import IO

#: The newest entry of every feed; fixed, so that the bytes are the same for ever.
_NEWEST = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
#: What all feeds answer, and what makes a request conditional.
LAST_MODIFIED = format_datetime(_NEWEST, usegmt=True)
#: Entries of a feed and bytes before compression: what most feeds of news sites have.
_ENTRIES = (10, 60)
_BYTES = (20_000, 150_000)
_VOCABULARY = (
    "about after agency ahead already announced answer archive autumn before board bridge budget"
    " build called camera change chip city climate coast company council court customer data day"
    " decision delay device early economy editor energy engine evening expects factory family"
    " ferry first forecast found garden government grid group harbour health history hospital"
    " house increase island journal known label language launch law letter library light local"
    " machine market measure meeting member minister model morning museum music network never"
    " north number office open order paper park people phone plan planet police power price"
    " product project public question railway rain record region report research result river"
    " road school screen season service ship since software source spring station storm story"
    " street study summer system teacher team test theatre think town train update valley village"
    " voice water weather week winter wind work year young"
)
_WORDS = _VOCABULARY.split()


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a host answers."""

    plain: bytes
    gzipped: bytes
    unchanged: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class FeedHosts:
    """The running hosts."""

    urls: tuple[str, ...]
    #: Entries in all feeds together.
    entries: int
    _orders: IO[str]
    _reports: IO[str]

    def counted(self) -> dict[str, list[int]]:
        """Return the statuses each URL was answered with, in order, since this was last asked."""
        print("count", file=self._orders, flush=True)
        found: dict[str, list[int]] = json.loads(self._reports.readline())
        return found


@contextmanager
def feed_hosts(count: int, *, size: int | None = None) -> Iterator[FeedHosts]:
    """Run `count` hosts until the end of the block; each feed has `size` bytes, or its own."""
    command = [sys.executable, "-m", "tests.bench.feedhosts", str(count)]
    if size is not None:
        command += ["--size", str(size)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        try:
            yield FeedHosts(
                urls=tuple(ready["urls"]),
                entries=ready["entries"],
                _orders=process.stdin,
                _reports=process.stdout,
            )
        finally:
            process.stdin.close()


def feed(number: int, *, size: int | None = None) -> tuple[bytes, int]:
    """Return feed `number`, odd ones Atom and even ones RSS, and how many entries it has."""
    chance = random.Random(number)
    entries = chance.randint(*_ENTRIES)
    share = (size or chance.randint(*_BYTES)) // entries
    made = (_atom if number % 2 else _rss)(chance, number, entries, share)
    return made.encode(), entries


def _rss(chance: random.Random, number: int, entries: int, share: int) -> str:
    """Return an RSS 2.0 feed with summaries as escaped HTML and texts in content:encoded."""
    site = f"https://outlet-{number}.example"
    items = "".join(
        f"<item><title>{title}</title><link>{site}/{slug}?utm_source=rss</link>"
        f'<guid isPermaLink="false">{site}/?p={number * 1000 + place}</guid>'
        f"<pubDate>{format_datetime(when)}</pubDate><dc:creator>{author}</dc:creator>"
        f"<category>{chance.choice(_WORDS)}</category>"
        f"<description>{escape(text[:280])}</description>"
        f"<content:encoded><![CDATA[{text}]]></content:encoded></item>\n"
        for place, (title, slug, author, when, text) in enumerate(_told(chance, entries, share))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>Outlet {number}</title><link>{site}/</link>"
        f"<description>What outlet {number} reports</description><language>en</language>\n"
        f"{items}</channel></rss>\n"
    )


def _atom(chance: random.Random, number: int, entries: int, share: int) -> str:
    """Return an Atom feed with summaries as text and texts as escaped HTML."""
    site = f"https://outlet-{number}.example"
    items = "".join(
        f"<entry><title>{title}</title>"
        f'<link rel="alternate" type="text/html" href="{site}/{slug}"/>'
        f"<id>tag:outlet-{number}.example,2026:{place}</id>"
        f"<published>{when.isoformat()}</published><updated>{when.isoformat()}</updated>"
        f"<author><name>{author}</name></author><summary>{title}.</summary>"
        f'<content type="html">{escape(text)}</content></entry>\n'
        for place, (title, slug, author, when, text) in enumerate(_told(chance, entries, share))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f'<title>Outlet {number}</title><link href="{site}/"/><id>{site}/</id>'
        f"<updated>{_NEWEST.isoformat()}</updated>\n{items}</feed>\n"
    )


def _told(
    chance: random.Random, entries: int, share: int
) -> Iterator[tuple[str, str, str, datetime, str]]:
    """Yield title, slug, author, time and HTML of each entry, together about `share` bytes."""
    when = _NEWEST
    for place in range(entries):
        words = chance.choices(_WORDS, k=9)
        author = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)}".title()
        text = "".join(_paragraphs(chance, max(share - 700, 200)))
        yield " ".join(words).capitalize(), "-".join([*words, str(place)]), author, when, text
        when -= timedelta(minutes=chance.randint(5, 300))


def _paragraphs(chance: random.Random, size: int) -> Iterator[str]:
    """Yield paragraphs of HTML until they have `size` characters."""
    while size > 0:
        link = f'<a href="https://other.example/{chance.choice(_WORDS)}">more</a>'
        text = f"<p>{' '.join(chance.choices(_WORDS, k=50)).capitalize()}, {link}.</p>\n"
        yield text
        size -= len(text)


def _prepared(body: bytes, number: int) -> Prepared:
    """Return the answers of a host whose feed is `body`."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    kind = "application/atom+xml" if number % 2 else "application/rss+xml"
    common = (
        f"Date: {LAST_MODIFIED}\r\nServer: feedhosts\r\nETag: {etag}\r\n"
        f"Last-Modified: {LAST_MODIFIED}\r\nCache-Control: max-age=300\r\nVary: Accept-Encoding\r\n"
    )
    described = f"HTTP/1.1 200 OK\r\n{common}Content-Type: {kind}; charset=utf-8\r\n"
    packed = gzip.compress(body, 6, mtime=0)
    return Prepared(
        plain=f"{described}Content-Length: {len(body)}\r\n\r\n".encode() + body,
        gzipped=(
            f"{described}Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
            + packed
        ),
        unchanged=f"HTTP/1.1 304 Not Modified\r\n{common}\r\n".encode(),
        etag=etag,
    )


class _Host(asyncio.Protocol):
    """One connection to one host."""

    def __init__(self, prepared: Prepared, statuses: list[int]) -> None:
        self._prepared = prepared
        self._statuses = statuses
        self._read = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a socket's is one"
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            self._answer(head.decode("latin-1"))

    def _answer(self, head: str) -> None:
        """Answer one GET."""
        assert self._transport is not None, "made before data comes"
        lines = (line.partition(":") for line in head.split("\r\n")[1:])
        headers = {name.lower(): value.strip() for name, _, value in lines}
        if _unchanged(headers, self._prepared):
            self._statuses.append(304)
            self._transport.write(self._prepared.unchanged)
        else:
            self._statuses.append(200)
            takes_gzip = "gzip" in headers.get("accept-encoding", "")
            self._transport.write(self._prepared.gzipped if takes_gzip else self._prepared.plain)
        if headers.get("connection", "").lower() == "close":
            self._transport.close()


def _unchanged(headers: Mapping[str, str], prepared: Prepared) -> bool:
    """Say whether a conditional GET is met, as RFC 9110, section 13.2.2 orders it."""
    if (known := headers.get("if-none-match")) is not None:
        return prepared.etag in known
    return headers.get("if-modified-since") == LAST_MODIFIED


async def _serve(count: int, size: int | None, say: Callable[[str], None]) -> None:
    """Open the hosts, say where they are, and report whenever a line comes in; end with stdin."""
    loop = asyncio.get_running_loop()
    statuses: dict[str, list[int]] = {}
    entries = 0
    for number in range(count):
        body, found = feed(number, size=size)
        entries += found
        prepared, seen = _prepared(body, number), list[int]()
        server = await loop.create_server(
            lambda prepared=prepared, seen=seen: _Host(prepared, seen),  # type: ignore[misc]  # mypy cannot infer such defaults
            f"127.8.{number // 250}.{number % 250 + 1}",
            0,
            backlog=64,
        )
        address, port = server.sockets[0].getsockname()
        statuses[f"http://{address}:{port}/feed.xml"] = seen
    say(json.dumps({"urls": list(statuses), "entries": entries}))
    while await loop.run_in_executor(None, sys.stdin.readline):
        say(json.dumps({url: seen for url, seen in statuses.items() if seen}))
        for seen in statuses.values():
            seen.clear()


def main() -> None:
    """Run the hosts until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--size", type=int)
    given = parser.parse_args()
    asyncio.run(_serve(given.count, given.size, partial(print, flush=True)))


if __name__ == "__main__":
    main()
