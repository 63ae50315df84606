"""Pure: feeds that hang together page by page, newest first, and how long such a chain will be."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from pipeline.history.lookup import Ask, Look, Span
from pipeline.history.pruning import found, reaches_back
from pipeline.records import Entry

#: Pages of one chain; at ten entries a page that is more than most sources ever had.
LONGEST = 5_000
#: Entries of a page that the next one is compared with; feeds show 10 to 50.
_REMEMBERED = 60
#: Hex digits of an entry's mark: among 60 the same twice by chance is one in a million.
_MARK = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a chain stands: what an ask's memo carries from page to page."""

    #: Pages read so far.
    pages: int = 0
    #: Entries on them, those outside the span included.
    entries: int = 0
    newest: datetime | None = None
    oldest: datetime | None = None
    #: How the chain goes on, in its finder's own words.
    via: str = ""
    #: What a finder may yet try, in its own words.
    left: tuple[str, ...] = ()
    #: Marks of the first page's and of the last page's entries.
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()

    def after(self, entries: Sequence[Entry]) -> Step:
        """Return where the chain stands after another page."""
        dates = [one.published_at for one in entries if one.published_at]
        own = marks(entries)
        return replace(
            self,
            pages=self.pages + 1,
            entries=self.entries + len(entries),
            newest=max([*dates, *([self.newest] if self.newest else [])], default=None),
            oldest=min([*dates, *([self.oldest] if self.oldest else [])], default=None),
            first=self.first if self.pages else own,
            last=own,
        )

    def memo(self) -> str:
        """Write it down."""
        said = {
            "pages": self.pages,
            "entries": self.entries,
            "newest": self.newest.isoformat() if self.newest else "",
            "oldest": self.oldest.isoformat() if self.oldest else "",
            "via": self.via,
            "left": self.left,
            "first": self.first,
            "last": self.last,
        }
        return json.dumps({name: value for name, value in said.items() if value})


def read_step(memo: str) -> Step:
    """Read what `Step.memo` wrote; nonsense is the beginning of a chain."""
    said = read_object(memo)
    return Step(
        pages=_number(said.get("pages")),
        entries=_number(said.get("entries")),
        newest=read_moment(said.get("newest")),
        oldest=read_moment(said.get("oldest")),
        via=str(said.get("via") or ""),
        left=read_texts(said.get("left")),
        first=read_texts(said.get("first")),
        last=read_texts(said.get("last")),
    )


def read_object(text: str) -> dict[str, Any]:
    """Read a JSON object; anything else is an empty one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def read_moment(value: Any) -> datetime | None:
    """Read a time that `datetime.isoformat` wrote, None for anything else."""
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, TypeError, OverflowError):
        return None


def read_texts(value: Any) -> tuple[str, ...]:
    """Read a list of texts, () for anything else."""
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else ()


def _number(value: Any) -> int:
    """Read a count, 0 for anything else."""
    return value if isinstance(value, int) and value > 0 else 0


def marks(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return short marks of the first entries, by which a page that comes again is recognised."""
    names = (one.guid or one.url for one in entries[:_REMEMBERED])
    return tuple(sha256(name.encode("utf-8", "replace")).hexdigest()[:_MARK] for name in names)


def chain_length(seen: Sequence[tuple[Ask, Look]], span: Span) -> tuple[int, int | None]:
    """Return the requests that a chain will take in all, and its entries within the span.

    A chain that has ended is counted; one that goes on is reckoned to keep the pace of the pages
    read: so many days a page, so many entries a day. Without dates it is `LONGEST` and None.
    """
    ahead = [ask for _, look in seen for ask in look.asks]
    asked = {ask.url for ask, _ in seen}
    steps = [read_step(ask.memo) for ask in ahead if ask.url not in asked]
    if not steps or reaches_back(seen):
        return len(seen), found(seen)
    step = max(steps, key=lambda one: one.pages)
    if step.newest is None or step.oldest is None or step.newest <= step.oldest:
        return LONGEST, None
    covered = step.newest - step.oldest
    pages = math.ceil(max(step.oldest - span.since, timedelta(0)) / covered * step.pages)
    inside = max(min(span.until, step.newest) - span.since, timedelta(0))
    return (
        min(len(seen) + max(pages, 1), LONGEST),
        max(round(inside / covered * step.entries), found(seen)),
    )
