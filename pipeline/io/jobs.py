"""What a parent asks of a child and what may come back, as data.

A job's label is the dotted name of the function that does it, ``module:function``, called with the
header and the body of its frame and returning JSON. Only the parent writes labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from pipeline.errors import Rejected
from pipeline.history.lookup import Look
from pipeline.io.frames import Frame
from pipeline.plaintext import clean_line
from pipeline.records import EntryFacts, ExtractedArticle, FeedDocument, Page, ParsedFeed

READ_FEED = "pipeline.io.feedjob:read"
READ_PAGE = "pipeline.io.pagejob:read"

#: Labels of what a child says: once when it begins with a job, once when it is through.
BEGUN = "begun"
DONE = "done"
REJECTED = "rejected"

#: Reasons that are a child's end rather than the parser's verdict.
PARSE_TIMEOUT = "parse-timeout"
PARSE_MEMORY = "parse-memory"
PARSE_CRASH = "parse-crash"
PARSE_TOO_LARGE = "parse-too-large"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedJob:
    """A feed to parse; the bytes of the document travel beside it."""

    document: FeedDocument
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PageJob:
    """A page to read; its bytes travel beside it."""

    page: Page
    facts: EntryFacts
    now: datetime
    #: Dotted name of the `pipeline.plugins.PageExtractor` of this page's domain.
    extractor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why there is no result, as a child tells it."""

    reason: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")]
    detail: str = ""


FEED_JOB: TypeAdapter[FeedJob] = TypeAdapter(FeedJob)
PAGE_JOB: TypeAdapter[PageJob] = TypeAdapter(PageJob)
PARSED_FEED: TypeAdapter[ParsedFeed] = TypeAdapter(ParsedFeed)
EXTRACTED_ARTICLE: TypeAdapter[ExtractedArticle] = TypeAdapter(ExtractedArticle)
REJECTION: TypeAdapter[Rejection] = TypeAdapter(Rejection)

Job = TypeVar("Job")
Record = TypeVar("Record", ParsedFeed, ExtractedArticle, Look, tuple[Any, ...])


def frame_of(label: str, adapter: TypeAdapter[Job], job: Job, body: bytes) -> Frame | Rejected:
    """Turn a job into a frame; text that no JSON can hold is the job's own fault."""
    try:
        return Frame(label=label, header=adapter.dump_json(job), body=body)
    except PydanticSerializationError as error:
        return Rejected(PARSE_CRASH, f"cannot be handed over: {error}")


def record_of(adapter: TypeAdapter[Record], answer: bytes | Rejected) -> Record | Rejected:
    """Read a child's answer, and believe nothing of it that is not proved."""
    if isinstance(answer, Rejected):
        return answer
    try:
        record = adapter.validate_json(answer)
    except ValidationError as error:
        # Without what it holds: that may be megabytes of a page.
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        what = clean_line(f"{where[:200]}: {first['type']}")
        return Rejected(PARSE_CRASH, f"senseless answer: {what}")
    for fault in filter(None, map(_fault, _leaves(record))):
        return Rejected(PARSE_CRASH, f"senseless answer: {fault}")
    return record


def _fault(value: Any) -> str:
    """Name what a type does not show and what would fail a whole batch at the database."""
    if isinstance(value, str) and "\0" in value:
        return "a NUL in a text"  # PostgreSQL refuses it
    if isinstance(value, datetime) and value.utcoffset() != timedelta(0):
        return "a time that is not UTC"
    return ""


def _leaves(value: Any) -> Iterator[Any]:
    """Yield every single value in a record."""
    members: Iterable[Any]
    if is_dataclass(value):
        members = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, Mapping):
        members = [*value, *value.values()]
    elif isinstance(value, tuple):
        members = value
    else:
        yield value
        return
    for member in members:
        yield from _leaves(member)
