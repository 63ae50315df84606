"""Pure: when the page of a live article is looked at again, and when it counts as taken back.

A page that answers 404 or 410 may only be between two servers, so it must do so twice, a day
apart; a page that says it was removed, or asks not to be indexed, is believed at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pipeline.articles.refusals import ERROR_PAGE, LISTING, NOINDEX, REMOVED_PAGE

#: Time between the two answers that make a page gone.
GONE_APART: Final = timedelta(hours=24)
#: What a page says of itself by which its article leaves at once.
TAKEN_BACK: Final = frozenset({REMOVED_PAGE, NOINDEX})
#: An error served as a page counts as a 404, and so does the front page in an article's place.
LIKE_404: Final = frozenset({ERROR_PAGE, LISTING})
#: A page that is due for its last look and cannot be had is asked for again after this.
_RETRY: Final = timedelta(hours=1)


def next_recheck(
    read_at: datetime,
    after: Sequence[timedelta],
    *,
    now: datetime,
    gone_since: datetime | None = None,
) -> datetime | None:
    """Return when a page that was first read at `read_at` is looked at next, None for not again.

    Looks that were missed are not made up for: the next is the first that lies ahead. A page that
    is not there is asked once more, a day after it was first missing.
    """
    if gone_since is not None:
        return max(gone_since + GONE_APART, now + _RETRY)
    return min((read_at + wait for wait in after if read_at + wait > now), default=None)


def is_gone(gone_since: datetime | None, *, now: datetime) -> bool:
    """Say whether a page that is missing now, and was first missing then, is gone for good."""
    return gone_since is not None and now - gone_since >= GONE_APART
