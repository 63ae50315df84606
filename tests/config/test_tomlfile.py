from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.problems import ConfigError, Problem
from config.tomlfile import MAX_BYTES, read_toml

ADVICE = "Every problem names its remedy."


def problem_of(path: Path) -> Problem:
    """Return the only problem with a file."""
    with pytest.raises(ConfigError) as caught:
        read_toml(path)
    (problem,) = caught.value.problems
    assert problem.remedy, ADVICE
    return problem


def test_a_syntax_error_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    path.write_text('name = "ai"\nout = ai\n')
    problem = problem_of(path)
    assert problem.where == str(path)
    assert problem.line == 2
    assert "not TOML" in problem.wrong


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"sources:\n  - id: post\n", "not TOML"),
        (b'{"sources": []}', "not TOML"),
        (b"a = 1\na = 2\n", "not TOML"),
        (b"a = 2020-13-45\n", "not TOML"),
        (b"\x00\x01\x02", "not TOML"),
        (b'a = "\xff"\n', "not UTF-8"),
        ("a = 1\n".encode("utf-16"), "not UTF-8"),
        (b"a = " + b"[" * 3000 + b"]" * 3000, "a line of"),
        (b"a = " + b"[\n" * 3000 + b"]\n" * 3000, "nested too deeply"),
        (b".".join([b"a"] * 100_000) + b" = 1\n", "a line of"),
        (b"a = " + b"9" * 5000, "a line of"),
    ],
)
def test_what_is_no_usable_toml_is_refused_with_its_reason(
    tmp_path: Path, data: bytes, wrong: str
) -> None:
    path = tmp_path / "sources.toml"
    path.write_bytes(data)
    assert wrong in problem_of(path).wrong


def test_a_file_of_100_mb_is_refused_by_its_size_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    begun = time.perf_counter()
    assert f"larger than {MAX_BYTES // 2**20} MiB" in problem_of(path).wrong
    assert time.perf_counter() - begun < 1


def test_a_missing_file_and_a_folder_in_its_place_are_refused(tmp_path: Path) -> None:
    assert problem_of(tmp_path / "none.toml").wrong == "no such file"
    assert problem_of(tmp_path).wrong == "no such file"


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\n\r\nb = 2\r\n")
    file = read_toml(path)
    assert file.data == {"a": 1, "b": 2}
    assert file.line("b") == 3


def test_lines_of_members_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('top = 1\n\n[[x]]\nid = "a"\n\n[[y]]\nid = "b"\n[[x]]\n# id\n"id" = "c"\n')
    file = read_toml(path)
    assert file.line("top") == 1
    assert file.line("id") is None
    assert file.member_line("x", 0, "id") == 4
    assert file.member_line("x", 1, "id") == 10
    assert file.member_line("x", 1, "out") == 8
    assert file.member_line("y", 0) == 6


def test_no_line_is_better_than_a_wrong_one(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('[[x]]\nnote = """\n[[x]]\nid = "no"\n"""\nid = "a"\n')
    assert read_toml(path).member_line("x", 0, "id") is None
    path.write_text('x = [{id = "a"}]\n')
    assert read_toml(path).member_line("x", 0, "id") is None


@settings(max_examples=300)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    with suppress(ConfigError):
        assert isinstance(read_toml(path).data, dict)
