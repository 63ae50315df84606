"""Results as data: what became of one member of a batch.

A batch function returns one outcome for each member and never raises for a bad one. Reasons are
stable kebab-case codes (``not-a-feed``, ``blocked-address``): they are stored, counted and shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

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
    final_url: str = ""
    #: Each hop before the final one: (status, url).
    redirects: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed:
    """No usable answer. ``permanent`` says that asking again will not help (e.g. 410, bad URL)."""

    url: str
    reason: str
    detail: str = ""
    status: int | None = None
    permanent: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say why, and more where there is more to say."""
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


WebOutcome = Fetched | NotModified | FetchFailed

#: RFC 9110, sections 15.4.2 and 15.4.9.
_PERMANENT = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})


def moved_to(outcome: Fetched | NotModified) -> str | None:
    """Return where an answer came from if nothing but permanent redirects led there."""
    steps = {status for status, _ in outcome.redirects}
    return outcome.final_url if steps and steps <= _PERMANENT else None


#: The stages in the order of the line.
STAGES = ("fetch", "extract", "cluster", "write")
#: The code of a note that an operator should look at though nothing failed.
WARNING = "warning"


@dataclass(slots=True)
class StageCounts:
    """How the members of one stage ended; they add up: due is the sum of all the rest."""

    due: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    #: (member, reason) of each that failed or was skipped, for the report.
    reasons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def difference(self) -> int:
        """Members that were due but have no end: 0 when the books are right."""
        return self.due - self.ended.total()


@dataclass(slots=True)
class Tally:
    """The counts of one run, stage by stage, and who wants to hear of each."""

    stages: dict[str, StageCounts] = field(
        default_factory=lambda: {name: StageCounts() for name in STAGES}
    )
    #: Called with (stage, due so far, ended so far) after each change.
    heard: Callable[[str, int, int], None] = lambda _stage, _due, _ended: None

    def due(self, stage: str, count: int = 1) -> None:
        """Count members that a stage took on."""
        self.stages[stage].due += count
        self._say(stage)

    def end(self, stage: str, status: str, count: int = 1) -> None:
        """Count members that ended as `status`."""
        self.stages[stage].ended[status] += count
        self._say(stage)

    def explain(self, stage: str, status: str, member: str, reason: str) -> None:
        """Count one member that ended as `status` for a reason worth telling."""
        self.stages[stage].reasons.append((member, reason))
        self.end(stage, status)

    def note(self, stage: str, member: str, reason: str) -> None:
        """Keep a reason beside the counts: something was left out, nothing failed."""
        self.stages[stage].reasons.append((member, reason))

    def _say(self, stage: str) -> None:
        counts = self.stages[stage]
        self.heard(stage, counts.due, counts.ended.total())

    @property
    def failed(self) -> int:
        """Members that failed, over all stages."""
        return sum(counts.ended["failed"] for counts in self.stages.values())
