"""Sources that are one feed under two names."""

from __future__ import annotations

from pipeline.feeds.duplicates import FeedProfile, duplicates, same_feed


def _profile(name: str, url: str, pages: str = "", provider: str = "outlet.example") -> FeedProfile:
    return FeedProfile(name=name, feed_url=url, provider=provider, pages=frozenset(pages))


def test_spellings_of_one_address_are_one_feed() -> None:
    first = _profile("a", "https://www.outlet.example/feed/?utm_source=x")
    second = _profile("b", "http://outlet.example/feed", provider="other.example")

    found = same_feed(first, second)

    assert found is not None
    assert (found.first, found.second, found.by) == ("a", "b", "address")


def test_nearly_the_same_entries_of_one_provider_are_one_feed() -> None:
    first = _profile("a", "https://outlet.example/rss", "abcdefghi")
    second = _profile("b", "https://outlet.example/atom", "bcdefghij")

    found = same_feed(first, second)

    assert found is not None
    assert (found.by, found.share) == ("entries", 0.8)


def test_two_sections_are_two_feeds() -> None:
    first = _profile("a", "https://outlet.example/world", "abcdefghi")
    second = _profile("b", "https://outlet.example/tech", "cdefghijk")

    assert same_feed(first, second) is None


def test_wire_copy_of_another_provider_is_another_feed() -> None:
    first = _profile("a", "https://outlet.example/rss", "abcdef")
    second = _profile("b", "https://wire.example/rss", "abcdef", provider="wire.example")

    assert same_feed(first, second) is None


def test_very_few_entries_prove_nothing() -> None:
    first = _profile("a", "https://outlet.example/rss", "ab")
    second = _profile("b", "https://outlet.example/atom", "ab")

    assert same_feed(first, second) is None


def test_each_pair_is_told_once_in_a_steady_order() -> None:
    profiles = [
        _profile("c", "https://outlet.example/atom", "abcd"),
        _profile("a", "https://outlet.example/rss", "abcd"),
        _profile("b", "https://www.outlet.example/rss/", "abcd"),
        _profile("d", "https://other.example/rss", "abcd", provider="other.example"),
    ]

    found = [(one.first, one.second, one.by) for one in duplicates(profiles)]

    assert found == [("a", "b", "address"), ("a", "c", "entries"), ("b", "c", "entries")]
    assert found == [(one.first, one.second, one.by) for one in duplicates(reversed(profiles))]
