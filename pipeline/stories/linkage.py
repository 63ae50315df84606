"""Pure: average linkage over a sparse graph, with links that must and must not be.

Two groups are as alike as half the mean of their pairs and half the mean of the best pair of each
member of the smaller one: the mean alone splits long stories, the single best pair chains them.
Two groups that are stories already, each far closer within than the two are to each other, stay
two: a theft of data and the list that was stolen, the job figures of two countries.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

#: Members of a group that are looked at, the last ones: bounds a link to 900 pairs, and leaves
#: every labelled story (at most 28) whole.
_LOOKED_AT: Final = 30

#: From so many members on a group shows how alike its own are; two may be a chance.
_SETTLED: Final = 3
#: Share of the looser group's mean pair score that the link of two settled groups must reach.
#: Measured on the labelled days: 0.5 to 0.7 serve all three alike, 0.9 splits long stories.
_AS_CLOSE: Final = 0.6

#: Score of a pair of leaves; None when they are too far apart to say anything.
PairScore = Callable[[int, int], float | None]


class Linkage:
    """Groups of leaves, merged from the most alike downwards.

    Leaves are numbered from 0 by age. A group bears the number of its first leaf, which makes
    every choice one by a total order.
    """

    def __init__(
        self,
        groups: Iterable[Sequence[int]],
        score: PairScore,
        *,
        mean_share: float,
        apart: Mapping[int, frozenset[int]] | None = None,
    ) -> None:
        """Start from groups that belong together; `apart`: leaves that never stand with a leaf."""
        self._score = score
        self._share = mean_share
        self._apart = apart or {}
        self.groups = {min(group): sorted(group) for group in groups}
        self._neighbours: dict[int, set[int]] = defaultdict(set)
        self._links: dict[tuple[int, int], float] = {}
        #: Group -> sum and number of the scores within it.
        self._within = {
            name: _total([[score(a, b) for b in group[:place]] for place, a in enumerate(group)])
            for name, group in self.groups.items()
        }
        self._heap: list[tuple[float, int, int]] = []

    def merge(self, edges: Iterable[tuple[int, int]], threshold: float) -> list[float]:
        """Merge along `edges` (pairs of leaves) down to `threshold`; return the links merged at."""
        of = {leaf: name for name, group in self.groups.items() for leaf in group}
        for one, other in {tuple(sorted((of[a], of[b]))) for a, b in edges}:
            if one != other:
                self._neighbours[one].add(other)
                self._neighbours[other].add(one)
                self._offer(one, other, threshold)
        taken = []
        while self._heap:
            negative, one, other = heapq.heappop(self._heap)
            if self._links.get((one, other)) == -negative and not self._forbidden(one, other):
                taken.append(-negative)
                self._join(one, other, threshold)
        return taken

    def link(self, one: int, other: int) -> float:
        """Return how alike two groups are; 0 for two that are closer within by far."""
        table = self._table(one, other)
        total, known = _total(table)
        if not known:
            return 0.0
        rows = _mean_of_best(table)
        columns = _mean_of_best(list(zip(*table, strict=True)))
        if len(table) == len(table[0]):
            best = (rows + columns) / 2
        else:
            best = rows if len(table) < len(table[0]) else columns
        value = self._share * total / known + (1 - self._share) * best
        return value if value >= _AS_CLOSE * self._cohesion(one, other) else 0.0

    def _table(self, one: int, other: int) -> list[list[float | None]]:
        """Return the scores between the members looked at of two groups."""
        mine, others = (self.groups[name][-_LOOKED_AT:] for name in (one, other))
        return [[self._score(a, b) for b in others] for a in mine]

    def _cohesion(self, *names: int) -> float:
        """Return the mean pair score within the looser of groups; 0 while one is not settled."""
        if any(len(self.groups[name]) < _SETTLED for name in names):
            return 0.0
        return min(total / max(1, known) for total, known in map(self._within.__getitem__, names))

    def _offer(self, one: int, other: int, threshold: float) -> None:
        """Note the link of two groups, to be merged when its turn comes."""
        key = (min(one, other), max(one, other))
        value = self.link(*key)
        self._links[key] = value
        if value >= threshold:
            heapq.heappush(self._heap, (-value, *key))

    def _join(self, one: int, other: int, threshold: float) -> None:
        """Make two groups one, under the number of the older."""
        sums = (self._within[one], self._within.pop(other), _total(self._table(one, other)))
        self._within[one] = (sum(total for total, _ in sums), sum(known for _, known in sums))
        self.groups[one] = sorted(self.groups[one] + self.groups.pop(other))
        around = (self._neighbours.pop(one) | self._neighbours.pop(other)) - {one, other}
        for name in around:
            for old in (one, other):
                self._links.pop((min(old, name), max(old, name)), None)
            self._neighbours[name] -= {one, other}
            self._neighbours[name].add(one)
        self._links.pop((one, other), None)
        self._neighbours[one] = around
        for name in around:
            self._offer(one, name, threshold)

    def _forbidden(self, one: int, other: int) -> bool:
        if not self._apart:
            return False
        others = set(self.groups[other])
        return any(self._apart.get(leaf, frozenset()) & others for leaf in self.groups[one])


def _total(table: Iterable[Sequence[float | None]]) -> tuple[float, int]:
    """Return the sum of the known scores, and how many they are."""
    known = [value for row in table for value in row if value is not None]
    return math.fsum(known), len(known)


def _mean_of_best(table: Sequence[Sequence[float | None]]) -> float:
    """Return the mean over the rows of each row's best value."""
    return math.fsum(max((v for v in row if v is not None), default=0.0) for row in table) / len(
        table
    )


def components(count: int, edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the connected components of `count` leaves, each sorted, by their first leaf."""
    root = list(range(count))

    def find(leaf: int) -> int:
        while root[leaf] != leaf:
            root[leaf] = root[root[leaf]]
            leaf = root[leaf]
        return leaf

    for one, other in edges:
        first, second = sorted((find(one), find(other)))
        root[second] = first
    groups: dict[int, list[int]] = defaultdict(list)
    for leaf in range(count):
        groups[find(leaf)].append(leaf)
    return list(groups.values())
