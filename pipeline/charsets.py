"""Pure: the bytes of a feed -> text, whatever their server and their first line say.

Declarations are often wrong, bytes hardly ever: what decodes as UTF-8 is UTF-8, and what does not
is what it declares, else Western European with whatever UTF-8 is in between. The names that count
are those of the WHATWG Encoding Standard, with its readings: ISO-8859-1 means windows-1252.
"""

from __future__ import annotations

import codecs
import re

#: How a body in UTF-16 or -32 begins: with a byte order mark, else with `<` or `{`.
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"{\0", "utf-16-le"),
    (b"\0{", "utf-16-be"),
)
#: Encodings that are taken for a wider one, by Python's names for both.
_WIDER = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874",
    "tis-620": "cp874", "gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs",
    "shift_jis": "cp932", "euc_kr": "cp949",
}  # fmt: skip
#: The standard's other legacy encodings. Whatever else Python knows (utf-7, idna, punycode ...) is
#: no encoding of a feed, and partly slow.
_KNOWN = frozenset(
    {
        *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
        *(f"cp{page}" for page in range(1250, 1259)),
        *("cp866", "cp874", "cp932", "cp949", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"),
        *("gb18030", "big5hkscs", "euc_jp", "iso2022_jp"),
    }
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.ASCII | re.IGNORECASE)
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", re.IGNORECASE)
#: One unreadable character in so many is a slip in the text; more, and the encoding is wrong.
_SLIPS = 200
#: With more than one in so many, UTF-8 is not even mixed in.
_MIXED = 10
#: Windows-1252 as the standard has it: the five bytes Microsoft left free are control characters.
_WESTERN = {byte: bytes([byte]).decode("cp1252", "ignore") or byte for byte in range(0x80, 0xA0)}


def _western(data: bytes) -> str:
    """Read bytes as windows-1252."""
    return data.decode("latin-1").translate(_WESTERN)


def _bad_as_western(error: UnicodeError) -> tuple[str, int]:
    """Read the bytes that are no UTF-8 as windows-1252."""
    assert isinstance(error, UnicodeDecodeError), "registered for decoding alone"
    return _western(error.object[error.start : error.end]), error.end


codecs.register_error("newsloom-western", _bad_as_western)


def decode(body: bytes, *, content_type: str = "") -> str:
    """Return the text of a body, without its byte order mark; every body has one."""
    for mark, codec in _WIDE:
        if body.startswith(mark):
            return body.decode(codec, "replace")
    body = body.removeprefix(codecs.BOM_UTF8)
    # ISO-2022-JP is the one legacy encoding whose text is valid UTF-8, all ASCII with escapes.
    if b"\x1b" not in body or not body.isascii():
        try:
            return body.decode()
        except UnicodeDecodeError:
            pass
    for codec in _declared(body, content_type):
        text = body.decode(codec, "replace")
        if text.count("\ufffd") * _SLIPS <= len(text):
            return text
    if body.decode("utf-8", "replace").count("\ufffd") * _MIXED > len(body):
        return _western(body)
    return body.decode("utf-8", "newsloom-western")


def _declared(body: bytes, content_type: str) -> list[str]:
    """Return the legacy encodings that the server and the document declare.

    RFC 7303 puts the server's word first. But Western European is what servers say of all they
    have, so it comes after a word that somebody must have meant.
    """
    said = _CHARSET.search(content_type)
    written = _DECLARED.match(body)
    labels = [said[1] if said else "", written[1].decode() if written else ""]
    codecs_ = [codec for label in labels if (codec := _codec(label))]
    return sorted(dict.fromkeys(codecs_), key=lambda codec: codec == "cp1252")


def _codec(label: str) -> str | None:
    """Return Python's name of a legacy encoding of the standard, None for all others."""
    try:
        name = codecs.lookup(label.lower().removeprefix("x-").replace("windows-", "cp")).name
    except (LookupError, ValueError):
        return None
    name = _WIDER.get(name, name)
    return name if name in _KNOWN else None
