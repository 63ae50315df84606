"""What tables are made of: names of constraints, UTC times, row numbers, the columns of work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

#: Names for every constraint, so that migrations can speak of them on both databases.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    },
)

#: Row numbers: SQLite counts up only in an INTEGER primary key.
ROW_ID = BigInteger().with_variant(Integer, "sqlite")


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC datetimes; SQLite, which has no zones, keeps them as naive UTC."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Take timestamptz where there is one."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; convert the rest to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time {value!r}: newsloom keeps aware UTC times only")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Give an aware UTC time back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def work_columns() -> list[Column[Any]]:
    """Return the columns of a table whose rows are claimed, worked on and retried."""
    return [
        Column("next_at", UtcTime, nullable=False),
        Column("tick_id", ROW_ID, ForeignKey("ticks.id")),
        Column("attempts", Integer, nullable=False, default=0),
        Column("deaths", Integer, nullable=False, default=0),
        Column("lease_owner", String(64)),
        Column("lease_until", UtcTime),
        #: Members of the batch it was claimed with: a death counts only when alone.
        Column("lease_size", Integer),
        Column("fence", Integer, nullable=False, default=0),
        Column("last_error", String(500)),
        Column("quarantined", String(64)),
    ]
