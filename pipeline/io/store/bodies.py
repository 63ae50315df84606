"""Stored bodies of pages: what a page is read from again without asking anybody."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from pipeline.io.schema import pages
from pipeline.io.schema_bodies import page_bodies
from pipeline.io.store.statements import one_of, upsert
from pipeline.records import Page, PageId

#: Where a pending page's bytes come from (`pages.read_from`): its host; its stored body, its host
#: where that is gone; its stored body or nothing.
WEB: Final = "web"
STORED: Final = "stored"
STORED_ONLY: Final = "stored-only"


def keep_bodies(tx: Connection, found: Sequence[Page], *, kept_at: datetime | None = None) -> None:
    """Store the bytes of pages, compressed, with all that an article is made from.

    `kept_at`: when they were stored, of pages out of an archive, which may have been fetched years
    before: `keep_pages` is counted from then.
    """
    upsert(
        tx,
        page_bodies,
        [
            {
                "page_id": page.id,
                "final_url": page.final_url,
                "content_type": page.content_type[:255],
                "robots_tag": page.robots_tag,
                "body": zlib.compress(page.body),
                "fetched_at": page.fetched_at,
                "kept_at": kept_at,
            }
            for page in sorted(found, key=lambda page: page.id)
        ],
    )


def stored_pages(tx: Connection, ids: Iterable[PageId]) -> dict[PageId, Page]:
    """Return those of the pages whose bodies are kept, as they were fetched."""
    rows = tx.execute(
        select(page_bodies, pages.c.url)
        .join(pages, pages.c.id == page_bodies.c.page_id)
        .where(one_of(tx, page_bodies.c.page_id, ids))
    )
    return {
        PageId(row.page_id): Page(
            id=PageId(row.page_id),
            url=row.url,
            # Bodies of before they kept it themselves: what a redirect was is not known any more.
            final_url=row.final_url or row.url,
            body=zlib.decompress(row.body),
            content_type=row.content_type,
            fetched_at=row.fetched_at,
            robots_tag=row.robots_tag or "",
        )
        for row in rows
    }


def reads_stored() -> ColumnElement[bool]:
    """Return the condition of pages for whose bytes nobody is asked."""
    is_kept = exists().where(page_bodies.c.page_id == pages.c.id)
    return or_(pages.c.read_from == STORED_ONLY, and_(pages.c.read_from == STORED, is_kept))
