"""What names an entry within its source."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.feeds.keys import entry_key, key_kind
from pipeline.records import Entry, EntryKeyKind

KINDS = list(EntryKeyKind)
#: Few values, so that they repeat; the empty one among them.
GUIDS = st.sampled_from(["", "a", "b", "c", "g" * 300])
ENTRIES = st.lists(
    st.builds(
        Entry,
        guid=GUIDS,
        url=st.integers(0, 5).map("https://a.example/{}".format),
        title=st.sampled_from(["", "T", "U"]),
    ),
    max_size=12,
)


def _entry(guid: str, url: str = "https://a.example/x", title: str = "T") -> Entry:
    return Entry(guid=guid, url=url, title=title)


def _numbered(count: int) -> list[Entry]:
    return [_entry(f"g{n}", f"https://a.example/{n}") for n in range(count)]


def test_guids_name_entries_while_they_are_good() -> None:
    assert key_kind(_numbered(20), EntryKeyKind.GUID) is EntryKeyKind.GUID
    assert key_kind([], EntryKeyKind.GUID) is EntryKeyKind.GUID


def test_one_bad_guid_in_twenty_is_forgiven_and_two_are_not() -> None:
    assert key_kind([*_numbered(19), _entry("")], EntryKeyKind.GUID) is EntryKeyKind.GUID
    two_bad = [*_numbered(18), _entry(""), _entry("g0", "https://a.example/y")]
    assert key_kind(two_bad, EntryKeyKind.GUID) is EntryKeyKind.LINK


def test_bad_guids_degrade_to_links_and_bad_links_to_titles() -> None:
    same_guid = [_entry("same", f"https://a.example/{n}") for n in range(9)]
    same_link = [_entry("same", title=f"T{n}") for n in range(9)]

    assert key_kind(same_guid, EntryKeyKind.GUID) is EntryKeyKind.LINK
    assert key_kind(same_link, EntryKeyKind.GUID) is EntryKeyKind.LINK_TITLE


def test_there_is_no_kind_beyond_link_and_title() -> None:
    assert key_kind([_entry("a")] * 9, EntryKeyKind.GUID) is EntryKeyKind.LINK_TITLE


def test_an_entry_without_a_guid_goes_by_its_link() -> None:
    assert entry_key(_entry(""), EntryKeyKind.GUID) == "https://a.example/x"


def test_links_and_titles_make_one_key() -> None:
    keys = {entry_key(_entry("", title=title), EntryKeyKind.LINK_TITLE) for title in "ab"}

    assert len(keys) == 2


@given(entries=ENTRIES, current=st.sampled_from(KINDS))
def test_a_kind_of_key_is_never_upgraded_and_stays_once_found(
    entries: list[Entry], current: EntryKeyKind
) -> None:
    found = key_kind(entries, current)

    assert KINDS.index(found) >= KINDS.index(current)
    assert key_kind(entries, found) is found


@given(
    guids=st.tuples(st.text(min_size=1, max_size=400), st.text(min_size=1, max_size=400)),
    kind=st.sampled_from(KINDS),
)
def test_keys_are_bounded_and_differ_when_the_names_do(
    guids: tuple[str, str], kind: EntryKeyKind
) -> None:
    entries = [_entry(guid, f"https://a.example/{guid.encode().hex()}") for guid in guids]
    keys = [entry_key(entry, kind) for entry in entries]

    assert all(0 < len(key) <= 200 for key in keys)
    assert (keys[0] == keys[1]) is (guids[0] == guids[1])
