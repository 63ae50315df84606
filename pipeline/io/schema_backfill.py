"""The tables of backfills: what an operator planned, the look-ups it takes, what they found.

`lookups` is work like `sources` and `pages`: each row is one address to be asked (or one part of a
local file to be read) for old entries, claimed, paced and retried by the same rules.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from pipeline.io.columns import ROW_ID, UtcTime, metadata, work_columns

backfills = Table(
    "backfills",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    #: planned -> running <-> paused -> done | cancelled.
    Column("state", String(10), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    #: A local file or folder that is read in place of the web; "" for none.
    Column("path", Text, nullable=False),
    #: Requests after which it pauses by itself; null: as many as it takes.
    Column("budget", Integer),
    Column("planned_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    #: Its run, from the start on.
    Column("tick_id", ROW_ID, ForeignKey("ticks.id")),
    #: Why it is paused, in words; "" when nobody and nothing paused it.
    Column("note", Text, nullable=False),
)

backfill_parts = Table(
    "backfill_parts",
    metadata,
    Column("backfill_id", ROW_ID, ForeignKey("backfills.id"), primary_key=True),
    Column("source_id", String(80), ForeignKey("sources.id"), primary_key=True),
    #: The source as it was planned: a changed one wants a new plan.
    Column("feed_url", String(2048), nullable=False),
    Column("provider", String(253), nullable=False),
    #: How old entries are found (`pipeline.history`); "" when no way was found.
    Column("method", String(20), nullable=False),
    #: complete | partial | unknown, and why, in words.
    Column("coverage", String(10), nullable=False),
    Column("note", Text, nullable=False),
    #: Look-ups by host, and entries, as estimated; null: not to be told beforehand.
    Column("requests", JSON, nullable=False),
    Column("entries", Integer),
    #: Hosts of the entries that were seen, with how many.
    Column("page_hosts", JSON, nullable=False),
)

lookups = Table(
    "lookups",
    metadata,
    #: Hash of backfill, source and address: nothing is asked twice, so no loop is followed.
    Column("id", String(64), primary_key=True),
    Column("backfill_id", ROW_ID, ForeignKey("backfills.id"), nullable=False),
    Column("source_id", String(80), ForeignKey("sources.id"), nullable=False),
    Column("url", String(2048), nullable=False),
    #: "" for a local file.
    Column("host", String(253), nullable=False),
    #: feed | page | file, with the finder's own words for what it is and where it stands.
    Column("kind", String(8), nullable=False),
    Column("role", String(40), nullable=False),
    Column("memo", Text, nullable=False),
    #: pending -> done | failed.
    Column("state", String(12), nullable=False),
    Column("failures", Integer, nullable=False, default=0),
    #: What the finder said of the answer, in words.
    Column("note", Text, nullable=False, default=""),
    *work_columns(),
    Index(None, "backfill_id", "state"),
    Index(None, "tick_id", "state"),
)

backfill_entries = Table(
    "backfill_entries",
    metadata,
    #: What a backfill found: what `verify` expects to be stored.
    Column("backfill_id", ROW_ID, ForeignKey("backfills.id"), primary_key=True),
    Column("source_id", String(80), ForeignKey("sources.id"), primary_key=True),
    Column("page_id", String(70), primary_key=True),
    #: UTC day of publication as the archive tells it; null where only the page knows.
    Column("day", Date),
)

backfill_partitions = Table(
    "backfill_partitions",
    metadata,
    #: How far a backfill's articles are in their stories, for each language.
    Column("backfill_id", ROW_ID, ForeignKey("backfills.id"), primary_key=True),
    Column("language", String(8), primary_key=True),
    #: The step after which all was at rest, and the one in which stories were last grouped anew.
    Column("settled_until", UtcTime, nullable=False),
    Column("refined_at", UtcTime),
)
