"""What the commands about sources share: a source checked like the catalogue's, and told."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Mapping, Sequence
from itertools import count
from typing import Any

from pydantic import ValidationError

from config.catalogue import SourceEntry
from config.durations import show_duration
from config.problems import ConfigError
from config.wording import Place, problems_of
from pipeline.cli.common import out, print_json
from pipeline.errors import UsageError
from pipeline.feeds.duplicates import Duplicate, FeedProfile, pages_of, same_feed
from pipeline.io.store import Store, sourcebook
from pipeline.records import Access, ParsedFeed
from pipeline.seedfile.naming import slug
from pipeline.urls import host_of

#: An id has at most 80 characters; some are left for a number.
_ID_LIMIT = 70
#: As the catalogue has it.
_NAME_LIMIT = 200


def validated(values: Mapping[str, Any]) -> SourceEntry:
    """Return a source checked like one of the catalogue. Raise ConfigError with what is wrong."""
    try:
        return SourceEntry.model_validate(values)
    except ValidationError as error:
        unshown = [name for name, field in SourceEntry.model_fields.items() if not field.repr]

        def place(key: str) -> Place:
            option = {"headers": "header", "id": ""}.get(key, key.replace("_", "-"))
            return Place("command line", f"--{option}" if option else "ID")

        raise ConfigError(problems_of(error, SourceEntry, place, hidden=unshown)) from None


def current(store: Store, id_: str) -> SourceEntry:
    """Return a source as it is. Raise UsageError when there is none."""
    with store.read() as tx:
        row = sourcebook.source_row(tx, id_)
    if row is None:
        raise UsageError(f"{id_}: no such source; see `newsloom sources list`")
    return sourcebook.entry_of(row)


def profile_of(entry: SourceEntry, parsed: ParsedFeed | None) -> FeedProfile:
    """Return what tells a source's feed from others."""
    pages = pages_of(parsed.entries) if parsed else frozenset[str]()
    return FeedProfile(name=entry.id, feed_url=entry.feed, provider=entry.provider, pages=pages)


def new_id(title: str, url: str, taken: Container[str]) -> str:
    """Return an id made of a feed's title, else of its host, that no source has."""
    words = slug(title)[:_ID_LIMIT].strip("-") or slug(host_or_none(url).replace(".", "-"))
    base = words or "feed"
    numbers = count(2)
    name = base
    while name in taken:
        name = f"{base}-{next(numbers)}"
    return name


def name_of(*candidates: str) -> str:
    """Return the first of some texts that holds a name, as the catalogue takes one."""
    for text in candidates:
        visible = "".join(one for one in text if not unicodedata.category(one).startswith("C"))
        if name := " ".join(visible.split())[:_NAME_LIMIT].strip():
            return name
    return ""


def said(duplicate: Duplicate, other: str) -> str:
    """Return a duplicate in words."""
    if duplicate.by == "address":
        return f"the same address as {other}"
    return f"{duplicate.share:.0%} of its entries are those of {other}"


def access_of(entry: SourceEntry) -> Access:
    """Return what a source is asked with."""
    return Access(headers=entry.headers, user_agent=entry.user_agent, proxy=entry.proxy)


def shown_entry(entry: SourceEntry) -> dict[str, Any]:
    """Return a source for people and JSON: what is set, headers by their references."""
    values = entry.model_dump(exclude_defaults=True)
    if entry.interval is not None:
        values["interval"] = show_duration(entry.interval)
    return values


def given_options(**options: Any) -> dict[str, Any]:
    """Return the options that were given, an empty text as none."""
    given = {name: value for name, value in options.items() if value is not None}
    return {name: None if value == "" else value for name, value in given.items()}


def laid_over(before: Mapping[str, str], given: Sequence[str]) -> dict[str, str]:
    """Lay headers over those of before; one without a reference is dropped."""
    headers = dict(before)
    for text in given:
        name, equals, reference = text.partition("=")
        if not equals:
            raise UsageError("--header: write NAME=env:VARIABLE or NAME=file:PATH")
        headers = {other: kept for other, kept in headers.items() if other.lower() != name.lower()}
        if reference:
            headers[name] = reference
    return headers


def host_or_none(url: str) -> str:
    """Return the host of an address, "" for none, which the check of the address will tell."""
    try:
        return host_of(url)
    except ValueError:
        return ""


def refuse_known(store: Store, id_: str) -> None:
    """Raise UsageError when the id is taken."""
    with store.read() as tx:
        row = sourcebook.source_row(tx, id_)
    if row is not None:
        raise UsageError(f"{id_}: this id is taken; `newsloom sources edit {id_}` changes it")


def refuse_duplicate(profile: FeedProfile, known: Sequence[FeedProfile]) -> None:
    """Raise UsageError when a feed is watched already."""
    for other in known:
        if duplicate := same_feed(profile, other):
            raise UsageError(
                f"{profile.feed_url}: {said(duplicate, other.name)}; keep one of the two"
            )


def require_all(store: Store, ids: Sequence[str]) -> None:
    """Raise UsageError for an id that no source has."""
    for id_ in ids:
        current(store, id_)


def ending(words: str, *, dry_run: bool) -> str:
    """Return the last line of a command."""
    return f"{words} (--dry-run: nothing was changed)" if dry_run else words


def say(word: str, ids: Sequence[str], *, dry_run: bool, json_: bool) -> None:
    """Say what was done to whom."""
    if json_:
        print_json({"dry_run": dry_run, word: list(ids)})
        return
    out.print(ending(f"{word}: {', '.join(ids)}", dry_run=dry_run), markup=False)
