"""Stage four: stories -> files, one writer per site.

The rows are the outbox: a story is due as long as the revision on disk is behind. The staged set
is judged by the gate before anything is put in place; a document's row (path, bytes) is committed
before its file is renamed, so that whatever a crash leaves half done is done again with the same
bytes. The manifest comes last.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from config.catalogue import Site
from pipeline.articles.amp import amp_cache_url
from pipeline.context import Context
from pipeline.errors import SeedFileError
from pipeline.io.crashpoints import crashpoint
from pipeline.io.files import OutputError, Tree
from pipeline.io.store import documents, leases, ledger, stories
from pipeline.io.store.documents import ChangeRow, DocumentRow
from pipeline.io.store.stories import Fate
from pipeline.outcomes import Tally
from pipeline.records import Story, StoryId
from pipeline.seedfile import naming, secured
from pipeline.seedfile.document import (
    SeedDocument,
    carried,
    document_of,
    related_count,
    tombstone_of,
)
from pipeline.seedfile.listing import listing_of, to_json
from pipeline.seedfile.parse import parse, says_more
from pipeline.seedfile.render import prove, render
from pipeline.stages import publish
from pipeline.stages.score import stories_in

#: Raised when the same story would give other bytes.
WRITER_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """The stories that a site is behind with, and what became of each on the way to its files."""

    due: list[Due]
    staged: list[publish.Staged] = field(default_factory=list)
    #: What is not staged: belongs elsewhere, or failed.
    left: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A story that a site is behind with: what it is, or what became of it."""

    id: StoryId
    revision: int
    fate: Fate
    #: None when no article is left.
    story: Story | None
    known: DocumentRow | None


def write(
    ctx: Context, ids: Sequence[StoryId], *, dry_run: bool = False, force: str | None = None
) -> list[StoryId]:
    """Write the files of those of `ids` that a site is behind with.

    Return those that a site another process is writing still waits for. With `dry_run` nothing is
    saved or written; the tally tells what would be. `force` is an operator's reason to publish
    what the gate holds back.
    """
    busy = [
        site.name
        for site in ctx.catalogue.sites.values()
        if not _write_site(ctx, site, ids, dry_run=dry_run, force=force)
    ]
    with ctx.store.read() as tx:
        return list(stories.unwritten(tx, busy, ids))


def _write_site(
    ctx: Context, site: Site, ids: Sequence[StoryId], *, dry_run: bool, force: str | None
) -> bool:
    """Write one site's files under its lease; say whether nobody else had it.

    A folder that cannot be written fails its site alone; its stories stay due.
    """
    tree = Tree(ctx.settings.path(ctx.settings.out) / site.out)
    if dry_run:
        publish.write_documents(ctx, tree, _stage(ctx, site, ids).staged, dry_run=True)
        return True
    name = f"write:{site.name}"
    now = ctx.clock()
    with ctx.store.write() as tx:
        token = leases.take(tx, name, owner=ctx.store.owner, now=now, lasts=ctx.settings.lease)
    if token is None:
        return False
    try:
        return _write_due(ctx, site, tree, ids, force=force, lease=(name, token))
    except OutputError as error:
        ctx.tally.end("write", "not-written", ctx.tally.stages["write"].difference)
        ctx.tally.due("write")
        ctx.tally.explain("write", "failed", site.name, str(error))
        with ctx.store.write() as tx:
            run_id = ledger.run_of_writing(tx, now=now)
            ledger.note(tx, run_id, "write", ledger.TAKEN)
            ledger.note(tx, run_id, "write", "failed", error="site-not-written")
        return True
    finally:
        with ctx.store.write() as tx:
            leases.give_back(tx, name, token)


