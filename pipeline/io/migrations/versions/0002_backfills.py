"""Backfills: plans, look-ups, what they found; the past has a version of its own."""

import sqlalchemy as sa
from alembic import op

from pipeline.io import columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backfills",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since", columns.UtcTime(), nullable=False),
        sa.Column("until", columns.UtcTime(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("budget", sa.Integer(), nullable=True),
        sa.Column("planned_at", columns.UtcTime(), nullable=False),
        sa.Column("started_at", columns.UtcTime(), nullable=True),
        sa.Column("ended_at", columns.UtcTime(), nullable=True),
        sa.Column("tick_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tick_id"], ["ticks.id"], name=op.f("fk_backfills_tick_id_ticks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfills")),
    )
    op.create_table(
        "backfill_entries",
        sa.Column(
            "backfill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("page_id", sa.String(length=70), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["backfill_id"],
            ["backfills.id"],
            name=op.f("fk_backfill_entries_backfill_id_backfills"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_backfill_entries_source_id_sources")
        ),
        sa.PrimaryKeyConstraint(
            "backfill_id", "source_id", "page_id", name=op.f("pk_backfill_entries")
        ),
    )
    op.create_table(
        "backfill_partitions",
        sa.Column(
            "backfill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("settled_until", columns.UtcTime(), nullable=False),
        sa.Column("refined_at", columns.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["backfill_id"],
            ["backfills.id"],
            name=op.f("fk_backfill_partitions_backfill_id_backfills"),
        ),
        sa.PrimaryKeyConstraint("backfill_id", "language", name=op.f("pk_backfill_partitions")),
    )
    op.create_table(
        "backfill_parts",
        sa.Column(
            "backfill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("feed_url", sa.String(length=2048), nullable=False),
        sa.Column("provider", sa.String(length=253), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("coverage", sa.String(length=10), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("requests", sa.JSON(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=True),
        sa.Column("page_hosts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["backfill_id"], ["backfills.id"], name=op.f("fk_backfill_parts_backfill_id_backfills")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_backfill_parts_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("backfill_id", "source_id", name=op.f("pk_backfill_parts")),
    )
    op.create_table(
        "lookups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column(
            "backfill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("next_at", columns.UtcTime(), nullable=False),
        sa.Column("tick_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", columns.UtcTime(), nullable=True),
        sa.Column("lease_size", sa.Integer(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.Column("quarantined", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["backfill_id"], ["backfills.id"], name=op.f("fk_lookups_backfill_id_backfills")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_lookups_source_id_sources")
        ),
        sa.ForeignKeyConstraint(["tick_id"], ["ticks.id"], name=op.f("fk_lookups_tick_id_ticks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookups")),
    )
    with op.batch_alter_table("lookups", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lookups_backfill_id_state"), ["backfill_id", "state"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_lookups_tick_id_state"), ["tick_id", "state"], unique=False
        )

    with op.batch_alter_table("partitions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("past_version", sa.Integer(), server_default="0", nullable=False)
        )
