"""The folder of a new installation: settings to uncomment and a small catalogue to extend."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from config.catalogue_files import shipped
from config.installation import FILE
from config.problems import ConfigError, Problem, reason_of


def write_starter(folder: Path) -> list[Path]:
    """Make `folder` an installation and return the files written; existing ones stay as they are.

    The catalogue has three sources and one site of its own, and all topics and organisations of
    the shipped one. Raise ConfigError when the folder cannot be written.
    """
    try:
        (folder / "catalogue").mkdir(parents=True, exist_ok=True)
        return [path for path, text in _texts(folder) if _write_new(path, text.read_bytes())]
    except OSError as error:
        where, reason = str(error.filename or folder), reason_of(error)
        remedy = "choose another folder, or mend its permissions"
        raise ConfigError([Problem(where=where, wrong=reason, remedy=remedy)]) from error


def _texts(folder: Path) -> list[tuple[Path, Traversable]]:
    """Return each file of an installation with the text it begins with."""
    starter, catalogue = files("config") / "starter", folder / "catalogue"
    return [
        (folder / FILE, starter / FILE),
        (catalogue / "sources.toml", starter / "sources.toml"),
        (catalogue / "organisations.toml", shipped() / "organisations.toml"),
        (catalogue / "topics.toml", shipped() / "topics.toml"),
        (catalogue / "sites.toml", starter / "sites.toml"),
    ]


def _write_new(path: Path, text: bytes) -> bool:
    """Write a file unless there is one; say whether it was written."""
    try:
        with path.open("xb") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
