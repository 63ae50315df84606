"""The files beside the documents."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone

from pipeline.seedfile.index import ManifestEntry, latest, manifest
from tests.pipeline.seedfile.world import MOMENT

ENTRIES = [
    ManifestEntry(
        story_id=name * 16,
        path=f"_news/2020-01-23-{name}.md",
        sha256=name * 64,
        revision=number,
        state="live",
    )
    for number, name in enumerate("ba", 1)
]


def test_the_manifest_is_the_same_in_whatever_order_documents_come() -> None:
    data = manifest(ENTRIES)

    assert data == manifest(ENTRIES[::-1])
    assert data.endswith(b"}\n")
    assert json.loads(data) == {
        "version": 1,
        "documents": [
            {"story_id": "a" * 16, "path": "_news/2020-01-23-a.md", "sha256": "a" * 64,
             "revision": 2, "state": "live"},
            {"story_id": "b" * 16, "path": "_news/2020-01-23-b.md", "sha256": "b" * 64,
             "revision": 1, "state": "live"},
        ],
    }  # fmt: skip


def test_the_freshness_file_names_the_manifest_and_the_newest_story() -> None:
    newest = datetime(2020, 1, 23, 16, 31, tzinfo=timezone(timedelta(hours=1)))
    data = latest(
        generated_at=MOMENT, documents=3, published=2, newest=newest, manifest=manifest(ENTRIES)
    )

    assert json.loads(data) == {
        "version": 1,
        "generated_at": "2020-01-23T15:31:00Z",
        "documents": 3,
        "published": 2,
        "newest_published_at": "2020-01-23T15:31:00Z",
        "manifest_sha256": hashlib.sha256(manifest(ENTRIES)).hexdigest(),
    }


def test_a_site_without_a_published_story_has_no_newest_one() -> None:
    data = latest(generated_at=MOMENT, documents=0, published=0, newest=None, manifest=b"")

    assert json.loads(data)["newest_published_at"] is None
