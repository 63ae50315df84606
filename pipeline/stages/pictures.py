"""The pictures of a batch of articles: measured once each, house cards passed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from pipeline.articles.images import choose, to_measure
from pipeline.context import Context
from pipeline.io.pictures import size_of
from pipeline.io.store import pictures
from pipeline.io.store.pictures import Size
from pipeline.io.web import WebRequest
from pipeline.outcomes import Fetched, FetchFailed, WebOutcome
from pipeline.records import Image, ImageCandidate
from pipeline.urls import url_key

#: A picture that stands for so many earlier articles of a provider stands for none: its default
#: card. A photograph is used again for an event or two.
_HOUSE_CARD = 5
#: The first choice, and another when its declared size was wrong.
_ROUNDS = 2
_NO_PICTURE: Size = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The pictures that one article offers, best first."""

    candidates: tuple[ImageCandidate, ...]
    provider: str
    tick_id: int
    #: Without it sizes are those at hand, however old, or as declared.
    may_ask: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What became of an offer."""

    image: Image | None
    #: `url_key` of what the page puts first, house card or not; None without any.
    offered_key: str | None


def choose_pictures(ctx: Context, offers: Sequence[Offer]) -> list[Chosen]:
    """Return the picture of each article, in their order, with its true size where it is had."""
    may_ask = [offer.may_ask for offer in offers]
    sizes = _measured(ctx, [offer.candidates for offer in offers], {}, may_ask=may_ask)
    first = [choose(offer.candidates, sizes) for offer in offers]
    keys = [url_key(image.url) if image else None for image in first]
    common = _house_cards(ctx, offers, keys)
    others = [
        tuple(one for one in offer.candidates if url_key(one.url) != key) if refused else ()
        for offer, key, refused in zip(offers, keys, common, strict=True)
    ]
    sizes = _measured(ctx, others, sizes, may_ask=may_ask)
    return [
        Chosen(image=choose(rest, sizes) if refused else image, offered_key=key)
        for image, key, rest, refused in zip(first, keys, others, common, strict=True)
    ]


def _house_cards(ctx: Context, offers: Sequence[Offer], keys: Sequence[str | None]) -> list[bool]:
    """Say of each first choice whether it is a card that its provider puts on everything."""
    ticks = {offer.tick_id for offer in offers}
    wanted = {key for key in keys if key}
    with ctx.store.read() as tx:
        counts = {tick: pictures.shown_before(tx, wanted, tick_id=tick) for tick in sorted(ticks)}
    return [
        key is not None and counts[offer.tick_id].get((offer.provider, key), 0) >= _HOUSE_CARD
        for offer, key in zip(offers, keys, strict=True)
    ]


def _measured(
    ctx: Context,
    offers: Sequence[Sequence[ImageCandidate]],
    known: Mapping[str, Size | None],
    *,
    may_ask: Sequence[bool],
) -> Mapping[str, Size | None]:
    """Return the true sizes, by address, of the pictures that must be known to choose.

    None stands for one that could not be had this time: its declared size is taken.
    """
    sizes = dict(known)
    for _ in range(_ROUNDS):
        wanted: dict[str, bool] = {}
        for candidates, may in zip(offers, may_ask, strict=True):
            for url in to_measure(candidates, sizes):
                wanted[url] = wanted.get(url, False) or may
        if not wanted:
            break
        urls = sorted(wanted)
        at_hand = {url_key(url) for url in urls if not wanted[url]}
        with ctx.store.read() as tx:
            cached = pictures.known_sizes(tx, {url_key(url) for url in urls}, now=ctx.clock())
            cached |= pictures.known_sizes(tx, at_hand, now=None)
        asked = [url for url in urls if wanted[url] and url_key(url) not in cached]
        answers = ctx.web.get_many([WebRequest(url=url, kind="image") for url in asked])
        found = {url: _size(answer) for url, answer in zip(asked, answers, strict=True)}
        with ctx.store.write() as tx:
            new = {url_key(url): size for url, size in found.items() if size is not None}
            pictures.save_sizes(tx, new, now=ctx.clock())
        sizes |= {url: cached.get(url_key(url)) for url in urls} | found
    return sizes


def _size(outcome: WebOutcome) -> Size | None:
    """Return what an answer tells: a size, that there is no picture, or nothing for now."""
    if isinstance(outcome, Fetched):
        return size_of(outcome.body) or _NO_PICTURE
    assert isinstance(outcome, FetchFailed), "an unconditional GET has no third outcome"
    gone = outcome.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
    return _NO_PICTURE if gone else None
