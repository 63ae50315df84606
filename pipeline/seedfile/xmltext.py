"""Pure: XML that has one form only. Elements are built, so every text is escaped."""

from __future__ import annotations

from xml.etree.ElementTree import Element, indent, tostring


def document_bytes(root: Element) -> bytes:
    """Return the document below `root` in UTF-8, an element a line."""
    indent(root, " ")
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f"{head}\n{tostring(root, encoding='unicode')}\n".encode()
