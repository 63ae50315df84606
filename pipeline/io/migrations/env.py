"""Alembic's entry: runs the migrations on the connection that `pipeline.io.migrate` hands over."""

from alembic import context

from pipeline.io import (  # importing them makes the tables
    schema,  # noqa: F401
    schema_backfill,  # noqa: F401
    schema_bodies,  # noqa: F401
    schema_corrections,  # noqa: F401
)
from pipeline.io.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    user_module_prefix="columns.",
)
with context.begin_transaction():
    context.run_migrations()
