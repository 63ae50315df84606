"""One TOML file: read within limits, and able to say in which line a value stands."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources.abc import Traversable
from itertools import pairwise
from typing import Any

from config.problems import ConfigError, Problem, reason_of

#: 20,000 sources, parsed in one second (measured: 3.8 MiB, 1.1 s). More belong into the database.
MAX_BYTES = 4 * 2**20
#: A dotted key costs the square of its parts in tomllib (measured: 16,000 parts, 6 s), and a key
#: cannot leave its line. No address or name that we accept comes near.
MAX_LINE = 4096

_PLACE = re.compile(r"\(at line ([0-9]+), column [0-9]+\)")
#: The head of a table or of one more member of an array of tables.
_HEAD = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*(?:\"([^\"]*)\"|'([^']*)'|([\w-]+))\s*[=.]")


@dataclass(frozen=True)
class TomlFile:
    """What a file says, and its lines, to find the place again."""

    name: str
    data: dict[str, Any]
    lines: tuple[str, ...]

    def line(self, key: str) -> int | None:
        """Return the line of a key or table at the top of the file, None when it is not plain."""
        inside_table = False
        for number, line in enumerate(self.lines, start=1):
            head = _HEAD.match(line)
            if (head and head[1] == key) or (not inside_table and _key(line) == key):
                return number
            inside_table = inside_table or head is not None
        return None

    def member_line(self, table: str, index: int, key: str = "") -> int | None:
        """Return the line of `key` in the `index`-th ``[[table]]``, else that of its head.

        None when the members are written in another way than one ``[[table]]`` each.
        """
        spans = self._spans.get(table, ())
        if len(spans) != len(self.data.get(table, ())):
            return None
        first, last = spans[index]
        for number in range(first + 1, last):
            if key and _key(self.lines[number - 1]) == key:
                return number
        return first

    @cached_property
    def _spans(self) -> dict[str, list[tuple[int, int]]]:
        """For each table the lines of its heads, each with the line of the head that follows."""
        found = [(number, _HEAD.match(line)) for number, line in enumerate(self.lines, start=1)]
        heads = [(number, head[1]) for number, head in found if head]
        spans: dict[str, list[tuple[int, int]]] = {}
        for (number, name), (end, _) in pairwise([*heads, (len(self.lines) + 1, "")]):
            spans.setdefault(name, []).append((number, end))
        return spans


def _key(line: str) -> str:
    """Return the key that `line` begins with, "" for none."""
    match = _KEY.match(line)
    return next(filter(None, match.groups()), "") if match else ""


def read_toml(path: Traversable) -> TomlFile:
    """Read one file. Raise ConfigError when it is missing, too large or no TOML."""
    name = str(path)
    text = _read(path, name)
    lines = tuple(text.split("\n"))
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            raise _broken(name, f"a line of {len(line)} characters", "break the line", number)
    try:
        data = tomllib.loads(text)
    except RecursionError as error:
        raise _broken(name, "nested too deeply", "no setting needs more than two levels") from error
    except ValueError as error:
        raise _not_toml(name, error) from error
    return TomlFile(name, data, lines)


def _read(path: Traversable, name: str) -> str:
    """Return the text of a file, without the byte order mark that some editors leave."""
    try:
        if not path.is_file():
            raise _broken(name, "no such file", "`newsloom init DIR` makes a folder with all files")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        wrong = f"cannot be read ({reason_of(error)})"
        raise _broken(name, wrong, "check its permissions") from error
    if len(data) > MAX_BYTES:
        raise _broken(
            name,
            f"larger than {MAX_BYTES // 2**20} MiB",
            "is it the right file? Many sources are better kept in the database",
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _broken(name, "not UTF-8", "save it as UTF-8", line) from error


def _not_toml(name: str, error: ValueError) -> ConfigError:
    """Say where a file stops being TOML."""
    place = _PLACE.search(str(error))
    what = _PLACE.sub("", str(error)).strip()
    wrong = f"not TOML: {what[:1].lower()}{what[1:]}"
    remedy = "see https://toml.io; texts stand in quotes, lists in [ ]"
    return _broken(name, wrong, remedy, int(place[1]) if place else None)


def _broken(name: str, wrong: str, remedy: str, line: int | None = None) -> ConfigError:
    """Return the error about a whole file."""
    return ConfigError([Problem(where=name, wrong=wrong, remedy=remedy, line=line)])
