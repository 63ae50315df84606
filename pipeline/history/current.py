"""Pure: what the feed still shows: little, but it is there, where its site keeps no archive."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.history.lookup import Answer, Ask, Coverage, Estimate, Look, Missing, Place, Span
from pipeline.history.pruning import found, reaches_back, within


class CurrentFeed:
    """Takes the entries of the feed as it is now."""

    name = "current-feed"

    def begin(self, place: Place, span: Span) -> tuple[Ask, ...]:
        """Return the feed itself."""
        _ = span
        return (Ask(url=place.feed_url, kind="feed", role="feed"),)

    def read(self, answer: Answer | Missing, place: Place, span: Span) -> Look:
        """Take the entries of the span; nothing follows from them."""
        _ = place
        if isinstance(answer, Missing):
            return Look(note=f"{answer.ask.url}: {answer.reason}")
        if answer.feed is None:
            return Look(note=f"{answer.ask.url}: no feed")
        kept, outside = within(answer.feed.entries, span)
        return Look(entries=kept, skipped=(*answer.feed.skipped, *outside))

    def estimate(
        self, seen: Sequence[tuple[Ask, Look]], place: Place, span: Span
    ) -> Estimate | None:
        """Count what it shows; None where that is nothing of the span."""
        _ = place
        entries = [entry for _, look in seen for entry in look.entries]
        if not entries:
            return None
        if reaches_back(seen):
            coverage, note = Coverage.COMPLETE, "the feed still shows entries from before the span"
        else:
            first = min((one.published_at for one in entries if one.published_at), default=None)
            back_to = f", back to {first:%Y-%m-%d}" if first else ""
            coverage = Coverage.PARTIAL if first and first > span.since else Coverage.UNKNOWN
            note = f"no archive was found; only what the feed shows now{back_to}"
        return Estimate(coverage=coverage, requests=1, entries=found(seen), note=note)
