from __future__ import annotations

from datetime import UTC, datetime, timedelta
from string import printable

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import Rejected
from pipeline.io.jobs import (
    EXTRACTED_ARTICLE,
    FEED_JOB,
    PARSED_FEED,
    READ_FEED,
    FeedJob,
    frame_of,
    record_of,
)
from pipeline.records import Entry, FeedDocument, Media, ParsedFeed, PollHints, SkippedEntry

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
TIMES = st.datetimes(timezones=st.just(UTC)) | st.none()
ENTRIES = st.builds(
    Entry,
    guid=TEXTS,
    url=TEXTS,
    title=TEXTS,
    summary=TEXTS,
    published_at=TIMES,
    updated_at=TIMES,
    authors=st.lists(TEXTS, max_size=2).map(tuple),
    media=st.builds(Media, url=TEXTS, width=st.integers() | st.none()).map(lambda one: (one,)),
)
FEEDS = st.builds(
    ParsedFeed,
    dialect=TEXTS,
    parser=TEXTS,
    title=TEXTS,
    entries=st.lists(ENTRIES, max_size=3).map(tuple),
    skipped=st.builds(SkippedEntry, reason=TEXTS, label=TEXTS).map(lambda one: (one,)),
    hints=st.builds(
        PollHints,
        ttl=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=999)) | st.none(),
        skip_hours=st.frozensets(st.integers(min_value=0, max_value=23)),
    ),
)


@settings(max_examples=100)
@given(FEEDS)
def test_a_record_comes_back_from_a_child_as_it_was(feed: ParsedFeed) -> None:
    assert record_of(PARSED_FEED, PARSED_FEED.dump_json(feed)) == feed


def _feed(entry: Entry) -> bytes:
    feed = ParsedFeed(dialect="rss20", parser="feedparser", title="A feed", entries=(entry,))
    return PARSED_FEED.dump_json(feed)


def _reason(answer: object) -> str:
    assert isinstance(answer, Rejected)
    return str(answer)


def test_what_a_database_would_refuse_for_the_whole_batch_is_refused_for_one() -> None:
    nul = Entry(guid="", url="https://one.example/", title="a\0b")
    naive = Entry(guid="", url="", title="", published_at=datetime(2026, 3, 1))  # noqa: DTZ001 -- the fault

    assert "a NUL in a text" in _reason(record_of(PARSED_FEED, _feed(nul)))
    assert "a time that is not UTC" in _reason(record_of(PARSED_FEED, _feed(naive)))


def test_an_answer_of_another_type_is_refused_without_repeating_it() -> None:
    reason = _reason(record_of(EXTRACTED_ARTICLE, b'{"title": "' + b"secret" * 1000 + b'"}'))

    assert reason.startswith("parse-crash: senseless answer: url: missing")
    assert "secret" not in reason


@settings(max_examples=100)
@given(st.text(printable, max_size=60) | st.binary(max_size=60))
def test_noise_in_place_of_an_answer_is_one_rejection(noise: str | bytes) -> None:
    data = noise.encode() if isinstance(noise, str) else noise

    assert _reason(record_of(PARSED_FEED, data)).startswith("parse-crash: ")


def test_a_job_that_no_json_can_hold_is_rejected_before_it_is_sent() -> None:
    document = FeedDocument(final_url="https://one.example/\ud800", body=b"")
    answer = frame_of(READ_FEED, FEED_JOB, FeedJob(document=document, now=NOW), b"")

    assert _reason(answer).startswith("parse-crash: cannot be handed over")
