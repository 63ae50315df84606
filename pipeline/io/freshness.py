"""How fresh an installation is: whether the line moves, and whether the files keep up with it.

Health, metrics and alerts all judge by this; what they judge is gathered by
`pipeline.io.store.health`, and from each site's latest.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from config.catalogue import Site
from config.settings import Settings
from pipeline.feeds.schedule import words
from pipeline.io.store.health import Facts, SiteFacts

#: Ticks that may be missed before somebody is told, and a minute for a busy machine.
_MISSED_TICKS = 3
_GRACE = timedelta(seconds=60)
#: latest.json tells whole seconds, and is written a moment after the change it is compared with.
_SAME_MOMENT = timedelta(seconds=2)
#: Shorter times are told in seconds.
_SECONDS_UNTIL = timedelta(minutes=2)


def tick_limit(settings: Settings) -> timedelta:
    """Return how old the last tick may be."""
    return settings.tick_every * _MISSED_TICKS + _GRACE


def work_limit(settings: Settings) -> timedelta:
    """Return how long work may wait: a worker that died keeps what it had for a lease."""
    return tick_limit(settings) + settings.lease


def overdue(facts: Facts, now: datetime, limit: timedelta) -> dict[str, timedelta]:
    """Return, by stage, for how long the oldest row waits that waits for longer than `limit`."""
    waits = {stage: now - line.since for stage, line in facts.backlog.items() if line.since}
    return {stage: wait for stage, wait in waits.items() if wait > limit}


def standstill(facts: Facts, now: datetime, limit: timedelta) -> dict[str, timedelta]:
    """Return, by stage, how long work waits that nobody is at; nothing while the line moves."""
    ended = facts.progressed_at
    if facts.busy or (ended is not None and now - ended <= limit):
        return {}
    return overdue(facts, now, limit)


def told(waits: Mapping[str, timedelta]) -> str:
    """Say which stages wait, and for how long."""
    return ", ".join(f"{stage} for {long(wait)}" for stage, wait in sorted(waits.items()))


def latest_of(settings: Settings, site: Site) -> datetime | None:
    """Return when a site's latest.json was written, None without one.

    Raise OSError when it cannot be read, ValueError when it is none.
    """
    path = settings.path(settings.out) / site.out / "latest.json"
    try:
        return datetime.fromisoformat(json.loads(path.read_bytes())["generated_at"])
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no latest.json; `newsloom write` makes a new one") from error


def ages(settings: Settings, sites: Mapping[str, Site], *, now: datetime) -> dict[str, float]:
    """Return the age in seconds of each site's latest.json, where it can be read."""
    found = {}
    for site in sites.values():
        try:
            written = latest_of(settings, site)
        except (OSError, ValueError):
            continue
        if written is not None:
            found[site.name] = (now - written).total_seconds()
    return found


def site_fault(site: SiteFacts, written: datetime | None, now: datetime, limit: timedelta) -> str:
    """Return what is wrong with a site's files, and what mends it; "" when nothing is.

    `written` is when its latest.json was.
    """
    changed = site.changed_at
    if changed is not None and (written is None or written < changed - _SAME_MOMENT):
        stands = "is missing" if written is None else f"is of {written:%F %T}Z"
        return f"latest.json {stands}, its newest story of {changed:%F %T}Z: run `newsloom write`"
    since = site.behind_since
    stale = written is None or now - written > limit
    if not stale or since is None or now - since <= limit:
        return ""
    waits = f"{site.behind} stories wait for their files for {long(now - since)}"
    if site.held_back:
        why = "; ".join(site.held_back)
        return f"{waits}, held back by the gate ({why}): look, then `newsloom write --force REASON`"
    return f"{waits}: `newsloom write` says why"


def long(time: timedelta) -> str:
    """Say a length of time."""
    return f"{time.total_seconds():.0f} s" if time < _SECONDS_UNTIL else words(time)
