"""Programs that an operator has run after publishing, such as rsync or git."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

#: Seconds; a program that takes longer holds up the writer.
_DEADLINE = 300.0
#: Of what a failing program said, in characters.
_TOLD = 300


def run_command(argv: Sequence[str], *, folder: Path) -> str:
    """Run a program in `folder`, without a shell; return why it failed, "" when it did not."""
    try:
        done = subprocess.run(  # noqa: S603 -- the operator's own words from sites.toml, no shell
            list(argv),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_DEADLINE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{argv[0]}: still running after {_DEADLINE:g} s, ended"
    except OSError as error:
        return f"{argv[0]}: {error.strerror}"
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip() or done.stdout.strip())[-_TOLD:]
    return f"{argv[0]}: exit code {done.returncode}: {said}"
