"""Pure: which entries of a feed are new or changed since we last saw it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.feeds.keys import entry_key
from pipeline.records import Entry, EntryKeyKind


class Change(StrEnum):
    """What is new about an entry."""

    NEW = "new"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedEntry:
    """An entry to store, under its key."""

    key: str
    entry: Entry
    change: Change


def keyed(entries: Sequence[Entry], kind: EntryKeyKind) -> dict[str, Entry]:
    """Return the entries by their keys; the first of several with one key wins."""
    found: dict[str, Entry] = {}
    for entry in entries:
        found.setdefault(entry_key(entry, kind), entry)
    return found


def new_or_changed(
    entries: Mapping[str, Entry], *, known: Mapping[str, str]
) -> Iterator[ChangedEntry]:
    """Yield the entries (by key) whose content hash is not the `known` one of their key."""
    for key, entry in entries.items():
        before = known.get(key)
        if before is None:
            yield ChangedEntry(key=key, entry=entry, change=Change.NEW)
        elif before != entry.content_hash:
            yield ChangedEntry(key=key, entry=entry, change=Change.CHANGED)
