"""Secrets by reference: a catalogue and a database say where one is, never what it is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from config.secretfile import read_secret

_REFERENCE = re.compile(r"env:(?P<env>[A-Za-z_][A-Za-z0-9_]{0,99})|file:(?P<file>[ -~]{1,500})")


def is_reference(text: str) -> bool:
    """Say whether a text is ``env:NAME`` or ``file:PATH``."""
    return _REFERENCE.fullmatch(text) is not None


def read_reference(reference: str, home: Path, *, environ: Mapping[str, str] | None = None) -> str:
    """Return the secret; a path is relative to `home`, `environ` replaces the process's variables.

    Raise OSError or ValueError when there is none; the message never holds the secret.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError("neither env:NAME nor file:PATH")
    if match["file"]:
        return read_secret(home / match["file"])
    variables = os.environ if environ is None else environ  # noqa: TID251 -- config reads it
    secret = variables.get(match["env"], "").strip()
    if not secret:
        raise ValueError("the variable is not set")
    return secret
