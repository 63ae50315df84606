"""The bodies of pages, kept for a time: what an article can be made from again."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, Text

from pipeline.io.columns import UtcTime, metadata

page_bodies = Table(
    "page_bodies",
    metadata,
    Column("page_id", String(70), ForeignKey("pages.id"), primary_key=True),
    Column("final_url", String(2048)),
    Column("content_type", String(255), nullable=False),
    Column("robots_tag", Text),
    #: zlib-compressed bytes as decoded from the transfer.
    Column("body", LargeBinary, nullable=False),
    Column("fetched_at", UtcTime, nullable=False),
    #: When it was stored, if it came out of an archive rather than from its host.
    Column("kept_at", UtcTime),
    Index(None, "fetched_at"),
)
