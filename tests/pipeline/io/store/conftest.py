"""A migrated store of each kind, and the shortest way to fill it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.io.migrate import upgrade
from pipeline.io.store import Store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give an empty, migrated store."""
    opened = Store(database_url)
    upgrade(opened)
    yield opened
    opened.close()
