"""Pure: which addresses may stand in a document."""

from __future__ import annotations

from pipeline.urls import resolve

#: Any host: a path of the site is looked at as an address on it.
_SITE = "http://site.example"


def is_safe_url(url: str) -> bool:
    """Say whether `url` is an absolute http(s) address in the form in which all of ours are.

    Such an address needs no escaping in YAML, JSON or HTML, and consumers' themes escape nothing.
    """
    return resolve("", url) == url


def is_safe_path(path: str) -> bool:
    """Say whether `path` names a file of the site itself, as logos do."""
    return path.startswith("/") and not path.startswith("//") and is_safe_url(_SITE + path)
