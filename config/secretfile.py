"""A secret kept in a file of its own, as container platforms mount them."""

from __future__ import annotations

from pathlib import Path

#: Enough for any key or address.
_MAX_BYTES = 64 * 1024


def read_secret(path: Path) -> str:
    """Return what the file holds, without the line end. Raise OSError or ValueError if nothing."""
    with path.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError("too large for a secret")
    try:
        text = data.decode("utf-8").strip()
    except UnicodeDecodeError:
        # The original error quotes what it could not decode.
        raise ValueError("not UTF-8") from None
    if not text:
        raise ValueError("empty")
    return text
