"""One child as its parent sees it: its pipes, the job it has, how it ended.

    started -> idle -> given a job -> begun -> outcome -> idle ... -> ended

Nothing here waits: the parent's loop calls `send`, `receive` and `drain` when the pipes are ready
and `expire` when time has passed.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from pipeline.errors import NewsloomError, Rejected
from pipeline.io.frames import ANSWER_LIMITS, PIECE, Frame, FrameError, Incoming
from pipeline.io.jobs import (
    BEGUN,
    DONE,
    PARSE_CRASH,
    PARSE_MEMORY,
    PARSE_TIMEOUT,
    REJECTED,
    REJECTION,
)
from pipeline.plaintext import clean_line

#: Starting Python and importing the extractors takes 1 s; this is for a machine that is very busy.
_START_SECONDS = 60.0
#: A child is replaced after so many jobs: libraries keep caches for life (trafilatura issue 216),
#: and half a second for a new one is 2 % of what 300 pages of 70 ms take.
_MAX_JOBS = 300
#: What stays of stderr, in bytes, to tell how a child ended.
_STDERR_TAIL = 2000
#: Sent by the kernel's out-of-memory killer or by a person, never by the job itself.
_FROM_OUTSIDE = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP, -signal.SIGINT}
#: Last words of Python, C++, Rust and OpenBLAS when they got no memory.
_NO_MEMORY = (b"MemoryError", b"bad_alloc", b"emory allocation", b"ut of memory")


class Lost(NewsloomError):  # noqa: N818 -- an outcome like Rejected, not a fault of ours
    """The child ended through no fault of the job, which may be tried again."""


Outcome = bytes | Rejected | Lost


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """What one job may use."""

    cpu_seconds: int
    memory_mb: int
    wall_seconds: float


class ChildProcess:
    """A running child."""

    def __init__(self, limits: ChildLimits) -> None:
        """Start it. Raise OSError when the system does not let us."""
        self._limits = limits
        self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
            [
                *(sys.executable, "-P", "-m", "pipeline.io.child"),
                *(str(os.getpid()), str(limits.cpu_seconds), str(limits.memory_mb)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
            # Ctrl-C is for the parent, which then ends its children.
            process_group=0,
        )
        for pipe in self._pipes():
            os.set_blocking(pipe.fileno(), False)
        self._jobs = 0
        self._outgoing = memoryview(b"")
        self._incoming = Incoming(ANSWER_LIMITS)
        self._stderr = b""
        self._stderr_open = True
        #: Whether the child has said that it works on the job at hand.
        self.begun = False
        #: When to give up waiting, on the monotonic clock.
        self.deadline = 0.0
        #: What became of the job at hand; None while it is being done.
        self.outcome: Outcome | None = None

    @property
    def pid(self) -> int:
        """Process number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Say whether it still runs."""
        return self._process.poll() is None

    @property
    def fit(self) -> bool:
        """Say whether it may be given a further job."""
        return self.alive and self._jobs < _MAX_JOBS and not self._is_bloated()

    def give(self, frame: bytes) -> None:
        """Hand over a packed job."""
        self._jobs += 1
        self.begun = False
        self._outgoing = memoryview(frame)
        self._incoming = Incoming(ANSWER_LIMITS)
        self.deadline = time.monotonic() + _START_SECONDS
        self._stderr = b""
        self.outcome = None

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Register each pipe that matters now, with the method to call when it is ready."""
        stdin, stdout, stderr = self._pipes()
        if self._outgoing:
            selector.register(stdin, selectors.EVENT_WRITE, self.send)
        if self._stderr_open:
            selector.register(stderr, selectors.EVENT_READ, self.drain)
        selector.register(stdout, selectors.EVENT_READ, self.receive)

    def send(self) -> None:
        """Write as much of the job as the pipe takes."""
        if self.outcome is not None:
            return
        try:
            written = os.write(self._pipes()[0].fileno(), self._outgoing[:PIECE])
        except BlockingIOError:
            return
        except BrokenPipeError:
            written = len(self._outgoing)  # it has ended, as the other pipe will tell
        self._outgoing = self._outgoing[written:]

    def receive(self) -> None:
        """Read what the child says of its job, or that it has ended."""
        if self.outcome is not None:
            return
        try:
            piece = os.read(self._pipes()[1].fileno(), min(self._incoming.missing, PIECE))
            if not piece:
                self.outcome = self._ended()
            elif (frame := self._incoming.add(piece)) is not None:
                self._hear(frame)
        except BlockingIOError:
            return
        except (FrameError, ValidationError) as error:
            self.end()
            self.outcome = Rejected(PARSE_CRASH, f"senseless answer: {_one_line(str(error))}")

    def drain(self) -> None:
        """Read what is on stderr, so that nobody is blocked by it, and keep its end."""
        if self.outcome is not None or not self._stderr_open:
            return
        with suppress(BlockingIOError):
            # Once: one that never stops writing must not keep us from the others.
            piece = os.read(self._pipes()[2].fileno(), PIECE)
            self._stderr_open = bool(piece)
            self._stderr = (self._stderr + piece)[-_STDERR_TAIL:]

    def expire(self, now: float) -> None:
        """End the child when its time for the job at hand is over (`now` is monotonic)."""
        if self.outcome is not None or now < self.deadline:
            return
        self.end()
        if self.begun:
            detail = f"no answer within {self._limits.wall_seconds:g} s"
            self.outcome = Rejected(PARSE_TIMEOUT, detail)
        else:
            self.outcome = Lost(f"did not start within {_START_SECONDS:g} s")

    def end(self) -> None:
        """Kill it, whatever it is doing, with everything it started."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()  # it may have left its group
        self._process.wait()
        self._close()

    def forget(self) -> None:
        """Let go of another process's child, which a fork has left in our hands."""
        self._process.returncode = 0  # not ours to wait for, and nothing to warn of
        self._close()

    def _close(self) -> None:
        """Close our ends of the pipes."""
        for pipe in self._pipes():
            pipe.close()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
        """Return our ends of stdin, stdout and stderr."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        return process.stdin, process.stdout, process.stderr

    def _hear(self, frame: Frame) -> None:
        """Take one frame. Raise FrameError or ValidationError when it makes no sense now."""
        if frame.label == BEGUN and not self.begun:
            self.begun = True
            self.deadline = time.monotonic() + self._limits.wall_seconds
        elif frame.label == DONE and self.begun and not self._outgoing:
            self.outcome = frame.header
        elif frame.label == REJECTED and self.begun:
            rejection = REJECTION.validate_json(frame.header)
            self.outcome = Rejected(rejection.reason, _one_line(rejection.detail))
            if rejection.reason == PARSE_MEMORY:
                self.end()  # who knows what its libraries did without memory
        else:
            raise FrameError(f"{frame.label!r} out of turn")

    def _ended(self) -> Outcome:
        """Say what the end of the child means for its job."""
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.end()
            return Rejected(PARSE_CRASH, "closed its pipe")
        self.drain()
        self.end()
        detail = _how(code)
        if lines := self._stderr.decode("utf-8", "replace").splitlines():
            detail += f": {_one_line(lines[-1])}"
        if not self.begun or code in _FROM_OUTSIDE:
            return Lost(detail)
        if any(words in self._stderr for words in _NO_MEMORY):
            return Rejected(PARSE_MEMORY, detail)
        if code == -signal.SIGXCPU:
            return Rejected(PARSE_TIMEOUT, f"over {self._limits.cpu_seconds} s of processor time")
        return Rejected(PARSE_CRASH, detail)

    def _is_bloated(self) -> bool:
        """Say whether less than a quarter of the memory is left: the next job needs room."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[0])
        except OSError:
            return False
        limit = self._limits.memory_mb * 2**20
        return pages * os.sysconf("SC_PAGE_SIZE") > limit * 3 // 4


def _environment() -> dict[str, str]:
    """Return all the environment a child gets.

    No secret of the installation is among it, and neither time zone nor locale nor hash seed of
    the machine can change what a page says.
    """
    return {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if Path(path).is_absolute()),
        "PYTHONHASHSEED": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        # numpy's library sets address space aside for every core.
        "OPENBLAS_NUM_THREADS": "1",
    }


def _how(code: int) -> str:
    """Say how a process ended; real-time signals have no names."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _one_line(text: str) -> str:
    """Return the beginning of a text from outside as one safe line."""
    return clean_line(text)[:300]
