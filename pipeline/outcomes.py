"""Results as data: what became of one member of a batch.

A batch function returns one outcome for each member and never raises for a bad one. Reasons are
stable kebab-case codes (``not-a-feed``, ``blocked-address``): they are stored, counted and shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.records import Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete answer below 400, decoded and within every cap."""

    url: str
    final_url: str
    status: int
    #: Lower-case names; repeated headers joined by ", ".
    headers: Mapping[str, str]
    body: bytes
    validators: Validators = field(default_factory=Validators)
    #: Each hop before the final one: (status, url).
    redirects: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """A 304 to a conditional GET."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    validators: Validators = field(default_factory=Validators)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed:
    """No usable answer. ``permanent`` says that asking again will not help (e.g. 410, bad URL)."""

    url: str
    reason: str
    detail: str = ""
    status: int | None = None
    permanent: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


WebOutcome = Fetched | NotModified | FetchFailed


@dataclass(slots=True)
class StageCounts:
    """How the members of one stage ended; they add up: due is the sum of all the rest."""

    due: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    #: (member, reason) of what failed, for the report.
    reasons: list[tuple[str, str]] = field(default_factory=list)

    def end(self, status: str, count: int = 1) -> None:
        """Count `count` members that ended as `status`."""
        self.ended[status] += count

    def fail(self, member: str, reason: str) -> None:
        """Count one member that failed, and keep its reason."""
        self.ended["failed"] += 1
        self.reasons.append((member, reason))

    @property
    def difference(self) -> int:
        """Members that are due but have no end: 0 when the books are right."""
        return self.due - self.ended.total()
