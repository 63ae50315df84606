"""What tasks count: kept in the database, so that workers on any host add up, restarts and all.

A row is one figure that only grows. Its names come from closed lists: stages, ends, reason codes;
never an address, never a source. So the table, and what monitoring keeps of it, stays small.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.articles import refusals
from pipeline.io.schema import counts
from pipeline.outcomes import STAGES, WARNING, StageCounts

OTHER = "other"
#: Whose time is taken: the stages, what rings for them, what tells of them, a round in one process.
TASKS = (*STAGES, "tick", "alert", "run")
#: How members end, over all stages (the tally's words).
ENDS = frozenset(
    (
        *("failed", "lease-lost", "deferred", "fetched", "not-modified", "unchanged"),
        *("new", "updated", "alias", "withdrawn", "skipped", "kept", "gone", "done"),
        *("rescored", "founded", "joined"),
        *("created", "removed", "elsewhere", "held-back", "not-written"),
    )
)
#: Codes of `pipeline.io.failures`, of feeds, of `pipeline.io.jobs` and of the stages; those of
#: pages that are no articles come from where they are kept.
REASONS = frozenset(
    (
        *refusals.ALL,
        *("bad-url", "blocked-address", "blocked-port", "dns", "connect", "tls", "proxy"),
        *("deadline", "too-large", "truncated", "bad-encoding", "bad-response", "no-secret"),
        *("redirect-loop", "too-many-redirects", "not-modified-without-validators"),
        *("client-error", "http-4xx", "http-5xx", "host-busy", "robots-disallowed"),
        *("not-a-feed", "unreadable-feed", "empty-body", "sitemap-index", "truncated-feed"),
        *("entry-without-link", "entry-without-news", "readers-differ"),
        *("parse-timeout", "parse-memory", "parse-crash", "parse-too-large", "worker-died"),
        *("gate", "bad-document", WARNING),
    )
)
_STATUS = re.compile(r"http-([45])[0-9]{2}")
#: From a batch of nothing to the time limit of a task, in seconds.
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, float("inf"))


@dataclass(frozen=True, slots=True, order=True)
class Figure:
    """The name of one row."""

    stage: str
    kind: str
    name: str = ""


def reason_code(reason: str) -> str:
    """Return the code at the beginning of a reason, `other` for one that nobody listed."""
    code = reason.partition(":")[0]
    status = _STATUS.fullmatch(code)
    if status is not None:
        return f"http-{status[1]}xx"
    return code if code in REASONS else OTHER


def of_task(
    task: str, stages: Mapping[str, StageCounts], *, seconds: float, failed: bool
) -> dict[Figure, float]:
    """Return what a task adds: how its members ended, why, how long it took, whether it broke."""
    name = task if task in TASKS else OTHER
    bound = next(bound for bound in BOUNDS if seconds <= bound)
    found: defaultdict[Figure, float] = defaultdict(float)
    found[Figure(name, "took", str(bound))] = 1
    found[Figure(name, "seconds")] = seconds
    if failed:
        found[Figure(name, "broken")] = 1
    for stage, of_stage in stages.items():
        for end, number in of_stage.ended.items():
            found[Figure(stage, "end", end if end in ENDS else OTHER)] += number
        for _, reason in of_stage.reasons:
            found[Figure(stage, "reason", reason_code(reason))] += 1
    return {figure: number for figure, number in found.items() if number}


def add(tx: Connection, found: Mapping[Figure, float]) -> None:
    """Add to the figures, in the order of their names, so that no two writers wait in a ring."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(counts)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=list(counts.primary_key),
            set_={"value": counts.c.value + statement.excluded.value},
        ),
        [{**asdict(figure), "value": found[figure]} for figure in sorted(found)],
    )


def all_counts(tx: Connection) -> dict[Figure, float]:
    """Return every figure."""
    rows = tx.execute(select(counts).order_by(*counts.primary_key))
    return {Figure(row.stage, row.kind, row.name): row.value for row in rows}
