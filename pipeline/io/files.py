"""Files that others read while we write: each is the old one or the new one, never half of it.

A new content is written to a hidden file in the same folder, forced to disk and renamed into
place; a file whose bytes would not change is not touched. Folders are opened one by one and every
step is taken relative to the open folder, links refused: a link planted below the root, or in
place of the root, leads nowhere (openat(2), O_NOFOLLOW).
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from pipeline.errors import NewsloomError
from pipeline.io.crashpoints import crashpoint

#: Static sites and shells leave hidden files alone.
TEMP_PREFIX = ".newsloom-"
#: Older than any write that still goes on: a writer's whole lease is shorter.
STALE_AFTER = timedelta(minutes=10)

_FILE_MODE = 0o644
_FOLDER_MODE = 0o755
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: Not blocked by a FIFO that lies where a file should.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_WRONG_KIND = {errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENXIO}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS}


class OutputError(NewsloomError):
    """A file or folder cannot be written as it stands; what stood there before stands there yet."""


def write_atomically(path: Path, data: bytes) -> bool:
    """Make `data` the content of the file at `path`; say whether that changed anything.

    The folder must exist; `sync_folder` makes the new name last. Raise OutputError, and leave
    everything as it was, when it cannot be written or is not a plain file in a plain folder.
    """
    with _reported(path), _folder(path.parent) as folder:
        return _write(folder, path.name, data)


def sync_folder(path: Path) -> None:
    """Force the names in a folder to disk. Raise OutputError when that fails."""
    with _reported(path, is_folder=True), _folder(path) as folder:
        os.fsync(folder)


def remove_file(path: Path) -> bool:
    """Remove the file at `path`; say whether there was one. Raise OutputError."""
    with _reported(path), _folder(path.parent) as folder:
        return _remove(folder, path.name)


def stale_temps(folder: Path, *, older_than: datetime) -> list[Path]:
    """Return what writers that were killed before `older_than` left in a folder.

    Raise OutputError when the folder cannot be read.
    """
    with _reported(folder, is_folder=True), _folder(folder) as opened:
        with os.scandir(opened) as entries:
            names = [entry.name for entry in entries]
        return [folder / name for name in _stale(opened, names, older_than)]


class Tree:
    """The files below one root; nothing is ever read or written outside it."""

    def __init__(self, root: Path) -> None:
        """Take `root`, which is made with the first file. Its parents may be links, it may not."""
        self.root = root
        self._unsynced: set[PurePosixPath] = set()

    def write(self, path: str, data: bytes, *, dry_run: bool = False) -> bool:
        """Write `data` to the file at `path` below the root; say whether that changes anything.

        Missing folders are made. With `dry_run` nothing is. Raise OutputError.
        """
        parent, name = _split(path)
        with _reported(self.root / path):
            if dry_run:
                return not self._holds(parent, name, data)
            with self._open(parent, make=True) as folder:
                changed = _write(folder, name, data)
        if changed:
            self._unsynced.update((parent, *parent.parents))
        return changed

    def has(self, path: str) -> bool:
        """Say whether there is anything at `path` below the root. Raise OutputError."""
        parent, name = _split(path)
        with _reported(self.root / path):
            try:
                with self._open(parent) as folder, os.scandir(folder) as found:
                    return any(entry.name == name for entry in found)
            except FileNotFoundError:
                return False

    def files(self, folder: str) -> list[str]:
        """Return the paths, below the root, of all plain files in a folder and its folders.

        Raise OutputError when the folder cannot be read.
        """
        parent = PurePosixPath(folder)
        found = []
        with _reported(self.root / folder, is_folder=True):
            try:
                with self._open(parent) as opened:
                    for below, _, names, _ in os.fwalk(dir_fd=opened):
                        found += [str(parent / below / name) for name in names]
            except FileNotFoundError:
                return []
        return sorted(path for path in found if TEMP_PREFIX not in path)

    def remove(self, path: str) -> bool:
        """Remove the file at `path` below the root; say whether there was one.

        Raise OutputError when it is no plain file or cannot be removed.
        """
        parent, name = _split(path)
        with _reported(self.root / path):
            try:
                with self._open(parent) as folder:
                    removed = _remove(folder, name)
            except FileNotFoundError:
                return False
        if removed:
            self._unsynced.update((parent, *parent.parents))
        return removed

    def sync(self) -> None:
        """Force the names written since the last call to disk. Raise OutputError."""
        for parent in sorted(self._unsynced):
            with _reported(self.root / parent, is_folder=True), self._open(parent) as folder:
                os.fsync(folder)
        self._unsynced.clear()

    def clean(self, *, now: datetime) -> int:
        """Remove what killed writers left, when nobody can be at it any more; return how many.

        Raise OutputError when the root is no plain folder.
        """
        removed = 0
        with _reported(self.root, is_folder=True):
            try:
                with self._open(PurePosixPath()) as root:
                    for _, _, names, folder in os.fwalk(dir_fd=root):
                        for name in _stale(folder, names, now - STALE_AFTER):
                            removed += _remove(folder, name)
            except FileNotFoundError:
                return removed
        return removed

    def _holds(self, parent: PurePosixPath, name: str, data: bytes) -> bool:
        """Say whether a file has this content already."""
        try:
            with self._open(parent) as folder:
                return _has_content(folder, name, data)
        except FileNotFoundError:
            return False

    @contextmanager
    def _open(self, parent: PurePosixPath, *, make: bool = False) -> Iterator[int]:
        """Open a folder below the root, step by step, and give its descriptor."""
        if make:
            self.root.parent.mkdir(parents=True, exist_ok=True)
        folder = _step(None, str(self.root), make=make)
        try:
            for part in parent.parts:
                folder, above = _step(folder, part, make=make), folder
                os.close(above)
            yield folder
        finally:
            os.close(folder)


def _split(path: str) -> tuple[PurePosixPath, str]:
    """Return folder and name of a path below a root. Raise OutputError when it could leave it."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or part.startswith(TEMP_PREFIX) for part in parts):
        raise OutputError(f"{path!r}: not a path below the output folder")
    if "\0" in path:
        raise OutputError(f"{path!r}: a path holds no NUL")
    return PurePosixPath(*parts[:-1]), parts[-1]


