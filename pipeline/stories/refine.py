"""Pure: the live stories once more, as a whole: what was split by arrival merges, and back.

An article is placed when it arrives, knowing nothing of what follows. Here all members of the
live stories are grouped anew by linkage, and the groups keep the ids of the stories they most
overlap with. No id is lost: one that no group keeps becomes an alias.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Final, TypeVar

from pipeline.records import Article, ArticleId, Membership, StoryId
from pipeline.stories.cluster import LiveArticle, story_id
from pipeline.stories.duplicates import is_copy
from pipeline.stories.linkage import Linkage, components
from pipeline.stories.membership import joined, original, reasons
from pipeline.stories.roundups import roundups
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

#: Live articles up to which their stories are grouped anew with every tick: half a second.
SMALL: Final = 500
#: A story above it is said to be large: on labelled days the largest has 28 articles.
STORY_CAP: Final = 200
#: Candidates of one article.
_CANDIDATES: Final = 30
#: Pairs below this share of the threshold tie nothing together: half the link is their mean.
_EDGE_SHARE: Final = 0.25
#: A roundup holds the texts of what it tells of; what prints it again is not much shorter.
_TWIN_SHARE: Final = 0.6
#: Articles kept weighed at a time, 25 KB each; of more than these not every pair is remembered.
_REMEMBERED: Final = 5_000

T = TypeVar("T")
#: Two articles that an operator joined or parted.
Pair = tuple[ArticleId, ArticleId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An article that stands in another story than before."""

    article_id: ArticleId
    old: StoryId
    new: StoryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinement:
    """The stories after looking again."""

    #: Every article given -> its story.
    story_of: Mapping[ArticleId, StoryId]
    moves: tuple[Move, ...] = ()
    #: Reasons of all articles in stories that gained or lost one; the others' hold as they were.
    memberships: tuple[Membership, ...] = ()
    #: A story id that no group kept -> the one that has most of its articles.
    aliases: Mapping[StoryId, StoryId] = field(default_factory=dict)
    #: A new story id -> the one its founding article came from.
    splits: Mapping[StoryId, StoryId] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def refine(
    members: Sequence[LiveArticle],
    *,
    window: timedelta,
    is_taken: Callable[[StoryId], bool],
    must: Iterable[Pair] = (),
    cannot: Iterable[Pair] = (),
    model: PairModel | None = None,
    rule_of: RuleOf = no_rule,
    alive: Callable[[], None] = lambda: None,
) -> Refinement:
    """Group the members of live stories of one partition anew.

    `members`: all articles of every story that has one in the window. `must` and `cannot` always
    win, `must` over `cannot`; pairs with articles not given are left out. `alive` is called again
    and again while it lasts: a hundred thousand articles take minutes.
    """
    model = model or shipped_model()
    single = {member.article.id: member for member in members}
    ordered = sorted(single.values(), key=lambda one: (one.article.published_at, one.article.id))
    if not ordered:
        return Refinement(story_of={})
    old_of = {one.article.id: one.story_id for one in ordered}
    told = (_told(one.article, alive) for one in ordered)
    live = Live(told, window, model, old_of, rule_of=rule_of)
    ties = Ties(live, tuple(must), tuple(cannot))
    groups = regrouped(live, ties, model, alive)
    names = _names(groups, old_of, is_taken)
    new_of = {article: name for name, group in names.items() for article in group}
    moves = tuple(
        Move(article_id=article, old=old, new=new_of[article])
        for article, old in old_of.items()
        if new_of[article] != old
    )
    changed = {story for move in moves for story in (move.old, move.new)}
    before = set(old_of.values())
    return Refinement(
        story_of=new_of,
        moves=moves,
        memberships=tuple(
            live.membership(article, group, _runner_up(live, model, article, new_of, names))
            for name, group in names.items()
            if name in changed
            for article in group
        ),
        aliases=_aliases(old_of, new_of),
        splits={name: old_of[group[0]] for name, group in names.items() if name not in before},
        warnings=(*ties.warnings, *_large(names)),
    )


def _told(value: T, alive: Callable[[], None]) -> T:
    """Return a value, and tell that the work goes on."""
    alive()
    return value


def _large(names: Mapping[StoryId, Sequence[ArticleId]]) -> Iterator[str]:
    """Tell of stories that an operator should look at."""
    for name, group in names.items():
        if len(group) > STORY_CAP:
            yield f"story {name} has {len(group)} articles, more than {STORY_CAP}"


