"""`newsloom capsule` and `newsloom replay`: take what went wrong along, and do it again."""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from config.load import load_catalogue, write_starter
from config.sourceblock import source_block
from pipeline import line
from pipeline.cli.articles import article_values, by_name, print_values
from pipeline.cli.common import (
    SOME_FAILED,
    AsJson,
    DryRun,
    Home,
    opened,
    out,
    print_json,
    shown_time,
)
from pipeline.context import FixedClock, open_context
from pipeline.errors import UsageError
from pipeline.io.capsule import NOT_HELD, Capsule, CapsuleWeb, read_capsule, write_capsule
from pipeline.io.capsulefixture import catalogue_of, require_empty, write_fixture
from pipeline.outcomes import Tally
from pipeline.stages.capsule import Wanted, fill, find
from pipeline.stages.replay import (
    SITE,
    Retold,
    replay_catalogue,
    replay_settings,
    retell,
    show_again,
    verdict,
)

#: Entries of a feed that a terminal is shown.
_SHOWN_ENTRIES = 20


def capsule(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ENTRY|SOURCE|PAGE-URL",
            help="Key of an entry, id of a source, or address of a page.",
        ),
    ],
    file: Annotated[
        Path | None, typer.Option("--out", help="Write this file; default: named by source, time.")
    ] = None,
    home: Home = None,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Put the raw answers of a failing feed or page into one file (WARC), to be replayed anywhere.

    What is not kept is asked for again. Holds no secrets. Example: newsloom capsule bbc-technology
    """
    with opened(home) as ctx:
        wanted = find(ctx, what)
        name = f"{wanted.source.id}-{ctx.clock():%Y%m%dT%H%M%SZ}.warc.gz"
        path = file or Path(name)
        if path.exists():
            raise UsageError(f"{path}: there is such a file; name another with --out")
        if not path.absolute().parent.is_dir():
            raise UsageError(f"{path}: there is no such folder; make it, or name another")
        if dry_run:
            _print_plan(wanted, path, json_=json_)
            return
        made = fill(ctx, wanted)
    write_capsule(path.absolute(), made)
    facts = {**_facts(made), "file": str(path), "bytes": path.stat().st_size}
    if json_:
        print_json(facts)
        return
    _print_facts(made)
    out.print(f"wrote     {path} ({facts['bytes']:,} bytes): `newsloom replay {path}`")


def _print_plan(wanted: Wanted, path: Path, *, json_: bool) -> None:
    """Say what a capsule would hold, and what would be asked for."""
    asked = [one.url for one in (wanted.robots, wanted.subject) if one is not None]
    kept = [one.url for one in wanted.kept]
    if json_:
        print_json({"file": str(path), "kept": kept, "asked": asked})
        return
    for url in kept:
        out.print(f"kept      {url}", markup=False)
    for url in asked:
        out.print(f"would ask {url}", markup=False)
    out.print(f"would write {path} (--dry-run)", markup=False)


def _facts(held: Capsule) -> dict[str, Any]:
    """Return what a capsule says of itself, for machines."""
    manifest = held.manifest
    return {
        "subject": manifest.subject,
        "kind": "page" if manifest.shown else "feed",
        "source": manifest.source.id,
        "made_at": manifest.made_at,
        "clock": manifest.clock,
        "newsloom": manifest.newsloom,
        "extractor_version": manifest.extractor,
        "withheld": list(manifest.withheld),
        "answers": [
            {
                "url": one.url,
                "status": one.status,
                "bytes": len(one.body),
                "from": manifest.origins.get(one.url, "redirect"),
            }
            for one in held.answers
        ],
        "failures": [one.model_dump() for one in manifest.failures],
        "then": manifest.happened.model_dump(),
    }


def _print_facts(held: Capsule) -> None:
    """Print what a capsule says of itself."""
    facts = _facts(held)
    out.print(f"{facts['kind']:8}  {facts['subject']}", markup=False)
    said = f"source    {facts['source']}; newsloom {facts['newsloom']}, {facts['clock']:%F %T}Z"
    out.print(said, markup=False)
    for one in facts["answers"]:
        told = f"answer    {one['status']}  {one['bytes']:,} bytes  {one['url']}  [{one['from']}]"
        out.print(told, markup=False)
    for one in facts["failures"]:
        out.print(f"no answer {one['url']}: {one['reason']} {one['detail']}".rstrip(), markup=False)
    if facts["withheld"]:
        out.print(f"withheld  {', '.join(facts['withheld'])}", markup=False)
    out.print(f"then      {_ended(held)}", markup=False)


def _ended(held: Capsule) -> str:
    """Say how it ended when the capsule was made."""
    then = held.manifest.happened
    return then.reason or then.article.get("title", "all well")


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of `newsloom capsule`.")],
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Make the installation here and leave it there.")
    ] = None,
    fixture: Annotated[
        Path | None,
        typer.Option(
            "--fixture", help="Make a fixture of tests here: a recorded web, a catalogue."
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Run the line on a capsule, offline and at its time; show what each stage made of it.

    Ends with 1 when it fails, as it did or anew. Example: newsloom replay bbc.warc.gz --keep look
    """
    held = read_capsule(file)
    for folder in (keep, fixture):
        if folder is not None:
            require_empty(folder)
    if keep is not None:
        _make_home(keep, held)
    opened_home = nullcontext(str(keep)) if keep else tempfile.TemporaryDirectory("newsloom-replay")
    with opened_home as home:
        told, tally = _replayed(held, Path(home))
    files = write_fixture(fixture, held, told.ending) if fixture is not None else []
    compared = verdict(held.manifest.happened, told.ending)
    if json_:
        print_json({"capsule": _facts(held), **_stages(told, tally), "compared": compared})
    else:
        _print_facts(held)
        _print_stages(told, tally)
        for path in files:
            out.print(f"wrote     {path}", markup=False)
        out.print(f"compared  {compared}", markup=False)
    raise typer.Exit(SOME_FAILED if told.ending.reason else 0)


