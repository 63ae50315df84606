"""The size of a picture from its first bytes; nothing is decoded, so no picture can be a bomb."""

from __future__ import annotations

from io import BytesIO

import imagesize

#: Bytes of a picture worth fetching: JPEG headers with long metadata end within them.
PREFIX_BYTES = 64 * 1024
#: JPEG, PNG and WebP keep sides in 16 bits or less than anybody shows.
_MAX_SIDE = 65_535


def size_of(prefix: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels as shown, None when the prefix does not tell.

    Reads the headers of JPEG (turned by its orientation), PNG, GIF, WebP, AVIF, HEIF, BMP, TIFF
    and JPEG 2000. SVG has no pixels.
    """
    if prefix.lstrip()[:1] == b"<":
        return None
    try:
        width, height = imagesize.get(BytesIO(prefix))
    except Exception:  # noqa: BLE001 -- a hostile header may raise anything (struct.error, IndexError ...)
        return None
    if 0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE:
        return int(width), int(height)
    return None
