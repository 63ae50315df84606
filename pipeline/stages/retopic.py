"""What changed topic rules would do to stored stories, and doing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.catalogue import Catalogue
from pipeline.context import Context
from pipeline.io.store import Store, stories
from pipeline.records import Story, StoryId
from pipeline.stages.score import score_stories, stories_in
from pipeline.stories.topics import TopicOrigin, topics_of

#: Stories held in memory at a time, with the texts of their articles.
_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicChange:
    """A story whose topics are others by today's rules."""

    story_id: StoryId
    title: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    #: Why it has each added topic.
    origins: Mapping[str, TopicOrigin]
    #: The word that keeps off each dropped topic, where there is one.
    excluded: Mapping[str, str]

    @property
    def added(self) -> tuple[str, ...]:
        """Topics it would get."""
        return tuple(name for name in self.after if name not in self.before)

    @property
    def dropped(self) -> tuple[str, ...]:
        """Topics it would lose."""
        return tuple(name for name in self.before if name not in self.after)


def topic_changes(
    store: Store, catalogue: Catalogue, *, since: datetime | None = None
) -> Iterator[TopicChange]:
    """Yield the live stories (with a lead from `since` on) whose topics the rules would change."""
    with store.read() as tx:
        stored = {
            StoryId(row.id): tuple(row.topics)
            for row in stories.story_rows(tx)
            if since is None or row.published_at >= since
        }
    for ids in _batches(list(stored)):
        with store.read() as tx:
            found = stories_in(tx, catalogue, ids)
        for story_id, story in found.items():
            if story.topics != stored[story_id]:
                yield _change(story, stored[story_id], catalogue)


def _batches(ids: Sequence[StoryId]) -> Iterator[Sequence[StoryId]]:
    """Yield the ids in parts."""
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]


def _change(story: Story, before: tuple[str, ...], catalogue: Catalogue) -> TopicChange:
    """Return how the topics of a story change."""
    lead = story.lead.article
    matches = topics_of(
        lead.title, lead.excerpt, catalogue.topics, url=lead.url, provider=lead.provider
    )
    return TopicChange(
        story_id=story.id,
        title=lead.title,
        before=before,
        after=story.topics,
        origins=matches.origins,
        excluded=matches.excluded,
    )


def count_changes(changes: Sequence[TopicChange]) -> Mapping[str, tuple[int, int]]:
    """Return for each topic how many stories would get and lose it, the most changed first."""
    added = Counter(name for change in changes for name in change.added)
    dropped = Counter(name for change in changes for name in change.dropped)
    names = sorted({*added, *dropped}, key=lambda name: (-added[name] - dropped[name], name))
    return {name: (added[name], dropped[name]) for name in names}


def apply_topics(ctx: Context, ids: Sequence[StoryId]) -> None:
    """Score stories by today's rules; their files follow with the next write."""
    for part in _batches(ids):
        with ctx.store.write() as tx:
            score_stories(ctx, tx, part)