def _step(folder: int | None, part: str, *, make: bool) -> int:
    """Open the folder `part` in an open folder, and make it before if it is missing."""
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        os.mkdir(part, dir_fd=folder)
    made = os.open(part, _FOLDER, dir_fd=folder)
    os.fchmod(made, _FOLDER_MODE)  # whatever the umask: a web server reads it
    return made


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    """Open a folder that is no link and give its descriptor."""
    folder = os.open(path, _FOLDER)
    try:
        yield folder
    finally:
        os.close(folder)


def _write(folder: int, name: str, data: bytes) -> bool:
    """Give the file `name` in an open folder its content, unless it has it."""
    if _has_content(folder, name, data):
        return False
    temp = f"{TEMP_PREFIX}{secrets.token_hex(8)}"
    crashpoint("file-before-temp")
    try:
        _fill(folder, temp, data)
        crashpoint("file-before-rename")
        os.replace(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temp, dir_fd=folder)
        raise
    crashpoint("file-after-rename")
    return True


def _fill(folder: int, temp: str, data: bytes) -> None:
    """Write a new file to disk, readable by others only when it is whole."""
    file = os.open(temp, _CREATE, 0o600, dir_fd=folder)
    try:
        half = len(data) // 2
        _write_all(file, data[:half])
        crashpoint("file-mid-write")
        _write_all(file, data[half:])
        os.fchmod(file, _FILE_MODE)
        os.fsync(file)
    finally:
        os.close(file)


def _write_all(file: int, data: bytes) -> None:
    """Write every byte: one call may write fewer, e.g. on a disk that is nearly full."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _has_content(folder: int, name: str, data: bytes) -> bool:
    """Say whether a file is there and has this content. Raise OSError when it is no plain file."""
    try:
        file = os.open(name, _READ, dir_fd=folder)
    except FileNotFoundError:
        return False
    try:
        status = os.fstat(file)
        _require_plain(status)
        if status.st_size != len(data):
            return False
        with open(file, "rb", closefd=False) as stream:
            return stream.read(len(data) + 1) == data
    finally:
        os.close(file)


def _remove(folder: int, name: str) -> bool:
    """Remove a plain file from an open folder."""
    try:
        _require_plain(os.stat(name, dir_fd=folder, follow_symlinks=False))
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def _require_plain(status: os.stat_result) -> None:
    """Raise OSError for what is no plain file, so that it gets the message of its kind."""
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EISDIR, "is not a plain file")


def _stale(folder: int, names: list[str], older_than: datetime) -> Iterator[str]:
    """Yield those of `names` that are our hidden files and were last written before a time."""
    for name in names:
        if name.startswith(TEMP_PREFIX):
            with suppress(FileNotFoundError):
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISREG(status.st_mode) and status.st_mtime < older_than.timestamp():
                    yield name


@contextmanager
def _reported(path: Path, *, is_folder: bool = False) -> Iterator[None]:
    """Turn what the system says into an OutputError that names the path and the remedy."""
    try:
        yield
    except OSError as error:
        said = _culprit(path, error, is_folder=is_folder) or _plainly(path, error)
        raise OutputError(said) from error


def _culprit(path: Path, error: OSError, *, is_folder: bool) -> str:
    """Say which part of `path` is something else than it should be; "" when that is not it."""
    if error.errno not in _WRONG_KIND:
        return ""
    for part in (path, *path.parents):
        if part.is_symlink():
            return (
                f"{part}: is a link to {part.readlink()}, and nothing is written through a link; "
                "remove it, or name the real folder"
            )
        is_file = part is path and not is_folder
        kind, fits = ("file", part.is_file()) if is_file else ("folder", part.is_dir())
        if part.exists() and not fits:
            return f"{part}: is no plain {kind}; move it away"
    return ""


def _plainly(path: Path, error: OSError) -> str:
    """Say what went wrong and what helps."""
    reason = error.strerror or str(error)
    if error.errno in _NO_SPACE:
        return f"{path}: {reason}; nothing was changed: make room and it is written next time"
    if error.errno in _NO_RIGHT:
        return f"{path}: {reason}; let the user newsloom runs as write there"
    return f"{path}: {reason}"
