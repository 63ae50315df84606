"""Pure: YAML text -> a small tree that knows where each value stands and how it is spelled.

Made from PyYAML's events, not by its loaders: those follow aliases, let a second key of one name
win in silence, and end the process on deep nesting (libyaml's composer: a segmentation fault at
100,000 brackets).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from pipeline.errors import SeedFileError

#: The format nests five deep (related, its provider, that one's pictures); unknown keys may more.
_MAX_DEPTH = 16
_BLANKS = re.compile(" *")
#: See render: libyaml reads ten times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value: its text, and as it stands in the file with quotes and escapes."""

    text: str
    lexeme: str
    line: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    members: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping: each key's value, the line of each key, and all that stands after its colon."""

    values: dict[str, Node]
    lines: dict[str, int]
    written: dict[str, str]
    line: int


Node = Scalar | Listing | Table


def read_tree(text: str, *, first_line: int) -> Table:
    """Return the mapping that `text` holds, lines counted from `first_line`.

    Raise SeedFileError with line and remedy when it is no YAML or uses what the format does not.
    """
    builder = _Builder(text, first_line)
    try:
        return builder.document()
    except yaml.MarkedYAMLError as error:
        line = builder.line_at(error.problem_mark.index) if error.problem_mark else None
        message = f"no YAML: {error.problem}; put the value in double quotes, with \\ before any"
        raise SeedFileError(message + ' " or \\ in it', line=line) from None


class _Builder:
    """Builds the tree of one text."""

    def __init__(self, text: str, first_line: int) -> None:
        self._text = text
        self._first_line = first_line
        # YAML ends lines at U+0085, U+2028 and U+2029 too, editors do not.
        self._line_ends = [match.start() for match in re.finditer("\n", text)]
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        #: Where the event that was taken last ends.
        self._end = 0

    def document(self) -> Table:
        """Return the only document's mapping."""
        self._next()  # the stream begins
        if isinstance(self._next(), yaml.StreamEndEvent):
            raise SeedFileError("no keys between the dashes; restore them", line=self._first_line)
        start = self._next()
        node = self._node(start, depth=0)
        if not isinstance(node, Table):
            raise self._error(start, "keys and values are expected; write `key: value`")
        return node

    def _next(self) -> Any:
        """Take the next event."""
        event = next(self._events)
        self._end = event.end_mark.index
        return event

    def _error(self, event: Any, message: str) -> SeedFileError:
        """Return a complaint about the place of an event."""
        return SeedFileError(message, line=self._line(event))

    def _line(self, event: Any) -> int:
        """Return the line where an event begins."""
        return self.line_at(event.start_mark.index)

    def line_at(self, index: int) -> int:
        """Return the line of a character."""
        return bisect_left(self._line_ends, index) + self._first_line

    def _node(self, event: Any, *, depth: int) -> Node:
        """Return what begins with `event`."""
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self._error(event, "anchors and aliases (& *) are not read; write the value out")
        if event.tag is not None and event.tag != "!":
            raise self._error(event, f"the tag {event.tag} is not read; remove it")
        if depth > _MAX_DEPTH:
            raise self._error(event, f"nested more than {_MAX_DEPTH} deep; write the file again")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._listing(event, depth=depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._table(event, depth=depth)
        start = event.start_mark.index
        # An empty member of a list, which seven published files have, may trail a blank.
        lexeme = self._text[start : self._end] or _blanks(self._text, start)
        return Scalar(event.value, lexeme, self._line(event))

    def _listing(self, start: Any, *, depth: int) -> Listing:
        """Return the list that begins with `start`."""
        members = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            members.append(self._node(event, depth=depth + 1))
        return Listing(tuple(members), self._line(start))

    def _table(self, start: Any, *, depth: int) -> Table:
        """Return the mapping that begins with `start`."""
        table = Table({}, {}, {}, self._line(start))
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth=depth + 1)
            if not isinstance(key, Scalar) or key.lexeme != key.text:
                raise self._error(event, "a key is a plain word here; write it without quotes")
            if key.text in table.values:
                raise self._error(event, f"{key.text} stands twice; remove one of the two")
            first = self._next()
            table.lines[key.text] = key.line
            table.values[key.text] = self._node(first, depth=depth + 1)
            table.written[key.text] = self._written(event)
        return table

    def _written(self, key: Any) -> str:
        """Return what stands from the colon of `key` to here, as if it stood at the left edge."""
        # A key in braces can stand without a colon.
        _, _, written = self._text[key.end_mark.index : self._end].partition(":")
        edge = " " * key.start_mark.column
        first, *rest = written.rstrip().split("\n")
        return "\n".join([first, *(line.removeprefix(edge) for line in rest)])


def _blanks(text: str, start: int) -> str:
    """Return the blanks that stand at `start`."""
    blanks = _BLANKS.match(text, start)
    return blanks.group() if blanks else ""