def _write_due(
    ctx: Context,
    site: Site,
    tree: Tree,
    ids: Sequence[StoryId],
    *,
    force: str | None,
    lease: tuple[str, int],
) -> bool:
    """Save rows, then files, then that they are written; say whether the lease lasted.

    Raise OutputError when a file cannot be written.
    """
    now = ctx.clock()
    batch = _stage(ctx, site, ids)
    due, staged = batch.due, batch.staged
    crashpoint("write-staged")
    if not publish.passes_gate(ctx, site, staged, now=now, force=force):
        with ctx.store.write() as tx:
            _note(tx, batch, Counter({"held-back": len(staged)}), now)
        return True
    with ctx.store.write() as tx:
        if not leases.holds(tx, *lease):
            return False
        kept = [item.row for item in staged if item.is_kept]
        documents.save_documents(tx, [item.row for item in staged if not item.is_kept])
        documents.save_revisions(tx, site.name, {row.story_id: row.revision for row in kept})
        documents.append_changes(tx, site.name, [item.change for item in staged if item.change])
        saved = Counter(item.change.kind if item.change else "unchanged" for item in staged)
        _note(tx, batch, saved, now)
    crashpoint("write-rows-saved")
    publish.put_in_place(ctx, site, tree, staged, now=now)
    crashpoint("write-in-place")
    with ctx.store.write() as tx:
        if leases.holds(tx, *lease):
            stories.mark_written(tx, site.name, {item.id: item.revision for item in due})
    crashpoint("write-marked")
    return True


def _note(tx: Connection, batch: _Batch, ended: Counter[str], now: datetime) -> None:
    """Note in the ledger what became of a batch: the part that was staged `ended` so."""
    if not batch.due:
        return
    run_id = ledger.run_of_writing(tx, now=now)
    ledger.note(tx, run_id, "write", ledger.TAKEN, len(batch.due))
    for outcome, count in (ended + batch.left).items():
        error = _BAD_DOCUMENT if outcome == "failed" else None
        ledger.note(tx, run_id, "write", outcome, count, error=error)


def preview(ctx: Context, ids: Sequence[StoryId]) -> list[publish.Staged]:
    """Return what a writing would make of the documents of stories, site by site."""
    quiet = replace(ctx, tally=Tally())
    return [one for site in ctx.catalogue.sites.values() for one in _stage(quiet, site, ids).staged]


#: Why a story has no document: its bytes would not say what they should.
_BAD_DOCUMENT = "bad-document"


def _stage(ctx: Context, site: Site, ids: Sequence[StoryId]) -> _Batch:
    """Render every story the site is behind with that belongs there, or once did."""
    batch = _Batch(due=_load(ctx, site, ids))
    due, staged = batch.due, batch.staged
    ctx.tally.due("write", len(due))
    for item in sorted(due, key=_age):
        listed = item.story is not None and _is_listed(site, item.story)
        if item.known is None and not listed:
            batch.left["elsewhere"] += 1
            ctx.tally.end("write", "elsewhere")
            continue
        fingerprint = _fingerprint(ctx, site, item, listed=listed)
        if item.known is not None and fingerprint and item.known.fingerprint == fingerprint:
            row = replace(item.known, revision=item.revision)
            staged.append(publish.Staged(row=row, known=item.known, change=None, deliberate=False))
            continue
        try:
            staged.append(_staged(ctx, site, item, staged, listed=listed, fingerprint=fingerprint))
        except SeedFileError as error:
            batch.left["failed"] += 1
            ctx.tally.explain("write", "failed", item.id, f"{_BAD_DOCUMENT}: {error}")
    return batch


def _load(ctx: Context, site: Site, ids: Sequence[StoryId]) -> list[Due]:
    """Return the stories a site is behind with."""
    with ctx.store.read() as tx:
        revisions = stories.unwritten(tx, [site.name], ids)
        built = stories_in(tx, ctx.catalogue, revisions)
        fates = stories.fates_of(tx, revisions)
        known = documents.documents_of_stories(tx, site.name, revisions)
    return [
        Due(
            id=story_id,
            revision=revision,
            fate=fates[story_id],
            story=built.get(story_id) if fates[story_id].state == "live" else None,
            known=known.get(story_id),
        )
        for story_id, revision in revisions.items()
    ]


def _age(item: Due) -> tuple[datetime, str]:
    """Return the order in which stories get their names: older first, then by id."""
    if item.story is not None:
        return (item.story.lead.article.published_at, item.id)
    return (item.known.published_at if item.known else _NEVER, item.id)


#: Sorts what has no time of its own first.
_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _is_listed(site: Site, story: Story) -> bool:
    """Say whether a story is about one of the site's topics."""
    return not site.topics or bool(set(site.topics) & set(story.topics))


def _fingerprint(ctx: Context, site: Site, item: Due, *, listed: bool) -> str:
    """Return what stands for all that a document is made from; "" for a tombstone.

    A story that gives the same again is not rendered: its bytes were proven when they were made.
    """
    if item.story is None:
        return ""
    made_from = (
        WRITER_VERSION,
        site,
        listed,
        item.story,
        ctx.catalogue.organisations.get(item.story.lead.article.provider),
        ctx.cipher.name if ctx.cipher else "",
    )
    return hashlib.sha256(repr(made_from).encode(errors="surrogatepass")).hexdigest()


