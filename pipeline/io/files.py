"""Files that readers never see torn: written beside their place, flushed, renamed into it."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from pipeline.errors import NewsloomError

#: Hidden, so that no downstream site takes a half-written file for one of its own.
TEMP_PREFIX = ".newsloom-"
#: A temporary file of this age belongs to nobody any more.
_STALE = timedelta(minutes=10)
_FILE_MODE = 0o644


class OutputError(NewsloomError):
    """The output folder cannot be used; what is there stays as it is."""


class Tree:
    """A folder of output, and nothing outside it."""

    def __init__(self, root: Path) -> None:
        """Name the folder; it is made at the first write."""
        self.root = root

    def write(self, path: str, data: bytes, *, dry_run: bool = False) -> bool:
        """Put `data` at `path` unless the same bytes are there; say whether they differed.

        With `dry_run` nothing is written. Raise OutputError when the place cannot be used.
        """
        place = self._place(path)
        try:
            if _holds(place, data):
                return False
            if not dry_run:
                place.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(place, data)
        except OSError as error:
            remedy = "free space or mend its folder, then run again; the old file is untouched"
            raise OutputError(f"{place}: {error.strerror or error}; {remedy}") from error
        return True

    def sync(self) -> None:
        """Flush the folders' entries, once for a whole batch of renames."""
        for folder in (self.root, *(path for path in self.root.glob("*") if path.is_dir())):
            if folder.is_dir():
                sync_folder(folder)

    def clean(self, *, now: datetime) -> None:
        """Remove temporary files that a killed writer left."""
        if not self.root.is_dir():
            return
        for path in self.root.rglob(f"{TEMP_PREFIX}*"):
            if now.timestamp() - path.lstat().st_mtime > _STALE.total_seconds():
                path.unlink(missing_ok=True)

    def _place(self, path: str) -> Path:
        """Return where `path` lies; refuse links and what lies outside."""
        place = self.root / path
        current = self.root
        for part in ("", *Path(path).parts):
            current = current / part
            if part in ("..", "/") or current.is_symlink():
                raise OutputError(f"{current} is a link or lies outside; name a folder of its own")
        if place.exists() and not place.is_file():
            raise OutputError(f"{place} is no file; move it away")
        return place


def _holds(place: Path, data: bytes) -> bool:
    """Say whether a file holds just these bytes."""
    try:
        same_size = place.stat().st_size == len(data)
    except FileNotFoundError:
        return False
    return same_size and place.read_bytes() == data


def write_atomically(place: Path, data: bytes) -> None:
    """Replace `place` in one step: readers see the old bytes or the new ones, never a part.

    Raise OSError with the old file untouched and no litter left.
    """
    temp = place.parent / f"{TEMP_PREFIX}{uuid4().hex}"
    handle = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), _FILE_MODE)
        temp.replace(place)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
