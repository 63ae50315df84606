"""Pure: how well found stories agree with labelled ones.

Pairwise and B-Cubed F1 (Bagga and Baldwin 1998), CEAF-e (Luo 2005, similarity phi-4, with the best
assignment found exactly), stories reproduced exactly, and a bootstrap over labelled stories.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

#: Article -> name of its story.
Grouping = Mapping[Any, str]

_MASK: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Agreement of two groupings of the same articles, each 0 to 1, and their sizes."""

    pair_precision: float
    pair_recall: float
    pair_f1: float
    b3_precision: float
    b3_recall: float
    b3_f1: float
    ceaf_f1: float
    #: Share of the labelled stories, lone articles included, that were found exactly.
    exact: float
    articles: int
    stories: int
    labelled_stories: int

    def as_dict(self) -> dict[str, float]:
        """Return the figures rounded for reading."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one labelled story adds to the sums."""

    articles: int = 0
    right_pairs: float = 0.0
    found_pairs: float = 0.0
    labelled_pairs: float = 0.0
    precision: float = 0.0
    recall: float = 0.0


def score(found: Grouping, labelled: Grouping) -> Scores:
    """Compare two groupings of the same articles; raises ValueError when they differ in these."""
    if found.keys() != labelled.keys():
        raise ValueError("the groupings do not hold the same articles")
    counts = list(counts_of(found, labelled).values())
    pair_p, pair_r, pair_f1 = pairwise(counts)
    b3_p, b3_r, b3_f1 = b_cubed(counts)
    mine, theirs = _members(found), _members(labelled)
    exact = len(set(mine.values()) & set(theirs.values()))
    return Scores(
        pair_precision=pair_p,
        pair_recall=pair_r,
        pair_f1=pair_f1,
        b3_precision=b3_p,
        b3_recall=b3_r,
        b3_f1=b3_f1,
        ceaf_f1=_ceaf(mine, theirs),
        exact=exact / len(theirs) if theirs else 1.0,
        articles=len(found),
        stories=len(mine),
        labelled_stories=len(theirs),
    )


