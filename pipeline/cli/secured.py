"""`newsloom secured`: the key of the secured field, and what the field hides."""

from __future__ import annotations

import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from config.secretfile import read_secret
from pipeline.cli.common import SOME_FAILED, AsJson, Home, err, load_settings, out, print_json
from pipeline.context import open_cipher
from pipeline.errors import CipherError, SeedFileError, UsageError
from pipeline.seedfile.parse import parse
from pipeline.seedfile.render import render
from pipeline.seedfile.secured import (
    KEY_BYTES,
    Cipher,
    Payload,
    new_master_key,
    parse_master_key,
    read_payload,
)
from pipeline.seedfile.style import STYLES

app = typer.Typer(no_args_is_help=True, help="The secured field and its key.")


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a file's secured field says, and whether the file still is what was sealed."""

    payload: Payload
    unchanged: bool


@app.command()
def show(
    files: Annotated[list[Path], typer.Argument(help="Seed documents.")],
    home: Home = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="Read the master key from here.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Open the secured field of documents, show what it says and whether the document changed.

    Example: newsloom secured show out/ai/_news/*.md
    """
    cipher = _cipher(home, key_file)
    opened: dict[Path, _Opened] = {}
    for file in files:
        try:
            opened[file] = _open(cipher, file)
        except (SeedFileError, CipherError, OSError) as error:
            err.print(f"{file}: {error}", markup=False)
    if json_:
        print_json([_as_json(file, one) for file, one in opened.items()])
    else:
        _print(opened)
    well = sum(one.unchanged for one in opened.values())
    raise typer.Exit(SOME_FAILED if well < len(set(files)) else 0)


def _as_json(file: Path, opened: _Opened) -> dict[str, object]:
    """Return one file's row for machines."""
    return {"file": str(file), **asdict(opened.payload), "unchanged": opened.unchanged}


def _print(opened: dict[Path, _Opened]) -> None:
    """Print what was opened as a table."""
    table = Table(box=None, pad_edge=False)
    for column in ("file", "document", "story", "lead", "related"):
        table.add_column(column, overflow="fold")
    for file, one in opened.items():
        state = "as sealed" if one.unchanged else "changed since"
        payload = one.payload
        cells = (str(file), state, payload.story_id, payload.lead, "\n".join(payload.related))
        table.add_row(*(Text(cell) for cell in cells))
    out.print(table)


def _cipher(home: Path | None, key_file: Path | None) -> Cipher:
    """Return the cipher of a key file, else of the installation."""
    if key_file is not None:
        try:
            return Cipher(parse_master_key(read_secret(key_file)))
        except (OSError, ValueError) as error:
            raise UsageError(f"--key-file {key_file}: {error}") from None
    cipher = open_cipher(load_settings(home))
    if cipher is None:
        raise UsageError("no master key; set master_key_file, or name one with --key-file")
    return cipher


def _open(cipher: Cipher, file: Path) -> _Opened:
    """Return what a document's secured field says."""
    parsed = parse(file.read_bytes())
    document = parsed.document
    if document.secured is None:
        raise CipherError("has no secured line; it was written without a key")
    payload = read_payload(cipher.unseal(document.secured))
    # As it was sealed: without the field, and in the dialect's own style, whatever became of it.
    content = render(replace(document, secured=None), STYLES[parsed.style.dialect])
    return _Opened(payload, unchanged=payload.is_of(content))


@app.command("new-key")
def new_key(
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write it here (mode 0600) and do not print it.")
    ] = None,
) -> None:
    """Make a master key from the system's randomness.

    Example: newsloom secured new-key --out master.key
    """
    key = new_master_key(secrets.token_bytes(KEY_BYTES))
    if out_file is None:
        out.print(key)
        return
    try:
        handle = os.open(out_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{out_file} exists; a key is never overwritten, name another") from None
    except OSError as error:
        raise UsageError(f"{out_file}: {error.strerror}; name a folder you can write to") from None
    with os.fdopen(handle, "w") as file:
        file.write(key + "\n")
    out.print(f"wrote {out_file}; set master_key_file to it and keep a copy elsewhere")
