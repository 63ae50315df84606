"""Pure: the files beside a site's documents: what is there, and how fresh it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

#: Version of both files' form.
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """One document as it stands on disk."""

    story_id: str
    #: Below the site's folder.
    path: str
    sha256: str
    revision: int
    #: live | tombstone.
    state: str


def manifest(entries: Sequence[ManifestEntry]) -> bytes:
    """Return manifest.json: every document by path. Read it for a consistent set."""
    return _json(
        {
            "version": _VERSION,
            "documents": [asdict(entry) for entry in sorted(entries, key=lambda one: one.path)],
        }
    )


def read_manifest(data: bytes) -> list[ManifestEntry]:
    """Read a manifest.json of ours. Raise ValueError when it is none."""
    try:
        values = json.loads(data)
        if values["version"] != _VERSION:
            raise ValueError(f"version {values['version']}; a later newsloom can read it")
        return [ManifestEntry(**entry) for entry in values["documents"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"not of the form of one: {error}") from None


def latest(
    *,
    generated_at: datetime,
    documents: int,
    published: int,
    newest: datetime | None,
    manifest: bytes,
) -> bytes:
    """Return latest.json: when the writer last ran, and what it left.

    `newest` is the newest published story's time; `manifest` the bytes of manifest.json.
    """
    return _json(
        {
            "version": _VERSION,
            "generated_at": _time(generated_at),
            "documents": documents,
            "published": published,
            "newest_published_at": _time(newest) if newest else None,
            "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        }
    )


def _json(value: dict[str, Any]) -> bytes:
    """Return JSON with a line for each value, and a newline at its end."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _time(moment: datetime) -> str:
    """Return a time in UTC to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
