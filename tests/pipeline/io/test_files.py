"""Real files, real readers beside them, real kills.

As root no missing right stops a write: one test becomes nobody for it.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.io import files
from pipeline.io.crashpoints import EXIT_CODE
from pipeline.io.files import (
    TEMP_PREFIX,
    OutputError,
    Tree,
    remove_file,
    stale_temps,
    sync_folder,
    write_atomically,
)

LATER = datetime.now(UTC) + timedelta(hours=1)
#: Every place at which a writer can be made to end.
POINTS = sorted(set(re.findall(r'crashpoint\("([a-z-]+)"\)', Path(files.__file__).read_text())))
#: The user and group of no rights on every Linux.
NOBODY = 65534


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def python(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, args)], capture_output=True, text=True, check=False
    )


# --- what is written ------------------------------------------------------------------------------


def test_only_changed_bytes_touch_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.md"

    assert write_atomically(path, b"one")
    before = path.stat()
    assert not write_atomically(path, b"one")
    assert path.stat() == before
    assert write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_ino != before.st_ino
    assert names(tmp_path) == ["a.md"]


@pytest.mark.parametrize("data", [b"", b"x", b"x" * 300_000])
def test_any_size_is_written(tmp_path: Path, data: bytes) -> None:
    assert write_atomically(tmp_path / "a", data)
    assert (tmp_path / "a").read_bytes() == data
    assert not write_atomically(tmp_path / "a", data)


def test_files_and_folders_can_be_read_by_a_web_server_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        Tree(tmp_path / "site").write("api/news/index.json", b"{}")
    finally:
        os.umask(before)

    site = tmp_path / "site"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (site, *sorted(site.rglob("*")))]
    assert modes == [0o755, 0o755, 0o755, 0o644]


def test_the_longest_name_a_file_can_have_can_be_written(tmp_path: Path) -> None:
    assert write_atomically(tmp_path / ("x" * 255), b"data")

    with pytest.raises(OutputError, match="File name too long"):
        write_atomically(tmp_path / ("x" * 256), b"data")


READER = """
import sys
from pathlib import Path
path, stop = map(Path, sys.argv[1:])
reads = torn = 0
print("reading", flush=True)
while not stop.exists():
    for _ in range(100):
        data = path.read_bytes()
        reads += 1
        torn += len(data) != 40_000 or data != data[:1] * 40_000
