"""Pure: the older documents that a feed itself links to.

RFC 5005 has three kinds: a complete feed (section 2, ``fh:complete``) holds all there is, a paged
feed (section 3, ``rel=next``) goes on as long as its publisher likes, an archived feed (section 4,
``rel=prev-archive``) promises that all its documents together hold every entry there ever was. JSON
Feed's ``next_url`` is a paged feed, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.charsets import decode
from pipeline.errors import NotAFeed
from pipeline.history.chain import LONGEST, Step, chain_length, read_object, read_step
from pipeline.history.lookup import (
    Answer,
    Ask,
    Coverage,
    Estimate,
    Look,
    Missing,
    Place,
    Span,
)
from pipeline.history.pruning import is_wholly_before, within
from pipeline.safexml import children, parse_xml
from pipeline.urls import resolve

_ROLE = "document"
_HISTORY = "{http://purl.org/syndication/history/1.0}complete"
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_COMPLETE = "the feed says that it is complete (RFC 5005, section 2)"
_ARCHIVE, _PAGE = "archive", "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLinks:
    """What a feed document says about its older ones."""

    is_complete: bool = False
    archive: str | None = None
    page: str | None = None


class ArchiveLinks:
    """Follows a feed's links to its older documents."""

    name = "archive-links"

    def begin(self, place: Place, span: Span) -> tuple[Ask, ...]:
        """Return the feed itself."""
        _ = span
        return (Ask(url=place.feed_url, kind="feed", role=_ROLE),)

    def read(self, answer: Answer | Missing, place: Place, span: Span) -> Look:
        """Take the entries of the span, and go on until a document is wholly older."""
        _ = place
        if isinstance(answer, Missing):
            return Look(note=f"{answer.ask.url}: {answer.reason}; the chain ends here")
        if answer.feed is None:
            return Look(note=f"{answer.ask.url}: not a feed; the chain ends here")
        entries = answer.feed.entries
        kept, outside = within(entries, span)
        step = read_step(answer.ask.memo).after(entries)
        links = history_links(answer)
        is_first = step.pages == 1
        goes_on = not links.is_complete and not is_wholly_before(entries, span)
        return Look(
            entries=kept,
            asks=_next(links, step) if goes_on else (),
            skipped=(*answer.feed.skipped, *outside),
            note=_COMPLETE if links.is_complete and is_first else "",
        )

    def estimate(
        self, seen: Sequence[tuple[Ask, Look]], place: Place, span: Span
    ) -> Estimate | None:
        """Judge by the links found: archives promise everything, pages do not."""
        _ = place
        requests, entries = chain_length(seen, span)
        if any(look.note == _COMPLETE for _, look in seen):
            return Estimate(
                coverage=Coverage.COMPLETE, requests=requests, entries=entries, note=_COMPLETE
            )
        vias = {read_step(ask.memo).via for _, look in seen for ask in look.asks}
        if _ARCHIVE in vias:
            return Estimate(
                coverage=Coverage.COMPLETE,
                requests=requests,
                entries=entries,
                note="archived feed: its documents hold every entry (RFC 5005, section 4)",
            )
        if _PAGE in vias:
            return Estimate(
                coverage=Coverage.UNKNOWN,
                requests=requests,
                entries=entries,
                note="paged feed: it may end wherever its publisher likes (RFC 5005, section 3)",
            )
        return None


def history_links(answer: Answer) -> HistoryLinks:
    """Return what the raw document says about older ones; nothing when it cannot be read."""
    text = decode(answer.body, content_type=answer.headers.get("content-type", ""))
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        following = read_object(text).get("next_url")
        page = resolve(answer.final_url, following) if isinstance(following, str) else None
        return HistoryLinks(page=page)
    try:
        root = parse_xml(text, recover=True)
    except NotAFeed:
        return HistoryLinks()
    heads = [root, *children(root, "channel")]
    links = dict(reversed([*_links(heads, answer.final_url)]))
    return HistoryLinks(
        is_complete=any(head.find(_HISTORY) is not None for head in heads),
        archive=links.get("prev-archive"),
        page=links.get("next"),
    )


def _links(heads: Sequence[Any], final_url: str) -> Iterator[tuple[str, str]]:
    """Yield relation and address of the links of a feed, not those of its entries."""
    base = final_url
    for head in heads:
        base = resolve(base, head.get(_XML_BASE) or "") or base
        for link in children(head, "link"):
            # Registered relations may be written as addresses (RFC 4287, section 4.2.7.2).
            relation = (link.get("rel") or "").strip().lower().rpartition("/")[2]
            own = resolve(base, link.get(_XML_BASE) or "") or base
            url = resolve(own, link.get("href") or "")
            if relation and url:
                yield relation, url


def _next(links: HistoryLinks, step: Step) -> tuple[Ask, ...]:
    """Return the next document of the chain; archives are preferred, as they promise more."""
    url = links.archive or links.page
    if url is None or step.pages >= LONGEST:
        return ()
    via = _ARCHIVE if links.archive else _PAGE
    memo = replace(step, via=via, first=(), last=()).memo()
    return (Ask(url=url, kind="feed", role=_ROLE, memo=memo),)
