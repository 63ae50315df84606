"""Pure: the ways to find old articles, in the order in which they are preferred."""

from __future__ import annotations

from pipeline.history.archive_links import ArchiveLinks
from pipeline.history.current import CurrentFeed
from pipeline.history.lookup import Finder
from pipeline.history.paging import Paging
from pipeline.history.sitemap import Sitemap
from pipeline.history.wayback import WAYBACK, Wayback


def finders(wayback: str = WAYBACK) -> tuple[Finder, ...]:
    """Return all finders: what promises most, and dates its entries best, comes first.

    `wayback` is the address of the Wayback Machine or of an archive that answers like it.
    """
    return (ArchiveLinks(), Sitemap(), Paging(), Wayback(wayback), CurrentFeed())


FINDERS = finders()
