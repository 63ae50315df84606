"""Pure: old articles by paging through the feed: ``?paged=2`` (WordPress), ``?page=2`` (others).

No standard says that a feed does this, so it is tried: a feed that ignores the number sends its
first page again, which is recognised by its entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.history.chain import LONGEST, Step, chain_length, marks, read_step
from pipeline.history.lookup import Answer, Ask, Coverage, Estimate, Look, Missing, Place, Span
from pipeline.history.pruning import is_wholly_before, reaches_back, within
from pipeline.urls import resolve

_ROLE = "page"
_WORDPRESS, _COMMON = "paged", "page"
#: How much of the beginning of a feed is searched for the name of its program.
_HEAD = 5_000
#: Statuses that say there is no such page; anything else may be the server's bad day.
_NO_SUCH_PAGE = frozenset({400, 404, 410})


class Paging:
    """Counts up a feed's pages until one is missing, known already, or wholly too old."""

    name = "paging"

    def begin(self, place: Place, span: Span) -> tuple[Ask, ...]:
        """Return the feed itself, its first page."""
        _ = span
        return (Ask(url=place.feed_url, kind="feed", role=_ROLE),)

    def read(self, answer: Answer | Missing, place: Place, span: Span) -> Look:
        """Take the entries of the span, and go on to the next page, or the next way to ask."""
        step = read_step(answer.ask.memo)
        if isinstance(answer, Missing):
            gone = answer.status in _NO_SUCH_PAGE
            told = "" if gone and step.pages else f"{answer.ask.url}: {answer.reason}"
            return self._ended(step, place, told)
        if answer.feed is None or not answer.feed.entries:
            return self._ended(step, place, f"{answer.ask.url}: no entries")
        entries = answer.feed.entries
        if step.pages == 0:
            first, second = _ways(answer)
            step = replace(step.after(entries), via=first, left=(second,))
        elif _repeats(marks(entries), step):
            return self._ended(step, place, f"{answer.ask.url}: nothing that is not known")
        else:
            step = step.after(entries)
        kept, outside = within(entries, span)
        is_last = is_wholly_before(entries, span) or step.pages >= LONGEST
        return Look(
            entries=kept,
            asks=() if is_last else _page(step, place),
            skipped=(*answer.feed.skipped, *outside),
        )

    def estimate(
        self, seen: Sequence[tuple[Ask, Look]], place: Place, span: Span
    ) -> Estimate | None:
        """Judge by the first pages: without a second one it does not work here."""
        _ = place
        steps = [read_step(ask.memo) for ask, look in seen if look.entries or look.skipped]
        via = next((step.via for step in steps if step.pages), None)
        if via is None:
            return None
        requests, entries = chain_length(seen, span)
        if reaches_back(seen):
            coverage, note = Coverage.COMPLETE, f"?{via}= goes back beyond the span"
        elif via == _WORDPRESS:
            coverage, note = Coverage.COMPLETE, "WordPress pages through all of its posts"
        else:
            coverage, note = Coverage.UNKNOWN, f"?{via}= may end wherever its publisher likes"
        return Estimate(coverage=coverage, requests=requests, entries=entries, note=note)

    @staticmethod
    def _ended(step: Step, place: Place, told: str) -> Look:
        """End the chain; without a second page yet, try what is left to try."""
        if step.pages == 1 and step.left:
            return Look(asks=_page(replace(step, via=step.left[0], left=step.left[1:]), place))
        return Look(note=told)


def _ways(answer: Answer) -> tuple[str, str]:
    """Return the parameters to try, the likelier first."""
    is_wordpress = b"wordpress" in answer.body[:_HEAD].lower() or "/feed" in answer.ask.url
    return (_WORDPRESS, _COMMON) if is_wordpress else (_COMMON, _WORDPRESS)


def _repeats(own: Sequence[str], step: Step) -> bool:
    """Say whether a page is one that was seen: the first, or the last, moved on by some news."""
    return any(sum(one in known for one in own) * 2 > len(own) for known in (step.last, step.first))


def _page(step: Step, place: Place) -> tuple[Ask, ...]:
    """Return the next page."""
    address, _, query = place.feed_url.partition("#")[0].partition("?")
    others = [part for part in query.split("&") if part and part.partition("=")[0] != step.via]
    numbered = "&".join([*others, f"{step.via}={step.pages + 1}"])
    url = resolve("", f"{address}?{numbered}")
    if url is None:
        return ()
    # The other way is only tried while there is no second page.
    left = step.left if step.pages == 1 else ()
    return (Ask(url=url, kind="feed", role=_ROLE, memo=replace(step, left=left).memo()),)
