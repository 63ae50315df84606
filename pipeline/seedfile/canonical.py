"""Pure: JSON that has one form only, so that equal content is equal bytes."""

from __future__ import annotations

import json
from typing import Any


def canonical(value: Any) -> bytes:
    """Return JSON in UTF-8 on one line that ends: keys sorted, no blanks, nothing but finite."""
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return f"{text}\n".encode()
