"""A source written as TOML is the source that is read back."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import SourceEntry
from config.load import load_catalogue
from config.sourceblock import source_block

NAMES = st.text(min_size=1, max_size=40).filter(
    lambda text: text.isprintable() and text == text.strip()
)
ENTRIES = st.builds(
    SourceEntry,
    id=st.from_regex(r"[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,2}", fullmatch=True),
    feed=st.just("https://outlet.example/feed?a=1&b='2'"),
    provider=st.just("outlet.example"),
    title=NAMES | st.sampled_from(['The "Post" \\ \U0001f5de']),
    language=st.sampled_from([None, "en"]),
    interval=st.none() | st.integers(300, 600_000).map(lambda n: timedelta(seconds=n)),
    enabled=st.booleans(),
    robots=st.booleans(),
    headers=st.sampled_from([{}, {"Authorization": 'file:a "b"', "X-Key!": "env:A"}]),
    user_agent=st.sampled_from([None, 'reader/1 (+"x\\y")']),
    proxy=st.sampled_from([None, "env:PROXY", "file:a b"]),
    verified=st.sampled_from([None, date(2026, 3, 1)]),
)


@given(ENTRIES)
def test_a_block_is_read_back_as_the_source_it_was_made_of(entry: SourceEntry) -> None:
    [table] = tomllib.loads(source_block(entry))["source"]

    assert SourceEntry.model_validate(table) == entry


def test_defaults_are_left_out() -> None:
    entry = SourceEntry(id="a", feed="https://a.example/", provider="a.example", title="A")

    assert source_block(entry) == (
        '[[source]]\nid = "a"\nfeed = "https://a.example/"\nprovider = "a.example"\ntitle = "A"\n'
    )


def test_every_source_of_the_shipped_catalogue_survives() -> None:
    sources = load_catalogue().sources
    tables = tomllib.loads("\n".join(map(source_block, sources.values())))["source"]

    assert {table["id"]: SourceEntry.model_validate(table) for table in tables} == sources
