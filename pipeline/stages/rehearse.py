"""A plan played through on a copy: what it would do to the files, without touching anything.

The copy holds what the plan has to do with, in a database file of its own; the ordinary stages work
on it and write into a folder of its own. Nobody is asked: pages whose bodies are not kept stay out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.context import Context
from pipeline.io.migrate import upgrade
from pipeline.io.store import Store, copies, documents
from pipeline.io.store import stories as stories_
from pipeline.io.store.copies import Wanted
from pipeline.io.store.documents import DocumentRow
from pipeline.records import PageId, StoryId
from pipeline.stages.cluster import cluster
from pipeline.stages.extract import extract
from pipeline.stages.reprocess import Plan, begin
from pipeline.stages.write import write
from pipeline.stories.duplicates import ALIAS_WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """What would become of one file."""

    site: str
    path: str
    #: created | updated | removed.
    kind: str
    #: In the unified form, "" of a file whose bytes are not text.
    diff: str


def rehearse(ctx: Context, planned: Plan) -> list[FileChange]:
    """Return which documents a plan would change, by site and path.

    What `ctx.tally` is told of is the rehearsal.
    """
    with _copy(ctx, planned) as rehearsal:
        before = _documents(rehearsal)
        begin(rehearsal, planned)
        extract(rehearsal, list(planned.stored))
        cluster(rehearsal, [])
        with rehearsal.store.read() as tx:
            due = list(stories_.unwritten(tx, rehearsal.catalogue.sites))
        write(rehearsal, due, force="a rehearsal sees a part of the site")
        after = _documents(rehearsal)
    return [
        _change(before.get(key), after[key])
        for key in sorted(after)
        if key not in before or before[key].content != after[key].content
    ]


Documents = Mapping[tuple[str, str], DocumentRow]


def _documents(ctx: Context) -> Documents:
    """Return all documents by site and path."""
    with ctx.store.read() as tx:
        return {
            (site, row.path): row
            for site in ctx.catalogue.sites
            for row in documents.documents_of(tx, site)
        }


def _change(before: DocumentRow | None, after: DocumentRow) -> FileChange:
    """Return the difference of a document."""
    old = before.content.decode(errors="replace") if before else ""
    new = after.content.decode(errors="replace")
    lines = difflib.unified_diff(
        old.splitlines(),
        new.splitlines(),
        fromfile=f"{after.site}/{after.path}" if before else "/dev/null",
        tofile=f"{after.site}/{after.path}",
        lineterm="",
    )
    kind = "updated" if before else "created"
    return FileChange(site=after.site, path=after.path, kind=kind, diff="\n".join(lines))


@contextmanager
def _copy(ctx: Context, planned: Plan) -> Iterator[Context]:
    """Give a context on a copy of what a plan has to do with, gone at the end."""
    window = ctx.settings.window
    with TemporaryDirectory(prefix="newsloom-") as folder:
        store = Store(f"sqlite:///{Path(folder) / 'rehearsal.db'}")
        store.clock = ctx.clock
        try:
            upgrade(store)
            wanted = Wanted(
                pages=[PageId(id_) for id_ in planned.stored],
                stories=[StoryId(id_) for id_ in planned.story_ids],
                reach=ALIAS_WITHIN + 2 * window,
                live_since=ctx.clock() - ALIAS_WITHIN - 2 * window,
            )
            with ctx.store.read() as source, store.write() as target:
                copies.copy(source, target, wanted)
            sites = {
                name: site.model_copy(update={"after_publish": ()})
                for name, site in ctx.catalogue.sites.items()
            }
            yield replace(
                ctx,
                store=store,
                settings=ctx.settings.model_copy(update={"out": Path(folder) / "out"}),
                catalogue=ctx.catalogue.model_copy(update={"sites": sites}),
                windows={},
            )
        finally:
            store.close()