def _make_home(home: Path, held: Capsule) -> None:
    """Make an installation that can be looked at afterwards."""
    write_starter(home)
    for name, text in catalogue_of(SITE).items():
        (home / name).write_text(text, encoding="utf-8")
    block = source_block(held.manifest.source)
    (home / "catalogue" / "sources.toml").write_text(block, encoding="utf-8")


def _replayed(held: Capsule, home: Path) -> tuple[Retold, Tally]:
    """Run the line on a capsule in `home`."""
    manifest = held.manifest
    shown = manifest.shown
    tally = Tally()
    clock = FixedClock(min(shown.first_seen_at, manifest.clock) if shown else manifest.clock)
    with open_context(
        replay_settings(home),
        replay_catalogue(load_catalogue(None), manifest),
        transport=CapsuleWeb(held),
        clock=clock,
        tally=tally,
    ) as ctx:
        show_again(ctx, manifest)
        clock.now = manifest.clock
        line.run(ctx, () if shown else None)
        return retell(ctx, manifest), tally


def _stages(told: Retold, tally: Tally) -> dict[str, Any]:
    """Return what each stage made of a capsule, for machines."""
    row, page = told.source, told.page
    article = page.article if page else None
    return {
        "fetch": {
            "ended": row.last_status,
            "reason": row.last_error,
            "dialect": row.dialect,
            "entries": [
                {"key": one.entry_key, "title": one.title, "url": one.url, "at": one.published_at}
                for one in told.entries
            ],
            "left_out": [list(one) for one in tally.stages["fetch"].reasons if not row.last_error],
        },
        "extract": {
            "reason": told.ending.reason if page else None,
            "article": by_name(article_values(article)) if article else None,
            "pages_not_held": _not_held(tally),
        },
        "cluster": {"story": page.story_id if page else None},
        "write": [{"file": path, "document": text} for path, text in told.documents],
    }


def _not_held(tally: Tally) -> int:
    """Count the pages that a feed's entries lead to and the capsule does not hold."""
    return sum(reason.startswith(NOT_HELD) for _, reason in tally.stages["extract"].reasons)


def _print_stages(told: Retold, tally: Tally) -> None:
    """Print what each stage made of a capsule."""
    row = told.source
    if told.page is None:
        said = row.last_error or f"{row.last_status}, {len(told.entries)} entries"
        out.print(f"fetch     {said}", markup=False)
        for one in told.entries[:_SHOWN_ENTRIES]:
            out.print(f"          {shown_time(one.published_at)}  {one.title}", markup=False)
        if not row.last_error:
            for label, reason in tally.stages["fetch"].reasons:
                out.print(f"          left out: {label}: {reason}", markup=False)
        out.print(f"extract   {_not_held(tally)} pages that the capsule does not hold")
        return
    page = told.page
    out.print(f"fetch     its entry as it was shown: {told.entries[0].title}", markup=False)
    out.print(f"extract   {told.ending.reason or 'an article'}", markup=False)
    if page.article is not None:
        print_values(article_values(page.article))
    out.print(f"cluster   {f'story {page.story_id}' if page.story_id else 'no story'}")
    for path, text in told.documents:
        out.print(f"write     {path}", markup=False)
        out.print(text.rstrip("\n"), markup=False)
    if not told.documents:
        out.print("write     no document")
