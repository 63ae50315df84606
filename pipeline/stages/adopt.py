"""Taking over a tree of seed documents: a site moves in, or a lost database comes back.

Every file keeps its name and, until its story changes, its bytes. What a tree of ours says beside
its documents is believed: the manifest's story ids, the change feed's numbers; with the key the
`secured` values give the articles' ids too. Trees of other systems get ids from addresses.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from config.catalogue import Site
from pipeline.articles.language import language_of_text
from pipeline.context import Context
from pipeline.errors import CipherError, SeedFileError, UsageError
from pipeline.io.files import Tree
from pipeline.io.found import FoundFile, documents_folder, read_beside, read_documents
from pipeline.io.store import adoption as rows
from pipeline.io.store import documents, leases
from pipeline.io.store.adoption import AdoptedStory
from pipeline.io.store.documents import ChangeRow, DocumentRow
from pipeline.plaintext import clean_line
from pipeline.records import Article, ArticleId, ArticleType, Image, PageId, StoryId
from pipeline.seedfile import adoption, index, secured
from pipeline.seedfile.adoption import Adoption, FoundDocument
from pipeline.seedfile.changes import ChangeRecord, fold, read_change
from pipeline.seedfile.document import SeedDocument, SeedRelated
from pipeline.seedfile.listing import listing_of, to_json
from pipeline.seedfile.parse import parse
from pipeline.stages import publish
from pipeline.stories.cluster import story_id as founded_id
from pipeline.urls import resolve, url_key

_STORY_ID = re.compile(r"[a-z2-7]{16}")
#: File systems and the paths of our rows have room for no longer name.
_NAME_BYTES = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What an import did, or would do."""

    folder: Path
    adoptions: tuple[Adoption, ...]
    #: Files that the site has already, under the same name.
    known: int
    #: (file, why it was left out).
    refused: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """What stands beside the documents of a tree of ours; empty for others."""

    #: By path.
    entries: Mapping[str, index.ManifestEntry]
    changes: tuple[ChangeRecord, ...]
    last_changes: Mapping[str, ChangeRecord]


def adopt(
    ctx: Context,
    folder: Path,
    site: Site,
    *,
    dry_run: bool = False,
    heard: Callable[[int, int], None] = lambda _done, _of: None,
) -> Import:
    """Take over the documents below `folder` as stories of `site`; `heard` is told (read, all).

    All of it is one transaction, and doing it again changes nothing. Raise UsageError when there
    is nothing to take over or the site is being written.
    """
    source = documents_folder(folder)
    beside = _beside(source.parent if source != folder else folder)
    files = read_documents(source)
    name = f"write:{site.name}"
    now = ctx.clock()
    with ctx.store.write() as tx:
        token = leases.take(tx, name, owner=ctx.store.owner, now=now, lasts=ctx.settings.lease)
    if token is None:
        raise UsageError(f"site {site.name} is being written; import when that run has ended")
    try:
        with ctx.store.read() as tx:
            taken = rows.paths_of(tx, site.name)
        known = [file for file in files if _path(file.name).casefold() in taken]
        fresh = [file for file in files if _path(file.name).casefold() not in taken]
        found, refused = _read(ctx, fresh, beside, heard)
        with ctx.store.read() as tx:
            adoptions = _plan(tx, site, found)
        if not dry_run:
            _save(ctx, site, adoptions, beside, now=now)
    finally:
        with ctx.store.write() as tx:
            leases.give_back(tx, name, token)
    return Import(
        folder=source, adoptions=tuple(adoptions), known=len(known), refused=tuple(refused)
    )


def _path(name: str) -> str:
    """Return where a document of that name stands on a site."""
    return f"_news/{name}"


def _beside(root: Path) -> _Beside:
    """Read manifest and change feed; what is not ours is as good as none."""
    manifest, changes = read_beside(root, "manifest.json"), read_beside(root, "changes.jsonl")
    try:
        entries = index.read_manifest(manifest) if manifest is not None else []
    except ValueError:
        entries = []
    lines = (changes or b"").splitlines(keepends=True)
    try:
        folded = fold(lines)
        records = [read_change(line) for line in lines if line.endswith(b"\n")]
    except (ValueError, TypeError, KeyError):
        folded, records = {}, []
    return _Beside(
        entries={entry.path: entry for entry in entries if _STORY_ID.fullmatch(entry.story_id)},
        changes=tuple(records),
        last_changes=folded,
    )


