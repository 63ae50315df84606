"""The shipped JSON Schemas, held against everything that is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from pipeline.seedfile.api import api_files
from pipeline.seedfile.changes import KINDS, ChangeRecord, change_line
from pipeline.seedfile.document import SeedDocument, tombstone_of
from pipeline.seedfile.index import ManifestEntry, latest, manifest
from pipeline.seedfile.listing import listing_of
from pipeline.seedfile.parse import parse
from pipeline.seedfile.render import render
from pipeline.seedfile.schemas import names, schema
from pipeline.seedfile.style import Dialect
from tests.conftest import ROOT
from tests.jsonschema import faults
from tests.pipeline.seedfile.listings import BASE, LISTING, PATH, numbered
from tests.pipeline.seedfile.world import DOCUMENT, LATER, MOMENT, site

GOLDEN = sorted((ROOT / "seeds" / "_news").glob("*.md"))
DIALECTS: tuple[Dialect, ...] = ("seed", "web")
VIDEO = replace(LATER, url=None, original_url="https://one.example/v", amp=None)


def _front_matter(data: bytes) -> Any:
    """Return a document as YAML reads it, times as they are written."""
    return _plain(yaml.safe_load(data.decode().split("---\n")[1]))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _document_faults(document: SeedDocument, dialect: Dialect = "seed") -> list[str]:
    return faults(_front_matter(render(document, dialect)), schema("document"))


def test_each_schema_names_its_draft_and_itself() -> None:
    assert names() == ("api", "changes", "document", "latest", "manifest")
    for name in names():
        assert schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema(name)["$id"] == f"urn:newsloom:schema:{name}:1"


@pytest.mark.parametrize("name", ["nothing", "", "../index", "document.json"])
def test_another_name_has_no_schema(name: str) -> None:
    with pytest.raises(KeyError):
        schema(name)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem[:30])
def test_every_golden_document_keeps_to_the_schema_in_both_dialects(path: Any) -> None:
    data = path.read_bytes()

    assert faults(_front_matter(data), schema("document")) == []
    for dialect in DIALECTS:
        assert _document_faults(parse(data).document, dialect) == []


@pytest.mark.parametrize("document", [DOCUMENT, tombstone_of(DOCUMENT), LATER])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_whatever_is_written_keeps_to_the_schema(document: SeedDocument, dialect: Dialect) -> None:
    assert _document_faults(document, dialect) == []


def test_a_video_without_an_address_keeps_to_the_schema() -> None:
    assert _document_faults(VIDEO, "web") == []


@pytest.mark.parametrize(
    "change",
    [
        lambda front: front.pop("title"),
        lambda front: front.pop("sourceUrl"),
        lambda front: front.pop("cdnAmpUrl"),
        lambda front: front.update(webUrl="https://one.example/a"),
        lambda front: front.update(sourceUrl="javascript:alert(1)"),
        lambda front: front.update(sourceUrl='https://one.example/"'),
        lambda front: front.update(published="false"),
        lambda front: front.update(heat=-2),
        lambda front: front.update(heat=True),
        lambda front: front.update(title="two\nlines"),
        lambda front: front.update(title=""),
        lambda front: front.update(excerpt="x" * 351),
        lambda front: front.update(publishedDateTime="2020-01-23"),
        lambda front: front.update(topics=[]),
        lambda front: front.update(category="sport"),
        lambda front: front.update(Title="unknown key"),
        lambda front: front["related"][0].update(heat=1),
        lambda front: front["related"][0].update(webUrl=front["related"][0].pop("sourceUrl")),
        lambda front: front["provider"].update(name=411),
    ],
)
def test_what_would_harm_a_site_does_not_keep_to_it(
    change: Callable[[dict[str, Any]], object],
) -> None:
    front = _front_matter(render(DOCUMENT, "seed"))
    change(front)

    assert faults(front, schema("document"))


@pytest.mark.parametrize("base_url", [None, BASE])
def test_every_page_of_the_api_keeps_to_its_schema(base_url: str | None) -> None:
    bare = replace(LISTING, amp_url=None, cdn_amp_url=None, image=None, provider_logo=None, url="")
    golden = [
        listing_of(parse(path.read_bytes()).document, story_id="a", path=f"_news/{path.name}")
        for path in GOLDEN
    ]
    listings = [LISTING, bare, *golden, *(numbered(number) for number in range(40))]
    files = api_files(listings, site=site(base_url=base_url)) | api_files([], site=site())

    assert len(files) > 3
    for data in files.values():
        assert faults(json.loads(data), schema("api")) == []


def test_manifest_and_freshness_keep_to_their_schemas() -> None:
    entry = ManifestEntry(story_id="k3v9", path=PATH, sha256="0" * 64, revision=1, state="live")
    gone = replace(entry, state="tombstone")
    for entries in ([], [entry, gone]):
        data = manifest(entries)
        assert faults(json.loads(data), schema("manifest")) == []
        for newest in (None, MOMENT):
            fresh = latest(
                generated_at=MOMENT, documents=2, published=1, newest=newest, manifest=data
            )
            assert faults(json.loads(fresh), schema("latest")) == []


def test_every_kind_of_change_keeps_to_its_schema() -> None:
    for kind in KINDS:
        for other, sha256 in ((None, "0" * 64), ("b", None)):
            record = ChangeRecord(
                number=1, at=MOMENT, kind=kind, story_id="a", path=PATH, sha256=sha256, into=other
            )
            assert faults(json.loads(change_line(record)), schema("changes")) == []
    assert schema("changes")["properties"]["kind"]["enum"] == list(KINDS)
