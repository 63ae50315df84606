"""Bytes of a page -> one lxml tree, and a word on whether its text may be extracted.

The tree is shared by every reader of the room. Some markup costs its reader far more than its
size promises; it is recognised here, before the time is spent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml.html import document_fromstring
from trafilatura.utils import load_html

from pipeline.articles.refusals import NOT_HTML
from pipeline.errors import NotAnArticle

#: Bytes read of a page; the web seam's own cap is the same. The largest of 188 real pages has 2.2
#: MB; a 20 MB page took 46 s.
_MAX_BYTES = 5 * 2**20
#: Of a page beyond that only so much is looked at, for what its head declares.
_HEAD_CHARS = 2**19
#: Extraction is quadratic in the number of siblings. Largest of 188 real pages: 12,031 tags, 248
#: paragraphs and line breaks; 100,000 short paragraphs took 19 s.
_MAX_TAGS = 50_000
_MAX_BREAKS = 10_000
#: No sentence and no word is that long; 5 million letters without a space are an attack.
_MAX_TOKEN = 100_000

_HTML_TYPES = frozenset(
    {"", "text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain"}
)
#: Signatures of what is often served as HTML by mistake: PDF, JPEG, PNG, GIF, zip, gzip.
_SIGNATURES = (b"%PDF", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"PK\x03\x04", b"\x1f\x8b")
#: Feeds and JSON are answers to another question.
_OTHER_ROOT = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<(?:rss|feed|rdf:RDF|urlset|svg)\b|[{\[])")

_BREAK = re.compile(r"<(?:br|p)[\s/>]", re.IGNORECASE)
#: A tag with thousands of attributes costs lxml the square of their number: 20,000 took 2.6 s.
_HUGE_TAG = re.compile(r"<[A-Za-z][^<>]{20000,}>?")
_MAX_ATTRIBUTES = 500


@dataclass(frozen=True, slots=True)
class Markup:
    """One page, parsed. `tree` is an `lxml.html.HtmlElement`."""

    tree: Any
    #: Why no text may be extracted from it; None when it may.
    too_costly: str | None = None


def parse_markup(body: bytes, content_type: str) -> Markup:
    """Return the parsed page; raise NotAnArticle (``not-html``) when it is no web page."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _HTML_TYPES:
        raise NotAnArticle(NOT_HTML, kind[:80])
    if body.startswith(_SIGNATURES):
        raise NotAnArticle(NOT_HTML, "another format's signature")
    text = decode(body[:_MAX_BYTES], content_type)
    if _OTHER_ROOT.match(text):
        raise NotAnArticle(NOT_HTML, "another format's first tag")
    too_costly = _too_costly(text, size=len(body))
    if too_costly == "bytes":
        text = text[:_HEAD_CHARS]
    return Markup(tree=_tree(_HUGE_TAG.sub(_without_crowd, text)), too_costly=too_costly)


def _too_costly(text: str, *, size: int) -> str | None:
    """Say which limit of text extraction a page breaks, None when it keeps them all."""
    if size > _MAX_BYTES:
        return "bytes"
    if text.count("<") > _MAX_TAGS:
        return "tags"
    if sum(1 for _ in _BREAK.finditer(text)) > _MAX_BREAKS:
        return "breaks"
    return None


def has_endless_word(text: str) -> bool:
    """Say whether a text holds a word longer than any text has."""
    return any(len(word) > _MAX_TOKEN for word in text.split())


def _without_crowd(tag: re.Match[str]) -> str:
    """Drop a tag that has more attributes than any page needs; a long data: address may stay."""
    crowd = max(tag[0].count("="), len(tag[0].split()))
    return "" if crowd > _MAX_ATTRIBUTES else tag[0]


def _tree(text: str) -> Any:
    """Return the tree as trafilatura makes it (its text is best from its own), never None."""
    tree = load_html(text) if "<" in text else None
    return document_fromstring("<html><body></body></html>") if tree is None else tree


# --- character sets -------------------------------------------------------------------------------

#: Labels of the WHATWG Encoding Standard that pages still use, to the codec that reads them there.
_CODECS = {
    **dict.fromkeys(("utf-8", "utf8", "unicode-1-1-utf-8"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii"), "cp1252"),
    **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)},
    **{f"cp{page}": f"cp{page}" for page in range(1250, 1259)},
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620", "windows-874"), "cp874"),
    **dict.fromkeys(("koi8-r", "koi8"), "koi8-r"),
    "koi8-u": "koi8-u",
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j"), "cp932"),
    "euc-jp": "euc-jp",
    "iso-2022-jp": "iso2022-jp",
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "windows-949"), "cp949"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "x-gbk"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs"), "big5hkscs"),
    **dict.fromkeys(("utf-16", "utf-16le"), "utf-16-le"),
    "utf-16be": "utf-16-be",
    "macintosh": "mac-roman",
}
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
#: Where HTML allows the declaration to stand (WHATWG HTML, section 4.2.5.4); real pages are late.
_DECLARATION_BYTES = 4096


def decode(body: bytes, content_type: str) -> str:
    """Return the characters of a page; what cannot be read becomes U+FFFD.

    A byte order mark decides, then UTF-8 when every byte agrees, then the charset of the header,
    of the page, and windows-1252. Declarations are wrong too often to be asked first.
    """
    for mark, codec in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        # A body cut within its last character is UTF-8 all the same.
        if error.reason == "unexpected end of data":
            return body[: error.start].decode()
    declared = body[:_DECLARATION_BYTES].decode("latin-1")
    for text in (content_type, declared):
        found = _HEADER_CHARSET.search(text)
        codec = _CODECS.get(found[1].lower(), "") if found else ""
        # A page that says in ASCII letters that it is UTF-16 is not.
        if codec and not (text is declared and codec.startswith("utf-16")):
            return body.decode(codec, "replace")
    return body.decode("cp1252", "replace")
