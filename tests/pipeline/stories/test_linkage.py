"""Which groups merge, by tables of scores between leaves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from pipeline.stories.linkage import Linkage


def merged(
    groups: Sequence[Sequence[int]], *, within: float, between: float, threshold: float = 0.3
) -> list[list[int]]:
    """Merge leaves of which those of one group score `within`, all others `between`."""
    group_of = {leaf: place for place, group in enumerate(groups) for leaf in group}

    def score(one: int, other: int) -> float:
        return within if group_of[one] == group_of[other] else between

    linkage = Linkage([[leaf] for leaf in group_of], score, mean_share=0.5)
    linkage.merge(combinations(sorted(group_of), 2), threshold)
    return sorted(linkage.groups.values())


def test_two_stories_far_closer_within_than_to_each_other_stay_two() -> None:
    groups = [[0, 1, 2], [3, 4, 5]]
    assert merged(groups, within=0.9, between=0.5) == groups


def test_a_story_whose_halves_are_nearly_as_close_as_each_half_is_one() -> None:
    assert merged([[0, 1, 2], [3, 4, 5]], within=0.9, between=0.6) == [[0, 1, 2, 3, 4, 5]]


def test_the_looser_of_the_two_says_how_close_is_close() -> None:
    # Three that hang loosely together and a tight group: 0.4 is as close as the three are.
    scores = dict.fromkeys(combinations((3, 4, 5), 2), 0.95)
    scores |= dict.fromkeys(combinations((0, 1, 2), 2), 0.5)
    linkage = Linkage(
        [[0, 1, 2], [3, 4, 5]],
        lambda a, b: scores.get((min(a, b), max(a, b)), 0.4),
        mean_share=0.5,
    )
    linkage.merge([(0, 3)], 0.3)
    assert linkage.groups == {0: [0, 1, 2, 3, 4, 5]}


def test_a_late_comer_joins_a_close_story_from_the_threshold_on() -> None:
    assert merged([[0, 1, 2, 3], [4]], within=0.95, between=0.35) == [[0, 1, 2, 3, 4]]
    assert merged([[0, 1, 2, 3], [4]], within=0.95, between=0.25) == [[0, 1, 2, 3], [4]]


def test_two_articles_prove_no_story_of_their_own() -> None:
    assert merged([[0, 1], [2, 3]], within=0.9, between=0.4) == [[0, 1, 2, 3]]
