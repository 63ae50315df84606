"""A source as a block of sources.toml, to paste or to keep."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from config.catalogue import SourceEntry
from config.durations import show_duration


def source_block(entry: SourceEntry) -> str:
    """Return one ``[[source]]`` with what differs from its defaults, in the order of its fields."""
    lines = ["[[source]]"]
    for name, field in SourceEntry.model_fields.items():
        value = getattr(entry, name)
        if field.is_required() or value != field.get_default(call_default_factory=True):
            lines.append(f"{name} = {_toml(value)}")
    return "\n".join([*lines, ""])


def _toml(value: Any) -> str:
    """Return a value as TOML; what JSON writes for texts and truth is TOML too, bar DEL."""
    match value:
        case timedelta():
            return _toml(show_duration(value))
        case date():
            return value.isoformat()
        case dict():
            pairs = ", ".join(f"{_toml(key)} = {_toml(word)}" for key, word in value.items())
            return f"{{ {pairs} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
