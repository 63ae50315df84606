"""Children: the processes in which feeds and pages are parsed, each within limits and killable.

Only small plain feeds, which `pipeline.io.feedjob` reads at once, do without.

A page can make a parser run for minutes or eat all memory, in C, where no signal reaches Python
(feedparser issue 562, trafilatura issue 704). So parsing happens in long-lived children; one that
hangs, bloats or crashes is replaced, and its job alone ends with a reason: ``parse-timeout``,
``parse-memory``, ``parse-crash`` or ``parse-too-large``.
"""

from __future__ import annotations

import os
import selectors
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from pipeline.errors import NewsloomError, Rejected
from pipeline.io.childprocess import ChildLimits, ChildProcess, Lost
from pipeline.io.feedjob import read_here
from pipeline.io.frames import JOB_LIMITS, Frame, FrameError, packed
from pipeline.io.jobs import (
    EXTRACTED_ARTICLE,
    FEED_JOB,
    PAGE_JOB,
    PARSE_CRASH,
    PARSE_TOO_LARGE,
    PARSED_FEED,
    READ_FEED,
    READ_PAGE,
    FeedJob,
    PageJob,
    frame_of,
    record_of,
)
from pipeline.records import EntryFacts, ExtractedArticle, FeedDocument, Page, ParsedFeed

#: A job whose child was ended from outside is given to a second one, and to no third.
_MAX_TRIES = 2


class ChildrenError(NewsloomError):
    """No child can be started: the installation or the machine is broken, not the job."""


@dataclass(slots=True)
class _Task:
    """A job and how far it is."""

    number: int
    job: Frame | Rejected
    tries: int = 0


class Children:
    """A few children, started when there is work for them, for one thread of one process."""

    def __init__(self, *, size: int, cpu_seconds: int, memory_mb: int, wall_seconds: float) -> None:
        """Keep at most `size` children, each with these limits for one job."""
        self._size = size
        self._limits = ChildLimits(
            cpu_seconds=cpu_seconds, memory_mb=memory_mb, wall_seconds=wall_seconds
        )
        self._owner = os.getpid()
        self._idle: list[ChildProcess] = []
        self._busy: dict[ChildProcess, _Task] = {}

    def read_feeds(
        self, documents: Sequence[FeedDocument], *, now: datetime
    ) -> list[ParsedFeed | Rejected]:
        """Return what each document holds, or why it is unusable, in the same order.

        Small plain feeds are read in this process. Raise ChildrenError when no child can be
        started.
        """
        here = [read_here(document, now=now) for document in documents]
        jobs = [
            frame_of(
                READ_FEED,
                FEED_JOB,
                FeedJob(document=replace(document, body=b""), now=now),
                document.body,
            )
            for document, answer in zip(documents, here, strict=True)
            if answer is None
        ]
        answers = iter(self.run(jobs))
        return [
            record_of(PARSED_FEED, next(answers)) if answer is None else answer for answer in here
        ]

    def read_pages(
        self,
        jobs: Sequence[tuple[Page, EntryFacts]],
        *,
        extractors: Mapping[str, str],
    ) -> list[ExtractedArticle | Rejected]:
        """Return the article on each page, or why there is none, in the same order.

        Each is read as of the moment it was fetched.
        `extractors`: domain -> dotted name of the `PageExtractor` of it and all below it; the
        longest domain wins. Raise ChildrenError when no child can be started.
        """
        frames = [
            frame_of(
                READ_PAGE,
                PAGE_JOB,
                PageJob(
                    page=replace(page, body=b""),
                    facts=facts,
                    now=page.fetched_at,
                    extractor=extractor_of(page.final_url, extractors),
                ),
                page.body,
            )
            for page, facts in jobs
        ]
        return [record_of(EXTRACTED_ARTICLE, answer) for answer in self.run(frames)]

    def run(self, jobs: Sequence[Frame | Rejected]) -> list[bytes | Rejected]:
        """Have each job done by some child; return the answers in the order of the jobs.

        What is already rejected stays so. Raise ChildrenError when no child can be started.
        """
        self._start_afresh_after_fork()
        answers: dict[int, bytes | Rejected] = {}
        waiting = deque(_Task(number, job) for number, job in enumerate(jobs))
        try:
            while len(answers) < len(jobs):
                self._hand_out(waiting, answers)
                self._wait()
                self._collect(waiting, answers)
        finally:
            # Interrupted: nobody will ask for these answers any more.
            for child in self._busy:
                child.end()
            self._busy.clear()
        return [answers[number] for number in range(len(jobs))]

    def pids(self) -> list[int]:
        """Return the process numbers of the children that wait for work."""
        return [child.pid for child in self._idle if child.alive]

    def close(self) -> None:
        """End all children; the next job starts new ones."""
        self._start_afresh_after_fork()
        for child in self._idle:
            child.end()
        self._idle.clear()

    def _start_afresh_after_fork(self) -> None:
        """Leave the children to the process that started them, when that is not this one."""
        if self._owner == os.getpid():
            return
        for child in [*self._idle, *self._busy]:
            child.forget()
        self._idle.clear()
        self._busy.clear()
        self._owner = os.getpid()

    def _hand_out(self, waiting: deque[_Task], answers: dict[int, bytes | Rejected]) -> None:
        """Give every child that is free, or may still be started, a job."""
        while waiting and len(self._busy) < self._size:
            task = waiting.popleft()
            if isinstance(task.job, Rejected):
                answers[task.number] = task.job
                continue
            try:
                frame = packed(task.job, JOB_LIMITS)
            except FrameError as error:
                answers[task.number] = Rejected(PARSE_TOO_LARGE, str(error))
                continue
            task.tries += 1
            child = self._free_child()
            self._busy[child] = task
            child.give(frame)

    def _free_child(self) -> ChildProcess:
        """Return a child without work, a new one if need be."""
        while self._idle:
            child = self._idle.pop()
            if child.fit:
                return child
            child.end()
        try:
            return ChildProcess(self._limits)
        except OSError as error:
            raise ChildrenError(f"no process for parsing can be started: {error}") from error

    def _wait(self) -> None:
        """Wait until a pipe is ready or a child's time is over, and move the data."""
        if not self._busy:
            return
        earliest = min(child.deadline for child in self._busy)
        with selectors.PollSelector() as selector:
            for child in self._busy:
                child.watch(selector)
            ready = selector.select(max(0.0, earliest - time.monotonic()))
        for key, _ in ready:
            key.data()

    def _collect(self, waiting: deque[_Task], answers: dict[int, bytes | Rejected]) -> None:
        """Take the outcomes that are there; a job lost with its child goes to the next one."""
        now = time.monotonic()
        for child, task in list(self._busy.items()):
            child.expire(now)
            outcome = child.outcome
            if outcome is None:
                continue
            del self._busy[child]
            self._idle.append(child)
            if not isinstance(outcome, Lost):
                answers[task.number] = outcome
            elif task.tries < _MAX_TRIES:
                waiting.appendleft(task)
            elif child.begun:
                answers[task.number] = Rejected(PARSE_CRASH, f"{task.tries} times: {outcome}")
            else:
                raise ChildrenError(f"the process for parsing does not start: {outcome}")


def extractor_of(url: str, extractors: Mapping[str, str]) -> str | None:
    """Return the extractor whose domain is the host of `url` or nearest above it."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    labels = host.rstrip(".").split(".")
    domains = (".".join(labels[start:]) for start in range(len(labels)))
    return next((extractors[domain] for domain in domains if domain in extractors), None)
