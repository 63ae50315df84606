"""`newsloom schema`: the JSON Schemas of what a site's folder holds."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.common import print_json
from pipeline.errors import UsageError
from pipeline.seedfile.schemas import names
from pipeline.seedfile.schemas import schema as schema_of


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which; see --list.", show_default=False)
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name them all.")] = False,
) -> None:
    """Print a JSON Schema (draft 2020-12) of a document's front matter or of a file beside it.

    Example: newsloom schema document
    """
    known = names()
    if list_:
        typer.echo("\n".join(known))
        return
    if name is None:
        raise UsageError(f"schema: name one; known: {', '.join(known)}")
    if name not in known:
        raise UsageError(f"schema {name}: unknown; known: {', '.join(known)}")
    print_json(schema_of(name))
