"""Where a finder reads an answer: a small one at once, a large or packed one as a child's job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import TypeAdapter

from pipeline.errors import Rejected
from pipeline.history.finders import finders
from pipeline.history.lookup import Answer, Finder, Look, Missing, Place, Span
from pipeline.io.children import Children
from pipeline.io.feedjob import HERE_LIMIT
from pipeline.io.frames import ANSWER_LIMITS
from pipeline.io.jobs import frame_of, record_of
from pipeline.records import SkippedEntry

_LABEL: Final = "pipeline.io.lookjob:read"
_GZIP: Final = b"\x1f\x8b"
#: Bytes that a look may have as JSON: a sitemap of 50,000 usual addresses has 8 MB.
_LARGEST: Final = ANSWER_LIMITS.header
#: Of what is too much, so little less is tried next.
_LESS: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class LookJob:
    """An answer to be read by a finder; its bytes travel beside it."""

    finder: str
    wayback_url: str
    answer: Answer
    place: Place
    span: Span


_JOB: TypeAdapter[LookJob] = TypeAdapter(LookJob)
_LOOK: TypeAdapter[Look] = TypeAdapter(Look)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came back for a source, and the finder that asked."""

    finder: Finder
    answer: Answer | Missing
    place: Place
    span: Span


def read_looks(
    children: Children, asked: Sequence[Asked], *, wayback_url: str
) -> list[Look | Rejected]:
    """Return what each finder reads in its answer, or why it is unreadable, in the same order.

    Feeds were parsed before; of anything else what is large or packed is a child's to read. Raise
    ChildrenError when no child can be started.
    """
    jobs = [
        frame_of(
            _LABEL,
            _JOB,
            LookJob(
                finder=one.finder.name,
                wayback_url=wayback_url,
                answer=replace(one.answer, body=b""),
                place=one.place,
                span=one.span,
            ),
            one.answer.body,
        )
        for one in asked
        if isinstance(one.answer, Answer) and _is_large(one.answer)
    ]
    answers = iter(children.run(jobs))
    looks: list[Look | Rejected] = []
    for one in asked:
        if isinstance(one.answer, Answer) and _is_large(one.answer):
            looks.append(record_of(_LOOK, next(answers)))
        else:
            looks.append(one.finder.read(one.answer, one.place, one.span))
    return looks


def _is_large(answer: Answer) -> bool:
    """Say whether reading an answer may take long: of a packed one nobody knows."""
    is_packed = answer.body.startswith(_GZIP)
    return answer.feed is None and (is_packed or len(answer.body) > HERE_LIMIT)


def read(header: bytes, body: bytes) -> bytes:
    """Return what a finder reads in an answer as JSON, as much as may be handed back."""
    job = _JOB.validate_json(header)
    finder = next(one for one in finders(job.wayback_url) if one.name == job.finder)
    look = finder.read(replace(job.answer, body=body), job.place, job.span)
    while len(told := _LOOK.dump_json(look, exclude_defaults=True)) > _LARGEST:
        look = _cut(look, _LARGEST / len(told) * _LESS)
    return told


def _cut(look: Look, share: float) -> Look:
    """Return a share of a look's entries and asks, and what it lost."""
    entries, asks = int(len(look.entries) * share), int(len(look.asks) * share)
    lost = len(look.entries) - entries + len(look.asks) - asks
    told = f"{lost} addresses are left out: more than {_LARGEST // 2**20} MiB of them"
    return replace(
        look,
        entries=look.entries[:entries],
        asks=look.asks[:asks],
        skipped=(*look.skipped, SkippedEntry(reason="truncated-answer", label=told)),
        note=look.note or told,
    )
