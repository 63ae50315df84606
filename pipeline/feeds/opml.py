"""Pure: OPML 2.0, the list of feeds that every reader can write and read (opml.org/spec2.opml).

What OPML has no word for (a source's id, provider, interval) travels in attributes of our own
namespace, as the standard allows; other programs pass over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from xml.sax.saxutils import quoteattr

from pipeline.charsets import decode
from pipeline.errors import NotAFeed
from pipeline.plaintext import clean_line
from pipeline.safexml import child_text, children, parse_xml, root_name

#: Ours; a name, not an address.
NAMESPACE = "urn:newsloom:source"
#: 20,000 feeds take about 4 MiB; more are better kept in a catalogue.
MAX_BYTES = 8 * 2**20
#: Folders in folders; what is nested deeper is still read, its folders are not told.
_FOLDERS_LIMIT = 10
_TEXT_LIMIT = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list, as it stands there: nothing is checked but the XML."""

    title: str
    feed_url: str
    home_url: str = ""
    language: str = ""
    #: Names of the folders it lies in, outermost first.
    folders: tuple[str, ...] = ()
    #: Attributes of our own namespace.
    own: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opml:
    """A list of feeds in its order."""

    title: str
    outlines: tuple[Outline, ...]


def read_opml(body: bytes) -> Opml:
    """Return the feeds of a list, nested or not.

    Outlines without a feed are folders. Broken XML is refused rather than read in part: a list
    must not lose feeds in silence. Raise NotAFeed: `too-large`, `not-opml`, `unreadable-feed`.
    """
    if len(body) > MAX_BYTES:
        raise NotAFeed("too-large", f"more than {MAX_BYTES // 2**20} MiB")
    text = decode(body)
    if root_name(text) != "opml":
        raise NotAFeed("not-opml", "its first element is not <opml>")
    root = parse_xml(text, recover=False)
    head = next(children(root, "head"), None)
    found: list[Outline] = []
    for part in children(root, "body"):
        # A stack instead of recursion: folders may be nested as deep as the parser allows.
        waiting: list[tuple[Any, tuple[str, ...]]] = [(part, ())]
        while waiting:
            element, folders = waiting.pop()
            outline = _outline(element, folders)
            if outline is not None:
                found.append(outline)
            name = _attribute(element, "text") or _attribute(element, "title")
            inner = folders if outline or not name else (*folders, name)[:_FOLDERS_LIMIT]
            waiting += [(one, inner) for one in reversed(list(children(element, "outline")))]
    return Opml(title=clean_line(child_text(head, "title"))[:_TEXT_LIMIT], outlines=tuple(found))


def write_opml(listed: Opml) -> str:
    """Return a list as OPML 2.0, neighbours of one folder together."""
    lines = [
        "<?xml version='1.0' encoding='UTF-8'?>",
        f'<opml version="2.0" xmlns:newsloom="{NAMESPACE}">',
        f"  <head><title>{_escaped(listed.title)}</title></head>",
        "  <body>",
    ]
    for folders, outlines in groupby(listed.outlines, key=lambda outline: outline.folders):
        for depth, name in enumerate(folders):
            lines.append(f"{_indent(depth)}<outline text={_quoted(name)}>")
        lines += [f"{_indent(len(folders))}{_line(outline)}" for outline in outlines]
        lines += [f"{_indent(depth)}</outline>" for depth in reversed(range(len(folders)))]
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def _outline(element: Any, folders: tuple[str, ...]) -> Outline | None:
    """Return the feed of an outline, None when it has none."""
    feed = _attribute(element, "xmlUrl")
    if not feed:
        return None
    prefix = f"{{{NAMESPACE}}}"
    own = {
        str(name).removeprefix(prefix): clean_line(str(value))[:_TEXT_LIMIT]
        for name, value in element.attrib.items()
        if str(name).startswith(prefix)
    }
    return Outline(
        title=_attribute(element, "title") or _attribute(element, "text"),
        feed_url=feed,
        home_url=_attribute(element, "htmlUrl"),
        language=_attribute(element, "language"),
        folders=folders,
        own=own,
    )


def _attribute(element: Any, name: str) -> str:
    """Return an attribute as one line, whatever the case of its name, as programs write xmlurl."""
    for key, value in element.attrib.items():
        if str(key).lower() == name.lower():
            return clean_line(str(value))[:_TEXT_LIMIT]
    return ""


def _line(outline: Outline) -> str:
    """Return the element of one feed; what is empty is left out."""
    attributes = {
        "type": "rss",
        "text": outline.title,
        "title": outline.title,
        "xmlUrl": outline.feed_url,
        "htmlUrl": outline.home_url,
        "language": outline.language,
        **{f"newsloom:{name}": value for name, value in sorted(outline.own.items())},
    }
    said = " ".join(f"{name}={_quoted(value)}" for name, value in attributes.items() if value)
    return f"<outline {said}/>"


def _indent(depth: int) -> str:
    """Return the blanks before an outline."""
    return "  " * (depth + 2)


def _quoted(text: str) -> str:
    """Return a text as the value of an attribute."""
    return quoteattr(clean_line(text))


def _escaped(text: str) -> str:
    """Return a text as it stands between tags."""
    return clean_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
