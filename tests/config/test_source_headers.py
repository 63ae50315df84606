"""Headers of a source: where each value is, never the value, in any message."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.load import ConfigError, load_catalogue
from config.secretrefs import read_reference

from .folders import SOURCES, catalogue_in


def test_headers_are_references(tmp_path: Path) -> None:
    text = SOURCES + 'headers = { Authorization = "env:POST_KEY", Cookie = "file:secrets/post" }\n'

    entry = load_catalogue(catalogue_in(tmp_path, sources=text)).sources["post-tech"]

    assert entry.headers == {"Authorization": "env:POST_KEY", "Cookie": "file:secrets/post"}


@pytest.mark.parametrize(
    "headers",
    [
        '{ Authorization = "Bearer canary" }',
        '{ Authorization = "env:canary name" }',
        '{ Authorization = "file:" }',
        "{ Authorization = 7 }",
        '{ Authorization = ["canary"] }',
        '{ "Bad Name" = "env:A" }',
        '{ Host = "env:A" }',
        '{ transfer-encoding = "env:A" }',
        '{ cookie = "env:A", Cookie = "env:B" }',
        '"canary"',
        "{ " + ", ".join(f'X-{number} = "env:A"' for number in range(11)) + " }",
    ],
)
def test_anything_else_is_refused_without_being_shown(tmp_path: Path, headers: str) -> None:
    folder = catalogue_in(tmp_path, sources=f"{SOURCES}headers = {headers}\n")

    with pytest.raises(ConfigError) as caught:
        load_catalogue(folder)

    message = str(caught.value)
    assert "source post-tech: headers" in message
    assert "env:NAME or file:PATH" in message
    assert "canary" not in message


def test_a_variable_and_a_file_are_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file\n")

    assert read_reference("env:KEY", tmp_path, environ={"KEY": " from the variable "}) == (
        "from the variable"
    )
    assert read_reference("file:key", tmp_path) == "from the file"


@pytest.mark.parametrize("reference", ["env:KEY", "env:", "key", "env:KEY\n"])
def test_no_secret_is_an_error(tmp_path: Path, reference: str) -> None:
    with pytest.raises(ValueError, match=r"not set|neither env"):
        read_reference(reference, tmp_path, environ={"KEY": "  "})
