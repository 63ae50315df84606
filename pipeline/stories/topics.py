"""Pure: which topics of the catalogue an article shows, and by which word or place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from config.catalogue import Topic

#: Keywords of a catalogue whose patterns are kept; a large one has a few thousand.
_PATTERNS_KEPT: Final = 8192
#: Longer capitals are words in capitals, not initials that anyone dots.
_LONGEST_INITIALS: Final = 5
#: Title and excerpt of the article at hand.
_TEXTS_KEPT: Final = 2
_WORD: Final = re.compile(r"\w+")
#: As typed, and as newsrooms set them (U+2010 and U+2011, U+2019).
_HYPHENS: Final = "[-\u2010\u2011]"
_APOSTROPHES: Final = "['\u2019]"
#: What a blank of a keyword stands for; a dash between blanks parts two thoughts.
_BETWEEN: Final = rf"(?:\s+|{_HYPHENS})"


class Where(StrEnum):
    """Where a topic was seen, what says most first; `PARENT`: only through a topic below it."""

    TITLE = "title"
    EXCERPT = "excerpt"
    SECTION = "section"
    PROVIDER = "provider"
    PARENT = "parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicOrigin:
    """Why an article has a topic."""

    #: The keyword, section or provider as the catalogue writes it; for `PARENT` the name of the
    #: topic below.
    keyword: str
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicMatches:
    """The topics of one article: the main one first, the others in the catalogue's order."""

    names: tuple[str, ...] = ()
    origins: Mapping[str, TopicOrigin] = field(default_factory=dict)
    #: Topics that are kept off, with the word or the publisher that does it.
    excluded: Mapping[str, str] = field(default_factory=dict)

    @property
    def main(self) -> str | None:
        """Name the main topic; None without any."""
        return self.names[0] if self.names else None


def topics_of(
    title: str, excerpt: str, topics: Sequence[Topic], *, url: str = "", provider: str = ""
) -> TopicMatches:
    """Return the topics that a rule gives an article, and their parents.

    A keyword in the title or the excerpt, a section in the path of `url`, or the `provider`
    (domain) gives a topic; an excluded word in title or excerpt, or an excluded publisher, keeps it
    off, whatever gave it. The main topic is the first of the top level in the catalogue's order.
    """
    catalogue = {topic.name: topic for topic in topics}
    places = _places(url, provider)
    excluded = {
        topic.name: by
        for topic in topics
        if (by := _kept_off(topic, title, excerpt, places)) is not None
    }
    origins: dict[str, TopicOrigin] = {}
    for topic in topics:
        origin = None if topic.name in excluded else _origin(topic, title, excerpt, places)
        if origin is None:
            continue
        line = _ancestors(topic, catalogue)
        origins[topic.name] = origin
        for child, parent in zip([topic.name, *line], line, strict=False):
            if parent not in excluded:
                origins.setdefault(parent, TopicOrigin(keyword=child, where=Where.PARENT))
    return replace(_ordered(topics, origins), excluded=excluded)


def holds(text: str, keyword: str) -> bool:
    """Tell whether `text` holds a keyword as whole words.

    A keyword in capitals ("AI") counts in capitals only, dotted too ("A.I."); any other in
    whatever case. A space in a keyword stands for a space or a hyphen; hyphens and apostrophes
    count however they are set.
    """
    rule = _rule(keyword)
    return rule.words <= _words(text) and rule.pattern.search(text) is not None


def _ordered(topics: Sequence[Topic], origins: Mapping[str, TopicOrigin]) -> TopicMatches:
    """Put the main topic first and the others in the catalogue's order."""
    names = [topic.name for topic in topics if topic.name in origins]
    top = [topic.name for topic in topics if topic.parent is None and topic.name in origins]
    names.sort(key=lambda name: name not in top[:1])
    return TopicMatches(names=tuple(names), origins={name: origins[name] for name in names})


def _kept_off(topic: Topic, title: str, excerpt: str, places: _Places) -> str | None:
    """Return what keeps a topic off: the first excluded word there, else the publisher."""
    for word in topic.excludes:
        if holds(title, word) or holds(excerpt, word):
            return word
    return places.provider if places.provider in topic.not_providers else None


