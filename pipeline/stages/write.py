"""Stage four: stories -> files, one writer per site.

The rows are the outbox: a story is due as long as the revision on disk is behind. Its document's
row (path, hash) is committed before the file is renamed into place, so that whatever a crash
leaves half done is done again with the same bytes. The manifest comes last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from config.catalogue import Site
from pipeline.articles.amp import amp_cache_url
from pipeline.context import Context
from pipeline.errors import SeedFileError
from pipeline.io.files import Tree
from pipeline.io.store import documents, leases, stories
from pipeline.io.store.documents import DocumentRow
from pipeline.records import Story, StoryId
from pipeline.seedfile import index, naming, secured
from pipeline.seedfile.document import SeedDocument, document_of
from pipeline.seedfile.render import prove, render
from pipeline.stories.story import build_story

#: Raised when the same story would give other bytes.
WRITER_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """One document as it will stand on disk."""

    row: DocumentRow
    data: bytes
    known: bool


def write(ctx: Context, ids: Sequence[StoryId], *, dry_run: bool = False) -> list[StoryId]:
    """Write the files of those of `ids` that a site is behind with; return what still is.

    With `dry_run` nothing is saved or written; the tally tells what would be.
    """
    for site in ctx.catalogue.sites.values():
        _write_site(ctx, site, ids, dry_run=dry_run)
    with ctx.store.read() as tx:
        return list(stories.unwritten(tx, ctx.catalogue.sites, ids))


def _load(ctx: Context, due: Mapping[StoryId, int]) -> list[tuple[Story, int]]:
    """Return the stories with the revision that their files are going to have."""
    with ctx.store.read() as tx:
        members = stories.members_of(tx, due)
    return [
        (
            build_story(
                story_id,
                [article for article, _ in rows],
                [membership for _, membership in rows],
                topics=ctx.catalogue.topics,
                organisations=ctx.catalogue.organisations,
                scoring=ctx.catalogue.scoring,
            ),
            due[story_id],
        )
        for story_id, rows in sorted(members.items())
    ]


def _write_site(ctx: Context, site: Site, ids: Sequence[StoryId], *, dry_run: bool) -> None:
    """Write one site's files under its lease; without the lease leave them to who has it."""
    tree = Tree(ctx.settings.path(ctx.settings.out) / site.out)
    if dry_run:
        _, staged = _stage(ctx, site, ids)
        _write_files(ctx, tree, staged, dry_run=True)
        return
    name = f"write:{site.name}"
    now = ctx.clock()
    with ctx.store.write() as tx:
        token = leases.take(tx, name, owner=ctx.store.owner, now=now, lasts=ctx.settings.lease)
    if token is None:
        return
    due, staged = _stage(ctx, site, ids)
    with ctx.store.write() as tx:
        if not leases.holds(tx, name, token):
            return
        documents.save_documents(tx, [item.row for item in staged])
    tree.clean(now=now)
    _write_files(ctx, tree, staged, dry_run=False)
    tree.sync()
    _write_indexes(ctx, site, tree, now=now)
    with ctx.store.write() as tx:
        if leases.holds(tx, name, token):
            stories.mark_written(tx, site.name, due)
            leases.give_back(tx, name, token)


def _write_files(ctx: Context, tree: Tree, staged: Sequence[Staged], *, dry_run: bool) -> None:
    """Put the documents in place where their bytes differ, and count them."""
    for item in staged:
        changed = tree.write(item.row.path, item.data, dry_run=dry_run)
        ending = ("updated" if item.known else "created") if changed else "unchanged"
        ctx.tally.end("write", ending)


def _stage(
    ctx: Context, site: Site, ids: Sequence[StoryId]
) -> tuple[Mapping[StoryId, int], list[Staged]]:
    """Render every story the site is behind with that belongs there, or once did."""
    with ctx.store.read() as tx:
        due = stories.unwritten(tx, [site.name], ids)
        known = documents.documents_of_stories(tx, site.name, due)
    ctx.tally.due("write", len(due))
    staged: list[Staged] = []
    for story, revision in sorted(_load(ctx, due), key=lambda pair: _age(pair[0])):
        row = known.get(story.id)
        listed = not site.topics or bool(set(site.topics) & set(story.topics))
        if row is None and not listed:
            ctx.tally.end("write", "elsewhere")
            continue
        try:
            path = row.path if row else _new_path(ctx, site, story, staged)
            document = _document(ctx, site, story, withdrawn=not listed)
            staged.append(
                _staged(
                    site,
                    story,
                    document,
                    path,
                    revision=revision,
                    known=row is not None,
                    withdrawn=not listed,
                )
            )
        except SeedFileError as error:
            ctx.tally.explain("write", "failed", story.lead.article.url, f"bad-document: {error}")
    return due, staged


def _age(story: Story) -> tuple[datetime, str]:
    """Return the order in which stories get their names: older first, then by id."""
    return (story.lead.article.published_at, story.id)


def _document(ctx: Context, site: Site, story: Story, *, withdrawn: bool) -> SeedDocument:
    """Turn a story into a site's document, with the secured line when there is a key."""
    document = document_of(
        story,
        site=site,
        organisations=ctx.catalogue.organisations,
        amp_cache=amp_cache_url,
        withdrawn=withdrawn,
    )
    if ctx.cipher is None:
        return document
    plaintext = secured.payload(
        story_id=story.id,
        lead=story.lead.article.id,
        related=[scored.article.id for scored in story.related],
        content=render(document, site.dialect),
    )
    return replace(document, secured=ctx.cipher.seal(plaintext))


def _staged(
    site: Site,
    story: Story,
    document: SeedDocument,
    path: str,
    *,
    revision: int,
    known: bool,
    withdrawn: bool,
) -> Staged:
    """Render a document and prove the bytes. Raise SeedFileError when they would be wrong."""
    data = render(document, site.dialect)
    prove(data, document)
    row = DocumentRow(
        site=site.name,
        story_id=story.id,
        path=path,
        state="tombstone" if withdrawn else "live",
        published=bool(document.published),
        published_at=story.lead.article.published_at,
        sha256=hashlib.sha256(data).hexdigest(),
        revision=revision,
        writer_version=WRITER_VERSION,
    )
    return Staged(row=row, data=data, known=known)


def _new_path(ctx: Context, site: Site, story: Story, staged: Sequence[Staged]) -> str:
    """Name a story's file for life."""
    taken = {item.row.path.casefold() for item in staged}

    def is_taken(name: str) -> bool:
        path = f"_news/{name}"
        with ctx.store.read() as tx:
            return path.casefold() in taken or documents.path_is_taken(tx, site.name, path)

    lead = story.lead.article
    return f"_news/{naming.file_name(lead.published_at, lead.title, story.id, is_taken)}"


def _write_indexes(ctx: Context, site: Site, tree: Tree, *, now: datetime) -> None:
    """Write the manifest, which names a consistent set, and then the freshness file."""
    with ctx.store.read() as tx:
        rows = documents.documents_of(tx, site.name)
    manifest = index.manifest(
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
    tree.write("manifest.json", manifest)
    published = [row.published_at for row in rows if row.published]
    latest = index.latest(
        generated_at=now,
        documents=len(rows),
        published=len(published),
        newest=max(published, default=None),
        manifest=manifest,
    )
    tree.write("latest.json", latest)
