"""Listings to vary, and listings of hostile documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from pipeline.seedfile.listing import Listing, listing_of
from tests.pipeline.seedfile.world import DOCUMENT, MOMENT, texts

BASE = "https://ai.example/site"
PATH = "_news/2020-01-23-a-headline.md"
LISTING = listing_of(DOCUMENT, story_id="k3v9", path=PATH)


def numbered(number: int, **changes: object) -> Listing:
    """Return a listing of a document of its own, `number` minutes old."""
    document = replace(
        DOCUMENT,
        title=f"Headline {number}",
        url=f"https://one.example/{number}",
        published_at=MOMENT - timedelta(minutes=number),
        related=(),
    )
    listing = listing_of(document, story_id=f"s{number}", path=f"_news/2020-01-23-h-{number}.md")
    return replace(listing, **changes)  # type: ignore[arg-type] # each test names real fields


#: One of the traps is 100,000 characters long, and hypothesis warns of examples it could not print.
_LONGEST = 300
_texts = texts.map(lambda text: text[:_LONGEST])


@st.composite
def hostile(draw: st.DrawFn) -> list[Listing]:
    """Draw listings of documents whose texts nobody has cleaned, some at the same time."""
    count = draw(st.integers(0, 6))
    found = []
    for number in range(count):
        document = replace(
            DOCUMENT,
            title=draw(_texts),
            excerpt=draw(_texts),
            topics=tuple(draw(st.lists(_texts, max_size=2))),
            provider=replace(DOCUMENT.provider, name=draw(_texts)),
            published_at=MOMENT - timedelta(minutes=draw(st.integers(0, 1))),
        )
        path = f"_news/2020-01-23-h-{number}.md"
        found.append(listing_of(document, story_id=f"s{number}", path=path))
    return found
