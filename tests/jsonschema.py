"""A small JSON Schema validator: the keywords that the shipped schemas use, and no others.

type, const, enum, oneOf, $ref (within the file), required, dependentRequired, properties,
additionalProperties (false), items, minItems, maxItems, pattern, maxLength, minimum, and the
schemas true and false. A keyword that it does not know is an error, so that nothing a schema says
goes unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_SILENT = {"$schema", "$id", "$defs", "title", "description", "additionalProperties"}
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def faults(value: Any, schema: Any, *, root: Any = None, at: str = "$") -> list[str]:
    """Return everything that is wrong with `value`, each with its place."""
    root = schema if root is None else root
    if isinstance(schema, bool):
        return [] if schema else [f"{at}: not allowed"]
    found: list[str] = []
    for keyword, rule in schema.items():
        if keyword not in _SILENT:
            found += [f"{at}{fault}" for fault in _faults(keyword, rule, value, root)]
    if isinstance(value, dict) and schema.get("additionalProperties") is False:
        found += [f"{at}: unknown {key}" for key in value.keys() - schema["properties"].keys()]
    return found


def _faults(keyword: str, rule: Any, value: Any, root: Any) -> Iterator[str]:
    """Yield what is wrong by one keyword."""
    if keyword == "$ref":
        yield from faults(value, root["$defs"][rule.removeprefix("#/$defs/")], root=root, at="")
    elif keyword == "oneOf":
        branches = [faults(value, one, root=root, at="") for one in rule]
        if (fitting := branches.count([])) != 1:
            yield f": fits {fitting} of {len(rule)}: {branches}"
    elif keyword == "properties":
        for key in rule.keys() & value.keys() if isinstance(value, dict) else ():
            yield from faults(value[key], rule[key], root=root, at=f".{key}")
    elif keyword == "items":
        for number, one in enumerate(value if isinstance(value, list) else ()):
            yield from faults(one, rule, root=root, at=f"[{number}]")
    elif not _holds(keyword, rule, value):
        yield f": {keyword} {rule!r}, not {value!r:.80}"


def _holds(keyword: str, rule: Any, value: Any) -> bool:
    """Say whether a value keeps to a simple keyword; those of other types do not concern it."""
    kind, holds = _SIMPLE[keyword]
    return not isinstance(value, kind) or bool(holds(rule, value))


def _is(name: str, value: Any) -> bool:
    """Say whether a value has a type; in JSON true is no number."""
    return isinstance(value, _TYPES[name]) and (name != "integer" or not isinstance(value, bool))


#: Keyword -> the values that it concerns, and when they keep to it.
_SIMPLE: Mapping[str, tuple[type, Callable[[Any, Any], Any]]] = {
    "type": (object, _is),
    "const": (object, lambda rule, value: type(value) is type(rule) and value == rule),
    "enum": (object, lambda rule, value: value in rule),
    "required": (dict, lambda rule, value: value.keys() >= set(rule)),
    "dependentRequired": (
        dict,
        lambda rule, value: all(value.keys() >= set(rule[key]) for key in rule.keys() & value),
    ),
    "minItems": (list, lambda rule, value: len(value) >= rule),
    "maxItems": (list, lambda rule, value: len(value) <= rule),
    "maxLength": (str, lambda rule, value: len(value) <= rule),
    "pattern": (str, lambda rule, value: re.search(rule, value) is not None),
    "minimum": (int, lambda rule, value: value >= rule),
}
