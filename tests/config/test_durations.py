from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from config.durations import READ_DURATION, show_duration

DURATION: TypeAdapter[timedelta] = TypeAdapter(Annotated[timedelta, READ_DURATION])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("2h", 7200), ("7d", 604800), ("45", 45), ("PT30M", 1800), (5, 5)],
)
def test_a_length_of_time_is_read_as_people_write_it(text: object, seconds: int) -> None:
    assert DURATION.validate_python(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "m", "-5m", "5 minutes 3", "1e9", True, "9999999999d", []])
def test_what_is_no_length_of_time_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        DURATION.validate_python(text)


@settings(max_examples=200)
@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=999)))
def test_what_is_shown_reads_back_as_the_same_time(value: timedelta) -> None:
    whole = timedelta(days=value.days, seconds=value.seconds)
    assert DURATION.validate_python(show_duration(whole)) == whole


def test_a_part_of_a_second_is_shown() -> None:
    assert show_duration(timedelta(milliseconds=1500)) == "1.5s"
    assert show_duration(timedelta(0)) == "0s"


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=20), st.integers(), st.floats(), st.none(), st.booleans()))
def test_nothing_but_a_validation_error_comes_of_any_value(value: object) -> None:
    with suppress(ValidationError):
        assert isinstance(DURATION.validate_python(value), timedelta)
