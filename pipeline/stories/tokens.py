"""Pure: one text -> the words, names and numbers that stories are told apart by.

Words are lower case and lightly stemmed. Scripts without spaces between words yield long runs
that match nothing but a copy of themselves; a text without letters and digits yields nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

#: Words of the opening: news tells its event first, and an excerpt is about as long.
OPENING_WORDS: Final = 80
#: Eighty words of any language that parts them take fewer; of the others it is a paragraph.
OPENING_CHARS: Final = 1_000
#: A longer run is an address, a key or a script without spaces; its head is enough.
_LONGEST_WORD: Final = 40
#: A stem keeps at least so many letters: "used" and "us" are not one word.
_SHORTEST_STEM: Final = 4

#: A number with its decimals, or a run of letters and digits.
_WORD: Final = re.compile(r"\d+\.\d+|[^\W_]+")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
#: "U.S.", "A.I.": one word, written with dots.
_INITIALS: Final = re.compile(r"\b(?:[^\W\d_]\.){2,}")
#: "22,342" is one number.
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3})")
_POSSESSIVE: Final = re.compile(r"['’](?:s\b)?")
_SENTENCE_END: Final = re.compile(r"[.!?:]['\"”’)]*\s+|[\"“]")
#: What agencies put before a headline; it says how the text came about, not what happened.
_WIRE_TAG: Final = re.compile(
    r"\s*(?:update|wrapup|refile|rpt|corrected|correction|brief|exclusive|breaking|breaking news"
    r"|analysis|explainer|factbox|insight|focus|watch|video|press release)\s{0,3}\d{0,2}\s{0,3}"
    r"[-:|–—]\s{0,3}",
    re.IGNORECASE,
)
#: Between a headline and the outlet's name.
_SUFFIX_MARKS: Final = (" | ", " - ", " – ", " — ")
#: Agencies whose name ends the headline on other outlets' pages.
_AGENCIES: Final = frozenset({"reuters", "ap", "afp", "bloomberg", "sources", "source", "report"})

#: Words of an address; a run of letters and digits mixed is an identifier.
_ADDRESS_WORD: Final = re.compile(r"[A-Za-z]{2,}|\d+")
#: Fewer words are the name of a section.
_FEWEST_ADDRESS_WORDS: Final = 3
#: Longer numbers in addresses are identifiers.
_LONGEST_ADDRESS_NUMBER: Final = 4
#: Letters of one run within a headline: endings and compounds differ, the runs remain.
_RUN: Final = 4

#: English words that hold no event. Elsewhere document frequencies do this alone.
STOP_WORDS: Final = frozenset(
    """
    a about after again all also although am an and any are as at be because been before being
    between both but by can could did do does doing down during each even every few for from
    further get gets getting go goes going got had has have having he her here hers him his how
    i if in into is it its itself just let like made make makes making many may me might more
    most much must my new no nor not now of off on once one only or other our out over own per
    said same say saying says see set she should since so some still such take takes than that
    the their them then there these they this those three through time to told too two under
    until up us use used using very via want was way we well were what when where which while
    who whom why will with within without would year years yesterday today yet you your
    """.split(),  # noqa: SIM905 -- a hundred quoted words would hide the list
)


def words(text: str, *, shortest: int = 2) -> list[str]:
    """Return the stems of `text` in order, without stop words; numbers may be short."""
    return [
        stem(word)
        for word in plain_words(text)
        if (len(word) >= shortest or word.isdigit()) and word not in STOP_WORDS
    ]


def plain_words(text: str) -> list[str]:
    """Return the words of `text` in order, lower case, unstemmed."""
    return [word[:_LONGEST_WORD] for word in _WORD.findall(_joined(text).lower())]


def opening(text: str) -> str:
    """Return the first `OPENING_WORDS` words of `text`, `OPENING_CHARS` characters at most."""
    return " ".join(text[:OPENING_CHARS].split(maxsplit=OPENING_WORDS)[:OPENING_WORDS])


def stem(word: str) -> str:
    """Cut plural, past and present endings; both sides of a comparison pass here.

    A light rule in the manner of Harman's S stemmer (JASIS 1991), with -ed and -ing.
    """
    if not word.isalpha() or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > _SHORTEST_STEM:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:  # noqa: PLR2004 -- "gas", "bus" stay
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    return word[:-1] if word.endswith("e") and len(word) > _SHORTEST_STEM else word


def names(text: str) -> set[str]:
    """Return the stems of words that are capitalised although no sentence starts there.

    A text in which most words are capitalised (a headline in title case) shows no names.
    """
    capitals, others = cases(text)
    return set(capitals) - STOP_WORDS if len(capitals) < len(others) else set()


def cases(text: str) -> tuple[list[str], list[str]]:
    """Return the stems within sentences that are capitalised, and those that are not.

    The first word of a sentence tells nothing and is left out.
    """
    capitals: list[str] = []
    others: list[str] = []
    for word in _within_sentences(text):
        is_capital = word[0].isupper() and len(word) > 1
        (capitals if is_capital else others).append(stem(word.lower()))
    return capitals, others


def address_words(url: str) -> list[str]:
    """Return the stems of the words in the wordiest part of an address; it repeats a headline."""
    try:
        parts = urlsplit(url).path.split("/")
    except ValueError:
        return []
    found = max((_ADDRESS_WORD.findall(part.rpartition(".")[0] or part) for part in parts), key=len)
    if len(found) < _FEWEST_ADDRESS_WORDS:
        return []
    return [
        stem(word)
        for word in (one.lower() for one in found)
        if word not in STOP_WORDS and not (word.isdigit() and len(word) > _LONGEST_ADDRESS_NUMBER)
    ]


def letter_runs(text: str) -> list[str]:
    """Return every run of four characters of the bare words of `text`, in order."""
    bare = f" {' '.join(plain_words(text))} "
    return [bare[start : start + _RUN] for start in range(len(bare) - _RUN + 1)]


def numbers(text: str) -> frozenset[str]:
    """Return the numbers of `text`: those written in digits, units cut off."""
    return frozenset(_NUMBER.findall(_joined(text)))


def clean_title(title: str, outlets: Iterable[str]) -> str:
    """Return `title` without wire tags before it and without the outlet's name after it.

    `outlets`: the provider's name and domain, as they may be written.
    """
    tag = _WIRE_TAG.match(title)
    if tag and tag.end() < len(title):
        title = title[tag.end() :]
    known = {squeezed(outlet) for outlet in outlets} | _AGENCIES
    for mark in _SUFFIX_MARKS:
        head, _, tail = title.rpartition(mark)
        if head and squeezed(tail) in known:
            return head
    return title


def squeezed(text: str) -> str:
    """Return the letters and digits of `text` alone, folded: one headline, however set."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(_WORD.findall(folded))


def _within_sentences(text: str) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(_joined(text)):
        yield from _WORD.findall(sentence)[1:]


def _joined(text: str) -> str:
    """Undo the marks inside a word: initials, thousands, possessives."""
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), text)
    return _POSSESSIVE.sub("", _THOUSANDS.sub("", text))
