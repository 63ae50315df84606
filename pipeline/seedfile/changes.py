"""Pure: the change feed, one JSON object a line, numbered from 1 for each site.

A consumer keeps the last number it has dealt with and reads on from there; one that is further
behind than the file reaches reads the manifest instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

#: What can happen to a document.
KINDS = ("created", "updated", "merged", "split", "retracted")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """One change of a site's documents."""

    number: int
    at: datetime
    kind: str
    story_id: str
    path: str
    #: Of the file now; None when there is none any more.
    sha256: str | None = None
    #: The story that took it over, or that it was split from.
    into: str | None = None


def change_line(record: ChangeRecord) -> bytes:
    """Return a change as its line."""
    values = {
        "number": record.number,
        "at": f"{record.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "kind": record.kind,
        "story_id": record.story_id,
        "path": record.path,
        "sha256": record.sha256,
        "into": record.into,
    }
    return (json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def read_change(line: bytes) -> ChangeRecord:
    """Read a line. Raise ValueError when it is none."""
    values = json.loads(line)
    moment = datetime.strptime(values.pop("at"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return ChangeRecord(**values, at=moment)


def fold(lines: Iterable[bytes]) -> dict[str, ChangeRecord]:
    """Return each story's last change. A torn last line, which some copies have, is left out."""
    kept = list(lines)
    if kept and not kept[-1].endswith(b"\n"):
        kept.pop()
    records = sorted((read_change(line) for line in kept), key=lambda record: record.number)
    return {record.story_id: record for record in records}
