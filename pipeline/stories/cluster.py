"""Pure: new articles -> the stories they belong to, as they arrive.

Each article joins the live story that suits it best, or founds one. Nothing here depends on the
order of the arguments, on hash seeds or on the clock: articles are taken by age, ties by id, and
every choice is by a total order.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Final

from pipeline.records import Article, ArticleId, Membership, Part, StoryId
from pipeline.stories.duplicates import is_copy
from pipeline.stories.similarity import (
    PairModel,
    StoryScore,
    pair_parts,
    pair_score,
    shared_words,
    shipped_model,
    story_score,
)
from pipeline.stories.vectors import Features, frequencies
from pipeline.stories.window import Window

#: Part of what a story id is made from: a change of the rule changes every id.
_ID_VERSION: Final = 1
_ID_LENGTH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveArticle:
    """A placed article that can still attract new ones."""

    article: Article
    story_id: StoryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Where one new article belongs, and why."""

    article_id: ArticleId
    story_id: StoryId
    membership: Membership
    #: The article opened the story.
    founded: bool = False
    #: Set when the article is a member's own under another address: no member then.
    alias_of: ArticleId | None = None


def assign(
    new: Sequence[Article],
    live: Sequence[LiveArticle],
    *,
    window: timedelta,
    is_taken: Callable[[StoryId], bool],
    model: PairModel | None = None,
) -> list[Assignment]:
    """Place new articles of one partition (language) among the live ones.

    `live`: the members of stories, best reaching back as far as `window` and
    `duplicates.ALIAS_WITHIN`; `is_taken` knows the story ids of the past. Articles that are live
    already are not placed again. Returns the assignments by age of the article, ties by id.
    """
    model = model or shipped_model()
    placed = {member.article.id for member in live}
    fresh = _by_age(article for article in new if article.id not in placed)
    languages = [article.language for article in fresh[:1]]
    around = Window(window, frequencies("".join(languages)))
    story_of = {member.article.id: member.story_id for member in live}
    for article in _by_age(member.article for member in live):
        around.add(article, around.read(article), story_of[article.id])
    return [_place(article, around, is_taken, model) for article in fresh]


def story_id(article_id: ArticleId, counter: int = 0) -> StoryId:
    """Return the id of the story that an article founds; `counter` when earlier ones are taken."""
    digest = hashlib.sha256(f"story:{_ID_VERSION}:{article_id}:{counter}".encode()).digest()
    return StoryId(base64.b32encode(digest).decode("ascii").lower()[:_ID_LENGTH])


def _by_age(articles: Iterable[Article]) -> list[Article]:
    """Return the articles oldest first, each id once."""
    single = {article.id: article for article in articles}
    return sorted(single.values(), key=lambda article: (article.published_at, article.id))


def _place(
    article: Article,
    around: Window,
    is_taken: Callable[[StoryId], bool],
    model: PairModel,
) -> Assignment:
    """Place one article and add it to the window unless it is an alias."""
    if original := around.alias_target(article):
        return _alias(article, original, around.story_of[original])
    found = around.read(article)
    choices = _choices(found, around, model)
    if choices and choices[0].score.value >= model.threshold:
        assignment = _join(found, choices, around, model)
    else:
        assignment = _found(article, around, is_taken)
    around.add(article, found, assignment.story_id)
    return assignment


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """A story an article could join."""

    story_id: StoryId
    score: StoryScore
    #: Members compared, oldest first, with their pair scores.
    pairs: dict[ArticleId, float]


def _choices(found: Features, around: Window, model: PairModel) -> list[_Choice]:
    """Return the stories of the candidates, best first."""
    candidates: dict[StoryId, list[ArticleId]] = defaultdict(list)
    for other in around.candidates(found):
        candidates[around.story_of[other]].append(other)
    choices = []
    for story, members in candidates.items():
        newest = around.newest_members(story, found, model.newest)
        compared = sorted(
            {*members, *newest},
            key=lambda member: (around.features[member].published_at, member),
        )
        pairs = {member: pair_score(found, around.features[member], model) for member in compared}
        score = story_score(pairs, newest, model)
        choices.append(_Choice(story_id=story, score=score, pairs=pairs))
    return sorted(choices, key=lambda choice: (-choice.score.value, choice.story_id))


def _join(
    found: Features, choices: Sequence[_Choice], around: Window, model: PairModel
) -> Assignment:
    """Make an article a member of its best choice."""
    best, *others = choices
    nearest = around.features[best.score.nearest]
    membership = Membership(
        article_id=found.id,
        nearest=nearest.id,
        score=best.score.value,
        parts=(
            *_link_parts(best, model),
            *(_renamed(part) for part in pair_parts(found, nearest, model)),
            Part(name="shared", value=0.0, detail=", ".join(shared_words(found, nearest))),
            *(
                Part(name="runner-up", value=other.score.value, detail=other.story_id)
                for other in others[:1]
            ),
        ),
        copy_of=_original(found, best, around),
    )
    return Assignment(article_id=found.id, story_id=best.story_id, membership=membership)


def _link_parts(choice: _Choice, model: PairModel) -> tuple[Part, Part]:
    """Return the two parts that add up to the story score."""
    share, score = model.mean_share, choice.score
    return (
        Part(name="link.best", value=(1 - share) * score.best, detail=f"{score.best:.2f}"),
        Part(name="link.mean", value=share * score.mean, detail=f"{score.mean:.2f}"),
    )


def _renamed(part: Part) -> Part:
    """Mark a term of the nearest pair's log-odds."""
    return Part(name=f"pair.{part.name}", value=part.value, detail=part.detail)


def _original(found: Features, choice: _Choice, around: Window) -> ArticleId | None:
    """Return the oldest member whose text this article repeats."""
    return next(
        (
            member
            for member, score in choice.pairs.items()
            if score > 0 and is_copy(found.shingles, around.features[member].shingles)
        ),
        None,
    )


def _alias(article: Article, original: ArticleId, story: StoryId) -> Assignment:
    return Assignment(
        article_id=article.id,
        story_id=story,
        membership=Membership(article_id=article.id, nearest=original, copy_of=original),
        alias_of=original,
    )


def _found(article: Article, around: Window, is_taken: Callable[[StoryId], bool]) -> Assignment:
    """Open a story under the first free id."""
    ids = (story_id(article.id, counter) for counter in count())
    free = next(name for name in ids if not (around.has_story(name) or is_taken(name)))
    membership = Membership(article_id=article.id)
    return Assignment(article_id=article.id, story_id=free, membership=membership, founded=True)