print(reads, torn)
"""


def test_a_reader_sees_no_torn_file_during_a_thousand_rewrites(tmp_path: Path) -> None:
    path, stop = tmp_path / "a.md", tmp_path / "stop"
    write_atomically(path, b"0" * 40_000)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, path, stop], stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    reader.stdout.readline()

    for number in range(1, 1001):
        assert write_atomically(path, b"%d" % (number % 10) * 40_000)

    stop.touch()
    reads, torn = map(int, reader.communicate()[0].split())
    assert torn == 0
    assert reads >= 1000


# --- ends -----------------------------------------------------------------------------------------

WRITER = (
    "import sys\nfrom pathlib import Path\n"
    "from pipeline.io.crashpoints import arm\nfrom pipeline.io.files import Tree\n"
    "root, point, passes = sys.argv[1:]\n"
    "arm(point, passes=int(passes))\n"
    "tree = Tree(Path(root))\n"
    "for number in range(3):\n"
    "    tree.write(f'_news/{number}.md', b'new' * 1000)\n"
    "tree.sync()\n"
)


def test_the_crash_points_of_a_write_are_known() -> None:
    assert POINTS == [
        "file-after-rename",
        "file-before-rename",
        "file-before-temp",
        "file-mid-write",
    ]


@pytest.mark.parametrize("point", POINTS)
def test_a_writer_killed_at_any_point_leaves_whole_files_and_can_start_again(
    tmp_path: Path, point: str
) -> None:
    tree, news = Tree(tmp_path), tmp_path / "_news"
    for number in range(3):
        tree.write(f"_news/{number}.md", b"old")

    killed = python(WRITER, tmp_path, point, 1)

    assert killed.returncode == EXIT_CODE, killed.stderr
    contents = [(news / f"{number}.md").read_bytes() for number in range(3)]
    renamed = point == "file-after-rename"
    assert contents == [b"new" * 1000, b"new" * 1000 if renamed else b"old", b"old"]
    assert python(WRITER, tmp_path, "none", 0).returncode == 0
    tree.clean(now=LATER)
    assert names(news) == ["0.md", "1.md", "2.md"]
    assert {(news / name).read_bytes() for name in names(news)} == {b"new" * 1000}


def test_a_writer_killed_at_random_leaves_whole_files(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom pipeline.io.files import write_atomically\n"
        "print('writing', flush=True)\n"
        "while True:\n"
        "    for digit in b'0123456789':\n"
        "        write_atomically(Path(sys.argv[1]), bytes([digit]) * 100_000)\n"
    )
    path = tmp_path / "a.md"
    for number in range(5):
        writer = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.02 + number * 0.007)
        writer.kill()
        writer.communicate()
        data = path.read_bytes()
        assert data == data[:1] * 100_000

    Tree(tmp_path).clean(now=LATER)
    assert names(tmp_path) == ["a.md"]


def test_a_full_disk_keeps_the_old_file_and_leaves_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    write_atomically(path, b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OutputError, match=r"a\.md: .*nothing was changed: make room"):
            write_atomically(path, b"new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.md"]


def test_an_interrupted_writer_leaves_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_file: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a.md", b"new")

    assert names(tmp_path) == []


# --- what is refused ------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Give a file that must never change, in a folder that must stay as it is."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_bytes(b"precious")
    return folder


def _link_file(root: Path, outside: Path) -> None:
    (root / "_news").mkdir()
    (root / "_news" / "a.md").symlink_to(outside / "precious")


def _link_to_nothing(root: Path, outside: Path) -> None:
    (root / "_news").mkdir()
    (root / "_news" / "a.md").symlink_to(outside / "a.md")


def _link_folder(root: Path, outside: Path) -> None:
    (root / "_news").symlink_to(outside)


def _link_root(root: Path, outside: Path) -> None:
    root.rmdir()
    root.symlink_to(outside)


@pytest.mark.parametrize("plant", [_link_file, _link_to_nothing, _link_folder, _link_root])
def test_no_link_leads_out_of_the_tree(
    tmp_path: Path, outside: Path, plant: Callable[[Path, Path], None]
) -> None:
    root = tmp_path / "out"
    root.mkdir()
    plant(root, outside)
    tree = Tree(root)

    refused = pytest.raises(OutputError, match=r"is a link to .*/outside.*; remove it, or name")
    with refused:
        tree.write("_news/a.md", b"new")
    with refused:
        tree.write("_news/a.md", b"new", dry_run=True)
    with refused:
        tree.remove("_news/a.md")

    assert names(outside) == ["precious"]
    assert (outside / "precious").read_bytes() == b"precious"


def test_write_atomically_follows_no_link_either(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "file").symlink_to(outside / "precious")
    (tmp_path / "folder").symlink_to(outside)

    for path in (tmp_path / "file", tmp_path / "folder" / "precious"):
        with pytest.raises(OutputError, match="is a link to"):
            write_atomically(path, b"new")
        with pytest.raises(OutputError, match="is a link to"):
            remove_file(path)

    assert (outside / "precious").read_bytes() == b"precious"


def test_a_link_above_the_root_is_the_operators_own_business(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "www").symlink_to("disk")

    assert Tree(tmp_path / "www" / "site").write("a.md", b"data")
    assert (tmp_path / "disk" / "site" / "a.md").read_bytes() == b"data"


def _a_folder(path: Path) -> None:
    path.mkdir()


def _a_fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [_a_folder, _a_fifo])
def test_what_is_no_plain_file_is_left_alone(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "a.md")

    refused = pytest.raises(OutputError, match=r"a\.md: is no plain file; move it away")
    with refused:
        write_atomically(tmp_path / "a.md", b"new")
    with refused:
        remove_file(tmp_path / "a.md")

    assert names(tmp_path) == ["a.md"]


@pytest.mark.parametrize("path", ["_news/a.md", "a.md"])
def test_a_file_in_place_of_a_folder_is_named(tmp_path: Path, path: str) -> None:
    in_the_way = tmp_path / "out" / "_news" if "/" in path else tmp_path / "out"
    in_the_way.parent.mkdir(exist_ok=True)
    in_the_way.write_bytes(b"")

    with pytest.raises(OutputError, match=f"{in_the_way.name}: is no plain folder; move it away"):
        Tree(tmp_path / "out").write(path, b"new")


@pytest.mark.parametrize(
    "path",
    ["", ".", "..", "../a", "/etc/a", "a/../b", "a//b", "a/", "./a", "a\0b", f"{TEMP_PREFIX}a"],
)
def test_a_path_that_could_leave_the_tree_is_refused(tmp_path: Path, path: str) -> None:
    tree = Tree(tmp_path / "out")

    with pytest.raises(OutputError, match="a path"):
        tree.write(path, b"")
    with pytest.raises(OutputError, match="a path"):
        tree.remove(path)

    assert names(tmp_path) == []


@pytest.fixture
def read_only() -> Iterator[Path]:
    """Give a folder that others may enter and read, with a file in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "a.md").write_bytes(b"old")
        folder.chmod(0o555)
        yield folder


