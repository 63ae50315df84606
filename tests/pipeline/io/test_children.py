"""Real children, real deaths; the jobs are those of `misbehaving`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import pytest

from pipeline.errors import Rejected
from pipeline.io.children import Children, ChildrenError, extractor_of
from pipeline.io.frames import Frame
from pipeline.io.jobs import EXTRACTED_ARTICLE
from pipeline.records import (
    EntryFacts,
    ExtractedArticle,
    FeedDocument,
    Page,
    PageId,
    ParsedFeed,
)

ROOT = Path(__file__).parents[3]
MODULE = "tests.pipeline.io.misbehaving"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
#: Longer than a busy machine needs, shorter than a hang.
PATIENCE = 20.0


def job(name: str, header: bytes | str = b"", body: bytes = b"") -> Frame:
    data = header.encode() if isinstance(header, str) else header
    return Frame(label=f"{MODULE}:{name}", header=data, body=body)


def reasons(answers: list[bytes | Rejected]) -> list[str]:
    return [answer.reason if isinstance(answer, Rejected) else "" for answer in answers]


@pytest.fixture(scope="module", autouse=True)
def _importable() -> Iterator[None]:
    """Let the children import the tests: they look where their parent looks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield


@pytest.fixture
def start() -> Iterator[Callable[..., Children]]:
    started: list[Children] = []

    def start(
        size: int = 1, *, cpu_seconds: int = 1, memory_mb: int = 512, wall_seconds: float = PATIENCE
    ) -> Children:
        children = Children(
            size=size, cpu_seconds=cpu_seconds, memory_mb=memory_mb, wall_seconds=wall_seconds
        )
        started.append(children)
        return children

    yield start
    for children in started:
        children.close()


Start = Callable[..., Children]


# --- order and reuse ------------------------------------------------------------------------------


def test_answers_come_in_the_order_of_the_jobs(start: Start) -> None:
    jobs = [job("echo", str(number), b"x" * (number * 997 % 150_000)) for number in range(200)]

    answers = start(2).run(jobs)

    assert answers == [f"{n} {n * 997 % 150_000}".encode() for n in range(200)]


def test_jobs_are_spread_over_the_children_which_live_on(start: Start) -> None:
    children = start(2)

    first = set(children.run([job("pid", "0.3") for _ in range(4)]))

    assert len(first) == 2
    assert set(children.run([job("pid") for _ in range(50)])) <= first
    assert {str(pid).encode() for pid in children.pids()} == first


def test_no_child_is_started_for_no_work(start: Start) -> None:
    children = start(2)

    assert children.run([]) == []
    assert reasons(children.run([Rejected("too-large")])) == ["too-large"]
    assert children.pids() == []


def test_a_child_is_replaced_after_many_jobs(start: Start) -> None:
    assert len(set(start().run([job("pid") for _ in range(700)]))) == 3


def test_a_child_that_has_grown_is_replaced(start: Start) -> None:
    children = start()
    small, large = children.run([job("grow", "1"), job("grow", "400")])

    [after] = children.run([job("pid")])

    assert small == large
    assert after != large


def test_closing_ends_every_child_and_the_next_job_starts_new_ones(start: Start) -> None:
    children = start(2)
    [before] = children.run([job("pid")])
    pids = children.pids()

    children.close()

    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert children.run([job("pid")]) != [before]


# --- limits and deaths ----------------------------------------------------------------------------


def test_a_hang_in_c_is_ended_by_its_processor_time_and_harms_no_other(start: Start) -> None:
    before = time.monotonic()
    answers = start(2).run([job("hang_in_c"), *(job("echo", str(n)) for n in range(20))])

    assert isinstance(answers[0], Rejected)
    assert str(answers[0]) == "parse-timeout: over 1 s of processor time"
    assert answers[1:] == [f"{n} 0".encode() for n in range(20)]
    assert time.monotonic() - before < PATIENCE


