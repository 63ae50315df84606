"""Pure: one record of a web archive (WARC, ISO 28500) -> an entry with its page, or why not.

The file is read elsewhere; here it is decided which records are wanted, by their heads, before
anything is unpacked: a crawl holds far more than articles.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from pipeline.entries import RawEntry, clean_entry
from pipeline.history.lookup import Span
from pipeline.history.periods import page_period
from pipeline.history.pruning import AFTER, ANY_TIME, BEFORE
from pipeline.records import Entry, Page, PageId, SkippedEntry
from pipeline.urls import host_of, is_home_page, registrable_domain, resolve, url_key

_HTML = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordHead:
    """What a record says before its payload."""

    #: ``response``, ``request``, ``warcinfo`` ...
    type: str
    #: As it is written; "" for none.
    url: str = ""
    #: When it was fetched.
    date: datetime | None = None
    #: That of the HTTP response; None for a record without one.
    status: int | None = None
    #: The HTTP response's, names in lower case, repeated ones joined by a comma.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Why the crawler cut the payload (``length``, ``time`` ...); "" when it is whole.
    truncated: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcRecord:
    """A record with its payload, decoded from chunks and compression."""

    head: RecordHead
    body: bytes = b""
    #: Why there is no body: ``too-large``, ``bad-encoding``, ``truncated``, or ``not-read``.
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedPage:
    """A page out of an archive, whose it is, and the entry that stands for it."""

    provider: str
    entry: Entry
    page: Page


def passed_over(head: RecordHead, *, providers: Collection[str], span: Span) -> str:
    """Return why a record is passed over, as a stable code; "" when its page is wanted.

    `providers` are registrable domains. A page that was fetched before the span cannot be of it;
    one that was fetched later can.
    """
    if head.type != "response":
        return "not-a-response"
    if head.status != HTTPStatus.OK:
        return f"http-{head.status}" if head.status else "no-status"
    if head.date is None:
        return "no-date"
    url = resolve("", head.url)
    if url is None:
        return "bad-address"
    if registrable_domain(host_of(url)) not in providers:
        return "not-a-provider"
    return _no_page(head, url) or _outside(head.date, url, span)


def read_page(
    record: WarcRecord, *, providers: Collection[str], span: Span
) -> ArchivedPage | SkippedEntry:
    """Return the page of a record, or the reason why it is passed over."""
    head = record.head
    reason = passed_over(head, providers=providers, span=span) or record.fault
    entry = _entry(head.url)
    if not reason and not record.body.strip():
        reason = "empty-body"
    if reason or isinstance(entry, SkippedEntry) or head.date is None:
        return SkippedEntry(reason=reason or "bad-address", label=head.url[:200] or head.type[:200])
    return ArchivedPage(
        provider=registrable_domain(host_of(entry.url)),
        entry=entry,
        page=Page(
            id=PageId(url_key(entry.url)),
            url=entry.url,
            final_url=entry.url,
            body=record.body,
            content_type=head.headers.get("content-type", ""),
            fetched_at=head.date,
            robots_tag=head.headers.get("x-robots-tag", ""),
        ),
    )


def _no_page(head: RecordHead, url: str) -> str:
    """Tell what is no page of an article by its head alone."""
    kind = head.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _HTML:
        return "not-html"
    if head.truncated:
        return "truncated"
    return "home-page" if is_home_page(url) else ""


def _outside(fetched_at: datetime, url: str, span: Span) -> str:
    """Tell what cannot be of the span, by the day it was fetched and by the day it names."""
    period = page_period(url)
    if fetched_at < span.since or (period and period.is_before(span)):
        return BEFORE
    return AFTER if period and period.is_after(span) else ""


def _entry(url: str) -> Entry | SkippedEntry:
    """Return the entry of a page; title and dates are its page's to tell."""
    raw = RawEntry(
        guid="",
        links=(url,),
        title="",
        summaries=(),
        published=(),
        updated=(),
        authors=(),
        media=(),
    )
    return clean_entry(raw, base="", now=ANY_TIME)
