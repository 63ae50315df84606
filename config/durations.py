"""Lengths of time as people write them: 90s, 30m, 2h, 7d."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from pydantic import BeforeValidator

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_SECOND = timedelta(seconds=1)
#: Nine digits of days are the most that a timedelta holds.
_SHORT = re.compile(r"([0-9]{1,9})([smhd]?)")


def parse_duration(value: Any) -> Any:
    """Turn 90s, 30m, 2h, 7d or a bare number of seconds into a timedelta.

    Anything else is left to pydantic, which knows numbers and ISO 8601 (PT30M).
    """
    if isinstance(value, bool):
        raise ValueError("a length of time is no boolean")  # noqa: TRY004 -- pydantic's protocol
    match = _SHORT.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(match[1]) * _UNITS.get(match[2], _SECOND) if match else value


def show_duration(value: timedelta) -> str:
    """Return `value` in the largest unit that divides it: 30m, 7d; part of a second as 0.5s."""
    for letter, unit in _UNITS.items():
        if value and not value % unit:
            return f"{value // unit}{letter}"
    return f"{value.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"


#: Makes a timedelta readable from such a text. Its limits stand before it, ``Annotated[timedelta,
#: Field(gt=...), READ_DURATION]``, so that pydantic words them for people ("5 minutes").
READ_DURATION = BeforeValidator(parse_duration)
