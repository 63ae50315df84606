"""A year of made-up news on loopback, with every kind of archive, for backfills.

    world = ArchiveWorld(seed=1, articles=2_000, outlets=20, months=12)
    world.answer("https://outlet00.example/feed.xml", now)    # a pure function
    with opened(home, books, ArchiveWeb(world, clock)): ...   # the web of a Context
    with playing(ArchiveWeb(world, clock), folder): ...       # real HTTP, see tests.proxy

By hand, until standard input ends: `python -m tests.archivehost FOLDER --articles 2000` writes
FOLDER/catalogue and says what a `newsloom` process needs in its environment.

What an outlet offers is named by `Offer`; its feed and its pages are always there. The world as of
a moment is what had been published by then, so that polling month after month with a moving clock
sees what a backfill finds afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import httpx
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.io.recorded import HostedWeb
from tests.archivenews import News, Piece
from tests.proxy import playing

Offer = Literal["archives", "paging", "sitemap", "sitemap-gz", "wayback"]
#: `archives` are those of RFC 5005; `paging` is WordPress's.
OFFERS: tuple[Offer, ...] = ("archives", "paging", "sitemap-gz", "wayback")
Fault = Literal["429", "sitemap-loop", "slow"]
#: Entries of a feed, of a page of it, and of an archive: the current feed then holds whatever no
#: complete archive holds yet.
ENTRIES = 20
#: How often the made-up Wayback Machine looks at a feed.
SNAPSHOTS = timedelta(hours=12)
WAYBACK = "web.archive.org"
_CDX_FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
_RSS = "application/rss+xml; charset=utf-8"
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered to one URL."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class ArchiveWorld(News):
    """The outlets and what they have published; the same arguments give the same bytes."""

    #: By the outlet's name, what it offers; `OFFERS` where nothing is said.
    offers: Mapping[str, tuple[Offer, ...]] = field(default_factory=dict)
    #: By the outlet's name (or `WAYBACK`), how it misbehaves.
    faults: Mapping[str, Fault] = field(default_factory=dict)
    #: What `slow` means.
    slow_seconds: float = 1.0

    def feed_at(self, outlet: str, moment: datetime) -> bytes:
        """Return an outlet's feed as it was at `moment`."""
        return self._feed(outlet, self.published(outlet, moment), page=1)

    def offered(self, outlet: str) -> tuple[Offer, ...]:
        """Return what an outlet offers beside its feed and its pages."""
        return self.offers.get(outlet, OFFERS)

    def delay(self, host: str) -> float:
        """Return after how many seconds a host answers."""
        return self.slow_seconds if self._fault(host) == "slow" else 0.0

    def answer(self, url: str, now: datetime) -> Reply:
        """Return what is answered to `url` at `now`."""
        parts = urlsplit(url)
        host, query = parts.hostname or "", dict(parse_qsl(parts.query))
        if self._fault(host) == "429":
            return Reply(429, {"retry-after": "600"}, b"")
        if host == WAYBACK:
            return self._wayback(parts.path, url, query, now)
        outlet = host.removesuffix(".example")
        return self._outlet(outlet, url, query, now) if outlet in self.names else _NONE

    def _outlet(self, outlet: str, url: str, query: Mapping[str, str], now: datetime) -> Reply:
        path = urlsplit(url).path
        if path == "/robots.txt":
            return self._robots(outlet)
        if path.startswith("/sitemap"):
            return self._sitemap(outlet, path, now)
        if path == "/feed.xml":
            page = int(query.get("paged", "1")) if "paging" in self.offered(outlet) else 1
            return self._feed_page(outlet, page, now)
        if path.startswith("/archive/"):
            return self._archive(outlet, path, now)
        return self._page(outlet, url, now)

    def write_catalogue(self, folder: Path) -> None:
        """Write the catalogue of these outlets: one site that takes everything."""
        folder.mkdir(parents=True, exist_ok=True)
        sources = "".join(
            f'[[source]]\nid = "{name}"\nfeed = "https://{name}.example/feed.xml"\n'
            f'provider = "{name}.example"\ntitle = "Outlet {name}"\nlanguage = "en"\n\n'
            for name in self.names
        )
        (folder / "sources.toml").write_text(sources)
        (folder / "organisations.toml").write_text("")
        (folder / "topics.toml").write_text('[[topic]]\nname = "All"\nkeywords = ["council"]\n')
        site = '[[site]]\nname = "all"\ntopics = []\nout = "all"\nthreshold = 0\n'
        (folder / "sites.toml").write_text(site)

    def write_warc(self, path: Path) -> None:
        """Write every article's page as a response record, in the order of time, compressed."""
        with path.open("wb") as file:
            writer = WARCWriter(file, gzip=True)
            writer.write_record(writer.create_warcinfo_record(path.name, {"software": "tests"}))
            for piece in sorted(self.by_number.values()):
                body = self.page(piece)
                head = StatusAndHeaders("200 OK", [("Content-Type", _HTML)], protocol="HTTP/1.1")
                writer.write_record(
                    writer.create_warc_record(
                        self.url(piece),
                        "response",
                        payload=BytesIO(body),
                        length=len(body),
                        http_headers=head,
                        warc_headers_dict={"WARC-Date": f"{piece.published:%Y-%m-%dT%H:%M:%SZ}"},
                    )
                )

    # --- what the hosts answer ----------------------------------------------------------------

    def _fault(self, host: str) -> Fault | None:
        return self.faults.get(host.removesuffix(".example"))

    def _page(self, outlet: str, url: str, now: datetime) -> Reply:
        number = url.removesuffix(".html").rpartition("-")[2]
        piece = self.by_number.get(int(number)) if number.isdecimal() else None
        known = piece and piece.outlet == outlet and piece.published <= now
        if piece is None or not known or self.url(piece) != url:
            return _NONE
        return _found(_HTML, self.page(piece))

    def _robots(self, outlet: str) -> Reply:
        lines = ["User-agent: *", "Allow: /"]
        if {"sitemap", "sitemap-gz"} & set(self.offered(outlet)):
            lines.append(f"Sitemap: https://{outlet}.example/sitemap.xml")
        return _found("text/plain", "\n".join([*lines, ""]).encode())

    def _feed_page(self, outlet: str, page: int, now: datetime) -> Reply:
        pieces = self.published(outlet, now)
        until = len(pieces) - (page - 1) * ENTRIES
        if page < 1 or (until <= 0 and page > 1):
            return _NONE
        return _found(_RSS, self._feed(outlet, pieces[:until], page=page))

    def _feed(self, outlet: str, pieces: tuple[Piece, ...], *, page: int) -> bytes:
        """Return the feed that ends with these articles."""
        complete = len(pieces) // ENTRIES
        archives = "archives" in self.offered(outlet) and complete and page == 1
        links = _link("prev-archive", _archive_url(outlet, complete)) if archives else ""
        return self._rss(outlet, pieces[-ENTRIES:], links)

    def _archive(self, outlet: str, path: str, now: datetime) -> Reply:
        """Return an archive document (RFC 5005, section 4): it never changes once complete."""
        name = path.removeprefix("/archive/").removesuffix(".xml")
        number = int(name) if name.isdecimal() else 0
        pieces = self.published(outlet, now)
        if "archives" not in self.offered(outlet) or not 1 <= number <= len(pieces) // ENTRIES:
            return _NONE
        links = "<fh:archive/>" + _link("current", f"https://{outlet}.example/feed.xml")
        if number > 1:
            links += _link("prev-archive", _archive_url(outlet, number - 1))
        held = pieces[(number - 1) * ENTRIES : number * ENTRIES]
        return _found(_RSS, self._rss(outlet, held, links))

    def _rss(self, outlet: str, pieces: tuple[Piece, ...], links: str) -> bytes:
        entries = "".join(
            f"<item><title>{escape(self.title(piece))}</title><link>{self.url(piece)}</link>"
            f"<guid isPermaLink='false'>{outlet}-{piece.number}</guid>"
            f"<pubDate>{format_datetime(piece.published)}</pubDate></item>"
            for piece in reversed(pieces)
        )
        paging = "paging" in self.offered(outlet)
        generator = "<generator>https://wordpress.org/?v=6.8</generator>" if paging else ""
        return (
            "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0'"
            " xmlns:atom='http://www.w3.org/2005/Atom'"
            " xmlns:fh='http://purl.org/syndication/history/1.0'><channel>"
            f"<title>Outlet {outlet}</title><link>https://{outlet}.example/</link>"
            f"<language>en</language>{generator}{links}{entries}</channel></rss>"
        ).encode()

    def _sitemap(self, outlet: str, path: str, now: datetime) -> Reply:
        """Return the index of an outlet's sitemaps, or the sitemap of one month."""
        offered = self.offered(outlet)
        base = f"https://{outlet}.example"
        if not {"sitemap", "sitemap-gz"} & set(offered):
            return _NONE
        if self._fault(outlet) == "sitemap-loop":
            both = [f"{base}/sitemap.xml", f"{base}/sitemap-again.xml"]
            return _found("application/xml", _index((url, now) for url in both))
        ending = ".xml.gz" if "sitemap-gz" in offered else ".xml"
        months: dict[str, list[Piece]] = {}
        for piece in self.published(outlet, now):
            months.setdefault(f"/sitemap-{piece.published:%Y-%m}{ending}", []).append(piece)
        if path == "/sitemap.xml":
            listed = ((base + name, held[-1].published) for name, held in months.items())
            return _found("application/xml", _index(listed))
        if path not in months:
            return _NONE
        body = _urlset((self.url(piece), piece.published) for piece in months[path])
        if ending == ".xml.gz":
            return _found("application/gzip", gzip.compress(body, mtime=0))
        return _found("application/xml", body)

    # --- the Wayback Machine ------------------------------------------------------------------

    def snapshots(self, outlet: str, now: datetime) -> Iterator[datetime]:
        """Yield when an outlet's feed was kept, in the order of time."""
        if "wayback" in self.offered(outlet):
            moment = self.start + SNAPSHOTS
            while moment <= min(now, self.end + SNAPSHOTS):
                yield moment
                moment += SNAPSHOTS

    def _wayback(self, path: str, url: str, query: Mapping[str, str], now: datetime) -> Reply:
        if path == "/cdx/search/cdx":
            return self._cdx(query, now)
        stamp, _, original = url.partition("/web/")[2].partition("/")
        outlet = (urlsplit(original).hostname or "").removesuffix(".example")
        kept = list(self.snapshots(outlet, now)) if outlet in self.names else []
        digits = stamp.removesuffix("id_")
        if not kept or not digits.isdecimal() or urlsplit(original).path != "/feed.xml":
            return _NONE
        wanted = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        nearest = min(kept, key=lambda moment: abs(moment - wanted))
        if nearest != wanted:
            to = f"https://{WAYBACK}/web/{_stamp(nearest)}id_/{original}"
            return Reply(302, {"location": to}, b"")
        return _found(_RSS, self.feed_at(outlet, nearest))

    def _cdx(self, query: Mapping[str, str], now: datetime) -> Reply:
        """Return the snapshots of a feed, as the CDX server's documentation has it."""
        original = query.get("url", "").removeprefix("https://").removeprefix("http://")
        outlet, _, path = original.partition(".example/")
        first, last = query.get("from", ""), query.get("to", "9").ljust(14, "9")
        rows: list[dict[str, str]] = []
        if outlet in self.names and path == "feed.xml":
            for moment in self.snapshots(outlet, now):
                stamp = _stamp(moment)
                if first <= stamp <= last and stamp > query.get("resumeKey", ""):
                    rows.append(self._kept(outlet, moment))
        rows = _collapsed(rows, query.get("collapse", ""))
        limit = int(query.get("limit", "0"))
        cut = rows[:limit] if limit > 0 else rows[limit:]
        more = limit > 0 and len(rows) > limit and query.get("showResumeKey") == "true"
        names = tuple(query["fl"].split(",")) if "fl" in query else _CDX_FIELDS
        lines = [[row[name] for name in names] for row in cut]
        resume = [[], [cut[-1]["timestamp"]]] if more else []
        if query.get("output") == "json":
            head = [list(names)] if lines else []
            return _found("application/json", json.dumps([*head, *lines, *resume]).encode())
        return _found(
            "text/plain", "".join(" ".join(row) + "\n" for row in [*lines, *resume]).encode()
        )

    def _kept(self, outlet: str, moment: datetime) -> dict[str, str]:
        """Return the CDX line of a snapshot; its digest changes with what was published."""
        pieces = self.published(outlet, moment)
        return {
            "urlkey": f"example,{outlet})/feed.xml",
            "timestamp": _stamp(moment),
            "original": f"https://{outlet}.example/feed.xml",
            "mimetype": "application/rss+xml",
            "statuscode": "200",
            "digest": f"{outlet.upper()}{len(pieces):08}",
            "length": "1000",
        }


