"""Which articles are like many things that are not alike, by drawn graphs."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import given
from hypothesis import strategies as st

from pipeline.stories.roundups import roundups

PAIRS = st.sets(
    st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda pair: pair[0] < pair[1]),
    max_size=40,
)


def found(
    pairs: Collection[tuple[int, int]],
    *,
    twins: Collection[tuple[int, int]] = (),
    exempt: Collection[int] = (),
) -> set[int]:
    """Return the roundups where exactly `pairs` are alike, as matches and among each other."""
    near: dict[int, set[int]] = {}
    for one, other in pairs:
        near.setdefault(one, set()).add(other)
        near.setdefault(other, set()).add(one)

    def drawn(edges: Collection[tuple[int, int]], one: int, other: int) -> bool:
        return (min(one, other), max(one, other)) in edges

    return roundups(
        near, lambda a, b: drawn(pairs, a, b), lambda a, b: drawn(twins, a, b), exempt=exempt
    )


def test_three_strangers_make_a_roundup_and_two_do_not() -> None:
    assert found({(0, 9), (1, 9), (2, 9)}) == {9}
    assert found({(0, 9), (1, 9)}) == set()


def test_matches_that_are_alike_through_one_another_are_one_group() -> None:
    assert found({(0, 9), (1, 9), (2, 9), (3, 9), (0, 1), (1, 2), (2, 3)}) == set()


def test_what_is_like_three_things_for_a_roundups_sake_is_none() -> None:
    story = {(0, 5), (1, 5)}
    assert found({*story, (5, 9), (2, 9), (3, 9), (4, 9)}) == {9}


def test_an_article_that_prints_the_same_text_holds_no_roundup_up() -> None:
    prints = {(0, 8), (1, 8), (2, 8), (0, 9), (1, 9), (2, 9), (8, 9)}
    assert found(prints) == set()
    assert found(prints, twins={(8, 9)}) == {8, 9}


def test_what_is_exempt_is_none() -> None:
    assert found({(0, 9), (1, 9), (2, 9)}, exempt={9}) == set()


@given(PAIRS)
def test_without_roundups_no_article_is_left_that_is_one(pairs: set[tuple[int, int]]) -> None:
    gone = found(pairs)
    assert found({pair for pair in pairs if not gone.intersection(pair)}) == set()