def _staged(
    ctx: Context,
    site: Site,
    item: Due,
    earlier: Sequence[publish.Staged],
    *,
    listed: bool,
    fingerprint: str,
) -> publish.Staged:
    """Render one document and prove the bytes. Raise SeedFileError when they would be wrong."""
    if item.fate.state == "forgotten" and item.known is not None:
        return _removed(ctx, item, item.known)
    document = _document(ctx, site, item, listed=listed)
    data = render(document, site.dialect)
    prove(data, document)
    known = item.known
    path = known.path if known else _new_path(ctx, site, item, document, earlier)
    row = DocumentRow(
        site=site.name,
        story_id=item.id,
        path=path,
        state="live" if listed else "tombstone",
        published=bool(document.published),
        published_at=document.published_at,
        sha256=hashlib.sha256(data).hexdigest(),
        revision=item.revision,
        writer_version=WRITER_VERSION,
        fingerprint=fingerprint,
        content=data,
        listing=to_json(
            listing_of(
                document,
                story_id=item.id,
                path=path,
                related=related_count(item.story) if item.story else None,
            )
        ),
    )
    return publish.Staged(
        row=row,
        known=known,
        change=_change(ctx, item, row, listed=listed),
        deliberate=item.fate.state != "live",
    )


def _removed(ctx: Context, item: Due, known: DocumentRow) -> publish.Staged:
    """Leave nothing of a document but its name, which stays taken."""
    row = replace(
        known,
        state="removed",
        published=False,
        fingerprint="",
        sha256="",
        revision=item.revision,
        content=b"",
        listing={},
    )
    change = ChangeRow(
        at=ctx.clock(), kind="retracted", story_id=item.id, path=known.path, sha256=None
    )
    gone_before = known.state == "removed"
    return publish.Staged(
        row=row, known=known, change=None if gone_before else change, deliberate=True
    )


def _document(ctx: Context, site: Site, item: Due, *, listed: bool) -> SeedDocument:
    """Turn a story into a site's document, with the secured line when there is a key.

    A story that has no articles left keeps what it said last, withdrawn.
    """
    if item.story is None:
        assert item.known is not None, "a story that was never here is elsewhere"
        return tombstone_of(parse(item.known.content).document)
    document = document_of(
        item.story,
        site=site,
        organisations=ctx.catalogue.organisations,
        amp_cache=amp_cache_url,
        withdrawn=not listed,
    )
    if item.known is not None and says_more(item.known.content):
        document = carried(document, parse(item.known.content).document)
    if ctx.cipher is None:
        return document
    plaintext = secured.payload(
        story_id=item.id,
        lead=item.story.lead.article.id,
        related=[scored.article.id for scored in item.story.related],
        content=render(document, site.dialect),
    )
    return replace(document, secured=ctx.cipher.seal(plaintext))


def _new_path(
    ctx: Context,
    site: Site,
    item: Due,
    document: SeedDocument,
    earlier: Sequence[publish.Staged],
) -> str:
    """Name a story's file for life."""
    taken = {staged.row.path.casefold() for staged in earlier}

    def is_taken(name: str) -> bool:
        path = f"_news/{name}"
        with ctx.store.read() as tx:
            return path.casefold() in taken or documents.path_is_taken(tx, site.name, path)

    name = naming.file_name(document.published_at, document.title, item.id, is_taken)
    return f"_news/{name}"


def _change(ctx: Context, item: Due, row: DocumentRow, *, listed: bool) -> ChangeRow | None:
    """Return what the change feed tells of a document; None when its bytes are the same."""
    if item.known is not None and item.known.sha256 == row.sha256:
        return None
    kind, other = _kind(item, listed=listed)
    return ChangeRow(
        at=ctx.clock(),
        kind=kind,
        story_id=item.id,
        path=row.path,
        sha256=row.sha256,
        other_id=other,
    )


def _kind(item: Due, *, listed: bool) -> tuple[str, StoryId | None]:
    """Name a change, and the other story it has to do with."""
    if item.fate.state == "merged":
        return "merged", item.fate.merged_into
    if not listed:
        return "retracted", None
    if item.known is None:
        return ("split", item.fate.split_from) if item.fate.split_from else ("created", None)
    return "updated", None