class ArchiveWeb(HostedWeb):
    """A world as the web of a Context; counts what each host was asked."""

    def __init__(self, world: ArchiveWorld, clock: Callable[[], datetime]) -> None:
        """Let every host answer at the time of `clock`."""
        hosts = [*(f"{name}.example" for name in world.names), WAYBACK]
        super().__init__(dict.fromkeys(hosts, self._answer))
        self.world, self._clock = world, clock
        self.asked: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as a transport, slowly where the world says so."""
        if delay := self.world.delay(request.url.host):
            await asyncio.sleep(delay)
        return self(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked[request.url.host] += 1
        reply = self.world.answer(str(request.url), self._clock())
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body)


# --- small parts ------------------------------------------------------------------------------

_NONE = Reply(404, {"content-type": "text/plain"}, b"none")


def _found(kind: str, body: bytes) -> Reply:
    return Reply(200, {"content-type": kind}, body)


def _archive_url(outlet: str, number: int) -> str:
    return f"https://{outlet}.example/archive/{number}.xml"


def _link(relation: str, url: str) -> str:
    return f"<atom:link rel='{relation}' href='{url}'/>"


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}"


def _collapsed(rows: list[dict[str, str]], by: str) -> list[dict[str, str]]:
    """Drop rows that are equal to the one before in a field, or in its first characters."""
    name, _, length = by.partition(":")
    if not name:
        return rows
    cut = int(length) if length else None
    found: list[dict[str, str]] = []
    for row in rows:
        if not found or found[-1][name][:cut] != row[name][:cut]:
            found.append(row)
    return found


def _index(listed: Iterator[tuple[str, datetime]]) -> bytes:
    return _sitemap_of("sitemapindex", "sitemap", listed)


def _urlset(listed: Iterator[tuple[str, datetime]]) -> bytes:
    return _sitemap_of("urlset", "url", listed)


def _sitemap_of(root: str, each: str, listed: Iterator[tuple[str, datetime]]) -> bytes:
    rows = "".join(
        f"<{each}><loc>{url}</loc><lastmod>{at:%Y-%m-%dT%H:%M:%SZ}</lastmod></{each}>\n"
        for url, at in listed
    )
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{space}">{rows}</{root}>'.encode()
    )


def main(say: Callable[..., None] = print) -> None:
    """Run a world behind a loopback proxy until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--outlets", type=int, default=20)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--warc", type=Path)
    given = parser.parse_args()
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    world = ArchiveWorld(
        articles=given.articles, outlets=given.outlets, months=given.months, end=end
    )
    world.write_catalogue(given.folder / "catalogue")
    if given.warc is not None:
        world.write_warc(given.warc)
    with playing(ArchiveWeb(world, lambda: datetime.now(UTC)), given.folder) as proxy:
        for name, value in proxy.settings().items():
            say(f"export {name}={value}", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
