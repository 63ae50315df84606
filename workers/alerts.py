"""What an operator should hear of without asking: for installations without Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipeline.context import Context
from pipeline.io.store import health as rows
from pipeline.io.store import leases
from workers.health import judge, look

#: One kind is sent once in so long, however often somebody looks.
_QUIET_FOR = timedelta(hours=1)
#: What was set aside in the last day counts as growth.
_GROWTH = timedelta(days=1)
#: Sources named in one alert; the rest is counted.
_NAMED = 10
#: Nobody waits longer for the database or the broker.
_TIMEOUT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One kind of trouble, and what, where and what to do."""

    kind: str
    words: str


def alerts(ctx: Context) -> list[Alert]:
    """Return what is wrong, a kind at most once."""
    return list(_found(ctx))


def _found(ctx: Context) -> Iterator[Alert]:
    """Yield the alerts: what health refuses, then what only grows worse slowly."""
    now, sites = ctx.clock(), ctx.catalogue.sites
    seen = look(ctx.settings, sites, now=now, timeout=_TIMEOUT)
    for check in judge(seen, ctx.settings):
        if not check.ok:
            yield Alert(kind=check.name, words=check.words)
    if seen.facts.value is not None:
        held = [name for name, site in seen.facts.value.sites.items() if site.held_back]
        if held:
            told = f"the gate holds back {', '.join(held)}"
            remedy = "look, then `newsloom write --force REASON`"
            yield Alert(kind="gate", words=f"{told}; {remedy}")
    with ctx.store.read() as tx:
        quiet = rows.alarming(tx, "quiet")
        fresh = rows.quarantined(tx, since=now - _GROWTH)
    if quiet:
        told = f"{_listed(quiet)} brought nothing new for long; `newsloom sources why SOURCE`"
        yield Alert(kind="quiet", words=told)
    if any(fresh.values()):
        told = f"{fresh['sources']} sources and {fresh['pages']} pages were set aside within a day"
        yield Alert(kind="quarantine", words=f"{told}; `newsloom quarantine list`")


def _listed(ids: Sequence[str]) -> str:
    """Name the first of `ids`, and count the rest."""
    rest = len(ids) - _NAMED
    return ", ".join(ids[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def tell(ctx: Context) -> None:
    """Send what is wrong to the webhook of the settings; do nothing without one."""
    if ctx.settings.alert_webhook is not None:
        send(ctx, alerts(ctx), ctx.settings.alert_webhook.get_secret_value())


def send(ctx: Context, found: Sequence[Alert], url: str) -> dict[str, str]:
    """Post each alert whose kind was not sent within the hour; return how each kind ended.

    ``sent``, ``sent before``, or the reason why not; what did not arrive is sent the next time.
    """
    ended = {}
    for alert in found:
        name = f"alert:{alert.kind}"
        with ctx.store.write() as tx:
            is_due = leases.once_in(tx, name, now=ctx.clock(), every=_QUIET_FOR)
        if not is_due:
            ended[alert.kind] = "sent before"
            continue
        text = f"newsloom: {alert.kind}: {alert.words}"
        message = {"kind": alert.kind, "text": text, "at": f"{ctx.clock():%FT%TZ}"}
        why_not = ctx.web.post_json(url, message)
        if why_not:
            with ctx.store.write() as tx:
                leases.give_back(tx, name, 0)
        ended[alert.kind] = why_not or "sent"
    return ended
