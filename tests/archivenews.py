"""A year of made-up news: events that several outlets tell over hours, the same in every run."""

from __future__ import annotations

import json
import random
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from html import escape

from tests.chaos.corpus import SYLLABLES, TELLINGS, telling

#: An outlet's first and last telling of an event lie so far apart.
_SPREAD_MINUTES = 600
_END = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """One article; its words are made when they are asked for."""

    published: datetime
    #: In the world, by which its address and its words are known.
    number: int
    event: int
    outlet: str


@dataclass(frozen=True)
class News:
    """What the outlets publish; the same arguments give the same bytes."""

    seed: int = 1
    articles: int = 2_000
    outlets: int = 20
    months: int = 12
    #: The first moment at which all is published.
    end: datetime = _END

    @property
    def names(self) -> tuple[str, ...]:
        """The outlets; the host of each is NAME.example."""
        return tuple(f"outlet{number:02}" for number in range(self.outlets))

    @property
    def start(self) -> datetime:
        """Nothing was published before."""
        return self.end - timedelta(days=30.5 * self.months)

    @cached_property
    def pieces(self) -> Mapping[str, tuple[Piece, ...]]:
        """Each outlet's articles in the order of time."""
        rng = random.Random(self.seed)
        minutes = int((self.end - self.start).total_seconds()) // 60 - _SPREAD_MINUTES
        found: dict[str, list[Piece]] = {name: [] for name in self.names}
        number = event = 0
        while number < self.articles:
            at = self.start + timedelta(minutes=rng.randrange(minutes))
            tellings = min(rng.choice(TELLINGS), self.outlets, self.articles - number)
            for name in rng.sample(self.names, tellings):
                said_at = at + timedelta(minutes=rng.randrange(_SPREAD_MINUTES))
                found[name].append(Piece(said_at, number, event, name))
                number += 1
            event += 1
        return {name: tuple(sorted(pieces)) for name, pieces in found.items()}

    @cached_property
    def by_number(self) -> Mapping[int, Piece]:
        """All articles by their numbers."""
        return {piece.number: piece for pieces in self.pieces.values() for piece in pieces}

    def published(self, outlet: str, now: datetime) -> tuple[Piece, ...]:
        """Return what an outlet had published by `now`, in the order of time."""
        pieces = self.pieces[outlet]
        return pieces[: bisect_right(pieces, now, key=lambda piece: piece.published)]

    def url(self, piece: Piece) -> str:
        """Return the address of an article's page."""
        slug = self.title(piece).lower().replace(" ", "-")
        return (
            f"https://{piece.outlet}.example/{piece.published:%Y/%m/%d}/{slug}-{piece.number}.html"
        )

    def title(self, piece: Piece) -> str:
        """Return an article's title."""
        return _words(self.seed, piece.event, piece.number)[0]

    def text(self, piece: Piece) -> str:
        """Return an article's text, a paragraph a line."""
        return _words(self.seed, piece.event, piece.number)[1]

    def page(self, piece: Piece) -> bytes:
        """Return an article's page."""
        url, title, said = self.url(piece), self.title(piece), self.text(piece)
        about = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": title,
            "url": url,
            "datePublished": piece.published.isoformat(),
        }
        paragraphs = "".join(f"<p>{escape(part)}</p>" for part in said.split("\n"))
        return (
            f"<!doctype html><html lang='en'><head><title>{escape(title)} - {piece.outlet}</title>"
            f"<link rel='canonical' href='{url}'><meta property='og:type' content='article'>"
            f"<meta property='og:title' content='{escape(title)}'>"
            f"<meta property='article:published_time' content='{piece.published.isoformat()}'>"
            f"<script type='application/ld+json'>{json.dumps(about)}</script></head><body>"
            "<nav><a href='/'>Home</a><a href='/news'>News</a></nav>"
            f"<article><h1>{escape(title)}</h1>{paragraphs}</article>"
            "<footer>All rights reserved.</footer></body></html>"
        ).encode()


@lru_cache(maxsize=50_000)
def _words(seed: int, event: int, number: int) -> tuple[str, str]:
    """Return the title and the text of a telling: an event's words are its own."""
    chance = random.Random(f"{seed}/{event}")
    own = ["".join(chance.choices(SYLLABLES, k=4)) for _ in range(16)]
    return telling(random.Random(f"{seed}/{event}/{number}"), own)
