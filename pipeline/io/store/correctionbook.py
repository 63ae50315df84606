"""What people decided about stories, numbered, and which stories it holds for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from pipeline.io.schema import stories
from pipeline.io.schema_corrections import corrections
from pipeline.io.store.statements import one_of
from pipeline.records import ArticleId, StoryId
from pipeline.stories.story import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One decision; see `pipeline.io.schema_corrections` for what the fields hold."""

    kind: str
    at: datetime
    who: str
    why: str
    story: StoryId | None = None
    other: StoryId | None = None
    value: str = ""
    label: str = ""
    articles: tuple[ArticleId, ...] = ()
    others: tuple[ArticleId, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    #: 0 until it is stored.
    number: int = 0
    undone_at: datetime | None = None
    undone_by: str | None = None
    undone_why: str | None = None

    @property
    def holds(self) -> bool:
        """Say whether nobody took it back."""
        return self.undone_at is None

    @property
    def identity(self) -> tuple[object, ...]:
        """Return what tells it from all others, in every database."""
        return (self.at, self.kind, self.story, self.other, self.value, self.articles)


def add(tx: Connection, one: Correction) -> Correction:
    """Store a correction; return it with its number."""
    values = {
        "at": one.at,
        "kind": one.kind,
        "who": one.who,
        "why": one.why,
        "story_id": one.story,
        "other_id": one.other,
        "value": one.value,
        "label": one.label,
        "articles": list(one.articles),
        "others": list(one.others),
        "before": dict(one.before),
        "undone_at": one.undone_at,
        "undone_by": one.undone_by,
        "undone_why": one.undone_why,
    }
    key = tx.execute(insert(corrections).values(values)).inserted_primary_key
    assert key is not None
    return replace(one, number=key[0])


def keep_before(tx: Connection, one: Correction) -> None:
    """Keep how it was before a correction, for undoing it."""
    values = {"before": dict(one.before)}
    tx.execute(update(corrections).where(corrections.c.number == one.number).values(values))


def all_of(tx: Connection) -> list[Correction]:
    """Return every correction, the oldest first."""
    return [_of(row) for row in tx.execute(select(corrections).order_by(corrections.c.number))]


def mark_undone(tx: Connection, number: int, *, at: datetime, who: str, why: str) -> None:
    """Note who took a correction back, and why."""
    tx.execute(
        update(corrections)
        .where(corrections.c.number == number)
        .values(undone_at=at, undone_by=who, undone_why=why)
    )


def silence(tx: Connection, ids: Collection[ArticleId]) -> None:
    """Take what corrections tell of articles away: addresses, the reasons of memberships."""
    gone = set(ids)
    for one in all_of(tx):
        rows = one.before.get("memberships", [])
        if gone.isdisjoint((*one.articles, *one.others)):
            continue
        bare = [{**row, "nearest": None, "parts": []} for row in rows]
        values = {"before": {**one.before, "memberships": bare}, "label": ""}
        tx.execute(update(corrections).where(corrections.c.number == one.number).values(values))


def _of(row: Row[Any]) -> Correction:
    """Make the record of a row."""
    return Correction(
        kind=row.kind,
        at=row.at,
        who=row.who,
        why=row.why,
        story=StoryId(row.story_id) if row.story_id else None,
        other=StoryId(row.other_id) if row.other_id else None,
        value=row.value,
        label=row.label,
        articles=tuple(map(ArticleId, row.articles)),
        others=tuple(map(ArticleId, row.others)),
        before=row.before,
        number=row.number,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
        undone_why=row.undone_why,
    )


# --- which story it holds for ---------------------------------------------------------------------


def begin_with(tx: Connection, beginning: str) -> list[StoryId]:
    """Return the ids ever given out that begin so."""
    query = select(stories.c.id).where(stories.c.id.startswith(beginning, autoescape=True))
    return [StoryId(row.id) for row in tx.execute(query.order_by(stories.c.id))]


def survivors_of(tx: Connection, ids: Iterable[StoryId]) -> dict[StoryId, StoryId]:
    """Return for each story the one that has it now: itself, or where its merges lead."""
    now = {story_id: story_id for story_id in ids}
    asked, seen = set(now), set[StoryId]()
    while asked:
        table = stories.c
        query = select(table.id, table.merged_into).where(one_of(tx, table.id, asked))
        merged = query.where(table.merged_into.is_not(None))
        went = {StoryId(row.id): StoryId(row.merged_into) for row in tx.execute(merged)}
        now = {story_id: went.get(last, last) for story_id, last in now.items()}
        seen |= asked  # a change feed that was imported may lead in a circle
        asked = set(went.values()) - seen
    return now


def words_of(tx: Connection, ids: Collection[StoryId]) -> dict[StoryId, Word]:
    """Return what operators said of stories, or of stories that were merged into them since.

    What was said of a story itself goes before that; of each kind the last word counts.
    """
    table = corrections.c
    query = (
        select(table.number, table.kind, table.story_id, table.value)
        .join(stories, stories.c.id == table.story_id)
        .where(table.kind.in_(("pin-lead", "retitle")), table.undone_at.is_(None))
        .where(or_(one_of(tx, stories.c.id, ids), stories.c.merged_into.is_not(None)))
        .order_by(table.number)
    )
    rows = tx.execute(query).all()
    last = {(row.kind, StoryId(row.story_id)): row for row in rows}
    now = survivors_of(tx, {story_id for _, story_id in last}) if last else {}
    said: dict[StoryId, list[tuple[bool, int, str, str]]] = defaultdict(list)
    for (kind, story_id), row in last.items():
        if now[story_id] in ids:
            said[now[story_id]].append((story_id == now[story_id], row.number, kind, row.value))
    return {story_id: _word(found) for story_id, found in said.items()}


def _word(said: Iterable[tuple[bool, int, str, str]]) -> Word:
    """Return the word of one story out of (is its own, number, kind, value)."""
    ordered = sorted(said, reverse=True)
    titles = [value for _, _, kind, value in ordered if kind == "retitle"]
    return Word(
        leads=tuple(ArticleId(value) for _, _, kind, value in ordered if kind == "pin-lead"),
        title=titles[0] if titles else "",
    )
