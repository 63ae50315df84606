"""Pure: why an article belongs to a story, in parts that add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.records import ArticleId, Membership, Part, StoryId
from pipeline.stories.duplicates import is_copy
from pipeline.stories.similarity import PairModel, StoryScore, pair_parts, shared_words
from pipeline.stories.strictness import Rule, stricter
from pipeline.stories.vectors import Features, Weighed
from pipeline.stories.vetoes import veto_of


def reasons(
    asking: Weighed,
    nearest: Weighed,
    score: StoryScore,
    model: PairModel,
    words: Sequence[str],
    *,
    runner_up: tuple[StoryId, float] | None = None,
) -> tuple[Part, ...]:
    """Return the parts of a membership: the link, the nearest pair's terms, what goes beside."""
    share = model.mean_share
    shared = ", ".join(shared_words(asking, nearest, words))
    # What an operator joined may stand together against a veto.
    passed = ", ".join(name for name in model.vetoes if veto_of(asking, nearest, (name,)) is None)
    beside = [
        Part(name="shared", value=0.0, detail=shared),
        Part(name="vetoes", value=0.0, detail=passed),
    ]
    if rule := stricter(asking.found.rule, nearest.found.rule):
        beside.append(Part(name="topic-rule", value=rule.threshold or 0.0, detail=_said(rule)))
    if runner_up:
        beside.append(Part(name="runner-up", value=runner_up[1], detail=runner_up[0]))
    return (
        Part(name="link.best", value=(1 - share) * score.best, detail=f"{score.best:.2f}"),
        Part(name="link.mean", value=share * score.mean, detail=f"{score.mean:.2f}"),
        *(
            Part(name=f"pair.{part.name}", value=part.value, detail=part.detail)
            for part in pair_parts(asking, nearest, model)
        ),
        *beside,
    )


def _said(rule: Rule) -> str:
    """Say a topic's rule in words."""
    threshold = f"threshold {rule.threshold:g}" if rule.threshold else ""
    window = f"window {rule.window}" if rule.window else ""
    return ", ".join(filter(None, (threshold, window)))


def joined(
    asking: Weighed,
    nearest: Weighed,
    score: StoryScore,
    parts: tuple[Part, ...],
    copy_of: ArticleId | None,
) -> Membership:
    """Return the membership of an article that joined a story."""
    return Membership(
        article_id=asking.found.id,
        nearest=nearest.found.id,
        score=score.value,
        parts=parts,
        copy_of=copy_of,
    )


def original(found: Features, members: Iterable[Features]) -> ArticleId | None:
    """Return the first of `members` whose text this article repeats."""
    return next((one.id for one in members if is_copy(found.shingles, one.shingles)), None)
