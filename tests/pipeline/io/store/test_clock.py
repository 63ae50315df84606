"""The server's time, whatever this machine's clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from pipeline.errors import StoreError
from pipeline.io.store import Store
from pipeline.io.store.clock import ServerClock
from tests.postgres import Postgres


@pytest.fixture
def store(postgres: Postgres) -> Store:
    return Store(postgres.new_database(f"c{uuid4().hex}"))


def test_it_tells_the_time_of_the_server_and_goes_on_by_itself(store: Store) -> None:
    seconds = [100.0]
    clock = ServerClock(store, lambda: seconds[0])
    start = clock()
    assert abs(start - datetime.now(UTC)) < timedelta(minutes=1)
    seconds[0] += 7
    assert clock() - start == timedelta(seconds=7)
    store.close()


def test_it_looks_again_after_a_minute(store: Store) -> None:
    seconds = [100.0]
    clock = ServerClock(store, lambda: seconds[0])
    start = clock()
    seconds[0] += 3600  # the machine slept, the server did not
    assert clock() - start < timedelta(minutes=2)
    store.close()


def test_without_the_server_it_goes_on_from_where_it_was(store: Store) -> None:
    seconds = [100.0]
    clock = ServerClock(store, lambda: seconds[0])
    start = clock()
    url = store.url.set(host="127.0.0.1", port=1, query={})
    store.close()
    clock._store = Store(url.render_as_string(hide_password=False))
    seconds[0] += 100
    assert clock() - start == timedelta(seconds=100)
    with pytest.raises(StoreError), clock._store.read() as tx:
        tx.execute(text("SELECT 1"))
