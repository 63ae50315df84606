"""Pure: which topics of the catalogue a title and an excerpt show, and by which word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

from config.catalogue import Topic

#: Keywords of a catalogue whose patterns are kept; a large one has a few thousand.
_PATTERNS_KEPT: Final = 8192
#: Longer capitals are words in capitals, not initials that anyone dots.
_LONGEST_INITIALS: Final = 5


class Where(StrEnum):
    """Where a topic was seen; `PARENT`: only through a topic below it."""

    TITLE = "title"
    EXCERPT = "excerpt"
    PARENT = "parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicOrigin:
    """Why an article has a topic."""

    #: The keyword as the catalogue writes it; for `PARENT` the name of the topic below.
    keyword: str
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicMatches:
    """The topics of one article: the main one first, the others in the catalogue's order."""

    names: tuple[str, ...] = ()
    origins: Mapping[str, TopicOrigin] = field(default_factory=dict)

    @property
    def main(self) -> str | None:
        """Name the main topic; None without any."""
        return self.names[0] if self.names else None


def topics_of(title: str, excerpt: str, topics: Sequence[Topic]) -> TopicMatches:
    """Return the topics whose keywords stand in the title or the excerpt, and their parents.

    The main topic is the first of the top level in the catalogue's order.
    """
    catalogue = {topic.name: topic for topic in topics}
    excluded = {topic.name for topic in topics if _excluded(topic, title, excerpt)}
    origins: dict[str, TopicOrigin] = {}
    for topic in topics:
        origin = None if topic.name in excluded else _origin(topic, title, excerpt)
        if origin is None:
            continue
        line = _ancestors(topic, catalogue)
        origins[topic.name] = origin
        for child, parent in zip([topic.name, *line], line, strict=False):
            if parent not in excluded:
                origins.setdefault(parent, TopicOrigin(keyword=child, where=Where.PARENT))
    return _ordered(topics, origins)


def holds(text: str, keyword: str) -> bool:
    """Tell whether `text` holds a keyword as whole words.

    A keyword in capitals ("AI") counts in capitals only, dotted too ("A.I."); any other in
    whatever case. A space in a keyword stands for a space or a hyphen.
    """
    return _pattern(keyword).search(text) is not None


def _ordered(topics: Sequence[Topic], origins: Mapping[str, TopicOrigin]) -> TopicMatches:
    """Put the main topic first and the others in the catalogue's order."""
    names = [topic.name for topic in topics if topic.name in origins]
    top = [topic.name for topic in topics if topic.parent is None and topic.name in origins]
    names.sort(key=lambda name: name not in top[:1])
    return TopicMatches(names=tuple(names), origins={name: origins[name] for name in names})


def _origin(topic: Topic, title: str, excerpt: str) -> TopicOrigin | None:
    """Return the first keyword found, the title before the excerpt."""
    for where, text in ((Where.TITLE, title), (Where.EXCERPT, excerpt)):
        for keyword in topic.keywords:
            if holds(text, keyword):
                return TopicOrigin(keyword=keyword, where=where)
    return None


def _excluded(topic: Topic, title: str, excerpt: str) -> bool:
    return any(holds(text, word) for word in topic.excludes for text in (title, excerpt))


def _ancestors(topic: Topic, catalogue: Mapping[str, Topic]) -> list[str]:
    """Return the names above a topic, nearest first; a circle or a gap ends the line."""
    line: list[str] = []
    parent = topic.parent
    while parent and parent in catalogue and parent not in (topic.name, *line):
        line.append(parent)
        parent = catalogue[parent].parent
    return line


@lru_cache(maxsize=_PATTERNS_KEPT)
def _pattern(keyword: str) -> re.Pattern[str]:
    """Compile a keyword: bounded by anything but word characters, linear in the text."""
    words = keyword.split()
    if keyword.isupper():
        return re.compile(_bounded(_dotted(words)))
    return re.compile(_bounded(map(re.escape, words)), re.IGNORECASE)


def _dotted(words: Iterable[str]) -> Iterable[str]:
    """Let the dots of initials stand or not."""
    for word in words:
        plain = re.escape(word)
        if word.isalpha() and len(word) <= _LONGEST_INITIALS:
            dotted = "".join(rf"{letter}\." for letter in word)
            yield rf"(?:{plain}|{dotted})"
        else:
            yield plain


def _bounded(patterns: Iterable[str]) -> str:
    return r"(?<!\w)" + r"[\s-]".join(patterns) + r"(?!\w)"
