"""Pure: the text of an XML file from strangers -> its tree, with nothing in it that acts.

Whatever precedes the root element is cut off, the DOCTYPE with it, so that there are no entities to
expand and nothing to load; a reference that XML does not know by itself stays the text it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from pipeline.errors import NotAFeed
from pipeline.plaintext import clean_line

#: Comments and instructions are passed over; the first element after them is the root.
_TOKEN = re.compile(
    r"<!--(?:.*?-->|.*)|<\?(?:.*?\?>|.*)|<(?:[a-z][\w.-]{0,30}:)?(?P<root>[a-z]{1,30})[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
#: An ampersand that begins no reference of XML's own.
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,8});)")
#: What XML 1.0 (section 2.2) has no place for.
_NO_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

#: Nothing is expanded, loaded or asked for.
_HARMLESS: dict[str, Any] = {
    "encoding": "utf-8", "resolve_entities": False, "no_network": True, "load_dtd": False,
}  # fmt: skip
#: Bytes that are parsed at a time where the whole would be too large a tree.
_PIECE = 2**16


def root_name(text: str) -> str:
    """Return the name of the root element in lower case, without prefix; "" when there is none."""
    match = _root(text)
    return match["root"].lower() if match else ""


def parse_xml(text: str, *, recover: bool) -> Any:
    """Return the root element; with `recover`, as much of a broken file as can be read.

    libxml2's own limits of depth and size hold. Raise NotAFeed: `unreadable-feed`.
    """
    parser = etree.XMLParser(recover=recover, **_HARMLESS)
    try:
        root = etree.fromstring(_without_prolog(text), parser)
    except etree.XMLSyntaxError as error:
        raise NotAFeed("unreadable-feed", clean_line(str(error))[:200]) from error
    if root is None:
        raise NotAFeed("unreadable-feed", "no element that can be read")
    return root


def each_element(text: str, name: str) -> Iterator[Any]:
    """Yield each element of a name, one at a time, as far as the file can be read.

    An element is emptied when the next is asked for, so that a file of 50 MB makes no tree of
    500. Raise NotAFeed: `unreadable-feed`, when there is not even a root element.
    """
    parser = etree.XMLPullParser(events=("end",), recover=True, **_HARMLESS)
    xml = _without_prolog(text)
    for start in range(0, len(xml), _PIECE):
        try:
            parser.feed(xml[start : start + _PIECE])
        except etree.XMLSyntaxError:
            return  # beyond what recovering can do
        for _, element in parser.read_events():
            if local_name(element) == name:
                yield element
                element.clear()
                _forget_earlier(element)


def _forget_earlier(element: Any) -> None:
    """Take the elements before this one out of the tree."""
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def local_name(element: Any) -> str:
    """Return the name of an element in lower case, without its namespace; comments have none."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def children(element: Any, name: str) -> Iterator[Any]:
    """Yield the children of a name, whatever their namespace; none of None."""
    members: Iterable[Any] = () if element is None else element
    return (one for one in members if local_name(one) == name)


def child_text(element: Any, name: str) -> str:
    """Return the text of the first child of a name, "" when there is none."""
    found = next(children(element, name), None)
    return "" if found is None else "".join(found.itertext()).strip()


def _without_prolog(text: str) -> bytes:
    """Return XML from the root element on. Raise NotAFeed: `unreadable-feed` for none."""
    match = _root(text)
    if match is None:
        raise NotAFeed("unreadable-feed", "no XML element")
    xml = _BARE_AMPERSAND.sub("&amp;", _NO_CHARACTERS.sub("", text[match.start() :]))
    return xml.encode()


def _root(text: str) -> re.Match[str] | None:
    """Return where the root element begins."""
    return next((match for match in _TOKEN.finditer(text) if match["root"]), None)
