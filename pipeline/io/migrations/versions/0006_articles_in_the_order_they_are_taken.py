"""The index of waiting articles in the order they are taken: a step reads its own alone."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.drop_index("ix_articles_state_tick_id")
        batch_op.create_index(
            batch_op.f("ix_articles_state_tick_id_language_published_at"),
            ["state", "tick_id", "language", "published_at"],
            unique=False,
        )
