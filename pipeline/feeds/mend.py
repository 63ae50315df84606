"""Pure: the text of a feed -> XML that a strict parser takes more often than not.

feedparser reads ill-formed feeds with a second, forgiving parser: several times slower, and blind
to some of what it meets. The usual faults are few and mended here: junk around the feed, control
characters, bare ampersands, HTML's entities. A DOCTYPE goes with the rest of the prolog, and with
it everything that entities could be made to do.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape
from html.entities import html5

from pipeline.errors import NotAFeed

#: What XML 1.0 (section 2.2) has no place for, not even as a reference.
_CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20)])
_NO_CHARACTERS = ("\ufffe", "\uffff")
#: Comments and processing instructions are passed over; then the root tells what this is. A DOCTYPE
#: does not: feeds made from a site's templates have been seen to declare HTML.
_ROOT = re.compile(
    r"<!--(?:.*?-->|.*)|<\?(?:.*?\?>|.*)|(?P<html><html[\s>])"
    r"|<(?P<root>(?:[a-z][\w.-]{0,30}:)?(?:rss|rdf|feed|channel))[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
#: Every reference that a strict parser might not know.
_REFERENCE = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos);)(#[0-9]{1,8};|#[xX][0-9a-fA-F]{1,8};|[A-Za-z][A-Za-z0-9]{0,31};)?"
)
#: No word and no address we keep is longer; feedparser's search for e-mail addresses in an author
#: takes the square of such a run (its issue 562: a minute for 80 kB), so it is broken up.
_RUN = re.compile(r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{2049,}")
#: Shows such a run, far faster than the expression finds it: its characters become `a`.
_AS_RUN = bytes(97 if re.match(r"[A-Za-z0-9_.+-]", chr(byte)) else 32 for byte in range(256))
_SHOWN_RUN = b"a" * 2049
_RUN_PIECE = re.compile(r"(.{256})")
#: A character by its number.
_NUMBER = re.compile(r"&#(?:[0-9]{1,8}|[xX][0-9a-fA-F]{1,8});")
#: The caption of a picture, which feedparser takes for the entry's description if it comes first.
_CAPTION = re.compile(r"<(/?)media:description\b[^<>]*?(/?)>")
#: A guid that is no address although it may look like one. feedparser forgets that it said so.
_NO_PERMALINK = re.compile(r"<guid\s[^<>]*?ispermalink\s*=\s*[\"']?false\b", re.IGNORECASE)
#: Elements with a prefix that nobody declared.
_RSS_PREFIX = re.compile(r"<(/?)rss:")
#: Elements that nobody here reads and whose handlers in feedparser fail on some contents or places.
_UNREAD = re.compile(
    r"</?(?:(?:georss|geo|gml|psc|cc|creativecommons|itunes)(?=:)|(?:width|height|textinput)\b"
    r"|media:(?:player|rating|credit|license|restriction|category|keywords)\b)[^<>]*>",
    re.IGNORECASE,
)
#: More entries than this are not even parsed: 26,000 took 7 s, and 2,000 are kept.
_PARSED_LIMIT = 5_000
_ENTRY = re.compile(r"<(?:[a-z]{1,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)


def mended(text: str) -> str:
    """Return the feed's XML from its root element to its end. Raise NotAFeed when there is none.

    Two elements of no dialect tell what feedparser would not: a picture's caption comes out as
    ``media:caption``, a guid that is no address after ``nopermalink``.
    """
    xml = _referenced(_root_element(_legal(text)))
    if _SHOWN_RUN in xml.encode().translate(_AS_RUN):
        xml = _RUN.sub(lambda run: _RUN_PIECE.sub(r"\1 ", run[0]), xml)
    if "xmlns:rss=" not in xml:
        xml = _RSS_PREFIX.sub(r"<\1", xml)
    xml = _CAPTION.sub(r"<\1media:caption\2>", xml)
    return _NO_PERMALINK.sub(r"<nopermalink>1</nopermalink>\g<0>", xml)


def essential(xml: str) -> str:
    """Return a feed's XML without the tags that feedparser fails on and nobody here reads."""
    return _UNREAD.sub("", xml)


def capped(xml: str) -> tuple[str, int]:
    """Return a feed's XML without the middle of far too many entries, and how many are missing.

    The newest stand at the beginning or, rarely, at the end.
    """
    starts = [match.start() for match in _ENTRY.finditer(xml)]
    missing = max(len(starts) - _PARSED_LIMIT, 0)
    if not missing:
        return xml, 0
    half = _PARSED_LIMIT // 2
    return xml[: starts[half]] + xml[starts[-half] :], missing


def _root_element(text: str) -> str:
    """Return a text without what precedes and follows the feed."""
    for match in _ROOT.finditer(text):
        if match["html"]:
            raise NotAFeed("not-a-feed", "an HTML page")
        if match["root"]:
            end = text.rfind(f"</{match['root']}")
            close = text.find(">", end)
            return text[match.start() : close + 1 if end > 0 and close > 0 else None]
    raise NotAFeed("not-a-feed", "no dialect that is known")


def _referenced(xml: str) -> str:
    """Return XML with references that every parser knows; CDATA without impossible numbers."""
    pieces = []
    end = 0
    while (start := xml.find("<![CDATA[", end)) >= 0:
        pieces.append(_REFERENCE.sub(_reference, xml[end:start]))
        close = xml.find("]]>", start)
        end = len(xml) if close < 0 else close + 3
        pieces.append(_NUMBER.sub(_possible, xml[start:end]))
    return "".join([*pieces, _REFERENCE.sub(_reference, xml[end:])])


def _possible(match: re.Match[str]) -> str:
    """Return a reference by number as it is, "" when there is no such character."""
    return match[0] if _character(match[0]) else ""


def _reference(match: re.Match[str]) -> str:
    """Return what a reference stands for, as XML."""
    text, name = match[0], match[1]
    if not name:
        return "&amp;"
    return escape(_character(text) if name.startswith("#") else html5.get(name, text))


@lru_cache(1024)  # a feed repeats its few typographic quotes thousands of times
def _character(number: str) -> str:
    """Return the character of a number as browsers read it, "" when there is none.

    Windows-1252's numbers are read; U+FFFD is how the standard library tells of nonsense.
    """
    return _legal(unescape(number)).replace("\ufffd", "")


def _legal(text: str) -> str:
    """Return a text without the characters that XML forbids."""
    for character in _NO_CHARACTERS:
        text = text.replace(character, "")
    # Bytes are five times faster here, and in UTF-8 those of the controls are nothing else.
    return text.encode("utf-8", "ignore").translate(None, _CONTROLS).decode()
