from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stories.scoring import bootstrap, counts_of, mistakes, score

#: By hand: {a b c} {d e} labelled, {a b} {c d e} found.
LABELLED = dict(zip("abcde", "11122", strict=True))
FOUND = dict(zip("abcde", "xxyyy", strict=True))


def test_pairwise_by_hand() -> None:
    # Found pairs: ab, cd, ce, de; labelled: ab, ac, bc, de; right: ab, de.
    scores = score(FOUND, LABELLED)
    assert (scores.pair_precision, scores.pair_recall, scores.pair_f1) == (0.5, 0.5, 0.5)


def test_b_cubed_by_hand() -> None:
    # Precision: a 1, b 1, c 1/3, d 2/3, e 2/3; recall: a 2/3, b 2/3, c 1/3, d 1, e 1.
    scores = score(FOUND, LABELLED)
    assert scores.b3_precision == pytest.approx(11 / 15)
    assert scores.b3_recall == pytest.approx(11 / 15)


def test_ceaf_by_hand() -> None:
    # ab with abc: 2 * 2 / 5; cde with de: 2 * 2 / 5.
    assert score(FOUND, LABELLED).ceaf_f1 == pytest.approx(0.8)


def test_exact_stories_by_hand() -> None:
    found = dict(zip("abcde", "xxxyz", strict=True))
    scores = score(found, LABELLED)
    assert (scores.exact, scores.stories, scores.labelled_stories) == (0.5, 3, 2)


def test_lone_articles_have_no_pairs_and_all_of_nothing_is_right() -> None:
    alone = dict(zip("abc", "123", strict=True))
    scores = score(alone, alone)
    assert scores.pair_f1 == scores.b3_f1 == scores.ceaf_f1 == scores.exact == 1


def test_other_articles_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same articles"):
        score({"a": "1"}, {"b": "1"})


GROUPINGS = st.lists(st.sampled_from("wxyz"), min_size=1, max_size=8)


@given(GROUPINGS, st.data())
def test_swapping_sides_swaps_precision_and_recall(first: list[str], data: st.DataObject) -> None:
    second = data.draw(st.lists(st.sampled_from("wxyz"), min_size=len(first), max_size=len(first)))
    one, other = (dict(enumerate(names)) for names in (first, second))
    forth, back = score(one, other), score(other, one)
    assert forth.pair_precision == back.pair_recall
    assert forth.b3_precision == pytest.approx(back.b3_recall)
    assert forth.ceaf_f1 == pytest.approx(back.ceaf_f1)
    assert score(one, one).b3_f1 == score(one, one).pair_f1 == 1


@given(GROUPINGS, st.data())
def test_ceaf_is_the_best_of_all_assignments(first: list[str], data: st.DataObject) -> None:
    second = data.draw(st.lists(st.sampled_from("wxyz"), min_size=len(first), max_size=len(first)))
    one, other = (dict(enumerate(names)) for names in (first, second))
    sides = [
        [{a for a in groups if groups[a] == name} for name in sorted(set(groups.values()))]
        for groups in (one, other)
    ]
    small, large = sorted(sides, key=len)
    best = max(
        sum(2 * len(a & b) / (len(a) + len(b)) for a, b in zip(small, order, strict=False))
        for order in permutations(large, len(small))
    )
    assert score(one, other).ceaf_f1 == pytest.approx(2 * best / (len(small) + len(large)))


def test_the_bootstrap_holds_the_figure_and_is_the_same_in_every_run() -> None:
    labelled = {n: str(n // 3) for n in range(60)}
    found = {n: labelled[n] if n % 5 else f"lost{n}" for n in labelled}
    counts = list(counts_of(found, labelled).values())
    intervals = bootstrap(counts)
    figures = score(found, labelled)
    for name in ("pair_f1", "b3_f1"):
        low, high = intervals[name]
        assert low < getattr(figures, name) < high
    assert bootstrap(counts) == intervals


def test_mistakes_name_what_was_merged_and_split_worst_first() -> None:
    worst, *rest = mistakes(FOUND, LABELLED)
    assert (worst.kind, worst.story, worst.pairs) == ("merged", "y", 2)
    assert worst.parts == (("d", "e"), ("c",))
    assert [(one.kind, one.story, one.pairs) for one in rest] == [("split", "1", 2)]
