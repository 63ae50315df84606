"""Pure: the protocol by which old articles are looked up, without asking anybody.

A finder says what to ask for and reads what came back; the driver asks, keeps the queue and bounds
it, and never asks for one address twice in a backfill. A finder keeps nothing between two answers:
what it has to remember travels in an ask's `memo`, so that a queue on disk is all there is to
resume from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from pipeline.records import Entry, ParsedFeed, SkippedEntry

#: ``feed``: to be parsed as a feed; ``page``: raw bytes.
AskKind = Literal["feed", "page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time that is looked through, half-open, in aware UTC."""

    since: datetime
    until: datetime

    def holds(self, moment: datetime) -> bool:
        """Say whether a moment lies within."""
        return self.since <= moment < self.until

    def may_hold(self, entry: Entry) -> bool:
        """Say whether an entry belongs here, or could: what changed before was out before."""
        if entry.published_at is not None:
            return self.holds(entry.published_at)
        return entry.updated_at is None or entry.updated_at >= self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A source as the finders see it."""

    provider: str
    feed_url: str
    home_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """An address to ask for; all text, so that it can be kept as JSON."""

    url: str
    kind: AskKind
    #: What the finder wants it for, in its own words.
    role: str
    #: What the finder has to know when it comes back, in its own words.
    memo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    ask: Ask
    #: Where it ended after redirects.
    final_url: str
    body: bytes
    #: Names in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Set when a feed was asked for and could be parsed.
    feed: ParsedFeed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What did not come back, and why."""

    ask: Ask
    reason: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one answer told: entries of the span, and what to ask for next."""

    entries: tuple[Entry, ...] = ()
    asks: tuple[Ask, ...] = ()
    skipped: tuple[SkippedEntry, ...] = ()
    #: What an operator should know of this answer; "" when it is as expected.
    note: str = ""


class Coverage(StrEnum):
    """How complete a method can be for one source and span."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a method will take and bring, as far as the first look-ups tell."""

    coverage: Coverage
    #: Requests in all, those already made included.
    requests: int
    #: Entries within the span; None when nothing tells.
    entries: int | None
    #: How complete it can be and why, in words.
    note: str


class Finder(Protocol):
    """One way to find old articles."""

    @property
    def name(self) -> str:
        """Name the method, for plans and the command line."""
        ...

    def begin(self, place: Place, span: Span) -> tuple[Ask, ...]:
        """Return what to ask for first."""
        ...

    def read(self, answer: Answer | Missing, place: Place, span: Span) -> Look:
        """Read what came back; whatever it is, nothing is raised."""
        ...

    def estimate(
        self, seen: Sequence[tuple[Ask, Look]], place: Place, span: Span
    ) -> Estimate | None:
        """Judge by the planning look-ups, `begin` and a few more; None: it does not work here."""
        ...
