"""Pure: one mapping of a seed document, read key by key with the line in every complaint."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from pipeline.errors import SeedFileError
from pipeline.seedfile.tree import Listing, Node, Scalar, Table

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
#: Not 012, which YAML 1.1 reads as ten.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,8})")
_TRUTH = {"true": True, "false": False}


class Fields:
    """The keys of one mapping; those that nobody asks for are left over."""

    def __init__(self, name: str, table: Table) -> None:
        """Take a mapping and the key under which it stands ("" for the top level)."""
        self._name = name
        self._table = table
        self._asked: set[str] = set()

    def text(self, key: str) -> str:
        """Return a text that must be there, however it is quoted."""
        node = self._scalar(key)
        if not node.lexeme.strip():
            raise SeedFileError(f'{key} is empty; give it a value, or ""', line=node.line)
        return node.text

    def optional_text(self, key: str) -> str | None:
        """Return a text that may be missing."""
        return self.text(key) if self._has(key) else None

    def number(self, key: str) -> int:
        """Return a whole number that must be there."""
        node = self._scalar(key)
        if not _NUMBER.fullmatch(node.lexeme):
            message = f"{key}: {_shown(node)} is no number; write digits without quotes"
            raise SeedFileError(message, line=node.line)
        return int(node.text)

    def truth(self, key: str) -> bool:
        """Return true or false, which must be there."""
        node = self._scalar(key)
        if node.lexeme not in _TRUTH:
            message = f"{key}: {_shown(node)}; write true or false without quotes"
            raise SeedFileError(message, line=node.line)
        return _TRUTH[node.lexeme]

    def optional_truth(self, key: str) -> bool | None:
        """Return true or false, which may be missing."""
        return self.truth(key) if self._has(key) else None

    def time(self, key: str) -> datetime:
        """Return a time in UTC that must be there."""
        node = self._scalar(key)
        try:
            if _TIME.fullmatch(node.lexeme):
                return datetime.strptime(node.lexeme, _TIME_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            pass  # a day or an hour that does not exist
        message = f"{key}: {_shown(node)}; write YYYY-MM-DDTHH:MM:SSZ without quotes"
        raise SeedFileError(message, line=node.line)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, () when it is missing."""
        found = []
        for member in self._members(key):
            if not isinstance(member, Scalar):
                raise SeedFileError(f"{key} lists single texts; write one", line=member.line)
            found.append(member.text)
        return tuple(found)

    def part(self, key: str) -> Fields:
        """Return a mapping that must be there."""
        return self._fields(key, self._node(key))

    def parts(self, key: str) -> list[Fields]:
        """Return a list of mappings, [] when it is missing."""
        return [self._fields(key, member) for member in self._members(key)]

    def together(self, *keys: str) -> bool:
        """Say whether all of some keys are there; raise SeedFileError when only some are."""
        there = [key for key in keys if self._has(key)]
        missing = [key for key in keys if key not in there]
        if there and missing:
            message = f"{there[0]} stands without {missing[0]}; add it or remove {there[0]}"
            raise SeedFileError(message, line=self._table.lines[there[0]])
        return bool(there)

    def rest(self) -> dict[str, str]:
        """Return what nobody asked for: each key with its YAML after the colon."""
        written = self._table.written
        return {key: text for key, text in written.items() if key not in self._asked}

    def _has(self, key: str) -> bool:
        return key in self._table.values

    def _node(self, key: str) -> Node:
        """Return the value of a key that must be there."""
        self._asked.add(key)
        if not self._has(key):
            where = f" of {self._name}" if self._name else ""
            raise SeedFileError(f"{key}{where} is missing; add it", line=self._table.line)
        return self._table.values[key]

    def _scalar(self, key: str) -> Scalar:
        """Return a single value that must be there."""
        node = self._node(key)
        if not isinstance(node, Scalar):
            raise SeedFileError(f"{key} is no single value; write it on one line", line=node.line)
        return node

    def _members(self, key: str) -> tuple[Node, ...]:
        """Return the members of a list, () when it is missing."""
        if not self._has(key):
            return ()
        node = self._node(key)
        if not isinstance(node, Listing) or not node.members:
            message = f"{key} is no list; write its members below it as `  - ...`, or remove it"
            raise SeedFileError(message, line=node.line)
        return node.members

    def _fields(self, key: str, node: Node) -> Fields:
        """Return a mapping below a key."""
        if not isinstance(node, Table):
            raise SeedFileError(f"{key} holds no keys; write `key: value` there", line=node.line)
        return Fields(key, node)


def _shown(node: Scalar) -> str:
    """Return a value as it stands, cut for a message."""
    return repr(node.lexeme[:60])
