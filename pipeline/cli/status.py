"""`newsloom status` and `newsloom verify`: how things stand, and whether the files are right."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    Home,
    load,
    opened_store,
    out,
    print_json,
    shown_time,
)
from pipeline.context import system_clock
from pipeline.io.store import documents
from pipeline.io.store import status as counts
from pipeline.io.verify import Finding, repair_site, verify_site


def status(home: Home = None, json_: AsJson = False) -> None:
    """Say how much there is and what is waiting.

    Example: newsloom status --json
    """
    settings, catalogue = load(home)
    with opened_store(home) as store, store.read() as tx:
        found = counts.status(tx, sites=catalogue.sites, now=settings.fixed_time or system_clock())
    if json_:
        networks = [str(network) for network in settings.allow_networks]
        print_json({**asdict(found), "allow_networks": networks})
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in asdict(found).items():
        shown = shown_time(value) if name.endswith("_at") else str(value)
        table.add_row(name.replace("_", " "), shown)
    out.print(table)
    for network in settings.allow_networks:
        out.print(f"note: the private network {network} may be dialled (allow_networks)")


def verify(
    home: Home = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Write missing and changed files again.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Compare every file with the database and parse it.

    Files without a story are reported and left alone. Example: newsloom verify --repair
    """
    settings, catalogue = load(home)
    findings: list[Finding] = []
    repaired: list[str] = []
    checked = 0
    with opened_store(home) as store:
        for site in catalogue.sites.values():
            root = settings.path(settings.out) / site.out
            with store.read() as tx:
                expected = documents.documents_of(tx, site.name)
            checked += len(expected)
            found = verify_site(site.name, root, expected)
            if repair and found:
                repaired += repair_site(root, expected)
                found = verify_site(site.name, root, expected)
            findings += found
    if json_:
        shown = [asdict(item) for item in findings]
        print_json({"documents": checked, "repaired": repaired, "findings": shown})
    else:
        for path in repaired:
            out.print(f"repaired {path}", markup=False)
        for item in findings:
            out.print(f"{item.site}: {item.path}: {item.problem}", markup=False)
        out.print(f"{checked} documents, {len(repaired)} repaired, {len(findings)} findings")
    raise typer.Exit(SOME_FAILED if findings else 0)
