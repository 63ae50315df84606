"""Pure: a list of addresses that an operator brings along, as CSV or JSON lines.

CSV has a header with ``url`` and, if known, ``published`` and ``title``; each JSON line is an
object with the same names. Nothing is looked up: the list is as complete as whoever made it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from pipeline.entries import RawEntry, clean_entry
from pipeline.history.pruning import ANY_TIME
from pipeline.records import Entry, SkippedEntry
from pipeline.urls import url_key

_DATE_REMEDY = "write it as 2025-03-01 or 2025-03-01T09:30:00Z"
#: What a complaint quotes.
_QUOTED = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong with a line, counted from 1, and what was done about it."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlList:
    """What a list holds, in its order, and what is wrong with it."""

    entries: tuple[Entry, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    #: There are rows behind these.
    goes_on: bool = False


def read_url_list(text: str, *, start: int = 0, most: int | None = None) -> UrlList:
    """Return the entries of a list, each page once, and a complaint for each line that is not one.

    The first character tells the form: ``{`` begins JSON lines, anything else the header of a CSV.
    `start` and `most` choose a part of it, in rows; the rest is passed over unread. Whatever the
    text is, nothing is raised.
    """
    text = text.removeprefix("\ufeff")
    rows = _json_rows(text) if text.lstrip().startswith("{") else _csv_rows(text)
    rows = islice(rows, start, None)
    found = _entries(rows if most is None else islice(rows, most))
    return replace(found, goes_on=next(rows, None) is not None)


#: A row of a list with its line, or the complaint in its place.
_Row = tuple[int, Mapping[str, Any] | str]


def _entries(rows: Iterable[_Row]) -> UrlList:
    """Make entries of rows."""
    entries: list[Entry] = []
    complaints: list[Complaint] = []
    lines: dict[str, int] = {}
    for line, row in rows:
        if isinstance(row, str):
            complaints.append(Complaint(line=line, text=row))
            continue
        entry = _entry(row)
        if entry is None:
            told = f"no web address: {_said(row, 'url')[:_QUOTED]!r}; left out"
            complaints.append(Complaint(line=line, text=told))
            continue
        first = lines.setdefault(url_key(entry.url), line)
        if first != line:
            complaints.append(Complaint(line=line, text=f"the page of line {first}; left out"))
            continue
        date = _said(row, "published")
        if date and entry.published_at is None:
            told = f"no date: {date[:_QUOTED]!r}; taken without it, {_DATE_REMEDY}"
            complaints.append(Complaint(line=line, text=told))
        entries.append(entry)
    return UrlList(entries=tuple(entries), complaints=tuple(complaints))


def _entry(row: Mapping[str, Any]) -> Entry | None:
    """Return the entry of a row, None when it leads nowhere."""
    raw = RawEntry(
        guid="",
        links=(_said(row, "url"),),
        title=_said(row, "title"),
        summaries=(),
        published=(_said(row, "published"),),
        updated=(),
        authors=(),
        media=(),
    )
    entry = clean_entry(raw, base="", now=ANY_TIME)
    return None if isinstance(entry, SkippedEntry) else entry


def _said(row: Mapping[str, Any], name: str) -> str:
    """Return a value of a row as text, "" for none and for what is no text."""
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""


def _json_rows(text: str) -> Iterator[_Row]:
    """Yield what stands on each line; empty lines are passed over."""
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        try:
            value = json.loads(written)
        except (ValueError, RecursionError):
            value = None
        yield line, value if isinstance(value, dict) else "not a JSON object; left out"


def _csv_rows(text: str) -> Iterator[_Row]:
    """Yield the rows below the header; a header without ``url`` is the one complaint."""
    # Not splitlines: it knows eight more ends of a line, which titles may well contain.
    reader = csv.reader(f"{line}\n" for line in text.split("\n"))
    header: list[str] | None = None
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield max(reader.line_num, 1), f"unreadable: {error}; left out"
            continue
        if row is None:
            break
        if not any(field.strip() for field in row):
            continue
        if header is None:
            header = [field.strip().lower() for field in row]
            if "url" not in header:
                yield reader.line_num, "no column `url`: begin with a line url,published,title"
                return
            continue
        yield reader.line_num, dict(zip(header, row, strict=False))
