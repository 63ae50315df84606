"""Jobs that misbehave, for the tests of the children; they run in a child and nowhere else."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np


def echo(header: bytes, body: bytes) -> bytes:
    """Give back the header and how long the body was."""
    return header + b" " + str(len(body)).encode()


def pid(header: bytes, body: bytes) -> bytes:
    return str(os.getpid()).encode()


def hang_in_c(header: bytes, body: bytes) -> bytes:
    """Match for longer than the sun will shine, in one call of C code."""
    re.match(r"(a+)+$", "a" * 60 + "b")
    return b"never"


def sleep(header: bytes, body: bytes) -> bytes:
    time.sleep(float(header))
    return b"slept"


def eat_memory(header: bytes, body: bytes) -> bytes:
    """Take memory until there is none."""
    taken = []
    while True:
        taken.append(bytearray(2**20))


def eat_memory_in_c(header: bytes, body: bytes) -> bytes:
    return bytes(np.ones((2**31,), dtype="int8")[:1])


def swallow_memory_error(header: bytes, body: bytes) -> bytes:
    """End as a library in C++ or Rust does that got no memory."""
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def segfault(header: bytes, body: bytes) -> bytes:
    return ctypes.string_at(0)


def leave(header: bytes, body: bytes) -> bytes:
    os._exit(int(header))


def sys_exit(header: bytes, body: bytes) -> bytes:
    sys.exit("a library's own idea")


def fail(header: bytes, body: bytes) -> bytes:
    raise KeyError("lone \ud800 surrogate")


def answer_of_size(header: bytes, body: bytes) -> bytes:
    return b"x" * int(header)


def talk(header: bytes, body: bytes) -> bytes:
    """Print to everything that looks like stdout or stderr, far more than a pipe holds."""
    print("x" * 200_000)
    print("y" * 200_000, file=sys.stderr, flush=True)
    os.write(1, b"\0\0\0\0" * 50_000)
    subprocess.run([sys.executable, "-c", "print('z' * 100_000)"], check=True)
    return str(len(sys.stdin.read())).encode()


def killed_once(header: bytes, body: bytes) -> bytes:
    """Be killed from outside the first time, leaving a mark in the file named by the header."""
    mark = Path(header.decode())
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return b"done"


def always_killed(header: bytes, body: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b"never"


def lie_about_length(header: bytes, body: bytes) -> bytes:
    """Announce an answer of four gigabytes on every descriptor that could be the pipe."""
    for fd in range(3, 20):
        try:
            os.write(fd, b"\x04\xff\xff\xff\xff\0\0\0\0done")
        except OSError:
            continue
    time.sleep(30)
    return b"never"


def begin_again_and_again(header: bytes, body: bytes) -> bytes:
    """Try to gain time by saying `begun` twice."""
    for fd in range(3, 20):
        try:
            os.write(fd, b"\x05\0\0\0\0\0\0\0\0begun")
        except OSError:
            continue
    time.sleep(30)
    return b"never"


def close_pipes(header: bytes, body: bytes) -> bytes:
    os.closerange(0, 20)
    time.sleep(30)
    return b"never"


def environment(header: bytes, body: bytes) -> bytes:
    return "\n".join(f"{name}={value}" for name, value in sorted(os.environ.items())).encode()


def grow(header: bytes, body: bytes) -> bytes:
    """Keep most of the memory for ever."""
    _KEPT.append(bytearray(int(header) * 2**20))
    return str(os.getpid()).encode()


_KEPT: list[bytearray] = []
