"""Pure: the JSON Schemas (draft 2020-12) of what a site's folder holds, as shipped."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

_FOLDER = resources.files("pipeline.seedfile") / "schemas"
_SUFFIX = ".json"


def names() -> tuple[str, ...]:
    """Return the names of the schemas, sorted."""
    return tuple(
        sorted(
            one.name.removesuffix(_SUFFIX)
            for one in _FOLDER.iterdir()
            if one.name.endswith(_SUFFIX)
        )
    )


def schema(name: str) -> dict[str, Any]:
    """Return a schema. Raise KeyError for a name that is not among `names`."""
    if name not in names():
        raise KeyError(name)
    text = (_FOLDER / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