def test_a_folder_without_the_right_to_write_is_named_with_the_remedy(read_only: Path) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setuid(NOBODY)
        try:
            write_atomically(read_only / "a.md", b"new")
        except OutputError as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        message = pipe.read().decode()

    assert message == (
        f"{read_only}/a.md: Permission denied; let the user newsloom runs as write there"
    )
    assert names(read_only) == ["a.md"]
    assert (read_only / "a.md").read_bytes() == b"old"


def test_a_folder_that_vanished_is_an_error_for_a_file_and_made_again_by_a_tree(
    tmp_path: Path,
) -> None:
    with pytest.raises(OutputError, match="No such file or directory"):
        write_atomically(tmp_path / "gone" / "a.md", b"new")

    assert Tree(tmp_path / "gone").write("_news/a.md", b"new")


# --- the rest of a tree ---------------------------------------------------------------------------


def test_a_dry_run_tells_and_changes_nothing(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "out")

    assert tree.write("_news/a.md", b"new", dry_run=True)
    assert names(tmp_path) == []
    tree.write("_news/a.md", b"new")
    assert not tree.write("_news/a.md", b"new", dry_run=True)
    assert tree.write("_news/a.md", b"newer", dry_run=True)
    assert (tmp_path / "out" / "_news" / "a.md").read_bytes() == b"new"


def test_removing_says_whether_there_was_a_file(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "out")
    assert not tree.remove("_news/a.md")
    tree.write("_news/a.md", b"data")

    assert tree.remove("_news/a.md")
    assert not tree.remove("_news/a.md")
    assert not remove_file(tmp_path / "out" / "a.md")


def test_every_folder_with_a_new_name_in_it_is_forced_to_disk_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Tree(tmp_path / "out")
    tree.write("_news/a.md", b"a")
    tree.write("_news/b.md", b"b")
    tree.write("manifest.json", b"{}")
    synced: list[Path] = []
    monkeypatch.setattr(
        os, "fsync", lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink())
    )

    tree.write("manifest.json", b"{}")
    tree.sync()
    tree.sync()
    sync_folder(tmp_path)

    assert synced == [tmp_path / "out", tmp_path / "out" / "_news", tmp_path]


def test_only_old_leftovers_of_killed_writers_are_cleaned_away(tmp_path: Path) -> None:
    root = tmp_path / "out"
    tree = Tree(root)
    assert tree.clean(now=LATER) == 0
    tree.write("_news/a.md", b"data")
    tree.write("a.md", b"data")
    now = time.time()
    for folder in (root, root / "_news"):
        (folder / f"{TEMP_PREFIX}old").touch()
        os.utime(folder / f"{TEMP_PREFIX}old", (now - 700, now - 700))
        (folder / f"{TEMP_PREFIX}young").touch()
        (folder / ".hidden").touch()
        os.utime(folder / ".hidden", (0, 0))
        (folder / f"{TEMP_PREFIX}link").symlink_to("a.md")
    moment = datetime.fromtimestamp(now, UTC)

    assert stale_temps(root, older_than=moment - timedelta(minutes=10)) == [
        root / f"{TEMP_PREFIX}old"
    ]
    assert tree.clean(now=moment) == 2

    kept = [".hidden", f"{TEMP_PREFIX}link", f"{TEMP_PREFIX}young", "a.md"]
    assert names(root / "_news") == kept
    assert names(root) == sorted([*kept, "_news"])
    assert tree.clean(now=LATER) == 2


def test_cleaning_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / f"{TEMP_PREFIX}x").touch()
    tree = Tree(tmp_path / "out")
    tree.write("a.md", b"data")
    (tmp_path / "out" / "link").symlink_to(tmp_path / "elsewhere")

    assert tree.clean(now=LATER) == 0
    assert names(tmp_path / "elsewhere") == [f"{TEMP_PREFIX}x"]


def test_a_signal_in_the_middle_of_a_write_tears_nothing(tmp_path: Path) -> None:
    hits = []
    before = signal.signal(signal.SIGALRM, lambda *_: hits.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        for number in range(50):
            write_atomically(tmp_path / "a", b"%d" % (number % 10) * 200_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert hits
    assert (tmp_path / "a").read_bytes() == b"9" * 200_000
