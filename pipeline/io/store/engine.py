"""Engine and transactions: SQLite in WAL mode, or PostgreSQL, with the same calls."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from pipeline.errors import StoreError
from pipeline.io.crashpoints import crashpoint
from pipeline.io.store import ledger

#: Seconds a SQLite writer waits for another one; RELIABILITY of WAL rests on it.
_BUSY_SECONDS = 30
#: Seconds between two tries to switch a file to WAL: a switch takes well under a millisecond.
_SWITCH_SECONDS = 0.01
#: Asked of a connection that is going to write, see `_begin_immediate`.
_WRITES = "newsloom_writes"


def _system_clock() -> datetime:
    """Return the time of day, UTC."""
    return datetime.now(UTC)


class Store:
    """One database. A transaction is short and never open across a network wait."""

    def __init__(self, url: str) -> None:
        """Prepare an engine for `url`; nothing is opened yet. Raise StoreError on a bad URL."""
        #: Tells when the ledger's notes were made.
        self.clock: Callable[[], datetime] = _system_clock
        try:
            parsed = make_url(url)
        except SQLAlchemyError as error:
            raise StoreError(
                f"database_url: {error}; write sqlite:///FILE or postgresql://..."
            ) from error
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        #: Who holds the leases of this process; tokens fence what it may still save.
        self.owner = secrets.token_hex(8)
        self.engine = (
            _sqlite_engine(parsed) if self.is_sqlite else create_engine(parsed, pool_pre_ping=True)
        )

    @property
    def is_sqlite(self) -> bool:
        """Say whether one file is the database."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction."""
        with _in_words(self), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a write transaction: commits at the end, rolls back on any exception.

        What was noted in it for the ledger is posted last: other writers wait for its lines no
        longer than a commit takes.
        """
        book = ledger.Book()
        options: dict[str, Any] = {_WRITES: True, ledger.BOOK: book}
        with _in_words(self), self.engine.connect() as connection:
            connection = connection.execution_options(**options)  # noqa: PLW2901 -- the same connection
            with connection.begin():
                yield connection
                crashpoint("before-ledger")
                ledger.post(connection, book, at=self.clock())
            crashpoint("after-commit")

    @contextmanager
    def rehearsal(self) -> Iterator[Store]:
        """Give a store whose transactions are parts of one that is rolled back in the end.

        What is saved in it is read in it, and by nobody else: that is how a dry run knows what
        would come of something.
        """
        options: dict[str, Any] = {_WRITES: True, ledger.BOOK: ledger.Book()}
        with _in_words(self), self.engine.connect() as connection:
            connection = connection.execution_options(**options)  # noqa: PLW2901 -- the same connection
            connection.begin()
            try:
                yield _Rehearsal(self, connection)
            finally:
                connection.rollback()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


class _Rehearsal(Store):
    """A store within one transaction."""

    def __init__(self, store: Store, connection: Connection) -> None:
        """Take the place of a store whose connection has begun."""
        self.clock, self.url, self.owner, self.engine = (
            store.clock, store.url, store.owner, store.engine
        )  # fmt: skip
        self._connection = connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read what is saved so far."""
        yield self._connection

    write = read


def _sqlite_engine(url: Any) -> Engine:
    """Return an engine whose writers take the lock at once.

    A deferred transaction that upgrades from reading to writing fails in spite of the busy
    timeout (measured: 900 of 1,200 lost; with BEGIN IMMEDIATE none).
    """
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        _enter_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin_immediate(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. Raise sqlite3.OperationalError when it stays locked.

    Of two that switch a new file at the same moment SQLite refuses one at once, whatever the busy
    timeout: each holds what the other waits for (sqlite.org/c3ref/busy_handler.html).
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_SWITCH_SECONDS)
        else:
            return


@contextmanager
def _in_words(store: Store) -> Iterator[None]:
    """Turn what the database says when it cannot be used at all into a StoreError."""
    try:
        yield
    except DBAPIError as error:
        words = str(error.orig).splitlines()[0] if error.orig else str(error)
        remedy = _remedy(words)
        if remedy is None:
            raise
        place = store.url.render_as_string(hide_password=True)
        raise StoreError(f"{place}: {words}; {remedy}") from error


def _remedy(words: str) -> str | None:
    """Return what an operator can do about a fault of the whole database, None for others."""
    for sign, remedy in (
        ("not a database", "move the file away, or set database_url to another one"),
        ("malformed", "restore the last backup (docs/operations.md)"),
        ("no such table", "run `newsloom db upgrade`"),
        ("does not exist", "run `newsloom db upgrade`"),
        ("readonly", "make the file and its folder writable"),
        ("unable to open", "create the folder and make it writable"),
        ("database is locked", "another program holds the database; end it or wait"),
        ("connection is bad", "start PostgreSQL, or mend database_url"),
        ("connection to server", "start PostgreSQL, or mend database_url"),
    ):
        if sign in words:
            return remedy
    return None
