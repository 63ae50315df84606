"""The excerpt: the opening of an article in one plain line of at most 350 characters.

The rule, as in the example of the format: the lead sentences of the body, joined by spaces, cut
at the end of a word when the body goes on, with `` ...`` behind the cut. A hyphen ends a word too
(``In a cease-and ...`` before ``-desist letter``), punctuation before the cut goes.

The body's opening is taken unless it is short (below 200 characters and shorter than another) or
has no word in common with the title while another text has; then the declared description, then
the feed's summary, whichever says enough first, else the longest of the three.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.articles.robots import UNLIMITED, Robots
from pipeline.articles.titles import fold
from pipeline.plaintext import clean_line

#: Longest excerpt of all real files of the format, the tail included.
MAX_LENGTH = 350
TAIL = " ..."
#: An opening below this may be a teaser before a paywall; a description of this length is whole.
_ENOUGH_BODY = 200
_ENOUGH_DESCRIPTION = 60
#: Paragraphs looked at: boilerplate stands before the first sentence or not at all.
_MAX_PARAGRAPHS = 40
#: A line this long is a sentence even when no full stop ends it.
_LONG_LINE = 120
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
    body = _opening(text, title, authors) if robots.may_index else ""
    candidates = (
        ("text", body, _ENOUGH_BODY),
        ("description", _unless_title(description, title), _ENOUGH_DESCRIPTION),
        ("summary", _unless_title(summary, title), _ENOUGH_DESCRIPTION),
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
    """Return the beginnings of the title's longer words."""
    words = re.findall(r"\w+", title.casefold())
    return frozenset(word[:_SUBJECT_WORD] for word in words if len(word) >= _SUBJECT_WORD)


def _is_about(line: str, stems: frozenset[str]) -> bool:
    """Say whether a text has a word of the title; a title without longer words proves nothing."""
    return not stems or any(stem in line.casefold() for stem in stems)


def _unless_title(line: str, title: str) -> str:
    """Return a line, "" when it only repeats the title."""
    line = clean_line(line)
    return "" if fold(line) == fold(title) else line


# --- the body's opening ---------------------------------------------------------------------------

#: Sentence ends of the scripts we meet, with what may close behind them.
_SENTENCE_END = re.compile(r"[.!?…。！？؟।։]['\"”’»)\]」』]*$")
#: Where news agencies put themselves, behind place and day: "LONDON (AP) — ", "Berlin (dpa) - ".
_AGENCY = re.compile(r"\([A-Za-zÀ-ÿ/. -]{2,40}\) ?[—–:-]{1,2} ?(?=\S)")
_LONGEST_DATELINE = 80
#: A place in capitals and a dash: "WASHINGTON — The".
_PLACE = re.compile(r"[A-ZÀ-Þ][A-ZÀ-Þ .'’/-]{2,30}(?:, [A-Z][\w. ]{1,20})? ?[—–] ?(?=[A-ZÀ-Þ\"“])")
#: Lines that are about the page and not about the news, by how they begin, in the languages of
#: most sources. A photo's credit and a writer's name are such lines too.
_BOILERPLATE = re.compile(
    r"(?:sign up|subscribe|newsletter|advertisement|anzeige|publicidad|publicité|read (?:more|also)"
    r"|more:|related:|see also|lesen sie|mehr zum thema|lire aussi|à lire|lea también"
    r"|leggi anche|leia também|lees ook|share (?:this|on)|teilen|follow us|listen to"
    r"|this article (?:was|is|has)|photo(?:graph)?(?:s| by|:| credit)|picture:|video:"
    r"|image(?: caption| source|:| credit|s? via)|bild:|foto(?:s)?(?::| by)|fotograf"
    r"|copyright|\(c\)|updated?:? |published:? |last (?:updated|modified)|veröffentlicht"
    r"|aktualisiert|stand:|publié le|mis à jour|by the associated press|posted (?:on|by|in)"
    r"|\d+ min(?:ute)?s? read|reading time|cookies?\b|click here|tap here|watch:|follow @"
    r"|download|disclosure|affiliate)",
    re.IGNORECASE,
)
#: The same anywhere in a short line: credits behind a caption, offers of a newsletter.
_ASIDE = re.compile(
    r"©|newsletter|kostenlos anmelden|getty images|sign up (?:for|to)\b|subscribe (?:to|now)\b"
    r"|ein fehler ist aufgetreten|enable javascript|supports? javascript|turn off compatibility",
    re.IGNORECASE,
)
_MAX_BOILERPLATE = 160
_BYLINE = re.compile(
    r"(?:by|von|par|por|di|da|door|av|af|text|autor|author|words?)[: ] ?[A-ZÀ-Þ]", re.IGNORECASE
)
_MAX_BYLINE = 60
_MAX_BYLINE_SPACES = 5


def _opening(text: str, title: str, authors: tuple[str, ...]) -> str:
    """Return the first sentences of a body, joined into one line a little longer than is needed."""
    opening = ""
    for paragraph in _paragraphs(text, fold(title), frozenset(fold(name) for name in authors)):
        opening = f"{opening} {paragraph}" if opening else _without_dateline(paragraph)
        if len(opening) > MAX_LENGTH:
            break
    return opening


def _without_dateline(paragraph: str) -> str:
    """Return a first paragraph without the place, day and agency before its first sentence."""
    agency = _AGENCY.search(paragraph, 0, _LONGEST_DATELINE)
    if agency and paragraph[:1].isupper() and not _SENTENCE_END.search(paragraph[: agency.start()]):
        return paragraph[agency.end() :]
    place = _PLACE.match(paragraph)
    return paragraph[place.end() :] if place else paragraph


def _paragraphs(text: str, title: str, authors: frozenset[str]) -> Iterator[str]:
    """Yield the paragraphs that are sentences of the article."""
    for line in text.split("\n", _MAX_PARAGRAPHS)[:_MAX_PARAGRAPHS]:
        paragraph = clean_line(line)
        folded = fold(paragraph[:_LONG_LINE])
        if folded and folded != title and folded not in authors and not _is_beside(paragraph):
            yield paragraph


def _is_beside(paragraph: str) -> bool:
    """Say whether a line stands beside the news: boilerplate, a byline, a heading."""
    short = len(paragraph) <= _MAX_BOILERPLATE
    if short and (_BOILERPLATE.match(paragraph) or _ASIDE.search(paragraph)):
        return True
    if len(paragraph) <= _MAX_BYLINE and _BYLINE.match(paragraph):
        return paragraph.count(" ") <= _MAX_BYLINE_SPACES
    return len(paragraph) < _LONG_LINE and not _SENTENCE_END.search(paragraph)
