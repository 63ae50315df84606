"""Run the line on a capsule: what was shown then becomes due again, and how it ends is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from config.catalogue import Catalogue, Site
from config.settings import Settings
from pipeline.context import Context
from pipeline.io.capsule import Ending, Manifest
from pipeline.io.store import documents, pictures, sourcebook, sources, ticks
from pipeline.io.store.articlebook import KnownPage, known_page
from pipeline.io.store.capsules import entries_of_source
from pipeline.io.store.entries import EntryIntent
from pipeline.io.store.sources import PollResult
from pipeline.records import PageId, SourceId
from pipeline.stages.capsule import page_ending
from pipeline.stages.terms import claim_terms
from pipeline.urls import host_of, registrable_domain, url_key

#: The one site of a replay; it takes every story, however cool.
SITE = Site(name="replay", out=".", threshold=0)


def replay_settings(home: Path) -> Settings:
    """Return the settings of a replay in `home`: nobody is waited for, nobody is dialled."""
    return Settings.model_validate(
        {
            "home": home,
            "host_spacing": timedelta(0),
            "children": 1,
            # No address is dialled; what the guard refused then is held as a failure.
            "allow_networks": "0.0.0.0/0, ::/0",
            # Between the day an entry was shown and the day its page was read nothing closes.
            "tick_deadline": timedelta(days=36_500),
            "recheck_after": (),
        }
    )


def replay_catalogue(shipped: Catalogue, manifest: Manifest) -> Catalogue:
    """Return a catalogue of the capsule's source and the replay's site."""
    source = manifest.source.model_copy(update={"enabled": True})
    return shipped.model_copy(update={"sources": {source.id: source}, "sites": {SITE.name: SITE}})


def show_again(ctx: Context, manifest: Manifest) -> None:
    """Store the source, what is known of pictures, and the entry as if its feed had shown it.

    The source of a page's capsule is in a tick then, polled; its page is due in that tick.
    """
    now, source_id = ctx.clock(), SourceId(manifest.source.id)
    with ctx.store.write() as tx:
        sources.apply_sync(tx, ctx.catalogue.sources, now=now)
        sizes = {url_key(url): size for url, size in manifest.pictures.items()}
        pictures.save_sizes(tx, sizes, now=manifest.clock)
    shown = manifest.shown
    if shown is None:
        return
    with ctx.store.write() as tx:
        ticks.open_tick(tx, now=now, lasts=ctx.settings.tick_deadline, kind="manual")
        [claimed] = sources.claim_sources(tx, [source_id], claim_terms(ctx, limit=1))
        intent = EntryIntent(
            key=shown.key,
            page_id=PageId(url_key(shown.entry.url)),
            domain=registrable_domain(host_of(shown.entry.url)),
            entry=shown.entry,
        )
        result = PollResult(
            claimed=claimed,
            state=claimed.source.state,
            status="fetched",
            decision="shown by a capsule",
            intents=(intent,),
            seen=(shown.key,),
            entries_found=1,
        )
        sources.save_polls(tx, [result], now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retold:
    """What the line made of a capsule."""

    source: Row[Any]
    #: What the feed showed, newest first.
    entries: Sequence[Row[Any]]
    #: The page of a page's capsule.
    page: KnownPage | None
    #: Path and text of each document.
    documents: tuple[tuple[str, str], ...]
    ending: Ending


def retell(ctx: Context, manifest: Manifest) -> Retold:
    """Return what became of a capsule's feed or page."""
    with ctx.store.read() as tx:
        source = sourcebook.source_row(tx, manifest.source.id)
        assert source is not None, "it was stored before the line ran"
        page = known_page(tx, manifest.shown.entry.url) if manifest.shown else None
        written = documents.documents_of(tx, SITE.name)
        return Retold(
            source=source,
            entries=entries_of_source(tx, manifest.source.id),
            page=page,
            documents=tuple((one.path, one.content.decode()) for one in written),
            ending=page_ending(page) if page else Ending(reason=source.last_error or ""),
        )


def verdict(then: Ending, now: Ending) -> str:
    """Say how an ending compares with that of the day the capsule was made."""
    if now.reason:
        if now.code == then.code:
            return f"fails the same way: {now.reason}"
        before = f"then of {then.reason}" if then.reason else "then it did not"
        return f"fails of {now.reason}; {before}"
    if then.reason:
        return f"no longer fails; then: {then.reason}"
    names = sorted(then.article.keys() | now.article.keys())
    differing = [name for name in names if then.article.get(name) != now.article.get(name)]
    if differing:
        return f"another article than then: {', '.join(differing)}"
    return "the same article as then" if now.article else "all well, as then"
