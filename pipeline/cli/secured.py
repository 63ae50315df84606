"""`newsloom secured`: the key of the secured field, and what the field hides."""

from __future__ import annotations

import os
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import SOME_FAILED, AsJson, Home, err, load_settings, out, print_json
from pipeline.context import open_cipher
from pipeline.errors import CipherError, SeedFileError, UsageError
from pipeline.seedfile.parse import parse
from pipeline.seedfile.secured import (
    KEY_BYTES,
    Cipher,
    Payload,
    new_master_key,
    parse_master_key,
    read_payload,
)

app = typer.Typer(no_args_is_help=True, help="The secured field and its key.")


@app.command()
def show(
    files: Annotated[list[Path], typer.Argument(help="Seed documents.")],
    home: Home = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="Read the master key from here.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Open the secured field of documents and show what it says.

    Example: newsloom secured show out/ai/_news/*.md
    """
    cipher = _cipher(home, key_file)
    opened: dict[Path, Payload] = {}
    for file in files:
        try:
            opened[file] = _open(cipher, file)
        except (SeedFileError, CipherError, OSError) as error:
            err.print(f"{file}: {error}", markup=False)
    if json_:
        print_json([{"file": str(file), **asdict(payload)} for file, payload in opened.items()])
    else:
        _print(opened)
    raise typer.Exit(SOME_FAILED if len(opened) < len(set(files)) else 0)


def _print(opened: dict[Path, Payload]) -> None:
    """Print what was opened."""
    for file, payload in opened.items():
        out.print(f"{file}: story {payload.story_id}, lead {payload.lead}", markup=False)
        for article in payload.related:
            out.print(f"    related {article}", markup=False)


def _cipher(home: Path | None, key_file: Path | None) -> Cipher:
    """Return the cipher of a key file, else of the installation."""
    if key_file is not None:
        try:
            return Cipher(parse_master_key(key_file.read_text(encoding="ascii")))
        except (OSError, UnicodeError) as error:
            raise UsageError(f"--key-file {key_file}: {error}") from error
    cipher = open_cipher(load_settings(home))
    if cipher is None:
        raise UsageError("no master key; set master_key_file, or name one with --key-file")
    return cipher


def _open(cipher: Cipher, file: Path) -> Payload:
    """Return what a document's secured field says."""
    document = parse(file.read_bytes()).document
    if document.secured is None:
        raise CipherError("has no secured line; it was written without a key")
    return read_payload(cipher.unseal(document.secured))


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
