"""Pure: the dialects of the format, and how one value is written.

Quoting follows 24,246 published files: titles, excerpts, embeds and secured values are always
double-quoted; names, topics, numbers, booleans and the date never are, unless a YAML reader would
take them for something else; URLs are plain in the first generation and quoted in the later ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import yaml

Dialect = Literal["seed", "web"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a file is written: its generation's names and quotes, and its own oddities."""

    #: Names of the page's, the AMP page's and the AMP cache's address.
    url: str
    amp_url: str
    cdn_amp_url: str
    quoted_urls: bool
    newline: str = "\n"
    #: Top-level keys block by block in a file that arranges them otherwise; () is the usual way.
    blocks: tuple[tuple[str, ...], ...] = ()
    #: (key, as we would write its value) -> as this file does.
    spellings: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def dialect(self) -> Dialect:
        """Return the dialect with the same names."""
        return "seed" if self.url == STYLES["seed"].url else "web"


#: What can be written: the user's example, and what the later themes read.
STYLES: dict[Dialect, Style] = {
    "seed": Style(url="sourceUrl", amp_url="ampUrl", cdn_amp_url="cdnAmpUrl", quoted_urls=False),
    "web": Style(url="webUrl", amp_url="ampWebUrl", cdn_amp_url="cdnAmpWebUrl", quoted_urls=True),
}


@dataclass(frozen=True, slots=True)
class Verbatim:
    """YAML that is written as it was found: all that stood after the colon of an unknown key."""

    text: str


#: The single values that the format's keys have.
Value = str | int | bool | datetime

_QUOTED = frozenset({"title", "excerpt", "featuredContent", "secured"})
URL_KEYS = frozenset({"url", "originalUrl"}).union(
    *({style.url, style.amp_url, style.cdn_amp_url} for style in STYLES.values())
)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: What YAML 1.1 does not count as printable, or breaks lines at; for use in a character class.
_UNPRINTABLE = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff"
_NEEDS_ESCAPE = re.compile(f'["\\\\{_UNPRINTABLE}]')
#: What an unquoted text may begin with and hold; everything else is quoted.
_PLAIN = re.compile(rf"[^\W_][^{_UNPRINTABLE}\"\\{{}}\[\]#`]*")
_PLAIN_URL = re.compile(r"[A-Za-z/](?:[!-~]*[!-9;-~])?")
#: Words that one YAML reader or another takes for a truth value or nothing.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nil"})
#: Numbers and times of any YAML reader (Psych reads 1,000 as a number where PyYAML does not).
_NUMBER = re.compile(r"[0-9][0-9a-fA-FxXoO_,.:eE+-]*")
_RESOLVER = yaml.resolver.Resolver()


def scalar(key: str, value: Value, style: Style) -> str:
    """Return a single value of `key` as `style` writes it, on one line."""
    ours = _usual(key, value, quoted_urls=style.quoted_urls)
    return style.spellings.get((key, ours), ours)


def _usual(key: str, value: Value, *, quoted_urls: bool) -> str:
    """Return a value as the generation writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if key in _QUOTED or (key in URL_KEYS and quoted_urls):
        return _quoted(value)
    meant = _PLAIN_URL.fullmatch(value) if key in URL_KEYS else _is_plain(value)
    return value if meant else _quoted(value)


def _quoted(text: str) -> str:
    """Return a text as a double-quoted scalar on one line."""
    return f'"{_NEEDS_ESCAPE.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    """Return the YAML escape of one character."""
    character = match.group()
    return _ESCAPES.get(character) or f"\\u{ord(character):04x}"


def _is_plain(text: str) -> bool:
    """Say whether every reader takes the unquoted text for that text."""
    if not _PLAIN.fullmatch(text) or text != text.strip() or text.endswith(":") or ": " in text:
        return False
    if text.lower() in _WORDS or _NUMBER.fullmatch(text):
        return False
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call] # PyYAML's stubs leave it bare
    return bool(tag == "tag:yaml.org,2002:str")
