"""Statements that both databases know under other names."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Table, Text, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite


def insert_missing(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose key is not there yet; leave the others alone."""
    if not rows:
        return
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    tx.execute(dialect.insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])


def insert_new(
    tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, tell: ColumnElement[Any]
) -> list[Any]:
    """Insert rows whose key is not there yet; return the `tell` of those that were not."""
    if not rows:
        return []
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).on_conflict_do_nothing().returning(tell)
    return list(tx.scalars(statement, [dict(row) for row in rows]))


def upsert(
    tx: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    by: Sequence[str] = (),
    kept: Collection[str] = (),
) -> None:
    """Insert rows, or replace every given column but `kept` of those that are there.

    `by`: the unique columns that tell which is which; the primary key without them.
    """
    if not rows:
        return
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    keys = [*by] or [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in {*keys, *kept}}
    tx.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changed),
        [dict(row) for row in rows],
    )


def one_of(
    tx: Connection, column: ColumnElement[Any], values: Iterable[str]
) -> ColumnElement[bool]:
    """Return the condition that a text column has one of `values`, however many there are.

    IN with a parameter for each ends at 32,766 values on SQLite and at 65,535 on PostgreSQL; here
    all are one parameter.
    """
    found = list(values)
    if tx.dialect.name == "sqlite":
        each = func.json_each(json.dumps(found)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(None, found, type_=ARRAY(Text)))
