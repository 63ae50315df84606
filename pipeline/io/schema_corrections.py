"""The table of what people decided about stories: who, why, and what takes it back."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, Text

from pipeline.io.columns import ROW_ID, UtcTime, metadata

corrections = Table(
    "corrections",
    metadata,
    Column("number", ROW_ID, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    #: merge | split | pin-lead | retitle | retract | block | forget.
    Column("kind", String(10), nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    #: The story that was named; of a merge the one that stays, of a split the one that is parted.
    Column("story_id", String(24)),
    #: Of a merge the story that was taken over, of a split the new one.
    Column("other_id", String(24)),
    #: The article that leads, the title, or what is kept out: a url_key or a domain.
    Column("value", Text, nullable=False),
    #: The value for people: an address or a domain, never of what was forgotten.
    Column("label", Text, nullable=False),
    #: The articles that were moved or withdrawn, and those that stayed.
    Column("articles", JSON, nullable=False),
    Column("others", JSON, nullable=False),
    #: How it was before, for undoing (`pipeline.stages.enact`).
    Column("before", JSON, nullable=False),
    Column("undone_at", UtcTime),
    Column("undone_by", Text),
    Column("undone_why", Text),
    Index(None, "kind", "undone_at"),
)
