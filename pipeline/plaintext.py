"""Pure: any text from outside -> one safe line of plain text.

Every title, name, excerpt and summary passes here once, where it enters; the writer proves it
again. What is dropped breaks YAML readers, terminals or the direction of a line.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape

import nh3

#: C0 without white space, DEL, C1 without NEL, soft hyphens, zero-width spaces and word joiners
#: (not the joiners of emoji and scripts), lone surrogates, the byte order mark, bidi marks,
#: embeddings and isolates, non-characters of the basic plane.
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u2060\ud800-\udfff\ufeff"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]",
)
#: Markup can hide in entities of entities; real feeds nest twice, three rounds are one to spare.
_ROUNDS = 3
#: A combining stack higher than this is an attack, not a script.
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACK = re.compile(f"({_MARK}{{8}}){_MARK}+")
#: Normalising takes the square of a row of marks (8 s for 250 kB), so it is done by pieces; nothing
#: joins with an ASCII character before it.
_PIECE = re.compile(r".{1,2000}(?=[\x00-\x7f]|\Z)|.{2000}", re.DOTALL)
#: Tags that part words; an inline tag does not.
_BLOCK_TAG = re.compile(
    r"<(?=/?(?:p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|tr|td|th|table|blockquote|figure|figcaption"
    r"|section|article|pre)\b)",
    re.IGNORECASE,
)
#: What could open a tag for a careless reader; all of a row, or the last would shield the others.
_TAG_START = re.compile(r"(?<!<)<++(?=[A-Za-z/!?])")


def clean_line(text: str) -> str:
    """Return `text` as one line: NFC, no controls, every run of white space one space."""
    # Every white space, line and paragraph separators and NEL included, as \s would find them.
    safe = " ".join(_DROPPED.sub("", text).split())
    if not safe.isascii():
        safe = _PIECE.sub(lambda piece: unicodedata.normalize("NFC", piece[0]), safe)
        safe = _STACK.sub(r"\1", safe)
    return safe


def plain_line(markup: str) -> str:
    """Return the text of an HTML fragment as one line, without tags and entities.

    Entities are resolved and tags removed in turn until nothing changes, at most three rounds;
    a `<` that could still open a tag is dropped.
    """
    text = markup
    for _ in range(_ROUNDS):
        stripped = _without_tags(text)
        if stripped == text:
            break
        text = stripped
    # Last, because a character dropped between `<` and a letter brings them together.
    line = clean_line(text)
    return _TAG_START.sub("", line) if "<" in line else line


def _without_tags(text: str) -> str:
    """Remove the tags of one level and resolve its entities."""
    if "<" in text:
        text = nh3.clean(_BLOCK_TAG.sub(" <", text), tags=set(), link_rel=None)
    return unescape(text) if "&" in text else text