def test_each_job_has_processor_time_of_its_own(start: Start) -> None:
    assert start().run([job("compute", "0.6")] * 3) == [b"done"] * 3


def test_a_job_that_waits_too_long_is_ended_by_the_clock(start: Start) -> None:
    children = start(wall_seconds=0.5)

    answers = children.run([job("echo", "a"), job("pid", "30"), job("echo", "b")])

    assert answers[::2] == [b"a 0", b"b 0"]
    assert isinstance(answers[1], Rejected)
    assert str(answers[1]) == "parse-timeout: no answer within 0.5 s"


@pytest.mark.parametrize("name", ["leave_the_group", "flood_stderr"])
def test_no_trick_outlives_the_clock(start: Start, name: str) -> None:
    answers = start(cpu_seconds=9, wall_seconds=0.5).run([job(name), job("echo", "a")])

    assert reasons(answers) == ["parse-timeout", ""]


def test_a_job_that_eats_memory_is_ended_by_its_limit(start: Start) -> None:
    children = start(memory_mb=256)

    answers = children.run([job("eat_memory"), job("end_without_memory"), job("echo", "a")])

    assert reasons(answers) == ["parse-memory", "parse-memory", ""]


def test_a_job_too_large_for_its_child_is_rejected_for_memory(start: Start) -> None:
    answers = start(memory_mb=160).run([job("echo", "a", bytes(60 * 2**20)), job("echo", "b")])

    assert reasons(answers) == ["parse-memory", ""]


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("leave", "exit code 3"),
        ("segfault", "SIGSEGV"),
        ("library_exits", "SystemExit: a library's own idea"),
        ("always_killed", "2 times: SIGKILL"),
        ("close_pipes", "closed its pipe"),
        ("die_of_a_nameless_signal", f"signal {signal.SIGRTMIN + 6}"),
    ],
)
def test_a_crash_is_the_outcome_of_its_job_alone(start: Start, name: str, detail: str) -> None:
    children = start()

    answers = children.run([job("echo", "a"), job(name), job("echo", "b")])

    assert answers[::2] == [b"a 0", b"b 0"]
    assert isinstance(answers[1], Rejected)
    assert str(answers[1]) == f"parse-crash: {detail}"


def test_an_exception_is_told_in_one_short_line_and_ends_no_child(start: Start) -> None:
    children = start()

    before, answer, after = children.run([job("pid"), job("fail"), job("pid")])

    assert isinstance(answer, Rejected)
    assert answer.reason == "parse-crash"
    assert answer.detail.startswith("KeyError: 'lone \\ud800 surrogate\\nand a second line")
    assert len(answer.detail) <= 300
    assert before == after


def test_a_job_whose_child_was_killed_from_outside_is_tried_once_more(
    start: Start, tmp_path: Path
) -> None:
    assert start().run([job("killed_once", str(tmp_path / "mark"))]) == [b"done"]


def test_a_child_killed_while_idle_costs_no_job(start: Start) -> None:
    children = start()
    children.run([job("pid")])
    [pid] = children.pids()
    os.kill(pid, signal.SIGKILL)

    assert children.run([job("echo", "a")]) == [b"a 0"]


def test_what_libraries_print_does_not_reach_the_pipes(start: Start) -> None:
    answers = start().run([job("talk"), job("echo", "a"), job("talk")])

    assert answers == [b"0", b"a 0", b"0"]


def test_sizes_are_bounded_both_ways(start: Start) -> None:
    answers = start().run(
        [
            job("echo", "a", bytes(64 * 2**20 + 1)),
            job("answer_of_size", str(16 * 2**20 + 1)),
            job("answer_of_size", str(16 * 2**20)),
        ]
    )

    assert reasons(answers) == ["parse-too-large", "parse-too-large", ""]
    assert isinstance(answers[2], bytes)
    assert len(answers[2]) == 16 * 2**20


