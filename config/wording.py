"""What pydantic found, in words an operator can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.durations import show_duration
from config.problems import Problem, plain, suggestion

#: pydantic's limit errors, each with our words and the name of the limit in its context.
_LIMITS = {
    "greater_than": ("must be more than", "gt"),
    "greater_than_equal": ("must be at least", "ge"),
    "less_than": ("must be less than", "lt"),
    "less_than_equal": ("must be at most", "le"),
    "string_too_long": ("must be shorter: characters at most", "max_length"),
    "string_too_short": ("must be longer: characters at least", "min_length"),
    "too_short": ("must hold more: at least", "min_length"),
}
_FORMS = {
    "string_pattern_mismatch": "has not the right form",
    "time_delta_parsing": "is no length of time such as 90s, 30m, 2h or 7d",
    "time_delta_type": "is no length of time such as 90s, 30m, 2h or 7d",
}
#: Longer values say nothing more.
_SHOWN = 60


class Place(NamedTuple):
    """Where a key stands and how it is called there."""

    where: str
    key: str
    line: int | None = None


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    place: Callable[[str], Place],
    *,
    hidden: Iterable[str] = (),
) -> list[Problem]:
    """Return one problem for each key that `error` is about; values of `hidden` are not shown."""
    first: dict[str, ErrorDetails] = {}
    for detail in error.errors(include_url=False):
        first.setdefault(str(detail["loc"][0]) if detail["loc"] else "", detail)
    return [
        _problem(place(key), key, detail, model, shown=key not in set(hidden))
        for key, detail in first.items()
    ]


def _problem(
    place: Place, key: str, detail: ErrorDetails, model: type[BaseModel], *, shown: bool
) -> Problem:
    """Return the problem of one key."""
    if detail["type"] == "extra_forbidden":
        wrong, remedy = "unknown key", suggestion(key, model.model_fields)
    else:
        wrong, remedy = _wrong(detail, shown=shown), _remedy(model, key)
    return Problem(where=place.where, line=place.line, key=place.key, wrong=wrong, remedy=remedy)


def _remedy(model: type[BaseModel], key: str) -> str:
    """Say what belongs there: the first sentence about the field."""
    field = model.model_fields.get(key)
    return f"expected: {field.description}" if field and field.description else "see the manual"


def _wrong(detail: ErrorDetails, *, shown: bool) -> str:
    """Say what is wrong with a value, and show it when it is short and no secret."""
    if detail["type"] == "missing":
        return "missing"
    value = detail["input"]
    if isinstance(value, timedelta):
        value = show_duration(value)
    what = _what(detail["type"], detail.get("ctx", {}), detail["msg"])
    # An address may carry a password; a table or list is no help.
    if not shown or not isinstance(value, (str, int, float)) or "@" in str(value):
        return what
    return f"{_cut(repr(value))} {what}"


def _what(type_: str, context: Mapping[str, Any], message: str) -> str:
    """Return the fault without the value."""
    if type_ in _LIMITS:
        words, limit = _LIMITS[type_]
        return f"{words} {context[limit]}"
    if type_ in _FORMS:
        return _FORMS[type_]
    if type_ == "value_error":
        return f"cannot be used: {context['error']}"
    message = message.removeprefix("Input ")
    return f"cannot be used: {message[:1].lower()}{message[1:]}"


def _cut(text: str) -> str:
    """Return the beginning of a long value."""
    return plain(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
