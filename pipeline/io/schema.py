"""The tables, alike on SQLite and PostgreSQL. The row is the truth; queues only ring.

`sources` and `pages` are work: each row says what is still to do, when (`next_at`), who is at it
(`lease_*`), how often it went wrong and why. `ticks` bound what is clustered together,
and `ledger` counts what became of it.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Interval,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from pipeline.io.columns import ROW_ID, UtcTime, metadata, work_columns

ticks = Table(
    "ticks",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    #: tick (by schedule) | manual | import | backfill | reprocess | regroup.
    Column("kind", String(10), nullable=False, default="tick"),
    Column("opened_at", UtcTime, nullable=False),
    Column("deadline", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("clustered_at", UtcTime),
)

ledger = Table(
    "ledger",
    metadata,
    #: A tick is a run; of each stage what was taken on, and how each ended
    #: (`pipeline.io.store.ledger`).
    Column("tick_id", ROW_ID, ForeignKey("ticks.id"), primary_key=True),
    Column("stage", String(10), primary_key=True),
    Column("outcome", String(20), primary_key=True),
    #: The code of an error; "" for most endings.
    Column("reason", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("feed_url", String(2048), nullable=False),
    Column("host", String(253), nullable=False),
    Column("provider", String(253), nullable=False),
    Column("title", Text, nullable=False),
    Column("language", String(8)),
    Column("interval", Interval),
    Column("enabled", Boolean, nullable=False),
    #: Its pages are read as far as robots.txt allows.
    Column("robots", Boolean, nullable=False),
    #: Header -> where its value is; never the value.
    Column("headers", JSON, nullable=False),
    Column("user_agent", String(200)),
    #: Where its proxy's URL is kept.
    Column("proxy", String(520)),
    #: ``file`` follows the catalogue; ``operator`` was changed by hand and is left alone.
    Column("managed_by", String(10), nullable=False),
    Column("etag", String(1024)),
    Column("last_modified", String(128)),
    Column("body_hash", String(64)),
    Column("entry_key_kind", String(12), nullable=False),
    #: Where it has moved to for good, by its server's repeated word.
    Column("moved_to", String(2048)),
    #: What polling has learned (`pipeline.records.Memory`).
    Column("memory", JSON, nullable=False),
    #: What an operator should look at, in words; null when nothing.
    Column("alarm", Text),
    Column("failures", Float, nullable=False, default=0.0),
    Column("last_success_at", UtcTime),
    Column("last_unconditional_at", UtcTime),
    Column("last_polled_at", UtcTime),
    Column("last_status", String(40)),
    Column("dialect", String(20)),
    Column("parser", String(20)),
    #: How `next_at` was decided, in words.
    Column("decision", Text),
    *work_columns(),
    Index(None, "next_at"),
    Index(None, "tick_id"),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", String(253), primary_key=True),
    #: From when the next request may start; moved on when one is reserved.
    Column("next_free_at", UtcTime, nullable=False),
    Column("paused_until", UtcTime),
    #: While somebody asks it, at most for his lease.
    Column("held_until", UtcTime),
    Column("held_by", String(64)),
    #: What it asks for in robots.txt (Crawl-delay); ours if that is longer.
    Column("spacing", Interval),
    #: robots.txt, zlib-compressed; null when it could not be had.
    Column("robots", LargeBinary),
    Column("robots_at", UtcTime),
    #: The last 503, and whose feed it was.
    Column("trouble_at", UtcTime),
    Column("trouble_source", String(80)),
    Index(None, "held_by"),
)

entries = Table(
    "entries",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("source_id", String(80), ForeignKey("sources.id"), nullable=False),
    Column("entry_key", String(255), nullable=False),
    Column("page_id", String(70), nullable=False),
    Column("url", String(2048), nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("published_at", UtcTime),
    Column("updated_at", UtcTime),
    Column("authors", JSON, nullable=False),
    Column("media", JSON, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    UniqueConstraint("source_id", "entry_key"),
    Index(None, "page_id"),
)

pages = Table(
    "pages",
    metadata,
    Column("id", String(70), primary_key=True),
    Column("url", String(2048), nullable=False),
    Column("host", String(253), nullable=False),
    #: pending -> done | skipped | quarantined; a changed entry makes it pending again.
    Column("state", String(12), nullable=False),
    #: ``source_id entry_key`` of the entry whose facts were used: the smallest known.
    Column("facts_from", String(340)),
    Column("final_url", String(2048)),
    Column("article_id", String(70)),
    Column("fetched_at", UtcTime),
    Column("etag", String(1024)),
    Column("last_modified", String(128)),
    #: When it first gave its article, and when it is to be looked at again; null: not any more.
    Column("read_at", UtcTime),
    Column("recheck_at", UtcTime),
    #: Pending because `recheck_at` has come: what it held is known.
    Column("is_recheck", Boolean, nullable=False, default=False),
    #: Where its bytes come from while it is pending: web | stored | stored-only
    #: (`pipeline.io.store.bodies`).
    Column("read_from", String(12), nullable=False, server_default="web"),
    #: The first 404 or 410, until the page answers again.
    Column("gone_since", UtcTime),
    Column("failures", Integer, nullable=False, default=0),
    Column("extractor_version", Integer),
    *work_columns(),
    Index(None, "state", "next_at"),
    Index(None, "state", "recheck_at"),
    Index(None, "tick_id", "state"),
)

articles = Table(
    "articles",
    metadata,
    Column("id", String(70), primary_key=True),
    Column("page_id", String(70), ForeignKey("pages.id"), nullable=False),
    Column("tick_id", ROW_ID, ForeignKey("ticks.id"), nullable=False),
    #: pending -> clustered | alias; leaving -> gone (by the publisher's word, until it is back);
    #: withdrawn and erased are ours, for good.
    Column("state", String(12), nullable=False),
    Column("url", String(2048), nullable=False),
    Column("title", Text, nullable=False),
    Column("excerpt", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("published_precision", String(8), nullable=False),
    Column("updated_at", UtcTime),
    Column("language", String(8), nullable=False),
    Column("type", String(8), nullable=False),
    Column("provider", String(253), nullable=False),
    Column("provider_name", Text, nullable=False),
    Column("amp_url", String(2048)),
    Column("authors", JSON, nullable=False),
    Column("image", JSON),
    #: The picture's `url_key`: how many articles of a provider show the same one.
    Column("image_key", String(70)),
    Column("featured_content", Text),
    Column("origins", JSON, nullable=False),
    #: Vectors of what it says, and the model that made them; none where that is switched off.
    Column("embedding", LargeBinary),
    Column("embedding_model", String(64)),
    Column("content_hash", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("extractor_version", Integer, nullable=False),
    #: In this order the clusterer takes them: a step of a backfill reads its own alone.
    Index(None, "state", "tick_id", "language", "published_at"),
    Index(None, "language", "published_at"),
    Index(None, "image_key", "provider"),
    Index(None, "page_id"),
    Index(None, "tick_id"),
)

pictures = Table(
    "pictures",
    metadata,
    #: `url_key` of its address.
    Column("key", String(70), primary_key=True),
    #: True size in pixels; 0 when it is not there or not to be measured.
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("measured_at", UtcTime, nullable=False),
)

article_aliases = Table(
    "article_aliases",
    metadata,
    #: A url_key under which the article is also known.
    Column("url_key", String(70), primary_key=True),
    Column("article_id", String(70), nullable=False),
    Column("reason", String(40), nullable=False),
)

stories = Table(
    "stories",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("language", String(8), nullable=False),
    Column("lead_id", String(70), nullable=False),
    Column("topics", JSON, nullable=False),
    Column("quality", Integer, nullable=False),
    Column("heat", Integer, nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("revision", Integer, nullable=False),
    #: live | merged | retracted | forgotten; an id is never given out again.
    Column("state", String(12), nullable=False),
    Column("merged_into", String(24)),
    Column("split_from", String(24)),
    Column("cluster_version", Integer, nullable=False),
    Column("score_version", Integer, nullable=False),
    Index(None, "language", "published_at"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("article_id", String(70), ForeignKey("articles.id"), primary_key=True),
    Column("story_id", String(24), ForeignKey("stories.id"), nullable=False),
    Column("nearest", String(70)),
    Column("score", Float, nullable=False),
    Column("parts", JSON, nullable=False),
    Column("copy_of", String(70)),
    Index(None, "story_id"),
)

partitions = Table(
    "partitions",
    metadata,
    Column("language", String(8), primary_key=True),
    #: Raised by whatever moves articles into, out of or between stories: what a cached window
    #: is as of.
    Column("version", Integer, nullable=False),
    #: Raised by whatever places articles of the past (`pipeline.io.schema_backfill`).
    Column("past_version", Integer, nullable=False, server_default="0"),
    #: The tick whose articles were placed last, and the one after which all was at rest.
    Column("placed_tick", ROW_ID),
    Column("settled_tick", ROW_ID),
    #: The tick's time when its live stories were last grouped anew.
    Column("refined_at", UtcTime),
)

ties = Table(
    "ties",
    metadata,
    #: Two articles, the smaller id first, that an operator joined (must) or parted (cannot).
    Column("one", String(70), primary_key=True),
    Column("other", String(70), primary_key=True),
    Column("kind", String(6), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "other"),
)

written = Table(
    "written",
    metadata,
    #: The outbox: which revision of a story a site has on disk (or has nothing to show of).
    Column("site", String(80), primary_key=True),
    Column("story_id", String(24), ForeignKey("stories.id"), primary_key=True),
    Column("revision", Integer, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("site", String(80), primary_key=True),
    Column("story_id", String(24), ForeignKey("stories.id"), primary_key=True),
    #: Below the site's folder; frozen for life.
    Column("path", String(255), nullable=False),
    #: Case-folded, so that no two differ only in case on any file system.
    Column("path_key", String(255), nullable=False),
    #: live | tombstone.
    Column("state", String(12), nullable=False),
    Column("published", Boolean, nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("writer_version", Integer, nullable=False),
    #: Of all that the bytes are made from; "" when they were made elsewhere.
    Column("fingerprint", String(64), nullable=False),
    #: The file's bytes, zlib-compressed: what a tombstone and a repair are made from.
    Column("content", LargeBinary, nullable=False),
    #: What the files beside the documents tell of it (`pipeline.seedfile.listing`).
    Column("listing", JSON, nullable=False),
    UniqueConstraint("site", "path_key"),
)

changes = Table(
    "changes",
    metadata,
    Column("site", String(80), primary_key=True),
    #: Counted from 1 for each site, without gaps.
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    #: created | updated | merged | split | retracted.
    Column("kind", String(12), nullable=False),
    Column("story_id", String(24), nullable=False),
    Column("path", String(255), nullable=False),
    Column("sha256", String(64)),
    #: The story that took it over, or that it was split from.
    Column("other_id", String(24)),
)

publications = Table(
    "publications",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("site", String(80), nullable=False),
    Column("at", UtcTime, nullable=False),
    #: Why the gate held it back; empty when it let it pass.
    Column("reasons", JSON, nullable=False),
    #: Why an operator published it all the same.
    Column("forced", Text),
)

blocks = Table(
    "blocks",
    metadata,
    #: url (its url_key) | domain.
    Column("kind", String(8), primary_key=True),
    Column("value", String(253), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("owner", String(64)),
    Column("token", Integer, nullable=False),
    Column("until", UtcTime),
)

counts = Table(
    "counts",
    metadata,
    #: What tasks counted since the installation was made (`pipeline.io.store.counts`).
    Column("stage", String(12), primary_key=True),
    #: end | reason | took (by bound) | seconds | broken.
    Column("kind", String(8), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("value", Float, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    #: What an operator was told is wrong, until he is told that it is over.
    Column("kind", String(12), primary_key=True),
    #: A source, a site, a kind of rows; "" for the whole.
    Column("subject", String(80), primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("told_at", UtcTime, nullable=False),
)
