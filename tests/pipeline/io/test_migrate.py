"""Migrations: the tables they make are the tables the code expects, on both databases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from pipeline.errors import StoreError
from pipeline.io.columns import metadata
from pipeline.io.migrate import HEAD, require_current, schema_state, upgrade
from pipeline.io.store import Store


def test_migrations_make_the_tables_of_the_schema(database_url: str) -> None:
    store = Store(database_url)
    upgrade(store)
    with store.read() as tx:
        difference = compare_metadata(MigrationContext.configure(tx), metadata)
    store.close()

    assert difference == []


def test_a_second_upgrade_changes_nothing(database_url: str) -> None:
    store = Store(database_url)
    first = upgrade(store)
    second = upgrade(store)
    store.close()

    assert first == second
    assert second.is_current


def test_an_empty_file_is_made_ready_on_the_spot(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'deep' / 'new.db'}")
    require_current(store)

    assert schema_state(store).is_current
    store.close()


def test_a_file_that_is_no_database_is_left_untouched(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_bytes(b"These are my notes, not a database at all. " * 40)
    store = Store(f"sqlite:///{file}")

    with pytest.raises(StoreError, match="not a database; move the file away"):
        require_current(store)
    store.close()
    assert file.read_bytes().startswith(b"These are my notes")


def test_the_tables_of_another_program_are_refused(database_url: str) -> None:
    store = Store(database_url)
    with store.write() as tx:
        tx.execute(text("CREATE TABLE customers (id INTEGER)"))

    with pytest.raises(StoreError, match="tables of another program"):
        require_current(store)
    store.close()


def test_a_database_of_a_later_version_is_refused(database_url: str) -> None:
    store = Store(database_url)
    upgrade(store)
    with store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreError, match="9999, which this version does not know"):
        require_current(store)
    store.close()


def test_a_server_that_is_not_there_is_named_with_a_remedy(tmp_path: Path) -> None:
    store = Store(f"postgresql://nobody@/none?host={tmp_path}")

    with pytest.raises(StoreError, match="start PostgreSQL, or mend database_url"):
        require_current(store)
    store.close()


def test_the_head_is_the_newest_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", "pipeline.io:migrations")
    config.set_main_option("path_separator", "os")

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_database_that_is_ready_is_opened_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'newsloom.db'}"
    store = Store(url)
    upgrade(store)
    store.close()
    program = (
        "import sys\nfrom pipeline.io.migrate import HEAD, require_current\n"
        f"from pipeline.io.store import Store\nrequire_current(Store({url!r}))\n"
        "sys.exit('alembic' in sys.modules)\n"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
