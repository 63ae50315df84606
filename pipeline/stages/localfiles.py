"""Old articles out of local files: lists of addresses, and web archives that hold the pages.

A part of a file is a look-up that asks nobody: it is claimed and saved like the others, and its end
is where the next one begins. Each entry goes to the source of its publisher among those planned;
the pages of web archives are stored with it and read from there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.context import Context
from pipeline.errors import UsageError
from pipeline.history.lookup import Coverage, Span
from pipeline.history.url_list import UrlList, read_url_list
from pipeline.history.warc import ArchivedPage, RecordHead, passed_over, read_page
from pipeline.io.store.backfills import NewLookup, PlannedPart
from pipeline.io.store.entries import EntryIntent
from pipeline.io.store.lookups import ClaimedLookup, Find
from pipeline.io.warc import Damage, archive_files, read_archive
from pipeline.records import Entry, Page, PageId, Source, SourceId
from pipeline.stages.terms import intent_of
from pipeline.urls import host_of, registrable_domain

#: Entries of one part of a list: a transaction of a second.
_PART: Final = 1_000
#: Pages of one part of a web archive, and records looked through for them.
_PAGES: Final = 100
_RECORDS: Final = 5_000
#: A list of half a million addresses; more are two lists.
_LARGEST_LIST: Final = 64 * 2**20
#: What lists of addresses are called; all else is taken for a web archive.
_LIST_NAMES: Final = (".csv", ".jsonl", ".json", ".txt")
#: Complaints told of one part, and of a file that is planned.
_TOLD: Final = 20
_PLANNED: Final = 3


def plan_local(
    given: Sequence[Source], path: Path, span: Span, *, cap: int, told: Callable[[int], None]
) -> list[PlannedPart]:
    """Return what a local file holds for each source; `told` hears how many entries so far.

    Raise UsageError when it cannot be read, or holds nothing of theirs.
    """
    owners = {source.provider: source for source in _first_of_each(given)}
    faults: list[str] = []
    entries = (
        _listed(path, span, faults)
        if _is_list(path)
        else _archived(path, span, owners.keys(), cap, faults)
    )
    hosts: dict[str, Counter[str]] = {}
    for number, entry in enumerate(entries, start=1):
        domain = registrable_domain(host_of(entry.url))
        hosts.setdefault(domain, Counter())[host_of(entry.url)] += 1
        told(number)
    parts = [
        PlannedPart(
            source_id=source.id,
            feed_url=source.feed_url,
            provider=provider,
            method="list" if _is_list(path) else "warc",
            coverage=Coverage.UNKNOWN.value,
            note="; ".join(["as complete as the file", *_some(faults)]),
            requests={},
            entries=hosts[provider].total(),
            page_hosts=dict(hosts[provider]),
        )
        for provider, source in sorted(owners.items(), key=lambda one: one[1].id)
        if provider in hosts
    ]
    if not parts:
        seen = "".join(f"\n{fault}" for fault in _some(faults))
        raise UsageError(
            f"{path}: holds nothing of a chosen source's publisher from that time; "
            f"see `newsloom sources list`{seen}"
        )
    return parts


def _is_list(path: Path) -> bool:
    """Say whether a file is a list of addresses, not a web archive."""
    return path.is_file() and path.suffix.lower() in _LIST_NAMES


def _some(faults: Sequence[str]) -> list[str]:
    """Return the first few faults, and how many more there are."""
    more = len(faults) - _PLANNED
    return [*faults[:_PLANNED], *([f"and {more} more faults"] if more > 0 else [])]


def _listed(path: Path, span: Span, faults: list[str]) -> Iterator[Entry]:
    """Yield the entries of a list; what is wrong with it goes to `faults`."""
    listed = _read_list(path)
    faults += [f"line {one.line}: {one.text}" for one in listed.complaints]
    return (one for one in listed.entries if span.may_hold(one))


def _archived(
    path: Path, span: Span, providers: Collection[str], cap: int, faults: list[str]
) -> Iterator[Entry]:
    """Yield the entries of the pages that web archives hold; nothing is unpacked for it."""
    for file in archive_files(path):
        for read in read_archive(file, cap=cap, wants=lambda _head: False):
            if isinstance(read, Damage):
                faults.append(_damage(read))
            elif not passed_over(read.record.head, providers=providers, span=span):
                yield Entry(guid="", url=read.record.head.url, title="")


def _first_of_each(given: Sequence[Source]) -> list[Source]:
    """Return the first source of each publisher: an address alone does not tell the feed."""
    first: dict[str, Source] = {}
    for source in sorted(given, key=lambda one: one.id):
        first.setdefault(source.provider, source)
    return list(first.values())


def first_parts(path: Path, ids: Sequence[SourceId]) -> list[NewLookup]:
    """Return the look-ups that begin with a local file. Raise UsageError when it is gone."""
    if not path.exists():
        raise UsageError(f"{path}: is not there any more; plan anew with `--from`")
    file = path if _is_list(path) else archive_files(path)[0]
    return [_part_of(ids[0], file, 0)]


def _part_of(owner: SourceId, file: Path, start: int) -> NewLookup:
    """Return the look-up of the part of a file that begins at `start`."""
    role = "list" if _is_list(file) else "warc"
    memo = json.dumps({"file": str(file), "start": start})
    url = f"{file.as_uri()}#{start}"
    return NewLookup(source_id=owner, url=url, kind="file", role=role, memo=memo)


def read_local(ctx: Context, claimed: ClaimedLookup) -> Find:
    """Read one part of a local file."""
    memo = json.loads(claimed.row.memo)
    file, start = Path(memo["file"]), int(memo["start"])
    sorted_ = _Sorted(claimed)
    try:
        if claimed.row.role == "list":
            following = _read_part_of_list(file, start, sorted_)
        else:
            cap = ctx.settings.page_max_bytes
            following = _read_part_of_archive(file, start, sorted_, cap)
            following = following or _next_archive(Path(claimed.path), file)
    except UsageError as error:
        return Find(claimed=claimed, state="failed", error=f"unreadable-file: {error}")
    rest = [_part_of(claimed.source.id, *following)] if following else []
    return Find(
        claimed=claimed,
        state="done",
        note="; ".join(sorted_.notes[:_TOLD]),
        intents=sorted_.intents,
        bodies=sorted_.bodies,
        left=+sorted_.left,
        lookups=tuple(rest),
    )


def _read_part_of_list(file: Path, start: int, into: _Sorted) -> tuple[Path, int] | None:
    """Read a part of a list; return where the next one begins."""
    part = _read_list(file, start=start, most=_PART)
    for entry in part.entries:
        into.add(entry)
    into.notes += [f"line {one.line}: {one.text}" for one in part.complaints]
    into.left["skipped", "no-address"] += len(part.complaints)
    return (file, start + _PART) if part.goes_on else None


def _read_part_of_archive(
    file: Path, start: int, into: _Sorted, cap: int
) -> tuple[Path, int] | None:
    """Read a part of a web archive; return where the next one begins."""
    span, providers = into.span, into.claimed.others.keys()

    def wants(head: RecordHead) -> bool:
        return not passed_over(head, providers=providers, span=span)

    for number, read in enumerate(read_archive(file, cap=cap, start=start, wants=wants)):
        if isinstance(read, Damage):
            into.left["skipped", "damaged"] += 1
            into.notes.append(_damage(read))
        else:
            found = read_page(read.record, providers=providers, span=span)
            if isinstance(found, ArchivedPage):
                into.add(found.entry, found.page)
            elif found.reason not in _NO_PAGE:
                into.left["skipped", found.reason] += 1
        if len(into.bodies) >= _PAGES or number >= _RECORDS:
            return (file, read.end)
    return None


def _damage(read: Damage) -> str:
    """Say what of a file cannot be read."""
    return f"{read.file.name} at byte {read.offset}: {read.reason}"


#: Records that are no answers are no entries either.
_NO_PAGE: Final = frozenset({"not-a-response"})


def _next_archive(path: Path, file: Path) -> tuple[Path, int] | None:
    """Return the archive after `file` among those at a path, from its beginning."""
    files = archive_files(path)
    later = files[files.index(file) + 1 :] if file in files else ()
    return (later[0], 0) if later else None


@dataclass(slots=True)
class _Sorted:
    """Entries by the source they go to, and how many went nowhere and why."""

    claimed: ClaimedLookup
    intents: dict[SourceId, list[EntryIntent]] = field(default_factory=dict)
    bodies: dict[PageId, Page] = field(default_factory=dict)
    left: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def span(self) -> Span:
        """The time that is looked through."""
        return Span(since=self.claimed.since, until=self.claimed.until)

    def add(self, entry: Entry, page: Page | None = None) -> None:
        """Give an entry, and the page that came with it, to the source of its publisher."""
        source = self.claimed.others.get(registrable_domain(host_of(entry.url)))
        if source is None:
            self.left["outside", "no-source"] += 1
        elif not self.span.may_hold(entry):
            self.left["outside", ""] += 1
        else:
            intent = intent_of(entry, source.state.entry_key_kind)
            self.intents.setdefault(source.id, []).append(intent)
            if page is not None:
                self.bodies.setdefault(intent.page_id, page)


def _read_list(path: Path, *, start: int = 0, most: int | None = None) -> UrlList:
    """Read a list of addresses, or a part of it. Raise UsageError when it cannot be."""
    try:
        if path.stat().st_size > _LARGEST_LIST:
            raise UsageError(f"{path}: more than {_LARGEST_LIST // 2**20} MiB; split it")
        text = path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file that can be read") from error
    return read_url_list(text, start=start, most=most)
