"""What can be wrong with a configuration, said so that it can be mended at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

#: difflib's usual cut-off: finds `concurency` and `Machine Lerning`, not words alike by chance.
_LIKENESS = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: where, what, and how to mend it."""

    #: The file, or ``environment``.
    where: str
    wrong: str
    remedy: str
    #: The key or variable it is about; "" for a whole file.
    key: str = ""
    #: Counted from 1; None where the parser does not tell.
    line: int | None = None

    def __str__(self) -> str:
        """Return it as one line."""
        place = self.where if self.line is None else f"{self.where}, line {self.line}"
        return ": ".join(filter(None, [place, plain(self.key), f"{self.wrong}; {self.remedy}"]))


class ConfigError(Exception):
    """The configuration cannot be used; its message lists every problem that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems, one each, in the order of their lines."""
        found = list(dict.fromkeys(problems))
        files = list(dict.fromkeys(problem.where for problem in found))
        found.sort(key=lambda problem: (files.index(problem.where), problem.line or 0))
        self.problems = tuple(found)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """Return all problems, a line each."""
        if len(self.problems) == 1:
            return f"configuration: {self.problems[0]}"
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        return f"configuration has {len(self.problems)} problems:{lines}"


def reason_of(error: Exception) -> str:
    """Return why a file cannot be used, without its name."""
    return getattr(error, "strerror", None) or str(error)


def plain(text: str) -> str:
    """Return `text`, its control characters escaped: a file must not write on a terminal."""
    return text if text.isprintable() else repr(text)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return a remedy for an unknown word: the known one it resembles, else all of them."""
    words = list(known)
    folded = {other.casefold(): other for other in words}
    close = get_close_matches(word.casefold(), folded, n=1, cutoff=_LIKENESS)
    if close:
        return f"did you mean `{folded[close[0]]}`?"
    return f"known: {', '.join(words)}" if words else "none is known here"
