"""The first tables."""

import sqlalchemy as sa
from alembic import op

from pipeline.io import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("since", columns.UtcTime(), nullable=False),
        sa.Column("told_at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_alerts")),
    )
    op.create_table(
        "article_aliases",
        sa.Column("url_key", sa.String(length=70), nullable=False),
        sa.Column("article_id", sa.String(length=70), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("url_key", name=op.f("pk_article_aliases")),
    )
    op.create_table(
        "blocks",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("value", sa.String(length=253), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_blocks")),
    )
    op.create_table(
        "changes",
        sa.Column("site", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("story_id", sa.String(length=24), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("other_id", sa.String(length=24), nullable=True),
        sa.PrimaryKeyConstraint("site", "number", name=op.f("pk_changes")),
    )
    op.create_table(
        "counts",
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("stage", "kind", "name", name=op.f("pk_counts")),
    )
    op.create_table(
        "hosts",
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("next_free_at", columns.UtcTime(), nullable=False),
        sa.Column("paused_until", columns.UtcTime(), nullable=True),
        sa.Column("held_until", columns.UtcTime(), nullable=True),
        sa.Column("held_by", sa.String(length=64), nullable=True),
        sa.Column("spacing", sa.Interval(), nullable=True),
        sa.Column("robots", sa.LargeBinary(), nullable=True),
        sa.Column("robots_at", columns.UtcTime(), nullable=True),
        sa.Column("trouble_at", columns.UtcTime(), nullable=True),
        sa.Column("trouble_source", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_hosts")),
    )
    with op.batch_alter_table("hosts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hosts_held_by"), ["held_by"], unique=False)

    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("until", columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "partitions",
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "placed_tick", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "settled_tick", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("refined_at", columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("language", name=op.f("pk_partitions")),
    )
    op.create_table(
        "pictures",
        sa.Column("key", sa.String(length=70), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("measured_at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_pictures")),
    )
    op.create_table(
        "publications",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("site", sa.String(length=80), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("forced", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
    )
    op.create_table(
        "stories",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("lead_id", sa.String(length=70), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.Column("heat", sa.Integer(), nullable=False),
        sa.Column("published_at", columns.UtcTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("merged_into", sa.String(length=24), nullable=True),
        sa.Column("split_from", sa.String(length=24), nullable=True),
        sa.Column("cluster_version", sa.Integer(), nullable=False),
        sa.Column("score_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stories")),
    )
    with op.batch_alter_table("stories", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stories_language_published_at"),
            ["language", "published_at"],
            unique=False,
        )

    op.create_table(
        "ticks",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("opened_at", columns.UtcTime(), nullable=False),
        sa.Column("deadline", columns.UtcTime(), nullable=False),
        sa.Column("closed_at", columns.UtcTime(), nullable=True),
        sa.Column("clustered_at", columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticks")),
    )
    op.create_table(
        "ties",
        sa.Column("one", sa.String(length=70), nullable=False),
        sa.Column("other", sa.String(length=70), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_ties")),
    )
    with op.batch_alter_table("ties", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ties_other"), ["other"], unique=False)

    op.create_table(
        "documents",
        sa.Column("site", sa.String(length=80), nullable=False),
        sa.Column("story_id", sa.String(length=24), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("path_key", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("published_at", columns.UtcTime(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("writer_version", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("listing", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_documents_story_id_stories")
        ),
        sa.PrimaryKeyConstraint("site", "story_id", name=op.f("pk_documents")),
        sa.UniqueConstraint("site", "path_key", name=op.f("uq_documents_site_path_key")),
    )
    op.create_table(
        "ledger",
        sa.Column("tick_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", columns.UtcTime(), nullable=False),
        sa.Column("last_at", columns.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["tick_id"], ["ticks.id"], name=op.f("fk_ledger_tick_id_ticks")),
        sa.PrimaryKeyConstraint("tick_id", "stage", "outcome", "reason", name=op.f("pk_ledger")),
    )
    op.create_table(
        "pages",
        sa.Column("id", sa.String(length=70), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("facts_from", sa.String(length=340), nullable=True),
        sa.Column("final_url", sa.String(length=2048), nullable=True),
        sa.Column("article_id", sa.String(length=70), nullable=True),
        sa.Column("fetched_at", columns.UtcTime(), nullable=True),
        sa.Column("etag", sa.String(length=1024), nullable=True),
        sa.Column("last_modified", sa.String(length=128), nullable=True),
        sa.Column("read_at", columns.UtcTime(), nullable=True),
        sa.Column("recheck_at", columns.UtcTime(), nullable=True),
        sa.Column("is_recheck", sa.Boolean(), nullable=False),
        sa.Column("gone_since", columns.UtcTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("extractor_version", sa.Integer(), nullable=True),
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
        sa.ForeignKeyConstraint(["tick_id"], ["ticks.id"], name=op.f("fk_pages_tick_id_ticks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
    )
    with op.batch_alter_table("pages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_pages_state_next_at"), ["state", "next_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_pages_state_recheck_at"), ["state", "recheck_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_pages_tick_id_state"), ["tick_id", "state"], unique=False
        )

    op.create_table(
        "sources",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("feed_url", sa.String(length=2048), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("provider", sa.String(length=253), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("interval", sa.Interval(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("robots", sa.Boolean(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=True),
        sa.Column("proxy", sa.String(length=520), nullable=True),
        sa.Column("managed_by", sa.String(length=10), nullable=False),
        sa.Column("etag", sa.String(length=1024), nullable=True),
        sa.Column("last_modified", sa.String(length=128), nullable=True),
        sa.Column("body_hash", sa.String(length=64), nullable=True),
        sa.Column("entry_key_kind", sa.String(length=12), nullable=False),
        sa.Column("moved_to", sa.String(length=2048), nullable=True),
        sa.Column("memory", sa.JSON(), nullable=False),
        sa.Column("alarm", sa.Text(), nullable=True),
        sa.Column("failures", sa.Float(), nullable=False),
        sa.Column("last_success_at", columns.UtcTime(), nullable=True),
        sa.Column("last_unconditional_at", columns.UtcTime(), nullable=True),
        sa.Column("last_polled_at", columns.UtcTime(), nullable=True),
        sa.Column("last_status", sa.String(length=40), nullable=True),
        sa.Column("dialect", sa.String(length=20), nullable=True),
        sa.Column("parser", sa.String(length=20), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
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
        sa.ForeignKeyConstraint(["tick_id"], ["ticks.id"], name=op.f("fk_sources_tick_id_ticks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
    )
    with op.batch_alter_table("sources", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sources_next_at"), ["next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sources_tick_id"), ["tick_id"], unique=False)

    op.create_table(
        "written",
        sa.Column("site", sa.String(length=80), nullable=False),
        sa.Column("story_id", sa.String(length=24), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_written_story_id_stories")
        ),
        sa.PrimaryKeyConstraint("site", "story_id", name=op.f("pk_written")),
    )
    op.create_table(
        "articles",
        sa.Column("id", sa.String(length=70), nullable=False),
        sa.Column("page_id", sa.String(length=70), nullable=False),
        sa.Column("tick_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_at", columns.UtcTime(), nullable=False),
        sa.Column("published_precision", sa.String(length=8), nullable=False),
        sa.Column("updated_at", columns.UtcTime(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("provider", sa.String(length=253), nullable=False),
        sa.Column("provider_name", sa.Text(), nullable=False),
        sa.Column("amp_url", sa.String(length=2048), nullable=True),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("image", sa.JSON(), nullable=True),
        sa.Column("image_key", sa.String(length=70), nullable=True),
        sa.Column("featured_content", sa.Text(), nullable=True),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=True),
        sa.Column("embedding_model", sa.String(length=64), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("extractor_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_articles_page_id_pages")),
        sa.ForeignKeyConstraint(["tick_id"], ["ticks.id"], name=op.f("fk_articles_tick_id_ticks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
    )
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_articles_image_key_provider"), ["image_key", "provider"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_articles_language_published_at"),
            ["language", "published_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_articles_state_tick_id"), ["state", "tick_id"], unique=False
        )

    op.create_table(
        "entries",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("entry_key", sa.String(length=255), nullable=False),
        sa.Column("page_id", sa.String(length=70), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("published_at", columns.UtcTime(), nullable=True),
        sa.Column("updated_at", columns.UtcTime(), nullable=True),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("first_seen_at", columns.UtcTime(), nullable=False),
        sa.Column("last_seen_at", columns.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_entries_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("source_id", "entry_key", name=op.f("uq_entries_source_id_entry_key")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entries_page_id"), ["page_id"], unique=False)

    op.create_table(
        "page_bodies",
        sa.Column("page_id", sa.String(length=70), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("fetched_at", columns.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name=op.f("fk_page_bodies_page_id_pages")
        ),
        sa.PrimaryKeyConstraint("page_id", name=op.f("pk_page_bodies")),
    )
    with op.batch_alter_table("page_bodies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_page_bodies_fetched_at"), ["fetched_at"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("article_id", sa.String(length=70), nullable=False),
        sa.Column("story_id", sa.String(length=24), nullable=False),
        sa.Column("nearest", sa.String(length=70), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("copy_of", sa.String(length=70), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_memberships_article_id_articles")
        ),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_memberships_story_id_stories")
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_memberships_story_id"), ["story_id"], unique=False)