def _read(
    ctx: Context,
    files: Sequence[FoundFile],
    beside: _Beside,
    heard: Callable[[int, int], None],
) -> tuple[list[FoundDocument], list[tuple[str, str]]]:
    """Read the files; return documents, and (file, reason) of those that are none."""
    found: list[FoundDocument] = []
    refused: list[tuple[str, str]] = []
    names: set[str] = set()
    for number, file in enumerate(files, 1):
        heard(number, len(files))
        try:
            _require_name(file, names)
            found.append(_document(ctx, file, beside))
        except (SeedFileError, ValueError) as error:
            refused.append((file.name, str(error)))
    return found, refused


def _require_name(file: FoundFile, names: set[str]) -> None:
    """Raise ValueError for a file that was not read or whose name we could not keep."""
    if file.problem:
        raise ValueError(file.problem)
    if len(file.name.encode()) > _NAME_BYTES:
        raise ValueError(f"its name is longer than {_NAME_BYTES} bytes; shorten it")
    key = file.name.casefold()
    if key in names:
        raise ValueError("another file's name differs only in case; rename one")
    names.add(key)


def _document(ctx: Context, file: FoundFile, beside: _Beside) -> FoundDocument:
    """Read one document, and what is said of it elsewhere."""
    document = parse(file.data).document
    lead, related = adoption.lead_key(document), adoption.related_keys(document)
    payload = _payload(ctx, document)
    entry = beside.entries.get(_path(file.name))
    stated = StoryId(entry.story_id) if entry else None
    if payload is not None:
        stated = stated or StoryId(payload.story_id)
        lead = payload.lead
        if len(payload.related) == len(related):
            related = dict(zip(payload.related, related.values(), strict=True))
    change = beside.last_changes.get(stated or "")
    return FoundDocument(
        name=file.name,
        data=file.data,
        document=document,
        lead=ArticleId(lead),
        related={ArticleId(key): one for key, one in related.items()},
        story_id=stated,
        revision=entry.revision if entry else 1,
        into=StoryId(change.into) if change and change.kind == "merged" and change.into else None,
    )


def _payload(ctx: Context, document: SeedDocument) -> secured.Payload | None:
    """Return what `secured` hides; None without the key, and for other systems' values."""
    if ctx.cipher is None or not document.secured:
        return None
    try:
        return secured.read_payload(ctx.cipher.unseal(document.secured))
    except CipherError:
        return None


def _plan(tx: Connection, site: Site, found: Sequence[FoundDocument]) -> list[Adoption]:
    """Decide what each file becomes."""
    keys = {key for one in found for key in (one.lead, *one.related)}
    aliases = rows.aliases_of(tx, keys)
    found = [_unaliased(one, aliases) for one in found]
    domains = {one.lead: one.document.provider.domain for one in found}
    for one in found:
        domains |= {key: related.provider.domain for key, related in one.related.items()}
    known = rows.known_of(tx, site.name, domains)
    given = rows.story_ids(tx)

    def new_id(founder: ArticleId, is_taken: Callable[[StoryId], bool]) -> StoryId:
        counter = 0
        while (story_id := founded_id(founder, counter)) in given or is_taken(story_id):
            counter += 1
        return story_id

    return adoption.adopt(
        [replace(one, story_id=None) if one.story_id in given else one for one in found],
        owners=known.owners,
        homeless=known.homeless,
        refused=known.refused,
        new_id=new_id,
    )


def _unaliased(one: FoundDocument, aliases: Mapping[str, ArticleId]) -> FoundDocument:
    """Call the articles of a file by the names that the store has for them."""
    return replace(
        one,
        lead=aliases.get(one.lead, one.lead),
        related={aliases.get(key, key): part for key, part in one.related.items()},
    )


