"""A child: reads jobs from one pipe, does them within limits, answers on another.

Started by `pipeline.io.childprocess` as ``python -m pipeline.io.child PARENT CPU_SECONDS
MEMORY_MB``. Whatever a library prints goes to stderr; a job that takes too much processor time is
ended by the kernel, and one that asks for too much memory gets a MemoryError. Ends with its parent.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import sys
from collections.abc import Callable
from importlib import import_module

from pipeline.errors import Rejected
from pipeline.io.frames import (
    ANSWER_LIMITS,
    JOB_LIMITS,
    PIECE,
    Frame,
    FrameError,
    Incoming,
    packed,
)
from pipeline.io.jobs import (
    BEGUN,
    DONE,
    PARSE_CRASH,
    PARSE_MEMORY,
    PARSE_TOO_LARGE,
    REJECTED,
    REJECTION,
    Rejection,
)

JobFunction = Callable[[bytes, bytes], bytes]

#: prctl(2): send this process a signal when the thread that started it ends.
_PR_SET_PDEATHSIG = 1
#: Enough to recognise a failure by; the rest may be the page's own text.
_DETAIL = 300


def main(arguments: list[str]) -> None:
    """Serve until the parent closes the pipe."""
    parent, cpu_seconds, memory_mb = map(int, arguments)
    jobs, answers = _own_pipes()
    _die_with(parent)
    _limit(resource.RLIMIT_AS, memory_mb * 2**20)
    _limit(resource.RLIMIT_CORE, 0)
    serve(jobs, answers, cpu_seconds=cpu_seconds)


def serve(jobs: int, answers: int, *, cpu_seconds: int) -> None:
    """Do the jobs that arrive at the descriptor `jobs`; return at its end.

    A job that cannot even be imported is a broken installation, which ends the child.
    """
    begun = packed(Frame(label=BEGUN), ANSWER_LIMITS)
    while True:
        try:
            job = _receive(jobs)
        except MemoryError:
            _send(answers, begun)
            _send(answers, _rejected(PARSE_MEMORY, "no room for the job itself"))
            return
        if job is None:
            return
        function = _function(job.label)
        _send(answers, begun)
        _grant(cpu_seconds)
        _send(answers, answer_of(function, job))


def answer_of(function: JobFunction, job: Frame) -> bytes:
    """Do one job and return the frame that answers it; whatever it raises is its answer."""
    try:
        return packed(Frame(label=DONE, header=function(job.header, job.body)), ANSWER_LIMITS)
    except Rejected as error:
        return _rejected(error.reason, error.detail)
    except MemoryError:
        return _rejected(PARSE_MEMORY, "")
    except FrameError as error:
        return _rejected(PARSE_TOO_LARGE, str(error))
    except BaseException as error:  # noqa: BLE001 -- a panic in Rust or a library's sys.exit() is no Exception
        return _rejected(PARSE_CRASH, f"{type(error).__name__}: {error}")


def _rejected(reason: str, detail: str) -> bytes:
    """Say why a job has no result; a lone surrogate of the page must not break even this."""
    safe = detail[:_DETAIL].encode("utf-8", "replace").decode("utf-8")
    rejection = REJECTION.dump_json(Rejection(reason=reason, detail=safe))
    return packed(Frame(label=REJECTED, header=rejection), ANSWER_LIMITS)


def _function(label: str) -> JobFunction:
    """Return the function a job is done by."""
    module, _, name = label.partition(":")
    function: JobFunction = getattr(import_module(module), name)
    return function


def _receive(jobs: int) -> Frame | None:
    """Wait for the next job; None when there will be none."""
    incoming = Incoming(JOB_LIMITS)
    while piece := os.read(jobs, min(incoming.missing, PIECE)):
        if (frame := incoming.add(piece)) is not None:
            return frame
    return None


def _send(answers: int, frame: bytes) -> None:
    """Write a whole frame."""
    rest = memoryview(frame)
    while rest:
        rest = rest[os.write(answers, rest) :]


def _own_pipes() -> tuple[int, int]:
    """Keep the two pipes and leave no way to them: stdin becomes empty, stdout stderr."""
    jobs, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return jobs, answers


def _die_with(parent: int) -> None:
    """Have the kernel end this process with its parent, even when that is killed."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        sys.exit("the parent ended before its child had started")


def _grant(cpu_seconds: int) -> None:
    """Allow so much processor time from now on; the kernel's SIGXCPU then ends the process.

    The hard limit stays: what a child might grant itself, its parent's wall clock still ends.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + cpu_seconds)


def _limit(which: int, value: int) -> None:
    """Set a soft limit, as far as the hard one that was inherited allows."""
    _, hard = resource.getrlimit(which)
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (soft, hard))


if __name__ == "__main__":
    main(sys.argv[1:])
