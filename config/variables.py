"""The environment of programs that newsloom starts: ours, with what they are to see instead."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping


def environment_for(more: Mapping[str, str], *, without: Collection[str] = ()) -> dict[str, str]:
    """Return this process's variables but those in `without`, and `more` of them."""
    own = {name: value for name, value in os.environ.items() if name not in without}  # noqa: TID251 -- config reads it
    return {**own, **more}
