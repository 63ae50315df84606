"""Pure: articles that are like many things which are not alike.

A roundup of the day, an explainer about nothing in particular, a page stuffed with the words of
others: each is like the articles of several stories and would chain these to one, whatever its
headline says. Articles are numbers here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

#: Groups of matches, none of which shares anything with another, that make a roundup. On the
#: labelled days two are nothing unusual for an article of a story, three are what explainers have.
_STRANGERS: Final = 3
#: Matches looked at, the newest: bounds an article to 435 pairs, and tells enough of more.
_LOOKED_AT: Final = 30

#: Says something of a pair of articles.
OfPair = Callable[[int, int], bool]


def roundups(
    near: Mapping[int, Collection[int]],
    is_alike: OfPair,
    is_twin: OfPair,
    *,
    exempt: Collection[int] = (),
) -> set[int]:
    """Return the articles whose matches fall into three groups or more that share nothing.

    `near`: article -> its matches, both ways. `is_twin`: whether one prints the other's text.
    `exempt` are never among them.
    """
    matches = {one: set(others) for one, others in near.items()}
    strangers = {
        one: _strangers(one, others, is_alike, is_twin)
        for one, others in matches.items()
        if one not in exempt and len(others) >= _STRANGERS
    }
    found = set()
    # The worst goes first: what it is like may be of many groups for its sake alone.
    while strangers:
        worst = min(strangers, key=lambda one: (-strangers[one], one))
        if strangers.pop(worst) < _STRANGERS:
            break
        found.add(worst)
        for one in matches.pop(worst):
            matches[one].discard(worst)
            if one in strangers:
                strangers[one] = _strangers(one, matches[one], is_alike, is_twin)
    return found


def _strangers(one: int, others: Iterable[int], is_alike: OfPair, is_twin: OfPair) -> int:
    """Return how many groups without any likeness between them the matches of an article form.

    What prints its text as well is left out: it is like all that the article is like.
    """
    left = sorted(other for other in others if not is_twin(one, other))[-_LOOKED_AT:]
    groups = 0
    while left:
        groups += 1
        reached = [left.pop()]
        while reached:
            this = reached.pop()
            alike = {other for other in left if is_alike(this, other)}
            left = [other for other in left if other not in alike]
            reached.extend(alike)
    return groups
