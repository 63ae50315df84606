"""Pure: new articles -> the stories they belong to, as they arrive.

Each article joins the live story that suits it best, or founds one. Nothing here depends on the
order of the arguments, on hash seeds or on the clock: articles are taken by age, ties by id, and
every choice is by a total order.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Final

from pipeline.records import Article, ArticleId, Membership, StoryId
from pipeline.stories.membership import joined, original, reasons
from pipeline.stories.similarity import (
    PairModel,
    StoryScore,
    pair_score,
    shipped_model,
    story_score,
)
from pipeline.stories.strictness import RuleOf, no_rule
from pipeline.stories.vectors import Features, Weighed, frequencies
from pipeline.stories.window import Window

#: Part of what a story id is made from: a change of the rule changes every id.
_ID_VERSION: Final = 1
_ID_LENGTH: Final = 16

#: In a window of few articles every word seems rare and all seem alike: an empty one asks so much
#: more of a story score, one of `_YOUNG` articles a third of it. Refinement, which sees the rest,
#: asks the threshold itself.
_CAUTION: Final = 0.5
_YOUNG: Final = 200


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
    rule_of: RuleOf = no_rule,
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
    around = Window(window, frequencies("".join(languages)), rule_of)
    story_of = {member.article.id: member.story_id for member in live}
    for article in _by_age(member.article for member in live):
        around.add(article, around.read(article), story_of[article.id])
    return [place(article, around, is_taken, model) for article in fresh]


def story_id(article_id: ArticleId, counter: int = 0) -> StoryId:
    """Return the id of the story that an article founds; `counter` when earlier ones are taken."""
    digest = hashlib.sha256(f"story:{_ID_VERSION}:{article_id}:{counter}".encode()).digest()
    return StoryId(base64.b32encode(digest).decode("ascii").lower()[:_ID_LENGTH])


def _by_age(articles: Iterable[Article]) -> list[Article]:
    """Return the articles oldest first, each id once."""
    single = {article.id: article for article in articles}
    return sorted(single.values(), key=lambda article: (article.published_at, article.id))


def place(
    article: Article,
    around: Window,
    is_taken: Callable[[StoryId], bool],
    model: PairModel,
) -> Assignment:
    """Place one article and add it to the window unless it is an alias."""
    if original := around.alias_target(article):
        return _alias(article, original, around.story_of[original])
    found = around.read(article)
    asking = around.weighed(found)
    choices = _choices(asking, around, model)
    if choices and choices[0].score.value >= _least(asking, around, model):
        assignment = _join(asking, choices, around, model)
    else:
        assignment = _found(article, around, is_taken)
    around.add(article, found, assignment.story_id)
    return assignment


def _least(asking: Weighed, around: Window, model: PairModel) -> float:
    """Return the story score from which an article joins on arrival."""
    rule = asking.found.rule
    if rule is not None and rule.threshold:
        return model.threshold  # an operator has said how strictly
    return model.threshold * (1 + _CAUTION * math.exp(-len(around) / _YOUNG))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """A story an article could join."""

    story_id: StoryId
    score: StoryScore
    #: Members compared, oldest first, with their pair scores.
    pairs: dict[ArticleId, float]


def _choices(asking: Weighed, around: Window, model: PairModel) -> list[_Choice]:
    """Return the stories of the candidates, best first."""
    candidates: dict[StoryId, list[Features]] = defaultdict(list)
    for other in around.candidates(asking):
        candidates[around.story_of[other.id]].append(other)
    choices = []
    for story, members in candidates.items():
        newest = around.newest_members(story, asking.found, model.newest)
        compared = {member.id: member for member in (*members, *newest)}
        pairs = {
            member.id: pair_score(asking, around.weighed(member), model)
            for member in sorted(compared.values(), key=lambda one: (one.published_at, one.id))
        }
        score = story_score(pairs, [member.id for member in newest], model)
        choices.append(_Choice(story_id=story, score=score, pairs=pairs))
    return sorted(choices, key=lambda choice: (-choice.score.value, choice.story_id))


def _join(
    asking: Weighed, choices: Sequence[_Choice], around: Window, model: PairModel
) -> Assignment:
    """Make an article a member of its best choice."""
    best, *others = choices
    nearest = around.weighed(around.features_of(best.score.nearest))
    runner_up = (others[0].story_id, others[0].score.value) if others else None
    words = around.seen.words
    parts = reasons(asking, nearest, best.score, model, words, runner_up=runner_up)
    compared = (around.features_of(name) for name, score in best.pairs.items() if score > 0)
    copied = original(asking.found, compared)
    membership = joined(asking, nearest, best.score, parts, copied)
    return Assignment(article_id=asking.found.id, story_id=best.story_id, membership=membership)


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
