"""Ruby reads in every document just what was meant: 10,000 hostile ones, value by value."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.seedfile.document import (
    SeedDocument,
)
from pipeline.seedfile.parse import parse
from pipeline.seedfile.render import render
from pipeline.seedfile.style import STYLES, Dialect
from pipeline.seedfile.values import values_of
from tests.conftest import ROOT
from tests.pipeline.seedfile.strategies import documents
from tests.pipeline.seedfile.world import DOCUMENT
from tests.site.world import DEADLINE, program

pytestmark = [pytest.mark.site, pytest.mark.timeout(1800)]

DOCUMENTS = 10_000
#: Some are drawn twice, about one in sixty.
_DOUBLES = 1_000
READER = Path(__file__).with_name("jekyll_reader.rb")


def _drawn(count: int) -> dict[bytes, dict[str, Any]]:
    """Return the different files among `count` drawn ones, and what each was meant to say."""
    found = {}

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(documents, st.sampled_from(["seed", "web"]))
    def draw(document: SeedDocument, dialect: Dialect) -> None:
        found[render(document, dialect)] = values_of(document, STYLES[dialect])

    draw()
    return found


def _as_ruby_tells(value: Any) -> Any:
    """Return a value as the reader writes it."""
    if isinstance(value, dict):
        return {key: _as_ruby_tells(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_as_ruby_tells(one) for one in value]
    if isinstance(value, datetime):
        return {"a time": f"{value:%Y-%m-%dT%H:%M:%S}.000000000Z"}
    return value


def _read(files: Sequence[bytes]) -> list[str]:
    """Return what one Ruby process reads in each of the files."""
    done = subprocess.run(
        [program("ruby"), str(READER)],
        input=b"".join(b"%d\n%s" % (len(data), data) for data in files),
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode().splitlines()


def _same_text(values: Any) -> str:
    """Return JSON that is equal only for values of equal types: 1 is no true and no 1.0."""
    return json.dumps(values, sort_keys=True)


def _differences(meant: Sequence[tuple[bytes, dict[str, Any]]]) -> list[str]:
    """Return every document that Ruby reads as something else."""
    program("jekyll")
    told = _read([data for data, _ in meant])
    return [
        data.decode()
        for (data, values), line in zip(meant, told, strict=True)
        if _same_text(json.loads(line))
        != _same_text({"values": _as_ruby_tells(values), "body": ""})
    ]


def test_ruby_reads_ten_thousand_hostile_documents_as_they_were_meant() -> None:
    meant = _drawn(DOCUMENTS + _DOUBLES)

    assert len(meant) >= DOCUMENTS
    assert _differences(list(meant.items())) == []


def test_ruby_reads_the_golden_documents_as_they_were_meant() -> None:
    golden = [path.read_bytes() for path in sorted((ROOT / "seeds" / "_news").glob("*.md"))]
    meant = [(data, values_of(parse(data).document, STYLES["seed"])) for data in golden]

    assert len(meant) >= 8
    assert _differences(meant) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"heat: 97", b"heat: 97.0"),
        (b"published: true", b'published: "true"'),
        (b"  name: One", b"  name: 411"),
        (b"2020-01-23T15:31:00Z", b"2020-01-23T15:31:00.5Z"),
        (b"2020-01-23T15:31:00Z", b'"2020-01-23T15:31:00Z"'),
        (b"  - AI", b"  - no"),
        (b"\n---\n\n", b"\n---\n\n{{ x }}"),
    ],
)
def test_the_smallest_difference_is_found(before: bytes, after: bytes) -> None:
    data, values = render(DOCUMENT, "seed"), values_of(DOCUMENT, STYLES["seed"])
    changed = data.replace(before, after, 1)

    assert changed != data
    assert _differences([(data, values), (changed, values)]) == [changed.decode()]
