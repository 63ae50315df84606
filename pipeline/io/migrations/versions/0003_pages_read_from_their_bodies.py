"""Pages can be read from their stored bodies, which keep all that an article is made from.

Columns are added in place: SQLite's batch mode would copy every stored body.
"""

import sqlalchemy as sa
from alembic import op

from pipeline.io import columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "pages",
        sa.Column("read_from", sa.String(length=12), nullable=False, server_default="web"),
    )
    op.add_column("page_bodies", sa.Column("final_url", sa.String(length=2048), nullable=True))
    op.add_column("page_bodies", sa.Column("robots_tag", sa.Text(), nullable=True))
    op.add_column("page_bodies", sa.Column("kept_at", columns.UtcTime(), nullable=True))