def _save(
    ctx: Context, site: Site, adoptions: Sequence[Adoption], beside: _Beside, *, now: datetime
) -> None:
    """Save rows in one transaction, then put the files in place."""
    staged = list(_staged(adoptions, site, beside, now))
    with ctx.store.write() as tx:
        found = [_story(one) for one in adoptions if not one.is_known]
        rows.add_stories(tx, found, sites=ctx.catalogue.sites, now=now)
        rows.restore_changes(tx, site.name, [_change_row(record) for record in beside.changes])
        documents.save_documents(tx, [item.row for item in staged])
        documents.append_changes(tx, site.name, [item.change for item in staged if item.change])
        rows.make_due(tx, [one.story_id for one in adoptions if one.lags])
    tree = Tree(ctx.settings.path(ctx.settings.out) / site.out)
    publish.put_in_place(ctx, site, tree, staged, now=now)


def _story(one: Adoption) -> AdoptedStory:
    """Return the row of a story as its file gives it."""
    document = one.found.document
    language = language_of_text(f"{document.title}. {document.excerpt}")
    score = document.score
    return AdoptedStory(
        id=one.story_id,
        language=language,
        lead=one.found.lead,
        topics=document.topics,
        quality=score.quality if score else 0,
        heat=score.heat if score else 0,
        published_at=document.published_at,
        state=one.state,
        merged_into=one.into,
        revision=one.found.revision,
        articles=tuple(
            _article(article_id, part, language) for article_id, part in one.members.items()
        ),
    )


def _article(article_id: ArticleId, part: SeedDocument | SeedRelated, language: str) -> Article:
    """Return an article as a document tells of it; its excerpt is all the text there is."""
    original = part.original_url if isinstance(part, SeedDocument) else None
    # Other systems' addresses can hold what ours never do; in our form they fit into any file.
    url = resolve("", part.url or original or "") or ""
    image = part.images[0] if part.images else None
    image_url = resolve("", image.url) if image else None
    return Article(
        id=article_id,
        page_id=PageId(url_key(url)),
        url=url,
        title=clean_line(part.title),
        excerpt=clean_line(part.excerpt),
        text=clean_line(part.excerpt),
        published_at=part.published_at,
        language=language,
        type=ArticleType.VIDEO if part.type == ArticleType.VIDEO else ArticleType.ARTICLE,
        provider=part.provider.domain,
        provider_name=clean_line(part.provider.name),
        amp_url=resolve("", part.amp.url) if part.amp else None,
        image=Image(url=image_url, width=image.width, height=image.height)
        if image and image_url
        else None,
        featured_content=part.featured_content if isinstance(part, SeedDocument) else None,
        origins={"article": "import"},
    )


def _staged(
    adoptions: Sequence[Adoption], site: Site, beside: _Beside, now: datetime
) -> Iterator[publish.Staged]:
    """Yield each file as it stands, and the change that tells of it unless one did."""
    for one in adoptions:
        document, path = one.found.document, _path(one.found.name)
        digest = hashlib.sha256(one.found.data).hexdigest()
        row = DocumentRow(
            site=site.name,
            story_id=one.story_id,
            path=path,
            state="live" if one.found.is_shown else "tombstone",
            published=document.published,
            published_at=document.published_at,
            sha256=digest,
            revision=one.found.revision,
            writer_version=0,
            content=one.found.data,
            listing=to_json(listing_of(document, story_id=one.story_id, path=path)),
        )
        told = beside.last_changes.get(one.story_id)
        kind = {"live": "created", "merged": "merged", "retracted": "retracted"}[one.state]
        change = ChangeRow(
            at=now,
            kind=kind,
            story_id=one.story_id,
            path=path,
            sha256=digest,
            other_id=one.into,
        )
        is_told = told is not None and told.sha256 == digest
        yield publish.Staged(
            row=row, known=None, change=None if is_told else change, deliberate=True
        )


def _change_row(record: ChangeRecord) -> ChangeRow:
    """Make the row of a change that a change feed tells of."""
    return ChangeRow(
        number=record.number,
        at=record.at,
        kind=record.kind,
        story_id=StoryId(record.story_id),
        path=record.path,
        sha256=record.sha256,
        other_id=StoryId(record.into) if record.into else None,
    )