class Live:
    """The articles given, oldest first, and how alike they are."""

    def __init__(
        self,
        articles: Iterable[Article],
        window: timedelta,
        model: PairModel,
        story_of: Mapping[ArticleId, StoryId],
        *,
        rule_of: RuleOf = no_rule,
    ) -> None:
        """Read the articles; `window` is how far apart two of them attract each other."""
        self._model = model
        ordered = sorted(articles, key=lambda one: (one.published_at, one.id))
        seen = frequencies("".join(one.language for one in ordered[:1]))
        self.window = Window(window, seen, rule_of)
        self.found: list[Features] = []
        for article in ordered:
            self.found.append(self.window.read(article))
            self.window.add(article, self.found[-1], story_of[article.id])
        self.number = {found.id: number for number, found in enumerate(self.found)}
        self._is_small = len(self.found) <= _REMEMBERED
        self._weighed: OrderedDict[int, Weighed] = OrderedDict()
        self._scores: dict[tuple[int, int], float] = {}
        self._near: dict[int, list[tuple[int, int]]] = {}

    def weighed(self, number: int) -> Weighed:
        """Return an article's features as they weigh among all."""
        known = self._weighed.get(number)
        if known is not None:
            self._weighed.move_to_end(number)
            return known
        if len(self._weighed) >= _REMEMBERED:
            self._weighed.popitem(last=False)
        return self._weighed.setdefault(number, self.window.weighed(self.found[number]))

    def score(self, one: int, other: int) -> float | None:
        """Return the score of a pair; None when it is further apart than the window."""
        if not self.window.within_reach(self.found[one], self.found[other]):
            return None
        key = (min(one, other), max(one, other))
        known = self._scores.get(key)
        if known is None:
            known = pair_score(self.weighed(key[0]), self.weighed(key[1]), self._model)
            # Of many articles the pairs that tie nothing are seldom asked for again.
            if self._is_small or known >= self._model.threshold * _EDGE_SHARE:
                self._scores[key] = known
        return known

    def is_twin(self, one: int, other: int) -> bool:
        """Tell whether two articles are one text of about one length."""
        texts = self.found[one].shingles, self.found[other].shingles
        shorter, longer = sorted(map(len, texts))
        return shorter >= _TWIN_SHARE * longer and is_copy(*texts)

    def edges(self, number: int, threshold: float) -> list[tuple[int, int]]:
        """Return the candidate pairs of an article that could tie stories together."""
        pairs = self._near.get(number)
        if pairs is None:
            near = self.window.candidates(self.weighed(number), _CANDIDATES)
            pairs = [(number, self.number[other.id]) for other in near]
            if self._is_small:
                self._near[number] = pairs
        least = threshold * _EDGE_SHARE
        return [pair for pair in pairs if (self.score(*pair) or 0.0) >= least]

    def story_score(self, article: ArticleId, group: Sequence[ArticleId]) -> StoryScore | None:
        """Return how well an article fits the others of a group; None when none is near in time."""
        number = self.number[article]
        scores = {other: self.score(number, self.number[other]) for other in group}
        near = {
            other: value
            for other, value in scores.items()
            if value is not None and other != article
        }
        newest = list(near)[-self._model.newest :]
        return story_score(near, newest, self._model) if near else None

    def membership(
        self,
        article: ArticleId,
        group: Sequence[ArticleId],
        runner_up: tuple[StoryId, float] | None = None,
    ) -> Membership:
        """Explain why an article stands in its group, and not in the next best."""
        score = self.story_score(article, group)
        if article == group[0] or score is None:
            return Membership(article_id=article)
        number = self.number[article]
        asking, nearest = self.weighed(number), self.weighed(self.number[score.nearest])
        words = self.window.seen.words
        parts = reasons(asking, nearest, score, self._model, words, runner_up=runner_up)
        older = (self.found[n] for n in map(self.number.__getitem__, group) if n < number)
        return joined(asking, nearest, score, parts, original(asking.found, older))


def _runner_up(
    live: Live,
    model: PairModel,
    article: ArticleId,
    story_of: Mapping[ArticleId, StoryId],
    groups: Mapping[StoryId, Sequence[ArticleId]],
) -> tuple[StoryId, float] | None:
    """Return the story that an article would fit second best; None when it is near no other."""
    edges = live.edges(live.number[article], model.threshold)
    others = {story_of[live.found[other].id] for _, other in edges} - {story_of[article]}
    scores = {name: live.story_score(article, groups[name]) for name in sorted(others)}
    known = [(-score.value, name) for name, score in scores.items() if score is not None]
    return (min(known)[1], -min(known)[0]) if known else None


class Ties:
    """What operators joined and parted, in numbers of articles."""

    def __init__(self, live: Live, must: Sequence[Pair] = (), cannot: Sequence[Pair] = ()) -> None:
        """Take the pairs whose articles are live."""
        number = live.number
        self.must = [(number[a], number[b]) for a, b in must if a in number and b in number]
        self.bound = components(len(number), self.must)
        group_of = {leaf: group[0] for group in self.bound for leaf in group}
        apart: dict[int, set[int]] = defaultdict(set)
        self.warnings: list[str] = []
        for a, b in cannot:
            if a not in number or b not in number or a == b:
                continue
            one, other = number[a], number[b]
            if group_of[one] == group_of[other]:
                self.warnings.append(f"articles {a} and {b} are both joined and parted: joined")
                continue
            apart[one].add(other)
            apart[other].add(one)
        self.apart = {leaf: frozenset(others) for leaf, others in apart.items()}
        #: All that an operator joined or parted.
        self.leaves = {leaf for pair in self.must for leaf in pair} | self.apart.keys()