def bootstrap(
    counts: Sequence[Counts], *, draws: int = 1000, level: float = 0.9
) -> dict[str, tuple[float, float]]:
    """Return the intervals of pairwise and B-Cubed F1 over labelled stories drawn with return.

    The draws are the same in every run.
    """
    pairs, cubes = [], []
    numbers = _numbers(len(counts))
    for _ in range(draws):
        drawn = [counts[next(numbers)] for _ in counts]
        pairs.append(pairwise(drawn)[2])
        cubes.append(b_cubed(drawn)[2])
    return {"pair_f1": _interval(pairs, level), "b3_f1": _interval(cubes, level)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A story that holds several, or one that lies in several."""

    #: ``merged``: a found story holds several labelled ones; ``split``: the reverse.
    kind: str
    story: str
    #: Parts, largest first, as lists of articles.
    parts: tuple[tuple[str, ...], ...]
    #: Pairs wrongly put together or apart.
    pairs: int


def mistakes(found: Grouping, labelled: Grouping) -> list[Mistake]:
    """Return every story that is not as labelled, worst first."""
    answer = []
    for kind, outer, inner in (("merged", found, labelled), ("split", labelled, found)):
        for story, members in _members(outer).items():
            parts: dict[str, list[str]] = defaultdict(list)
            for article in sorted(members):
                parts[inner[article]].append(article)
            if len(parts) > 1:
                whole = _pairs(len(members))
                wrong = whole - sum(_pairs(len(part)) for part in parts.values())
                ordered = sorted(map(tuple, parts.values()), key=lambda part: (-len(part), part))
                answer.append(Mistake(kind=kind, story=story, parts=tuple(ordered), pairs=wrong))
    return sorted(answer, key=lambda one: (-one.pairs, one.kind, one.story))


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _members(grouping: Grouping) -> dict[str, frozenset[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for article, story in grouping.items():
        groups[story].add(article)
    return {story: frozenset(members) for story, members in groups.items()}


def counts_of(found: Grouping, labelled: Grouping) -> dict[str, Counts]:
    """Return what each labelled story adds to the sums, by its name, in the order of names."""
    mine, theirs = _members(found), _members(labelled)
    answer = {}
    for story, members in sorted(theirs.items()):
        common = Counter(found[article] for article in members)
        size = len(members)
        answer[story] = Counts(
            articles=size,
            right_pairs=sum(n * (n - 1) for n in common.values()) / 2,
            # Each article brings half of each pair it is found in.
            found_pairs=sum(n * (len(mine[name]) - 1) for name, n in common.items()) / 2,
            labelled_pairs=_pairs(size),
            precision=sum(n * n / len(mine[name]) for name, n in common.items()),
            recall=sum(n * n / size for n in common.values()),
        )
    return answer


def pairwise(counts: Sequence[Counts]) -> tuple[float, float, float]:
    """Return precision, recall and F1 over pairs of articles."""
    right = sum(one.right_pairs for one in counts)
    return _with_f1(
        _share(right, sum(one.found_pairs for one in counts)),
        _share(right, sum(one.labelled_pairs for one in counts)),
    )


def b_cubed(counts: Sequence[Counts]) -> tuple[float, float, float]:
    """Return precision, recall and F1 as means over articles."""
    articles = sum(one.articles for one in counts)
    return _with_f1(
        _share(sum(one.precision for one in counts), articles),
        _share(sum(one.recall for one in counts), articles),
    )


def _share(part: float, whole: float) -> float:
    """Return a share; of nothing, all is right."""
    return part / whole if whole else 1.0


def _with_f1(precision: float, recall: float) -> tuple[float, float, float]:
    total = precision + recall
    return precision, recall, 2 * precision * recall / total if total else 0.0


def _ceaf(mine: Mapping[str, frozenset[str]], theirs: Mapping[str, frozenset[str]]) -> float:
    """Return CEAF-e F1: each story matched with at most one, so that the likeness is greatest.

    Stories without a common article never match, so every connected group of them is solved by
    itself.
    """
    if not mine:
        return 1.0
    story_of = {article: name for name, members in theirs.items() for article in members}
    left = set(mine)
    total = 0.0
    while left:
        rows, columns = _component(min(left), mine, theirs, story_of)
        left -= set(rows)
        total += _best_assignment(
            [
                [2 * len(mine[r] & theirs[c]) / (len(mine[r]) + len(theirs[c])) for c in columns]
                for r in rows
            ]
        )
    return _with_f1(total / len(mine), total / len(theirs))[2]


def _component(
    start: str,
    mine: Mapping[str, frozenset[str]],
    theirs: Mapping[str, frozenset[str]],
    story_of: Mapping[str, str],
) -> tuple[list[str], list[str]]:
    """Return the found and labelled stories that hang together with a found one."""
    own = {article: name for name, members in mine.items() for article in members}
    rows, columns, waiting = {start}, set[str](), [start]
    while waiting:
        for article in mine[waiting.pop()]:
            if (column := story_of[article]) not in columns:
                columns.add(column)
                new = {own[one] for one in theirs[column]} - rows
                rows |= new
                waiting.extend(new)
    return sorted(rows), sorted(columns)


def _best_assignment(likeness: Sequence[Sequence[float]]) -> float:
    """Return the greatest sum with each row and column used at most once (Hungarian method).

    Kuhn's method with potentials, O(rows^2 x columns).
    """
    if len(likeness) > len(likeness[0]):
        likeness = list(zip(*likeness, strict=True))
    rows, columns = len(likeness), len(likeness[0])
    row_price, column_price = [0.0] * (rows + 1), [0.0] * (columns + 1)
    # Column -> its row; column 0 holds the row that is looking for one.
    match = [0] * (columns + 1)
    for row in range(1, rows + 1):
        match[0] = row
        least, way = [float("inf")] * (columns + 1), [0] * (columns + 1)
        free = list(range(1, columns + 1))
        used, column = [0], 0
        while match[column]:
            here = match[column]
            for other in free:
                cost = -likeness[here - 1][other - 1] - row_price[here] - column_price[other]
                if cost < least[other]:
                    least[other], way[other] = cost, column
            column = min(free, key=least.__getitem__)
            step = least[column]
            for other in used:
                row_price[match[other]] += step
                column_price[other] -= step
            for other in free:
                least[other] -= step
            free.remove(column)
            used.append(column)
        while column:
            match[column] = match[way[column]]
            column = way[column]
    return sum(likeness[match[c] - 1][c - 1] for c in range(1, columns + 1) if match[c])


def _interval(values: list[float], level: float) -> tuple[float, float]:
    ordered = sorted(values)
    cut = int(len(ordered) * (1 - level) / 2)
    return ordered[cut], ordered[-1 - cut]


def _numbers(below: int) -> Iterator[int]:
    """Yield the same numbers below `below` in every run (SplitMix64, Steele et al. 2014)."""
    state = 0
    while True:
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        yield (mixed ^ (mixed >> 31)) % below
