"""The day that a reader sees under the headline of a page that declares none.

htmldate searches the whole page, where the day of another article or of today's edition may stand
first. A short text of its own behind the headline that holds a whole date is the article's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import dropwhile, islice
from typing import Any

from pipeline.articles.declared import text_of
from pipeline.articles.titles import fold

#: Elements looked at behind the headline: byline and date follow it within a few.
_MAX_ELEMENTS = 60
#: Characters beside the date: "Published on ..., 14:05 GMT+1"; a sentence's dates are others.
_MAX_BESIDE = 30
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?"
_STROKE = r"(?:[-/]|\. ?|[年년月월] ?)"
_MONTH_NUMBER = r"(?P<month>[01]?\d)"
_DAY = r"(?<![\d-])(?P<day>[0-3]?\d)"
_YEAR = r"(?<!\d)(?P<year>(?:19|20)\d\d)(?!\d)"
#: What reads one way: the year first, the day before dots, an English month. No range of days.
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}{_STROKE}{_MONTH_NUMBER}{_STROKE}(?P<day>[0-3]?\d)(?!-?\d)",
        rf"{_DAY}\. ?{_MONTH_NUMBER}\. ?{_YEAR}",
        rf"{_DAY}(?:st|nd|rd|th)? {_MONTH},? {_YEAR}",
        rf"\b{_MONTH} {_DAY}(?:st|nd|rd|th)?,? {_YEAR}",
    )
)


def visible_day(tree: Any, titles: Iterable[str]) -> datetime | None:
    """Return the first day behind the headline as midnight UTC. The tree is not changed.

    The headline is the first h1, on a page without one the first heading that is a title of it.
    """
    for text in _texts(tree, frozenset(fold(title) for title in titles)):
        for pattern in _DATES:
            found = pattern.search(text)
            if found and len(text) - len(found[0]) <= _MAX_BESIDE and (day := _day(found)):
                return day
    return None


def _texts(tree: Any, titles: frozenset[str]) -> Iterator[str]:
    """Yield the texts behind the headline, those between line breaks one by one."""
    headline = next(tree.iter("h1"), None)
    if headline is None:
        headings = (node for node in tree.iter("h2", "h3") if fold(text_of(node)) in titles)
        headline = next(headings, None)
    behind = dropwhile(lambda node: node is not headline, tree.iter())
    for node in islice(behind, _MAX_ELEMENTS):
        for text in (node.text if isinstance(node.tag, str) else "", node.tail):
            if line := " ".join((text or "").split()):
                yield line


def _day(found: re.Match[str]) -> datetime | None:
    """Return the day that was written, None when there is no such day."""
    month = found["month"].lower()
    number = int(month) if month.isdecimal() else _MONTHS.index(month[:3]) + 1
    try:
        return datetime(int(found["year"]), number, int(found["day"]), tzinfo=UTC)
    except ValueError:
        return None
