"""Old articles out of local files: lists of addresses, and web archives that hold the pages.

A part of a file is a look-up that asks nobody: it is claimed and saved like the others, and its end
is where the next one begins. Each entry goes to the source of its publisher among those planned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.history.lookup import Coverage, Span
from pipeline.history.url_list import UrlList, read_url_list
from pipeline.io.store.backfills import NewLookup, PlannedPart
from pipeline.io.store.entries import EntryIntent
from pipeline.io.store.lookups import ClaimedLookup, Find
from pipeline.records import Entry, Source, SourceId
from pipeline.stages.terms import intent_of
from pipeline.urls import host_of, registrable_domain

#: Entries of one part: a transaction of a second.
_PART: Final = 1_000
#: A list of half a million addresses; more are two lists.
_LARGEST_LIST: Final = 64 * 2**20
#: What web archives are called.
_WARC_NAMES: Final = (".warc", ".warc.gz")
#: Complaints told of one list.
_TOLD: Final = 20


def plan_local(ctx: Context, given: Sequence[Source], path: Path, span: Span) -> list[PlannedPart]:
    """Return what a local file holds for each source.

    Raise UsageError when it cannot be read, or holds nothing of theirs.
    """
    del ctx
    found = _read_list(path).entries
    method = "list"
    counts: Counter[str] = Counter()
    hosts: dict[str, Counter[str]] = {}
    for entry in found:
        if span.may_hold(entry):
            domain = registrable_domain(host_of(entry.url))
            counts[domain] += 1
            hosts.setdefault(domain, Counter())[host_of(entry.url)] += 1
    parts = [
        PlannedPart(
            source_id=source.id,
            feed_url=source.feed_url,
            provider=source.provider,
            method=method,
            coverage=Coverage.UNKNOWN.value,
            note="as complete as the list",
            requests={},
            entries=counts[source.provider],
            page_hosts=dict(hosts[source.provider]),
        )
        for source in _first_of_each(given)
        if counts[source.provider]
    ]
    if not parts:
        raise UsageError(
            f"{path}: none of its {len(found)} addresses is of a chosen source's publisher and of "
            "that time; see `newsloom sources list`"
        )
    return parts


def _first_of_each(given: Sequence[Source]) -> list[Source]:
    """Return the first source of each publisher: an address alone does not tell the feed."""
    first: dict[str, Source] = {}
    for source in sorted(given, key=lambda one: one.id):
        first.setdefault(source.provider, source)
    return list(first.values())


def first_parts(path: Path, ids: Sequence[SourceId]) -> list[NewLookup]:
    """Return the look-ups that begin with a local file."""
    return [
        NewLookup(source_id=ids[0], url=f"{path.as_uri()}#0", kind="file", role="list", memo="0")
    ]


def read_local(ctx: Context, claimed: ClaimedLookup) -> Find:
    """Read one part of a local file."""
    del ctx
    try:
        listed = _read_list(Path(claimed.path))
    except UsageError as error:
        return Find(claimed=claimed, state="failed", error=f"unreadable-file: {error}")
    start = int(claimed.row.memo)
    part = listed.entries[start : start + _PART]
    following = start + _PART
    rest = following < len(listed.entries)
    complaints = listed.complaints if start == 0 else ()
    sorted_ = _Sorted(claimed)
    for entry in part:
        sorted_.add(entry)
    sorted_.left.update({("skipped", "no-address"): len(complaints)})
    return Find(
        claimed=claimed,
        state="done",
        note="; ".join(f"line {one.line}: {one.text}" for one in complaints[:_TOLD]),
        intents=sorted_.intents,
        left=+sorted_.left,
        lookups=(_next_part(claimed, following),) if rest else (),
    )


def _next_part(claimed: ClaimedLookup, start: int) -> NewLookup:
    """Return the look-up of the next part of a list."""
    uri = Path(claimed.path).as_uri()
    return NewLookup(
        source_id=claimed.source.id, url=f"{uri}#{start}", kind="file", role="list", memo=str(start)
    )


@dataclass(slots=True)
class _Sorted:
    """Entries by the source they go to, and how many went nowhere and why."""

    claimed: ClaimedLookup
    intents: dict[SourceId, list[EntryIntent]] = field(default_factory=dict)
    left: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, entry: Entry) -> None:
        """Give an entry to the source of its publisher."""
        span = Span(since=self.claimed.since, until=self.claimed.until)
        source = self.claimed.others.get(registrable_domain(host_of(entry.url)))
        if source is None:
            self.left["outside", "no-source"] += 1
        elif not span.may_hold(entry):
            self.left["outside", ""] += 1
        else:
            kind = source.state.entry_key_kind
            self.intents.setdefault(source.id, []).append(intent_of(entry, kind))


def _read_list(path: Path) -> UrlList:
    """Read a list of addresses. Raise UsageError when it cannot be."""
    try:
        if path.stat().st_size > _LARGEST_LIST:
            raise UsageError(f"{path}: more than {_LARGEST_LIST // 2**20} MiB; split it")
        text = path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file that can be read") from error
    return read_url_list(text)
