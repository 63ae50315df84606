"""Statements that both databases know under other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_missing(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose key is not there yet; leave the others alone."""
    if not rows:
        return
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    tx.execute(dialect.insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])


def upsert(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or replace every given column of those whose primary key is there."""
    if not rows:
        return
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    tx.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changed),
        [dict(row) for row in rows],
    )