def _raw(label: bytes, header: int = 0) -> bytes:
    return struct.pack("!BII", len(label), header, 0) + label


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(_raw(b"done", 2**32 - 1), id="four gigabytes"),
        pytest.param(_raw(b"begun"), id="begun again"),
        pytest.param(_raw(b"over"), id="unknown label"),
        pytest.param(_raw(b"\xff"), id="no ascii"),
        pytest.param(_raw(b"rejected", 2) + b"{}", id="no reason"),
        pytest.param(_raw(b"rejected", 18) + b'{"reason": "A B!"}', id="odd reason"),
    ],
)
def test_a_child_that_lies_is_not_believed(start: Start, lie: bytes) -> None:
    answers = start().run([job("write_to_every_pipe", lie), job("echo", "a")])

    assert answers[1] == b"a 0"
    assert str(answers[0]).startswith("parse-crash: senseless answer: ")


def test_an_installation_that_cannot_work_is_no_fault_of_the_job(start: Start) -> None:
    children = start()

    with pytest.raises(ChildrenError, match=r"exit code 1: AttributeError: .*not_there"):
        children.run([job("not_there")])

    assert children.run([job("echo", "a")]) == [b"a 0"]


# --- the parent -----------------------------------------------------------------------------------


def test_no_secret_of_the_environment_reaches_a_child(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLOOM_MASTER_KEY", "canary")
    monkeypatch.setenv("TZ", "Asia/Tokyo")

    [answer] = start().run([job("environment")])

    assert isinstance(answer, bytes)
    assert b"canary" not in answer
    assert b"TZ=UTC" in answer


def test_an_interrupted_run_ends_the_children_that_were_at_work(start: Start) -> None:
    children = start(2)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        children.run([job("echo", "a")])
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            children.run([job("pid", "30"), job("pid", "30")])
    finally:
        signal.signal(signal.SIGALRM, before)

    assert children.pids() == []
    assert children.run([job("echo", "b")]) == [b"b 0"]


def test_a_daemonic_process_after_a_fork_has_children_of_its_own(start: Start) -> None:
    children = start()
    [ours] = children.run([job("pid")])
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()

    def forked() -> None:
        with closing(children):
            answers.put(children.run([job("pid")]))

    process = context.Process(target=forked, daemon=True)
    process.start()
    [theirs] = answers.get()
    process.join()

    assert theirs != ours
    assert children.run([job("pid")]) == [ours]


def test_a_killed_parent_takes_its_children_along() -> None:
    code = (
        "from pipeline.io.children import Children\n"
        "from pipeline.io.frames import Frame\n"
        "children = Children(size=2, cpu_seconds=9, memory_mb=512, wall_seconds=99)\n"
        f"frames = [Frame(label='{MODULE}:pid', header=b'0.3')] * 2\n"
        "print(*(pid.decode() for pid in children.run(frames)), flush=True)\n"
        f"children.run([Frame(label='{MODULE}:pid', header=b'99')])\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(set(pids)) == 2

    parent.kill()
    parent.wait()
    parent.stdout.close()

    deadline = time.monotonic() + PATIENCE
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    """Tell whether a process runs; one that nobody reaps has ended all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_memory_of_the_parent_does_not_grow_with_the_jobs() -> None:
    code = (
        "import resource\n"
        "from pipeline.io.children import Children\n"
        "from pipeline.io.frames import Frame\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "children = Children(size=2, cpu_seconds=9, memory_mb=512, wall_seconds=99)\n"
        "body = bytes(5 * 2**20)\n"
        "before = peak()\n"
        "for _ in range(30):\n"
        f"    echo = Frame(label='{MODULE}:echo', body=body)\n"
        f"    large = Frame(label='{MODULE}:answer_of_size', header=b'1000000')\n"
        "    children.run([echo, large, echo, large])\n"
        "children.close()\n"
        "print(peak() - before)\n"
    )

    answer = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(answer.stdout) < 40_000  # kB, for 300 MB sent and 60 MB received


# --- feeds and pages ------------------------------------------------------------------------------

FEED = (
    b"<?xml version='1.0'?><rss version='2.0'><channel><title>Harbour news</title><item>"
    b"<title>Pier closed</title><link>https://one.example/pier</link></item></channel></rss>"
)
PAGE = (
    b"<!doctype html><html lang='en'><head><title>Pier closed</title>"
    b"<meta property='article:published_time' content='2026-03-01T10:00:00Z'></head><body><article>"
    b"<h1>Pier closed</h1><p>The harbour authority closed the northern pier on Sunday after divers "
    b"found cracks in two of its oldest pillars, and ferries will leave from the southern basin "
    b"until engineers have finished their inspection of the whole structure.</p></article></body>"
)


def page(body: bytes = PAGE, host: str = "one.example") -> tuple[Page, EntryFacts]:
    url = f"https://{host}/pier"
    made = Page(
        id=PageId("p"),
        url=url,
        final_url=url,
        body=body,
        content_type="text/html; charset=utf-8",
        fetched_at=NOW,
    )
    return made, EntryFacts(title="Pier closed")


def test_feeds_are_parsed_and_what_is_no_feed_has_a_reason(start: Start) -> None:
    documents = [
        FeedDocument(final_url="https://one.example/feed", body=body)
        for body in (FEED, b"<html><p>No feed</p></html>", FEED)
    ]

    first, second, third = start().read_feeds(documents, now=NOW)

    assert isinstance(first, ParsedFeed)
    assert [entry.url for entry in first.entries] == ["https://one.example/pier"]
    assert isinstance(second, Rejected)
    assert second.reason == "not-a-feed"
    assert third == first


def test_pages_are_read_and_what_is_no_article_has_a_reason(start: Start) -> None:
    first, second = start(cpu_seconds=10, memory_mb=1024).read_pages(
        [page(), page(b"")], extractors={}
    )

    assert isinstance(first, ExtractedArticle)
    assert first.title == "Pier closed"
    assert first.published_at == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    assert first.text.startswith("The harbour authority")
    assert EXTRACTED_ARTICLE.validate_python(first) == first
    assert isinstance(second, Rejected)
    assert not second.reason.startswith("parse-")


def test_a_domains_extractor_comes_first_and_its_failure_is_told(start: Start) -> None:
    extractors = {
        "own.example": f"{MODULE}.extract",
        "wall.example": f"{MODULE}.extract_nothing",
        "bad.example": f"{MODULE}.extract_and_fail",
        "odd.example": f"{MODULE}.extract_something_else",
        "gone.example": "not_there.at_all",
    }
    jobs = [page(host=f"www.{host}") for host in extractors]

    answers = start(cpu_seconds=10, memory_mb=1024).read_pages(jobs, extractors=extractors)

    own, wall, bad, odd, gone = answers
    assert isinstance(own, ExtractedArticle)
    assert own.title == "Pier closed, read by an extractor"
    assert own.excerpt == str(len(PAGE))
    assert own.published_at == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    assert own.origins["extractor"] == f"{MODULE}.extract"
    assert isinstance(wall, Rejected)
    assert (wall.reason, wall.detail) == ("paywall", "only the first sentence")
    for answer, failure in ((bad, "LookupError: no such node"), (odd, "TypeError: returned str")):
        assert isinstance(answer, ExtractedArticle)
        assert answer.title == "Pier closed"
        assert failure in answer.origins["extractor"]
    assert isinstance(gone, ExtractedArticle)
    assert "ModuleNotFoundError" in gone.origins["extractor"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://one.example/x", "one"),
        ("https://www.one.example:8443/x", "one"),
        ("https://blog.one.example./x", "blog"),
        ("https://someone.example/x", None),
        ("https://example/x", None),
        ("https://[::1/x", None),
    ],
)
def test_the_nearest_domain_chooses_the_extractor(url: str, expected: str | None) -> None:
    extractors = {"one.example": "one", "blog.one.example": "blog"}

    assert extractor_of(url, extractors) == expected
