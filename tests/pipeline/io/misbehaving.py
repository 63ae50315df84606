"""Jobs and page extractors that misbehave; they run in a child and nowhere else."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn

from pipeline.errors import NotAnArticle
from pipeline.records import ArticleType, EntryFacts, ExtractedArticle, Page

KEPT: list[bytearray] = []


def echo(header: bytes, body: bytes) -> bytes:
    """Give back the header and how long the body was."""
    return header + b" " + str(len(body)).encode()


def pid(header: bytes, body: bytes) -> bytes:
    """Sleep so many seconds and tell the process number."""
    time.sleep(float(header or b"0"))
    return str(os.getpid()).encode()


def compute(header: bytes, body: bytes) -> bytes:
    """Use so many seconds of processor time."""
    end = time.process_time() + float(header)
    while time.process_time() < end:
        pass
    return b"done"


def hang_in_c(header: bytes, body: bytes) -> bytes:
    """Backtrack for longer than anybody waits, in one call of C code."""
    re.match(r"(a+)+$", "a" * 60 + "b")
    return b"never"


def eat_memory(header: bytes, body: bytes) -> NoReturn:
    while True:
        KEPT.append(bytearray(2**20))


def end_without_memory(header: bytes, body: bytes) -> NoReturn:
    """End as a library in C++ does that got no memory."""
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def grow(header: bytes, body: bytes) -> bytes:
    """Keep so many MiB for ever and tell the process number."""
    KEPT.append(bytearray(int(header) * 2**20))
    return str(os.getpid()).encode()


def segfault(header: bytes, body: bytes) -> bytes:
    return ctypes.string_at(0)


def leave(header: bytes, body: bytes) -> NoReturn:
    os._exit(3)


def library_exits(header: bytes, body: bytes) -> NoReturn:
    sys.exit("a library's own idea")


def fail(header: bytes, body: bytes) -> NoReturn:
    raise KeyError("lone \ud800 surrogate\nand a second line" + "x" * 10_000)


def answer_of_size(header: bytes, body: bytes) -> bytes:
    return b"x" * int(header)


def talk(header: bytes, body: bytes) -> bytes:
    """Print to all that looks like an output, far more than a pipe holds; read all input."""
    sys.stdout.write("x" * 200_000)
    sys.stdout.flush()
    sys.stderr.write("y" * 200_000)
    os.write(1, b"\0\0\0\0" * 50_000)
    subprocess.run([sys.executable, "-c", "print('z' * 100_000)"], check=True)
    return str(len(sys.stdin.read())).encode()


def killed_once(header: bytes, body: bytes) -> bytes:
    """Die of a kill from outside the first time; the header names the file that tells."""
    mark = Path(header.decode())
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return b"done"


def always_killed(header: bytes, body: bytes) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def write_to_every_pipe(header: bytes, body: bytes) -> bytes:
    """Write the header to every descriptor that could be the one for answers, then wait."""
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, header)
        except OSError:
            continue
    time.sleep(30)
    return b"never"


def close_pipes(header: bytes, body: bytes) -> bytes:
    os.closerange(0, 20)
    time.sleep(30)
    return b"never"


def leave_the_group(header: bytes, body: bytes) -> bytes:
    """Try to escape the kill that ends the group of a child."""
    os.setpgid(0, os.getpgid(os.getppid()))
    time.sleep(30)
    return b"never"


def flood_stderr(header: bytes, body: bytes) -> NoReturn:
    while True:
        os.write(2, b"MemoryError\n" * 5000)


def die_of_a_nameless_signal(header: bytes, body: bytes) -> NoReturn:
    os.kill(os.getpid(), signal.SIGRTMIN + 6)
    raise AssertionError


def environment(header: bytes, body: bytes) -> bytes:
    return Path("/proc/self/environ").read_bytes()


def extract(page: Page, facts: EntryFacts) -> ExtractedArticle:
    """Be an operator's own page extractor; its times carry their own offset."""
    return ExtractedArticle(
        url=page.final_url,
        title=f"{facts.title}, read by an extractor",
        excerpt=str(len(page.body)),
        text="",
        published_at=datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))),
        published_precision="second",
        updated_at=None,
        language="en",
        type=ArticleType.ARTICLE,
        amp_url=None,
        site_name=None,
        authors=(),
        image_candidates=(),
        featured_content=None,
        origins={"title": "feed"},
    )


def extract_nothing(page: Page, facts: EntryFacts) -> NoReturn:
    raise NotAnArticle("paywall", "only the first sentence")


def extract_and_fail(page: Page, facts: EntryFacts) -> NoReturn:
    raise LookupError("no such node")


def extract_something_else(page: Page, facts: EntryFacts) -> str:
    return "an article"
