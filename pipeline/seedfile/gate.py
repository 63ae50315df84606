"""Pure: the publishing check. A site's new set is judged before any file is put in place.

It stops what looks like a fault of ours or of the web's rather than news: many stories gone at
once, or excerpts or pictures gone from many. What operators withdrew does not count. A quiet day
never stops it; each document has been proven by itself before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.records import StoryId

#: More than this share of the published stories gone, and more than this many, is no news.
_SHRINK_SHARE = 0.2
_SHRINK_COUNT = 10
#: Points by which the share of documents with an excerpt, or with a picture, may fall.
_COVERAGE_DROP = 0.2
#: Fewer published documents than this say nothing about coverage.
_COVERAGE_LEAST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the gate looks at in one document."""

    published: bool
    has_excerpt: bool
    has_image: bool


def judge(
    before: Mapping[StoryId, Shown], after: Mapping[StoryId, Shown], *, withdrawn: int = 0
) -> tuple[str, ...]:
    """Return why the set `after` must not follow `before`; nothing when it may.

    Both map story ids to what is shown; `withdrawn` counts operators' withdrawals among them.
    """
    shown_before = [one for one in before.values() if one.published]
    shown_after = [one for one in after.values() if one.published]
    found = [_shrinking(len(shown_before), len(shown_after), withdrawn)]
    if min(len(shown_before), len(shown_after)) >= _COVERAGE_LEAST:
        found += [
            _falling("excerpt", shown_before, shown_after, lambda one: one.has_excerpt),
            _falling("picture", shown_before, shown_after, lambda one: one.has_image),
        ]
    return tuple(reason for reason in found if reason)


def _shrinking(before: int, after: int, withdrawn: int) -> str:
    """Say that too many published stories are gone."""
    gone = before - after - withdrawn
    if gone > _SHRINK_COUNT and gone > _SHRINK_SHARE * before:
        return f"{gone} of {before} published stories would vanish"
    return ""


def _falling(
    word: str, before: list[Shown], after: list[Shown], has: Callable[[Shown], bool]
) -> str:
    """Say that too many documents lost something."""
    share_before, share_after = (
        sum(has(one) for one in shown) / len(shown) for shown in (before, after)
    )
    if share_before - share_after > _COVERAGE_DROP:
        return f"documents with {word} would fall from {share_before:.0%} to {share_after:.0%}"
    return ""
