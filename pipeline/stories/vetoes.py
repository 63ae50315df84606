"""Pure: named reasons why two articles are not one story, however alike their words.

Look-alikes are the chief false friends of a clusterer by words: market reports made from one
template, live pages that touch every event of a day, instalments of a series, the same kind of
event elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from pipeline.stories.duplicates import overlap
from pipeline.stories.vectors import Weighed, cosine, length

#: Above these two pages of a templated kind are one page on two sites (measured on labelled days).
_SAME_TITLE: Final = 0.85
_SAME_TEXT: Final = 0.5
#: Two headlines with so large a common share of words are set to one pattern.
_PATTERN_SHARE: Final = 0.6
#: A pattern needs some words.
_PATTERN_WORDS: Final = 3

#: A veto says whether it forbids the pair.
Veto = Callable[[Weighed, Weighed], bool]


def roundup(one: Weighed, other: Weighed) -> bool:
    """Tell whether either is a roundup or a live page, unless both are one page."""
    return _forbids(one.found.form.roundup, other.found.form.roundup, one, other)


def market_report(one: Weighed, other: Weighed) -> bool:
    """Tell whether either is a market-size report, unless both are one report."""
    return _forbids(one.found.form.market_report, other.found.form.market_report, one, other)


def other_instalment(one: Weighed, other: Weighed) -> bool:
    """Tell whether headlines of one pattern count different parts or days."""
    parts, others = one.found.form.instalments, other.found.form.instalments
    differ = any(parts[unit] != others[unit] for unit in parts.keys() & others.keys())
    return differ and _one_pattern(one, other)


def other_subject(one: Weighed, other: Weighed) -> bool:
    """Tell whether headlines of one pattern name subjects of which the other knows nothing.

    "A raises 20 million in B-led round" and "C raises 30 million in D-led round": each has a
    name that the other text lacks, and no name is common to the headlines.
    """
    if not _one_pattern(one, other):
        return False
    mine, others = one.title & one.names.keys(), other.title & other.names.keys()
    if mine & others:
        return False
    return bool(mine - other.body.keys()) and bool(others - one.body.keys())


#: Every veto by its name.
VETOES: Final[dict[str, Veto]] = {
    veto.__name__.replace("_", "-"): veto
    for veto in (roundup, market_report, other_instalment, other_subject)
}


def veto_of(one: Weighed, other: Weighed, names: Iterable[str] = tuple(VETOES)) -> str | None:
    """Return the first of the named vetoes against the pair; None when it may be one story."""
    return next((name for name in names if VETOES[name](one, other)), None)


def _forbids(mine: bool, others: bool, one: Weighed, other: Weighed) -> bool:  # noqa: FBT001 -- the flags of the two
    """Let pages of a kind go with nothing but their own copies."""
    if mine and others:
        return not _one_page(one, other)
    return mine or others


def _one_page(one: Weighed, other: Weighed) -> bool:
    """Tell whether two pages are so equal that one is the other's copy."""
    mine, others = ({word: side.idf[word] for word in side.title} for side in (one, other))
    if cosine(mine, others, length(mine) * length(others)) > _SAME_TITLE:
        return one.found.form.numbers == other.found.form.numbers
    # Texts of one template differ in their subject, which each headline names.
    if one.title - other.body.keys() and other.title - one.body.keys():
        return False
    return overlap(one.found.shingles, other.found.shingles) > _SAME_TEXT


def _one_pattern(one: Weighed, other: Weighed) -> bool:
    """Tell whether two headlines are set to one pattern."""
    shorter = min(len(one.title), len(other.title))
    if shorter < _PATTERN_WORDS:
        return False
    common = len(one.title & other.title)
    return common >= _PATTERN_WORDS and common >= _PATTERN_SHARE * shorter
