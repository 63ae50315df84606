"""Pure: when two articles are one article (alias), and when two texts are one text (copy)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final
from zlib import crc32

from pipeline.records import Article
from pipeline.stories import tokens

#: One provider's equal headlines so close together are one article under two addresses.
ALIAS_WITHIN: Final = timedelta(days=7)

#: Words of one shingle: four in a row are seldom shared by chance (Broder 1997 uses 4 to 10).
_SHINGLE_WORDS: Final = 4
#: Fewer prove nothing: a stock phrase, a dateline.
_FEWEST_SHINGLES: Final = 12
#: Share of the shorter opening that the longer one must hold. Outlets put a dateline before an
#: agency's text, cut it, change a word in fifteen; two own accounts share quotations at most.
_COPY_OVERLAP: Final = 0.6


def headline_key(article: Article) -> tuple[str, str] | None:
    """Return what aliases have in common: provider and bare title; None without a title."""
    title = tokens.clean_title(article.title, (article.provider_name, article.provider))
    bare = tokens.squeezed(title)
    return (article.provider, bare) if bare else None


def shingles(words: Sequence[str]) -> frozenset[int]:
    """Return the hashes of every run of four words (CRC-32: the same in every process)."""
    runs = range(len(words) - _SHINGLE_WORDS + 1)
    return frozenset(
        crc32(" ".join(words[start : start + _SHINGLE_WORDS]).encode()) for start in runs
    )


def overlap(one: Collection[int], other: Collection[int]) -> float:
    """Return the share of the smaller collection that the larger holds; 0 when it is too small.

    Both hold each shingle once.
    """
    smaller = min(len(one), len(other))
    if smaller < _FEWEST_SHINGLES:
        return 0.0
    return len(frozenset(one).intersection(other)) / smaller


def is_copy(one: Collection[int], other: Collection[int]) -> bool:
    """Tell whether two openings are one text, such as an agency's on two sites."""
    return overlap(one, other) >= _COPY_OVERLAP
