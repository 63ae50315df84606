"""The excerpt: the opening of an article in one plain line of at most 350 characters.

The rule, as in the example of the format: the lead sentences of the body, joined by spaces, cut
at the end of a word when the body goes on, with `` ...`` behind the cut. A hyphen ends a word too
(``In a cease-and ...`` before ``-desist letter``), punctuation before the cut goes.

The declared description is the better text, and is taken, when the body's opening is short (below
200 characters), or has no word in common with the title while the description has one, or may not
be shown (noindex). It must say something itself: 60 characters; the feed's summary comes after it
on the same terms. When none of the three says enough, the longest is taken. Nowhere is the title
said again, nor what stands beside the news (`openings`).
"""

from __future__ import annotations

import re

from pipeline.articles.openings import opening_of, said_by
from pipeline.articles.robots import UNLIMITED, Robots

#: Longest excerpt of all real files of the format, the tail included.
MAX_LENGTH = 350
TAIL = " ..."
#: An opening below this may be a teaser before a paywall; a description of this length is whole.
_ENOUGH_BODY = 200
_ENOUGH_DESCRIPTION = 60
#: From here on stand the scripts of East Asia, most of which write no spaces between words.
_FIRST_WITHOUT_SPACES = "\u2e80"
#: Words shorter than this say nothing about a subject; longer ones are compared by their stem.
_SUBJECT_WORD = 5


def excerpt_of(
    text: str,
    *,
    title: str,
    description: str = "",
    summary: str = "",
    authors: tuple[str, ...] = (),
    robots: Robots = UNLIMITED,
) -> tuple[str, str]:
    """Return the excerpt and its origin (``text``, ``description``, ``summary`` or ``robots``).

    `text` is the body, a paragraph a line; `description` and `summary` are plain lines.
    """
    limit = MAX_LENGTH if robots.max_snippet is None else min(MAX_LENGTH, robots.max_snippet)
    if limit <= len(TAIL):
        return "", "robots"
    body = opening_of(text, title=title, authors=authors) if robots.may_index else ""
    candidates = (
        ("text", body, _ENOUGH_BODY),
        ("description", said_by(description, title=title), _ENOUGH_DESCRIPTION),
        ("summary", said_by(summary, title=title), _ENOUGH_DESCRIPTION),
    )
    origin, chosen = _chosen(
        [(name, line, enough) for name, line, enough in candidates if line], title
    )
    return shortened(chosen, limit=limit), origin


def shortened(line: str, *, limit: int = MAX_LENGTH) -> str:
    """Return `line` cut at the end of a word, with the tail, when it is longer than `limit`."""
    if len(line) <= limit:
        return line
    room = max(limit - len(TAIL), 0)
    end = max(
        (match.start() for match in _WORD_END.finditer(line, 0, room + 1)),
        default=0,
    )
    # Scripts without spaces may be cut anywhere; so may a line that is one endless word.
    kept = line[: end if end > room // 2 else room].rstrip(_BEFORE_TAIL)
    return kept + TAIL if kept else ""


#: Where a word ends: before white space, before a hyphen or dash.
_WORD_END = re.compile(r"(?<=[^\s\-–—])(?=[\s\-–—])")
#: Not left hanging before the tail.
_BEFORE_TAIL = " \u00a0,;:.!?…-–—(“‘«[„¿¡"


def _chosen(candidates: list[tuple[str, str, int]], title: str) -> tuple[str, str]:
    """Return (origin, line) of the first that says enough about the subject, else the longest."""
    stems = _stems(title)
    about = [candidate for candidate in candidates if _is_about(candidate[1], stems)] or candidates
    for name, line, enough in about:
        if len(line) >= enough:
            return name, line
    name, line, _ = max(about, key=lambda candidate: len(candidate[1]), default=("", "", 0))
    return name, line


def _stems(title: str) -> frozenset[str]:
    """Return the beginnings of the title's longer words, of scripts that write words apart."""
    words = re.findall(r"\w+", title.casefold())
    return frozenset(
        word[:_SUBJECT_WORD]
        for word in words
        if len(word) >= _SUBJECT_WORD and word[0] < _FIRST_WITHOUT_SPACES
    )


def _is_about(line: str, stems: frozenset[str]) -> bool:
    """Say whether a text has a word of the title; a title without longer words proves nothing."""
    return not stems or any(stem in line.casefold() for stem in stems)
