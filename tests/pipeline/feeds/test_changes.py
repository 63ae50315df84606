"""Which entries are new or changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.feeds.changes import Change, keyed, new_or_changed
from pipeline.records import Entry, EntryKeyKind

HASHES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("123"))


def _entry(guid: str, title: str = "T") -> Entry:
    return Entry(guid=guid, url=f"https://a.example/{guid}", title=title, content_hash=title)


def test_new_and_changed_entries_are_found_and_the_others_left_out() -> None:
    entries = keyed([_entry("a"), _entry("b"), _entry("c")], EntryKeyKind.GUID)
    found = list(new_or_changed(entries, known={"b": "T", "c": "other", "gone": "x"}))

    assert [(one.key, one.entry.title, one.change) for one in found] == [
        ("a", "T", Change.NEW),
        ("c", "T", Change.CHANGED),
    ]


def test_the_first_of_several_entries_with_one_key_wins() -> None:
    [entry] = keyed([_entry("a", "first"), _entry("a", "second")], EntryKeyKind.GUID).values()

    assert entry.title == "first"


@given(before=HASHES, after=HASHES)
def test_a_second_look_finds_nothing(before: dict[str, str], after: dict[str, str]) -> None:
    entries = keyed([_entry(guid, title) for guid, title in after.items()], EntryKeyKind.GUID)
    found = {one.key: one.entry.content_hash for one in new_or_changed(entries, known=before)}

    assert not list(new_or_changed(entries, known=before | found))
    assert all(before.get(key) != content_hash for key, content_hash in found.items())
