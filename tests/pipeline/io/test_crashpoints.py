from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline.io.crashpoints import EXIT_CODE, arm, crashpoint


@pytest.mark.parametrize(("passes", "printed"), [(0, ""), (2, "01")])
def test_an_armed_point_ends_the_process_when_it_has_been_passed_so_often(
    passes: int, printed: str
) -> None:
    code = (
        "from pipeline.io.crashpoints import arm, crashpoint\n"
        f"arm('here', passes={passes})\n"
        "crashpoint('elsewhere')\n"
        "for number in range(5):\n"
        "    crashpoint('here')\n"
        "    print(number, end='', flush=True)\n"
        "print('never', flush=True)\n"
    )

    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert (answer.returncode, answer.stdout) == (EXIT_CODE, printed)


def test_a_point_that_is_not_armed_is_passed() -> None:
    arm("here")
    arm(None)

    crashpoint("here")
