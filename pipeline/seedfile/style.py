"""Pure: the dialects of the format, and how one scalar is written.

Quoting follows 24,246 published files: titles, excerpts, embeds and secured values are always
double-quoted; names, topics, numbers, booleans and the date never are, unless a YAML reader would
take them for something else; URLs are plain in the first generation and quoted in the later ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import yaml

Dialect = Literal["seed", "web"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a generation of the format is written."""

    #: Names of the page's, the AMP page's and the AMP cache's address.
    url: str
    amp_url: str
    cdn_amp_url: str
    quoted_urls: bool
    newline: str = "\n"


#: What can be written: the user's example, and what the later themes read.
STYLES: dict[Dialect, Style] = {
    "seed": Style(url="sourceUrl", amp_url="ampUrl", cdn_amp_url="cdnAmpUrl", quoted_urls=False),
    "web": Style(url="webUrl", amp_url="ampWebUrl", cdn_amp_url="cdnAmpWebUrl", quoted_urls=True),
}

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: What YAML 1.1 does not count as printable, or breaks lines at.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_NEEDS_ESCAPE = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]')
#: What a plain scalar may begin with and hold; everything else is quoted.
_PLAIN = re.compile(r"[^\W_][^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\"\\{}\[\]#`]*")
#: Words that one YAML reader or another takes for a truth value or nothing.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nil"})
#: Numbers and times of any YAML reader (Psych reads 1e3 and 1,000 where PyYAML does not).
_NUMBER = re.compile(r"[-+.]?[0-9][0-9a-fA-FxXoO_,.:eE+-]*")
_RESOLVER = yaml.resolver.Resolver()


def quoted(text: str) -> str:
    """Return `text` as a double-quoted scalar on one line."""
    return f'"{_NEEDS_ESCAPE.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    """Return the YAML escape of one character."""
    character = match.group()
    return _ESCAPES.get(character) or f"\\u{ord(character):04x}"


def plain(text: str) -> str:
    """Return `text` unquoted where every reader takes it for that text, else quoted."""
    return text if _is_plain(text) else quoted(text)


def _is_plain(text: str) -> bool:
    """Say whether an unquoted scalar means just its characters."""
    if not _PLAIN.fullmatch(text) or text != text.strip() or text.endswith(":") or ": " in text:
        return False
    if text.lower() in _WORDS or _NUMBER.fullmatch(text):
        return False
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call] # PyYAML's stubs leave it bare
    return bool(tag == "tag:yaml.org,2002:str")


def url_scalar(url: str, style: Style) -> str:
    """Return an address as the style writes it, quoted where plain would be unsafe."""
    unsafe = url.endswith(":") or " " in url or _UNPRINTABLE.search(url) or not url.isascii()
    return quoted(url) if style.quoted_urls or unsafe else url
