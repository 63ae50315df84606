"""The reference set is whole: nothing is promised that is not there."""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from config.load import load_catalogue
from pipeline.cli.demo import ROUNDS
from pipeline.feeds.parse import parse_feed
from pipeline.records import FeedDocument
from tests.conftest import ROOT

SEEDS = ROOT / "seeds"
HOSTS = {path.parent.name: path for path in sorted((SEEDS / "web").glob("*/host.toml"))}
ANSWERS = {host: tomllib.loads(path.read_text())["answer"] for host, path in HOSTS.items()}
EXPECTED = tomllib.loads((SEEDS / "web" / "expected.toml").read_text())["article"]
DIALECTS = {"rss091", "rss092", "rss10", "rss20", "atom03", "atom10", "json11"}


def _paths(host: str) -> set[str]:
    return {answer["path"] for answer in ANSWERS[host]}


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_every_answer_has_its_body_and_every_file_its_answer(host: str) -> None:
    folder = HOSTS[host].parent
    named = {answer["file"] for answer in ANSWERS[host] if "file" in answer}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}

    assert named == there - {"host.toml"}


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_no_path_is_answered_twice_at_one_time(host: str) -> None:
    counted = Counter((answer["path"], str(answer.get("after"))) for answer in ANSWERS[host])

    assert [key for key, count in counted.items() if count > 1] == []


def _feed(url: str) -> bytes:
    parts = urlsplit(url)
    host = parts.hostname or ""
    [answer, *_] = [one for one in ANSWERS[host] if one["path"] == parts.path]
    body: bytes = (HOSTS[host].parent / answer["file"]).read_bytes()
    return body


def test_every_dialect_is_there_and_every_entry_leads_to_a_page() -> None:
    dialects = set()
    for source in load_catalogue(SEEDS / "catalogue").sources.values():
        document = FeedDocument(final_url=source.feed, body=_feed(source.feed))
        feed = parse_feed(document, now=ROUNDS[-1])
        dialects.add(feed.dialect[:6])
        for entry in feed.entries:
            parts = urlsplit(entry.url)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            assert path in _paths(parts.hostname or ""), entry.url

    assert dialects == DIALECTS


def test_the_set_is_as_large_and_as_varied_as_it_should_be() -> None:
    stories = Counter(article["story"] for article in EXPECTED)

    assert len({urlsplit(article["url"]).hostname for article in EXPECTED}) >= 8
    assert len(EXPECTED) >= 40
    assert len(stories) >= 12
    assert (min(stories.values()), max(stories.values())) == (1, 6)
    kinds: dict[str, set[Any]] = {
        key: {article[key] for article in EXPECTED} for key in ("image", "amp", "type", "language")
    }
    assert kinds == {
        "image": {True, False},
        "amp": {True, False},
        "type": {"article", "video"},
        "language": {"en", "de"},
    }
    assert any("copy_of" in article for article in EXPECTED)
    assert any("corrected_title" in article for article in EXPECTED)
