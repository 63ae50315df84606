"""PyYAML and our own reader find in every document just what was meant, whatever it says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.seedfile.document import SeedDocument
from pipeline.seedfile.parse import parse
from pipeline.seedfile.render import prove, render
from pipeline.seedfile.style import STYLES, Dialect
from pipeline.seedfile.values import values_of
from tests.pipeline.seedfile.strategies import documents

DIALECTS = st.sampled_from(["seed", "web"])


def _same(document: SeedDocument, dialect: Dialect) -> None:
    """Hold what two readers find against what was meant."""
    data = render(document, dialect)
    meant = values_of(document, STYLES[dialect])
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        read = list(yaml.load_all(data, loader))
        assert _typed(read) == _typed([meant, None])
    assert parse(data).document == document
    prove(data, document)


def _typed(value: Any) -> Any:
    """Return a value with its type, so that 1 is no true and a text no date."""
    if isinstance(value, dict):
        return {key: _typed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_typed(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else (type(value), value)


def _examples(count: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    health = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(max_examples=count, deadline=None, suppress_health_check=health)


@_examples(300)
@given(documents, DIALECTS)
def test_hostile_documents_are_read_as_they_were_meant(
    document: SeedDocument, dialect: Dialect
) -> None:
    _same(document, dialect)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@_examples(10_000)
@given(documents, DIALECTS)
def test_ten_thousand_hostile_documents_are_read_as_they_were_meant(
    document: SeedDocument, dialect: Dialect
) -> None:
    _same(document, dialect)
