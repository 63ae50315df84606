"""Bring a database to the tables this version expects, and say where it stands.

Importing alembic takes a quarter of a second, which only what looks at the migrations pays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table

from pipeline.errors import StoreError
from pipeline.io.store import Store

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

#: The newest migration: what a database that is ready says. A test compares it with the scripts.
HEAD = "0006"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Where the database stands: revision ids, None for an empty one."""

    current: str | None
    head: str

    @property
    def is_current(self) -> bool:
        """Say whether there is nothing to upgrade."""
        return self.current == self.head


def _config() -> Config:
    """Return the configuration of our migrations, without any file."""
    from alembic.config import Config  # noqa: PLC0415 -- see above

    config = Config()
    config.set_main_option("script_location", "pipeline.io:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    """Return our migrations."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 -- see above

    return ScriptDirectory.from_config(_config())


def _revision(tx: Connection) -> str | None:
    """Return what the database says of itself, None when it says nothing."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    found: str | None = tx.execute(select(table("alembic_version", column("version_num")))).scalar()
    return found


def schema_state(store: Store) -> SchemaState:
    """Read the revision of the database; raise StoreError when its tables are not ours."""
    with store.read() as tx:
        current = _revision(tx)
        foreign = current is None and bool(inspect(tx).get_table_names())
    if foreign:
        place = store.url.render_as_string(hide_password=True)
        raise StoreError(
            f"{place} holds tables of another program; set database_url to an empty database"
        )
    return SchemaState(current=current, head=HEAD)


def upgrade(store: Store) -> SchemaState:
    """Run the migrations that are missing; a second call changes nothing."""
    before = schema_state(store)
    _refuse_newer(store, before)
    if not before.is_current:
        from alembic import command  # noqa: PLC0415 -- see above

        config = _config()
        with store.write() as tx:
            config.attributes["connection"] = tx
            command.upgrade(config, "head")
    return schema_state(store)


def require_current(store: Store) -> None:
    """Raise StoreError unless the database is at the revision of this version.

    An empty SQLite file is made ready on the spot: there is nothing to lose and nobody to ask.
    """
    state = schema_state(store)
    if state.is_current:
        return
    _refuse_newer(store, state)
    if state.current is None and store.is_sqlite:
        upgrade(store)
        return
    place = store.url.render_as_string(hide_password=True)
    raise StoreError(
        f"{place} is at revision {state.current}, this version needs {state.head}; "
        "run `newsloom db upgrade`"
    )


def _refuse_newer(store: Store, state: SchemaState) -> None:
    """Raise StoreError when a later version of newsloom wrote the database."""
    known = {script.revision for script in _scripts().walk_revisions()}
    if state.current is not None and state.current not in known:
        place = store.url.render_as_string(hide_password=True)
        raise StoreError(
            f"{place} is at revision {state.current}, which this version does not know; "
            "install the newsloom that wrote it, or a later one"
        )
