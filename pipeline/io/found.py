"""Files that somebody else wrote: read once, bounded, never through a link."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError

#: Where trees of seed documents keep them: ours, and those of sites made before.
_FOLDERS = ("_news", "_posts")
#: Larger than any document by far, see `pipeline.seedfile.parse`; change feeds are longer.
_DOCUMENT_BYTES = 4 * 2**20
_BESIDE_BYTES = 64 * 2**20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """One file: its bytes, or why it was not read."""

    name: str
    data: bytes = b""
    problem: str = ""


def documents_folder(root: Path) -> Path:
    """Return where a tree keeps its documents: in _news, _posts or itself.

    Raise UsageError when there is no such folder or it holds no document.
    """
    below = [root / name for name in _FOLDERS if (root / name).is_dir()]
    folder = below[0] if below else root
    if not folder.is_dir():
        raise UsageError(f"{root}: no folder; name the one that holds _news or the documents")
    if not any(folder.glob("*.md")):
        raise UsageError(f"{folder}: holds no *.md; name the folder of the documents")
    return folder


def read_documents(folder: Path) -> list[FoundFile]:
    """Return every *.md of a folder by name, those that cannot be read with the reason."""
    names = sorted(path.name for path in folder.glob("*.md"))
    return [_read(folder, name, _DOCUMENT_BYTES) for name in names]


def read_beside(root: Path, name: str) -> bytes | None:
    """Return a file beside the documents, None when there is none that can be read."""
    found = _read(root, name, _BESIDE_BYTES)
    return None if found.problem else found.data


def _read(folder: Path, name: str, limit: int) -> FoundFile:
    """Read one plain file."""
    try:
        name.encode()
        file = os.open(folder / name, _READ)
    except UnicodeError:
        return FoundFile(name=ascii(name), problem="its name is not UTF-8; rename it")
    except OSError as error:
        return FoundFile(name=name, problem=f"{error.strerror}; a document is a plain file")
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return FoundFile(name=name, problem="no plain file; a document is one")
        with os.fdopen(file, "rb", closefd=False) as stream:
            data = stream.read(limit + 1)
    finally:
        os.close(file)
    if len(data) > limit:
        return FoundFile(name=name, problem=f"larger than {limit} bytes; no document is")
    return FoundFile(name=name, data=data)
