"""Alerts for installations without Prometheus: one message when something changes its state.

What is wrong is told when it begins, once a day while it lasts, and when it is over. A message
that did not arrive is sent again later; nobody waits for it longer than a few seconds, and what
goes wrong here stops nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal

from pipeline.context import Context
from pipeline.io import freshness
from pipeline.io.store import alerts as told_rows
from pipeline.io.store import health, leases
from pipeline.io.store.alerts import Key

#: How often somebody looks at most; longer than a message may take, so that no two send the same.
_LOOK_EVERY = timedelta(minutes=1)
#: What did not arrive is sent again after this: who is down is not helped by more of it.
_RETRY_AFTER = timedelta(minutes=5)
_AGAIN_AFTER = timedelta(days=1)
#: Seconds that the other end has, for everything.
_DEADLINE = 10.0
#: What was set aside in the last day counts as growth.
_GROWTH = timedelta(days=1)
#: A page that kills its reader comes along; so many in a day have a cause. A source is a feed lost.
_TOO_MANY = {"sources": 1, "pages": 10}
#: Lines in one message; the rest is counted.
_NAMED = 10
_LEASE = "alerts"
_OF_SITES = frozenset(("gate", "output"))
_log = logging.getLogger("newsloom.alerts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that is wrong: what, with what (a source, a site, a kind of rows), what to do."""

    kind: Literal["quiet", "gate", "output", "progress", "quarantine"]
    subject: str
    words: str

    @property
    def key(self) -> Key:
        """Return what tells it from others."""
        return self.kind, self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of a message."""

    state: Literal["new", "still", "over"]
    kind: str
    subject: str
    words: str


def alert(ctx: Context) -> Sequence[Told]:
    """Tell the operator's webhook what has changed, if there is one; return what arrived."""
    webhook = ctx.settings.alert_webhook
    if webhook is None:
        return ()
    with ctx.store.write() as tx:
        if not leases.once_in(tx, _LEASE, now=ctx.clock(), every=_LOOK_EVERY):
            return ()
    found = wrong(ctx)
    message = _changes(ctx, found)
    if not message:
        return ()
    why_not = post(ctx, webhook.get_secret_value(), message)
    with ctx.store.write() as tx:
        if why_not:
            leases.put_off(tx, _LEASE, until=ctx.clock() + _RETRY_AFTER)
        else:
            told = [(one.kind, one.subject) for one in message if one.state != "over"]
            over = [(one.kind, one.subject) for one in message if one.state == "over"]
            told_rows.note(tx, told, over, now=ctx.clock())
    if why_not:
        _log.warning("alert_webhook took no message: %s", why_not)
        return ()
    return message


def wrong(ctx: Context) -> list[Alert]:
    """Return what is wrong now."""
    return list(_found(ctx))


def _found(ctx: Context) -> Iterator[Alert]:
    now, sites = ctx.clock(), ctx.catalogue.sites
    limit = freshness.work_limit(ctx.settings)
    with ctx.store.read() as tx:
        facts = health.facts(tx, sites, now=now)
        quiet = health.alarming(tx, "quiet")
        fresh = health.quarantined(tx, since=now - _GROWTH)
    for source in quiet:
        said = f"nothing new for long; see `newsloom sources why {source}`"
        yield Alert(kind="quiet", subject=source, words=said)
    for name, site in facts.sites.items():
        if site.held_back:
            said = f"{'; '.join(site.held_back)}; look, then `newsloom write --force REASON`"
            yield Alert(kind="gate", subject=name, words=said)
        fault = _site_fault(ctx, name, site, limit)
        if fault:
            yield Alert(kind="output", subject=name, words=fault)
    waits = freshness.standstill(facts, now, limit)
    if waits:
        said = f"nobody is at it, and there wait {freshness.told(waits)}; see `newsloom health`"
        yield Alert(kind="progress", subject="", words=said)
    for kind, count in fresh.items():
        if count >= _TOO_MANY[kind]:
            said = f"{count} were set aside within a day; see `newsloom quarantine list`"
            yield Alert(kind="quarantine", subject=kind, words=said)


def _site_fault(ctx: Context, name: str, site: health.SiteFacts, limit: timedelta) -> str:
    """Return what is wrong with the files of a site, "" when nothing is."""
    try:
        written = freshness.latest_of(ctx.settings, ctx.catalogue.sites[name])
    except (OSError, ValueError) as error:
        return str(error)
    return freshness.site_fault(site, written, ctx.clock(), limit)


def _changes(ctx: Context, found: Sequence[Alert]) -> list[Told]:
    """Return what is to be told: what began, what lasts for another day, what is over."""
    with ctx.store.read() as tx:
        before = told_rows.told_at(tx)
    now_wrong = {one.key for one in found}
    lines = [
        Told(state="over", kind=kind, subject=subject, words="all is well again")
        for kind, subject in sorted(before.keys() - now_wrong)
        # A run for one site looks at no other.
        if kind not in _OF_SITES or subject in ctx.catalogue.sites
    ]
    for one in found:
        last = before.get(one.key)
        if last is None or ctx.clock() - last >= _AGAIN_AFTER:
            state: Literal["new", "still"] = "new" if last is None else "still"
            lines.append(Told(state=state, kind=one.kind, subject=one.subject, words=one.words))
    return lines


def post(ctx: Context, url: str, lines: Sequence[Told]) -> str:
    """Send one message; return why it did not arrive, "" when it did.

    `text` is for people, in the form that chat programs take; `alerts` for programs.
    """
    message: Mapping[str, object] = {
        "text": "\n".join(_shown(lines)),
        "at": f"{ctx.clock():%FT%TZ}",
        "alerts": [asdict(line) for line in lines],
    }
    return ctx.web.post_json(url, message, seconds=_DEADLINE)


def _shown(lines: Sequence[Told]) -> Iterator[str]:
    """Yield the first lines for people, and how many more there are."""
    for line in lines[:_NAMED]:
        yield f"newsloom, {line.state}: {line.kind} {line.subject}".rstrip() + f": {line.words}"
    if len(lines) > _NAMED:
        yield f"and {len(lines) - _NAMED} more: `newsloom alerts`"
