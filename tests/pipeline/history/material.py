"""Small documents, and a driver that asks a made-up web for what the finders want."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from hypothesis import strategies as st

from pipeline.errors import NotAFeed
from pipeline.feeds.parse import parse_feed
from pipeline.history.lookup import Answer, Ask, Estimate, Finder, Look, Missing, Place, Span
from pipeline.records import Entry, FeedDocument, ParsedFeed

#: Nothing made up here is later: dates ahead of now are none to a feed's reader.
NOW = datetime(2027, 1, 1, tzinfo=UTC)
SITE = "https://outlet.example"
PLACE = Place(provider="outlet.example", feed_url=f"{SITE}/feed", home_url=f"{SITE}/")
#: March 2025.
SPAN = Span(since=datetime(2025, 3, 1, tzinfo=UTC), until=datetime(2025, 4, 1, tzinfo=UTC))

#: What a made-up web holds: an address and its body; whatever is not there is a 404.
Web = Mapping[str, str | bytes]


def atom(*entries: str, head: str = "") -> str:
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Outlet</title>{head}{''.join(entries)}</feed>"


def rss(*items: str, head: str = "") -> str:
    return (
        "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>Outlet</title>"
        f"<link>{SITE}/</link>{head}{''.join(items)}</channel></rss>"
    )


def atom_entry(day: str, *, url: str = "") -> str:
    """Write an entry of a day, e.g. ``2025-03-04``."""
    url = url or f"{SITE}/{day}"
    return (
        f"<entry><id>{url}</id><title>News of {day}</title><link href='{url}'/>"
        f"<published>{day}T10:00:00Z</published><updated>{day}T10:00:00Z</updated></entry>"
    )


def rss_item(day: str, *, url: str = "") -> str:
    url = url or f"{SITE}/{day}"
    return f"<item><title>News of {day}</title><link>{url}</link><pubDate>{day}</pubDate></item>"


def answer(ask: Ask, body: str | bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Return what the driver makes of a body."""
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return Answer(
        ask=ask,
        final_url=ask.url,
        body=raw,
        headers=headers or {},
        feed=_parsed(ask, raw) if ask.kind == "feed" else None,
    )


def _parsed(ask: Ask, body: bytes) -> ParsedFeed | None:
    try:
        return parse_feed(FeedDocument(final_url=ask.url, body=body), now=NOW)
    except NotAFeed:
        return None


class Search:
    """Drives a finder through a web: asks each address once, at most `limit` of them."""

    def __init__(
        self, finder: Finder, web: Web, *, place: Place = PLACE, span: Span = SPAN, limit: int = 500
    ) -> None:
        self.finder, self.place, self.span = finder, place, span
        self.seen: list[tuple[Ask, Look]] = []
        queue = deque(finder.begin(place, span))
        asked: set[str] = set()
        while queue and len(self.seen) < limit:
            ask = queue.popleft()
            if ask.url in asked:
                continue
            asked.add(ask.url)
            body = web.get(ask.url)
            found = (
                Missing(ask=ask, reason="http-404", status=404)
                if body is None
                else answer(ask, body)
            )
            look = finder.read(found, place, span)
            self.seen.append((ask, look))
            queue.extend(look.asks)

    @property
    def asked(self) -> list[str]:
        return [ask.url for ask, _ in self.seen]

    @property
    def entries(self) -> list[Entry]:
        return [entry for _, look in self.seen for entry in look.entries]

    @property
    def urls(self) -> list[str]:
        return [entry.url for entry in self.entries]

    @property
    def notes(self) -> str:
        return "\n".join(look.note for _, look in self.seen if look.note)

    @property
    def reasons(self) -> dict[str, str]:
        return {one.reason: one.label for _, look in self.seen for one in look.skipped}

    def estimate(self, looks: int | None = None) -> Estimate | None:
        """Return what is expected after so many look-ups."""
        return self.finder.estimate(self.seen[:looks], self.place, self.span)


def garbled(documents: Iterable[str | bytes]) -> st.SearchStrategy[bytes]:
    """Bytes of any kind, and documents that were cut and had something put into them."""
    raw = [one.encode() if isinstance(one, str) else one for one in documents]

    def spoil(parts: tuple[bytes, int, int, bytes]) -> bytes:
        document, start, length, junk = parts
        start %= len(document) + 1
        return document[:start] + junk + document[start + length :]

    spoilt = st.tuples(
        st.sampled_from(raw), st.integers(0, 2**16), st.integers(0, 50), st.binary(max_size=20)
    ).map(spoil)
    return st.one_of(st.binary(max_size=200), spoilt)