def regrouped(
    live: Live, ties: Ties, model: PairModel, alive: Callable[[], None] = lambda: None
) -> list[list[ArticleId]]:
    """Return the new groups, each oldest first, by the age of their founders."""
    copies = _copies(live, ties)
    leaves = sorted({leaf for group in ties.bound for leaf in group} - copies.keys())
    edges = [edge for leaf in leaves for edge in _told(live.edges(leaf, model.threshold), alive)]
    edges = [(copies.get(a, a), copies.get(b, b)) for a, b in edges]
    edges = _without_roundups(live, ties, edges, model.threshold, alive)
    parts = components(len(live.found), [*edges, *ties.must])
    part_of = {leaf: number for number, part in enumerate(parts) for leaf in part}
    # Sorted into the parts once: to look through all of them for each part is quadratic.
    edges_of: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for edge in edges:
        edges_of[part_of[edge[0]]].append(edge)
    bound_of: dict[int, list[list[int]]] = defaultdict(list)
    for group in ties.bound:
        if group[0] not in copies:
            bound_of[part_of[group[0]]].append(group)
    found: list[list[int]] = []
    for number in range(len(parts)):
        bound = bound_of[number]
        linkage = Linkage(bound, live.score, mean_share=model.mean_share, apart=ties.apart)
        linkage.merge(edges_of[number], model.threshold)
        found.extend(_told(linkage.groups, alive).values())
    followers: dict[int, list[int]] = defaultdict(list)
    for copy, leaf in copies.items():
        followers[leaf].append(copy)
    whole = [sorted(group + [c for leaf in group for c in followers[leaf]]) for group in found]
    return [[live.found[number].id for number in group] for group in sorted(whole)]


def _without_roundups(
    live: Live,
    ties: Ties,
    edges: Sequence[tuple[int, int]],
    threshold: float,
    alive: Callable[[], None],
) -> list[tuple[int, int]]:
    """Return the edges less those of roundups; what an operator joined or parted is none."""
    near: dict[int, set[int]] = defaultdict(set)
    for one, other in edges:
        if one != other and (live.score(one, other) or 0.0) >= threshold:
            near[one].add(other)
            near[other].add(one)

    def is_alike(one: int, other: int) -> bool:
        # Of many articles such pairs are scored anew: that takes longer than a lease may last.
        return _told((live.score(one, other) or 0.0) >= threshold * _EDGE_SHARE, alive)

    alone = roundups(near, is_alike, live.is_twin, exempt=ties.leaves)
    return [edge for edge in edges if not alone.intersection(edge)]


def _copies(live: Live, ties: Ties) -> dict[int, int]:
    """Return the articles with the very words of an older one -> that one.

    They say nothing that it does not say: ten thousand of them are compared once. An article that
    an operator joined or parted counts for itself.
    """
    first: dict[tuple[object, ...], int] = {}
    copies: dict[int, int] = {}
    for number, found in enumerate(live.found):
        if number in ties.leaves or not found.words:
            continue
        text = (found.words.tobytes(), found.counts, found.runs.tobytes())
        key = (live.window.story_of[found.id], found.form.numbers, *text)
        original_number = first.setdefault(key, number)
        near = live.window.within_reach(found, live.found[original_number])
        if original_number != number and near:
            copies[number] = original_number
        else:
            first[key] = number
    return copies


def _names(
    groups: Sequence[list[ArticleId]],
    old_of: Mapping[ArticleId, StoryId],
    is_taken: Callable[[StoryId], bool],
) -> dict[StoryId, list[ArticleId]]:
    """Give every group an id: that of the story it most overlaps with, or its founder's."""
    claims = sorted(
        (-overlap, old, number)
        for number, group in enumerate(groups)
        for old, overlap in Counter(old_of[article] for article in group).items()
    )
    kept: dict[int, StoryId] = {}
    used: set[StoryId] = set()
    for _, old, number in claims:
        if number not in kept and old not in used:
            kept[number] = old
            used.add(old)
    before = set(old_of.values())
    names = {}
    for number, group in enumerate(groups):
        free = kept.get(number) or next(
            name
            for name in (story_id(group[0], counter) for counter in count())
            if name not in before and name not in names and not is_taken(name)
        )
        names[free] = group
    return names


def _aliases(
    old_of: Mapping[ArticleId, StoryId], new_of: Mapping[ArticleId, StoryId]
) -> dict[StoryId, StoryId]:
    """Return the ids that no group kept, with the story that has most of their articles."""
    went: dict[StoryId, Counter[StoryId]] = defaultdict(Counter)
    for article, old in old_of.items():
        went[old][new_of[article]] += 1
    kept = set(new_of.values())
    return {
        old: min(counts, key=lambda name: (-counts[name], name))
        for old, counts in sorted(went.items())
        if old not in kept
    }
