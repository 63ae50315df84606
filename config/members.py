"""The members of one catalogue file, each checked by itself and able to say where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from config.problems import Problem, plain, suggestion
from config.tomlfile import TomlFile
from config.wording import Place, problems_of

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Member(Generic[T]):
    """One ``[[table]]`` of a file."""

    value: T
    section: Section
    index: int

    def problem(self, key: str, wrong: str, remedy: str) -> Problem:
        """Return a problem with one of its keys."""
        where, name, line = self.section.place(self.index, key)
        return Problem(where=where, key=name, line=line, wrong=wrong, remedy=remedy)

    @property
    def at(self) -> str:
        """Where it stands, short: another problem points here."""
        line = self.section.place(self.index).line
        return f"line {line}" if line else f"number {self.index + 1}"


@dataclass(frozen=True)
class Section:
    """All ``[[table]]`` of a file; `label` is the key that names each of them."""

    file: TomlFile
    table: str
    label: str

    @cached_property
    def tables(self) -> list[Mapping[str, Any]]:
        """The tables as they stand, unchecked; empty when the file is of another shape."""
        found = self.file.data.get(self.table, [])
        if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
            return []
        return found

    @property
    def names(self) -> list[str]:
        """What the tables call themselves, those that are otherwise wrong included."""
        found = (table.get(self.label) for table in self.tables)
        return [name for name in found if isinstance(name, str)]

    def place(self, index: int, key: str = "") -> Place:
        """Say where a key of a table stands."""
        name = self.tables[index].get(self.label, index + 1)
        shown = f"{self.table} {plain(str(name))}"
        line = self.file.member_line(self.table, index, key)
        return Place(self.file.name, f"{shown}: {key}" if key else shown, line)

    def shape(self) -> Iterator[Problem]:
        """Refuse whatever is not ``[[table]]`` at the top of the file."""
        for key in self.file.data:
            if key != self.table:
                yield self._problem(key, "unknown key", suggestion(key, [f"[[{self.table}]]"]))
        if self.table in self.file.data and not self.tables and self.file.data[self.table] != []:
            yield self._problem(self.table, "not a list of tables", f"write [[{self.table}]]")

    def _problem(self, key: str, wrong: str, remedy: str) -> Problem:
        """Return a problem at the top of the file."""
        line = self.file.line(key)
        return Problem(where=self.file.name, key=key, line=line, wrong=wrong, remedy=remedy)

    def read(self, model: type[T], problems: list[Problem]) -> list[Member[T]]:
        """Return the tables that are right by themselves; add what is wrong to `problems`."""
        problems.extend(self.shape())
        members: list[Member[T]] = []
        for index, table in enumerate(self.tables):
            try:
                members.append(Member(model.model_validate(table), self, index))
            except ValidationError as error:
                place = partial(self.place, index)
                problems.extend(problems_of(error, model, place, hidden=_unshown(model)))
        return members


def _unshown(model: type[BaseModel]) -> list[str]:
    """Return the keys whose values no message repeats: somebody may have put a secret there."""
    return [name for name, field in model.model_fields.items() if not field.repr]


def twice(
    members: Iterable[Member[T]], key: str, same: Callable[[T], str], wrong: str
) -> Iterator[Problem]:
    """Refuse members that are the same by `same`; the problem names the first one's line."""
    first: dict[str, Member[T]] = {}
    for member in members:
        other = first.setdefault(same(member.value), member)
        if other is not member:
            yield member.problem(key, f"{wrong} ({other.at})", "keep one of the two")
