"""Pure: when two articles are one article (alias), and when two texts are one text (copy)."""

from __future__ import annotations

from collections.abc import Sequence
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


def overlap(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the share of the smaller set that the larger holds; 0 when it is too small."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller >= _FEWEST_SHINGLES else 0.0


def is_copy(one: frozenset[int], other: frozenset[int]) -> bool:
    """Tell whether two openings are one text, such as an agency's on two sites."""
    return overlap(one, other) >= _COPY_OVERLAP