def _origin(topic: Topic, title: str, excerpt: str, places: _Places) -> TopicOrigin | None:
    """Return the rule that gives a topic: its words first, the title before the excerpt."""
    for where, text in ((Where.TITLE, title), (Where.EXCERPT, excerpt)):
        for keyword in topic.keywords:
            if holds(text, keyword):
                return TopicOrigin(keyword=keyword, where=where)
    for section in topic.sections:
        if places.holds(section):
            return TopicOrigin(keyword=section, where=Where.SECTION)
    if places.provider in topic.providers:
        return TopicOrigin(keyword=places.provider, where=Where.PROVIDER)
    return None


@dataclass(frozen=True, slots=True)
class _Places:
    """Where an article stands: its publisher and its address's folders, framed by slashes."""

    provider: str
    path: str

    def holds(self, section: str) -> bool:
        """Say whether a section's folders stand in the path, in a row and whole."""
        first, _, rest = section.partition("/")
        if "." in first:
            return first == self.provider and f"/{rest}/" in self.path
        return f"/{section}/" in self.path


def _places(url: str, provider: str) -> _Places:
    """Return where an article stands; an address that cannot be read has no folders."""
    # Not urlsplit: it raises for hosts that other readers of addresses take.
    address = re.split("[?#]", url, maxsplit=1)[0]
    path = unquote(address.partition("://")[2].partition("/")[2]).lower()
    return _Places(provider, f"/{path.strip('/')}/")


def _ancestors(topic: Topic, catalogue: Mapping[str, Topic]) -> list[str]:
    """Return the names above a topic, nearest first; a circle or a gap ends the line."""
    line: list[str] = []
    parent = topic.parent
    while parent and parent in catalogue and parent not in (topic.name, *line):
        line.append(parent)
        parent = catalogue[parent].parent
    return line


@dataclass(frozen=True, slots=True)
class _Rule:
    """A keyword, ready to be looked for."""

    #: No text without all of these holds it: most texts are told apart so, at a tenth of the cost.
    words: frozenset[str]
    pattern: re.Pattern[str]


@lru_cache(maxsize=_PATTERNS_KEPT)
def _rule(keyword: str) -> _Rule:
    """Compile a keyword: bounded by anything but word characters, linear in the text."""
    words = keyword.split()
    if keyword.isupper():
        whole = " ".join(word for word in words if not _are_initials(word))
        return _Rule(_words(whole), re.compile(_bounded(map(_dotted, words))))
    return _Rule(_words(keyword), re.compile(_bounded(map(_spelt, words)), re.IGNORECASE))


@lru_cache(maxsize=_TEXTS_KEPT)
def _words(text: str) -> frozenset[str]:
    """Return the words of a text, without regard to case."""
    # The patterns take i, I and Turkish İ and ı for one letter; case folding does not.
    folded = text.casefold().replace("i\u0307", "i").replace("\u0131", "i")
    return frozenset(_WORD.findall(folded))


def _are_initials(word: str) -> bool:
    """Say whether somebody may write dots into a word in capitals."""
    return word.isalpha() and len(word) <= _LONGEST_INITIALS


def _dotted(word: str) -> str:
    """Return the pattern of a word in capitals; the dots of initials stand or not."""
    if not _are_initials(word):
        return _spelt(word)
    letters = "".join(rf"{letter}\." for letter in word)
    return rf"(?:{word}|{letters})"


def _spelt(word: str) -> str:
    """Return the pattern of a word, its hyphens and apostrophes in any form."""
    typed = re.sub(_HYPHENS, "-", re.sub(_APOSTROPHES, "'", word))
    return re.escape(typed).replace(r"\-", _HYPHENS).replace("'", _APOSTROPHES)


def _bounded(patterns: Iterable[str]) -> str:
    """Join the patterns of words; no word character may stand at either end."""
    return rf"(?<!\w){_BETWEEN.join(patterns)}(?!\w)"
