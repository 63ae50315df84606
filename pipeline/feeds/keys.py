"""Pure: what names an entry within its source.

Guids are the best names there are until they prove unusable: then the source is degraded, for
good, to links, and where links repeat to link and title (the rule of FreshRSS, its threshold too).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from pipeline.records import Entry, EntryKeyKind

#: Share of empty or repeated names beyond which a kind of key is unusable.
_BAD_SHARE = 0.05
#: Longer keys are hashed; shorter ones stay readable in the database.
_LONGEST = 200
_ORDER = (EntryKeyKind.GUID, EntryKeyKind.LINK, EntryKeyKind.LINK_TITLE)


def key_kind(entries: Sequence[Entry], current: EntryKeyKind) -> EntryKeyKind:
    """Return the best usable kind of key, never a better one than `current`."""
    candidates = _ORDER[_ORDER.index(current) :]
    for kind in candidates:
        if _bad_share(_raw_key(entry, kind) for entry in entries) <= _BAD_SHARE:
            return kind
    return candidates[-1]


def entry_key(entry: Entry, kind: EntryKeyKind) -> str:
    """Return the key of an entry, at most 200 characters; an entry without a guid goes by link."""
    raw = _raw_key(entry, kind) or entry.url
    if len(raw) <= _LONGEST:
        return raw
    return f"sha256:{hashlib.sha256(raw.encode()).hexdigest()}"


def _raw_key(entry: Entry, kind: EntryKeyKind) -> str:
    """Return what an entry would be called by a kind of key, at full length."""
    if kind is EntryKeyKind.GUID:
        return entry.guid
    return entry.url if kind is EntryKeyKind.LINK else f"{entry.url} {entry.title}"


def _bad_share(keys: Iterable[str]) -> float:
    """Return the share of keys that are empty or repeat an earlier one."""
    seen: set[str] = set()
    total = bad = 0
    for key in keys:
        total += 1
        bad += not key or key in seen
        seen.add(key)
    return bad / total if total else 0.0
