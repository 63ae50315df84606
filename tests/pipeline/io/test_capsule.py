"""What a capsule takes from answers, and what it refuses of foreign ones."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from config.catalogue import SourceEntry
from pipeline.errors import Rejected, UsageError
from pipeline.io.capsule import (
    Capsule,
    CapsuleWeb,
    Ending,
    Failure,
    Held,
    Manifest,
    answers_of,
    read_capsule,
    without_secrets,
    write_capsule,
)
from pipeline.io.capsulefixture import write_fixture
from pipeline.outcomes import Fetched

_AT = datetime(2026, 3, 1, tzinfo=UTC)
_FEED = "https://one.example/feed.xml"


def _capsule(*answers: Held, failures: tuple[Failure, ...] = (), reason: str = "") -> Capsule:
    source = SourceEntry(id="one", feed=_FEED, provider="one.example", title="One")
    manifest = Manifest(
        newsloom="0.1.0",
        extractor=1,
        made_at=_AT,
        clock=_AT,
        source=source,
        failures=failures,
        happened=Ending(reason=reason),
        responses=len(answers),
    )
    return Capsule(manifest=manifest, answers=answers)


def _held(url: str = _FEED, body: bytes = b"<rss/>") -> Held:
    return Held(url=url, status=200, headers={"content-type": "application/xml"}, body=body)


def _ask(capsule: Capsule, url: str) -> httpx.Response:
    web = CapsuleWeb(capsule)
    return asyncio.run(web.handle_async_request(httpx.Request("GET", url)))


def test_a_capsule_comes_back_as_it_was_written(tmp_path: Path) -> None:
    made = _capsule(_held(body=bytes(range(256)) * 50), _held("https://one.example/b?c=%20d"))
    write_capsule(tmp_path / "a.warc.gz", made)
    found = read_capsule(tmp_path / "a.warc.gz")
    assert found.manifest == made.manifest
    assert [(one.url, one.status, one.body) for one in found.answers] == [
        (one.url, one.status, one.body) for one in made.answers
    ]


def test_each_redirect_is_an_answer() -> None:
    outcome = Fetched(
        url="http://one.example/a",
        final_url="https://one.example/c",
        status=200,
        headers={"content-type": "text/html", "set-cookie": "a=b", "content-encoding": "gzip"},
        body=b"page",
        redirects=((301, "http://one.example/a"), (302, "https://one.example/b")),
    )
    assert [(one.url, one.status, dict(one.headers)) for one in answers_of(outcome)] == [
        ("http://one.example/a", 301, {"location": "https://one.example/b"}),
        ("https://one.example/b", 302, {"location": "https://one.example/c"}),
        ("https://one.example/c", 200, {"content-type": "text/html"}),
    ]


def test_what_gave_no_answer_gives_none_again_and_nothing_else_is_asked() -> None:
    held = _capsule(failures=(Failure(url=_FEED, reason="deadline", detail="20 s"),))
    with pytest.raises(Rejected, match="deadline: 20 s"):
        _ask(held, _FEED)
    with pytest.raises(Rejected, match="not-in-capsule"):
        _ask(held, "https://one.example/else")
    assert _ask(held, "https://one.example/robots.txt").status_code == 404


@pytest.mark.parametrize(
    "body",
    [b'{"token": "ab\\"cd-efgh"}', b"?token=ab%22cd-efgh", b'Basic ab"cd-efgh', b'is ab"cd-efgh!'],
)
def test_a_secret_is_blotted_out_however_it_is_written(body: bytes) -> None:
    [answer] = without_secrets(_capsule(_held(body=body)), ['Basic ab"cd-efgh']).answers
    assert b"cd-efgh" not in answer.body
    assert len(answer.body) == len(body)


def test_foreign_references_are_forgotten() -> None:
    source = {
        "id": "one",
        "feed": _FEED,
        "provider": "one.example",
        "title": "One",
        "headers": {"Authorization": "env:AWS_SECRET_ACCESS_KEY"},
        "proxy": "file:/etc/passwd",
    }
    told = _capsule().manifest.model_dump(mode="json") | {"source": source}
    found = Manifest.model_validate(told)
    assert found.source.headers == {}
    assert found.source.proxy is None


def test_foreign_words_lose_their_controls() -> None:
    assert "\x1b" not in _capsule(reason="not-a-feed: \x1b[2Jgone").manifest.happened.reason


@pytest.mark.parametrize(
    "url", ["https://../x", "https://./x", "https://-a/x", "file:///etc/passwd", "nonsense"]
)
def test_a_host_that_is_none_names_no_folder(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="an answer of no host"):
        write_fixture(tmp_path / "new", _capsule(_held(url)), Ending())
    assert not (tmp_path / "new").exists()


def test_a_redirect_to_the_same_place_is_left_out_of_a_fixture(tmp_path: Path) -> None:
    step = Held(url="http://one.example/feed.xml", status=301, headers={"location": _FEED})
    write_fixture(tmp_path / "new", _capsule(step, _held()), Ending())
    text = (tmp_path / "new" / "web" / "one.example" / "host.toml").read_text()
    assert text.count("[[answer]]") == 1
    assert "status = 200" in text
