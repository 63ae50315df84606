"""Putting a site's staged documents in place: the gate, the files, what stands beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from config.catalogue import Site
from pipeline.context import Context
from pipeline.io.commands import run_command
from pipeline.io.crashpoints import crashpoint
from pipeline.io.files import Tree
from pipeline.io.store import documents
from pipeline.io.store.documents import ChangeRow, DocumentRow, DocumentSummary
from pipeline.seedfile import index
from pipeline.seedfile.api import api_files
from pipeline.seedfile.changes import ChangeRecord, change_line
from pipeline.seedfile.gate import Shown, judge
from pipeline.seedfile.listing import from_json
from pipeline.seedfile.sitemap import news_sitemap
from pipeline.seedfile.syndication import feed_atom, feed_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """One document as it will stand on disk, and what the change feed tells of it."""

    row: DocumentRow
    known: DocumentRow | None
    change: ChangeRow | None
    #: The story was merged or withdrawn by somebody's word, not lost.
    deliberate: bool

    @property
    def is_kept(self) -> bool:
        """Say whether nothing but the revision differs from what is known."""
        return self.known is not None and self.row.content is self.known.content

    @property
    def was_published(self) -> bool:
        """Say whether readers see it now."""
        return self.known is not None and self.known.published


def passes_gate(
    ctx: Context, site: Site, staged: Sequence[Staged], *, now: datetime, force: str | None
) -> bool:
    """Say whether the staged set may follow the last one; tell and record why it may not."""
    if not any(item.change for item in staged):
        return True
    with ctx.store.read() as tx:
        rows = documents.summaries_of(tx, site.name)
    before = {row.story_id: _shown(row) for row in rows}
    after = before | {
        item.row.story_id: _shown(item.row) for item in staged if item.row.state != "removed"
    }
    for item in staged:
        if item.row.state == "removed":
            after.pop(item.row.story_id, None)
    withdrawn = sum(item.deliberate and item.was_published for item in staged)
    reasons = judge(before, after, withdrawn=withdrawn)
    with ctx.store.write() as tx:
        documents.record_publication(
            tx, site.name, at=now, reasons=reasons, forced=force if reasons else None
        )
    if not reasons or force:
        return True
    ctx.tally.end("write", "held-back", len(staged))
    ctx.tally.due("write")
    told = f"gate: {'; '.join(reasons)}; nothing was changed, see `newsloom write --force`"
    ctx.tally.explain("write", "failed", site.name, told)
    return False


def _shown(row: DocumentRow | DocumentSummary) -> Shown:
    """Return what the gate looks at."""
    listing = from_json(row.listing)
    return Shown(
        published=row.published,
        has_excerpt=bool(listing.excerpt),
        has_image=listing.image is not None,
    )


def put_in_place(
    ctx: Context, site: Site, tree: Tree, staged: Sequence[Staged], *, now: datetime
) -> None:
    """Write the documents, then what stands beside them, the manifest last."""
    tree.clean(now=now)
    write_documents(ctx, tree, staged, dry_run=False)
    crashpoint("documents-in-place")
    tree.sync()
    with ctx.store.read() as tx:
        rows = documents.summaries_of(tx, site.name)
    manifest = _manifest(rows)
    # It is written last, so while it is behind, so may be all the others: after a crash, too.
    changed = tree.write("manifest.json", manifest, dry_run=True)
    if changed:
        _write_beside(ctx, site, tree, rows, now=now)
    crashpoint("manifest-behind")
    tree.write("manifest.json", manifest)
    published = [row.published_at for row in rows if row.published]
    tree.write(
        "latest.json",
        index.latest(
            generated_at=now,
            documents=len(rows),
            published=len(published),
            newest=max(published, default=None),
            manifest=manifest,
        ),
    )
    tree.sync()
    if changed and site.after_publish:
        failure = run_command(site.after_publish, folder=tree.root)
        if failure:
            ctx.tally.due("write")
            ctx.tally.explain("write", "failed", f"{site.name}: after_publish", failure)


def write_documents(ctx: Context, tree: Tree, staged: Sequence[Staged], *, dry_run: bool) -> None:
    """Put the documents in place where their bytes differ, and count them."""
    for item in staged:
        if item.row.state == "removed":
            gone = not dry_run and tree.remove(item.row.path)
            ctx.tally.end("write", "removed" if gone or dry_run else "unchanged")
            continue
        changed = tree.write(item.row.path, item.row.content, dry_run=dry_run)
        ending = ("updated" if item.known else "created") if changed else "unchanged"
        ctx.tally.end("write", ending)


def _write_beside(
    ctx: Context, site: Site, tree: Tree, rows: Sequence[DocumentSummary], *, now: datetime
) -> None:
    """Write lists, feeds and the change feed; pages of lists that are no more go."""
    listings = [from_json(row.listing) for row in rows if row.published]
    lists = api_files(listings, site=site)
    for path, data in lists.items():
        tree.write(path, data)
    for path in tree.files("api/news"):
        if path not in lists:
            tree.remove(path)
    # Its two days end with the newest story: by the clock, the same stories would give other bytes.
    newest = max((row.published_at for row in rows if row.published), default=now)
    tree.write("news-sitemap.xml", news_sitemap(listings, site=site, now=newest))
    tree.write("feed.json", feed_json(listings, site=site))
    tree.write("feed.atom", feed_atom(listings, site=site))
    with ctx.store.read() as tx:
        changes = documents.latest_changes(tx, site.name, limit=ctx.settings.keep_changes)
    tree.write("changes.jsonl", b"".join(change_line(_record(change)) for change in changes))


def _record(change: ChangeRow) -> ChangeRecord:
    """Make the record of a stored change."""
    return ChangeRecord(
        number=change.number,
        at=change.at,
        kind=change.kind,
        story_id=change.story_id,
        path=change.path,
        sha256=change.sha256,
        into=change.other_id,
    )


def _manifest(rows: Sequence[DocumentSummary]) -> bytes:
    """Return the manifest of these documents."""
    return index.manifest(
        [
            index.ManifestEntry(
                story_id=row.story_id,
                path=row.path,
                sha256=row.sha256,
                revision=row.revision,
                state=row.state,
            )
            for row in rows
        ]
    )
