"""Whether a page or a run is still named by an article is asked whenever one is forgotten."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_articles_page_id"), "articles", ["page_id"])
    op.create_index(op.f("ix_articles_tick_id"), "articles", ["tick_id"])
