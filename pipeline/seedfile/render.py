"""Pure: a seed document -> its bytes, and the proof that they say just that.

Order, quoting and blank lines are those of 24,246 published files: blocks separated by exactly one
blank line, nothing empty written, two blanks of indentation, and the file ends with the closing
dashes and one empty line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from pipeline.errors import SeedFileError
from pipeline.seedfile.document import SeedDocument
from pipeline.seedfile.fitness import require_fit
from pipeline.seedfile.style import STYLES, Dialect, Style, Verbatim, scalar
from pipeline.seedfile.values import values_of

OPENING = "---\n"
#: The body stays empty: what stands in it would be run as a template by Jekyll.
CLOSING = "---\n\n"
#: A line that ends the front matter, for one reader or another.
_DASHES = (b"---", b"...")
#: At the left edge but for blanks, where texts never stand.
_WEB_NAME = re.compile(rf"^ *{STYLES['web'].url}:".encode(), re.MULTILINE)
#: Keys that stand in a block of their own although they hold one value.
_ALONE = frozenset({"featuredContent", "secured"})
#: libyaml reads ten times faster, by the same rules; both are PyYAML's.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def render(document: SeedDocument, dialect: Dialect | Style) -> bytes:
    """Return the document's file.

    In a dialect only what is fit to be published is written, else SeedFileError is raised. In the
    style of a file that was read, everything is, as it was.
    """
    if isinstance(dialect, Style):
        style = dialect
    else:
        style = STYLES[dialect]
        require_fit(document)
    values = values_of(document, style)
    blocks = "\n".join(
        "".join(f"{line}\n" for key in block for line in _lines(key, values[key], style))
        for block in _arranged(values, style)
    )
    return f"{OPENING}{blocks}{CLOSING}".replace("\n", style.newline).encode()


def _arranged(values: Mapping[str, Any], style: Style) -> Iterable[tuple[str, ...]]:
    """Return the keys block by block: as the file had them while it has the same ones."""
    if {key for block in style.blocks for key in block} == values.keys():
        return style.blocks
    return usual_blocks(values)


def usual_blocks(values: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return the keys of a front matter block by block: one of single values, then one for each."""
    alone = [key for key, value in values.items() if key in _ALONE or _is_long(value)]
    return (tuple(key for key in values if key not in alone), *((key,) for key in alone))


def _is_long(value: Any) -> bool:
    """Say whether a value takes more than its key's line."""
    return isinstance(value, dict | list) or (isinstance(value, Verbatim) and "\n" in value.text)


def _lines(key: str, value: Any, style: Style) -> Iterator[str]:
    """Yield the lines of one key."""
    if isinstance(value, Verbatim):
        yield from f"{key}:{value.text}".split("\n")
    elif isinstance(value, dict):
        yield f"{key}:"
        yield from _indented(_mapping(value, style), first="  ", rest="  ")
    elif isinstance(value, list):
        yield f"{key}:"
        for one in value:
            if isinstance(one, dict):
                yield from _indented(_mapping(one, style), first="  - ", rest="    ")
            else:
                text = scalar(key, one, style)
                yield f"  - {text}" if text.strip() else f"  -{text}"
    else:
        yield f"{key}: {scalar(key, value, style)}"


def _mapping(values: Mapping[str, Any], style: Style) -> list[str]:
    """Return the lines of a mapping."""
    return [line for key, value in values.items() for line in _lines(key, value, style)]


def _indented(lines: Iterable[str], *, first: str, rest: str) -> Iterator[str]:
    """Yield lines with something in front, empty ones as they are."""
    for number, line in enumerate(lines):
        yield f"{rest if number else first}{line}" if line else line


def prove(data: bytes, document: SeedDocument) -> None:
    """Raise SeedFileError unless `data` says just what `document` does, and that is fit to publish.

    PyYAML's safe loader reads it as consumers do; every value must come back with its type.
    """
    require_fit(document)
    values = _read(data)
    names = STYLES["web" if _WEB_NAME.search(data) else "seed"]
    if difference := _difference("", values_of(document, names), values):
        raise SeedFileError(f"{difference} would be read as something else; report this as a bug")


def _read(data: bytes) -> dict[str, Any]:
    """Return the values of a file of the one form that we write."""
    front = data.removeprefix(OPENING.encode()).removesuffix(CLOSING.encode())
    whole = len(front) == len(data) - len(OPENING) - len(CLOSING)
    if not whole or any(line.startswith(_DASHES) for line in front.split(b"\n")):
        raise SeedFileError("the front matter is not closed as it should be; report this as a bug")
    try:
        values = yaml.load(front.decode(), Loader=_LOADER)  # noqa: S506 -- a safe loader, see above
    except (yaml.YAMLError, ValueError) as error:
        raise SeedFileError(f"what was written is no YAML ({error}); report this") from None
    if not isinstance(values, dict):
        raise SeedFileError("what was written holds no keys; report this as a bug")
    return values


def _difference(key: str, meant: Any, read: Any) -> str:
    """Return the first key whose value is not what was meant, down to its type; "" for none."""
    if isinstance(meant, Verbatim):
        meant = yaml.load(f"{key}:{meant.text}", Loader=_LOADER)[key]  # noqa: S506 -- as above
    if type(meant) is not type(read):
        return key
    if isinstance(meant, dict):
        if meant.keys() != read.keys():
            return key or "the front matter"
        return next(
            filter(None, (_difference(name, meant[name], read[name]) for name in meant)), ""
        )
    if isinstance(meant, list):
        if len(meant) != len(read):
            return key
        pairs = zip(meant, read, strict=True)
        return next(filter(None, (_difference(key, one, other) for one, other in pairs)), "")
    return "" if meant == read else key
