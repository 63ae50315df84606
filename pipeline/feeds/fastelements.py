"""Pure: single elements of a feed as feedparser reads them, or `OddFeed` where it would wonder."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from pipeline.feeds.fastnames import OddFeed, attribute_of, name_of

#: What texts may be; other types make feedparser keep the markup, or try base64.
_TEXT_TYPES = frozenset({None, "text", "plain", "html", "text/plain", "text/html"})
#: Types of a link that leads to a page, and feedparser's default for a link without type.
_PAGE_TYPES = frozenset({"html", "xhtml", "text/html", "application/xhtml+xml"})
#: Dates that every parser reads or refuses without a fault; RSS's form and Atom's.
_DATE = re.compile(
    r"(?:[A-Za-z]{3,9},? )?[0-9]{1,2} [A-Za-z]{3,9} [0-9]{2,4} [0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
    r"(?: (?:[A-Z]{1,4}|[+-][0-9]{4}))?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
#: Addresses that resolving would change even without a base, or refuse.
_ODD_ADDRESS = re.compile(r"[\[\]]|:///")
_ASCII_HOST = re.compile(r"https?://[!-~]+?[/?#]")
#: Bytes of windows-1252 that went through ISO-8859-1; five of the 32 mean nothing. The expression
#: finds their UTF-8 far faster than the table is applied.
_WESTERN = {byte: bytes([byte]).decode("cp1252", "ignore") or byte for byte in range(0x80, 0xA0)}
_IS_WESTERN = re.compile(rb"\xc2[\x80-\x9f]")
#: No element of a feed has more; lxml takes the square of their number.
_MOST_ATTRIBUTES = 50
NOTHING: frozenset[str] = frozenset()
#: What is in an author.
PERSON = frozenset({"name", "email", "uri", "url", "x"})


def element_name(element: Any) -> str:
    """Return what an element counts as; a processing instruction is odd."""
    tag = element.tag
    if not isinstance(tag, str):
        raise OddFeed
    return name_of(tag, prefixed=element.prefix is not None)


def attributes_of(element: Any, *, may_have_base: bool = False) -> dict[str, str]:
    """Return the attributes of an element, by what they count as."""
    found: dict[str, str] = {}
    if len(element.attrib) > _MOST_ATTRIBUTES:
        raise OddFeed
    for key, value in element.items():
        name = attribute_of(key)
        if name in found or (name in ("xml:base", "base") and not may_have_base):
            raise OddFeed
        found[name] = value.lower() if name in ("rel", "type") else value
    return found


def plain_attributes(element: Any) -> dict[str, str]:
    """Return the attributes of a feed or an entry, which may not be a link itself."""
    attributes = attributes_of(element)
    if "href" in attributes or "lastmod" in attributes:
        raise OddFeed
    return attributes


def check_leaf(element: Any) -> None:
    """Make sure that an element holds nothing but text."""
    if len(element):
        raise OddFeed


def pass_over(element: Any, members: frozenset[str]) -> None:
    """Pass over an element, after making sure that nothing else is in it than these members."""
    attributes_of(element, may_have_base=True)
    for child in element:
        name = element_name(child)
        if name not in members:
            raise OddFeed
        pass_over(child, members if name in ("x", "other") else NOTHING)


def text_of(element: Any) -> str:
    """Return the text of an element.

    feedparser repairs UTF-8 that was taken for ISO-8859-1, and windows-1252 likewise.
    """
    check_leaf(element)
    text: str = (element.text or "").strip()
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("latin-1").decode()
    return text.translate(_WESTERN) if _IS_WESTERN.search(text.encode()) else text


def bare_text(element: Any) -> str:
    """Return the text of an element that would mean something else with attributes."""
    if element.keys() or element.nsmap != element.getparent().nsmap:
        raise OddFeed
    return text_of(element)


def marked_up(element: Any) -> str:
    """Return a text that is plain or escaped HTML."""
    attributes = attributes_of(element, may_have_base=True)
    if attributes.get("type") not in _TEXT_TYPES or "mode" in attributes:
        raise OddFeed
    return text_of(element)


def date_text(element: Any) -> str:
    """Return the text of a date."""
    text = text_of(element)
    if text and not _DATE.fullmatch(text):
        raise OddFeed
    return text


def address(text: str) -> str:
    """Return an address that feedparser leaves as it is; it repairs what looks like entities."""
    if _ODD_ADDRESS.search(text) or ("&" in text and ";" in text):
        raise OddFeed
    if not (text.isascii() or _ASCII_HOST.match(text)):
        raise OddFeed
    return text


def referring(element: Any) -> dict[str, str]:
    """Return the attributes of a link or an attachment, its address as `href`."""
    attributes = attributes_of(element)
    if "uri" in attributes or attributes.keys() >= {"url", "href"}:
        raise OddFeed
    if attributes.get("url"):
        attributes["href"] = attributes.pop("url")
    return attributes


def add_link(element: Any, values: dict[str, Any]) -> None:
    """Add a link to what a feed or an entry says; the last that leads to a page is the link."""
    link = {"rel": "alternate", "type": "text/html"} | referring(element)
    values.setdefault("links", []).append(link)
    if "href" in link:
        check_leaf(element)
        if not address(link["href"]):
            raise OddFeed
        if link["rel"] == "alternate" and link["type"] in _PAGE_TYPES:
            values["link"] = link["href"]
        return
    values["link"] = address(text_of(element))
    if values["link"]:
        link["href"] = values["link"]


def person_of(element: Any) -> dict[str, str]:
    """Return the name and the e-mail address of an author."""
    person: dict[str, str] = {}
    around = (element.text, *(child.tail for child in element))
    if any(text and text.strip() for text in around):
        raise OddFeed
    for child in element:
        name = element_name(child)
        if name in person or name not in PERSON:
            raise OddFeed
        pass_over(child, NOTHING)
        text = (child.text or "").strip()
        # feedparser may take the text of an unknown element for the author's own.
        if name == "x" and text:
            raise OddFeed
        if name in ("name", "email"):
            person[name] = text
    return person
