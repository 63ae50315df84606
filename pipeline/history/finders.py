"""Pure: the ways to find old articles, in the order in which they are preferred."""

from __future__ import annotations

from pipeline.history.archive_links import ArchiveLinks
from pipeline.history.lookup import Finder

#: What promises most and costs least comes first.
FINDERS: tuple[Finder, ...] = (ArchiveLinks(),)
