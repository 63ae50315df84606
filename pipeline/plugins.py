"""The plug-in points, each a Protocol of one method, chosen by a dotted name in the settings."""

from __future__ import annotations

from typing import Protocol

from pipeline.records import EntryFacts, ExtractedArticle, Page


class PageExtractor(Protocol):
    """Reads the pages of one domain better than the general reader."""

    def __call__(self, page: Page, facts: EntryFacts) -> ExtractedArticle:
        """Return the article; raise `NotAnArticle` with a reason when the page holds none."""
        ...
