"""Whether an installation is healthy: five checks, each judged from what was gathered first.

Gathering asks the database, the broker and the disk, each for as long as it is given; judging is
pure. Who monitors asks twice before waking somebody: a story may wait for its file for a moment.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from config.catalogue import Site
from config.settings import Settings
from pipeline.context import Context, database_url
from pipeline.errors import NewsloomError, StoreError
from pipeline.feeds.schedule import words
from pipeline.io.migrate import require_current, schema_state
from pipeline.io.store import Store
from pipeline.io.store import health as rows
from pipeline.io.store.health import Facts, SiteFacts

NAMES = ("database", "broker", "progress", "beat", "output")
#: Ticks that may be missed before somebody is told, and a minute for a busy machine.
_MISSED_TICKS = 3
_GRACE = timedelta(seconds=60)
#: A heap of two thousand ticks is gone through in seconds, and rings some ten times.
_TICKS_APART = timedelta(seconds=1)
#: latest.json tells whole seconds, and is written a moment after the change it is compared with.
_SAME_MOMENT = timedelta(seconds=2)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one check found; `age` in seconds, None where there is nothing to be old."""

    name: str
    ok: bool
    age: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What was gathered, or in words why it was not."""

    value: T | None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that was gathered, and as of when."""

    now: datetime
    facts: Found[Facts]
    #: The broker's address, without its password.
    broker: Found[str]
    #: By site: when its latest.json was written; None when there is none.
    latest: Found[Mapping[str, datetime | None]]

    @property
    def is_embedded(self) -> bool:
        """Say whether this is one process without a broker: none answers, and no tick ever came."""
        never = self.facts.value is not None and self.facts.value.rung_at is None
        return self.broker.value is None and never


def note_rung(ctx: Context) -> bool:
    """Note that a worker took a tick: what the check of beat goes by.

    Say whether it is worth a tick's work: of a heap that piled up one a second is enough.
    """
    apart = min(_TICKS_APART, ctx.settings.tick_every / 2)
    with ctx.store.write() as tx:
        return rows.note_rung(tx, now=ctx.clock(), apart=apart)


def look(
    settings: Settings, sites: Mapping[str, Site], *, now: datetime, timeout: timedelta
) -> Look:
    """Gather what the checks judge; nothing is waited for longer than `timeout`."""
    facts = _start(lambda: _facts(settings, sites, now))
    broker = _start(lambda: _ping(settings.broker_url.get_secret_value(), timeout))
    latest = _start(lambda: _latest(settings, sites))
    return Look(now=now, facts=facts(timeout), broker=broker(timeout), latest=latest(timeout))


def _start(ask: Callable[[], T]) -> Callable[[timedelta], Found[T]]:
    """Ask in a thread that is left behind when it hangs; return what waits for its answer."""
    answers: list[Found[T]] = []

    def run() -> None:
        try:
            answers.append(Found(ask()))
        except NewsloomError as error:
            answers.append(Found(None, str(error)))
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is the answer
            said = str(error).splitlines() or [""]
            answers.append(Found(None, f"{type(error).__name__}: {said[0]}"))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def answer(timeout: timedelta) -> Found[T]:
        thread.join(timeout.total_seconds())
        return answers[0] if answers else Found(None, f"no answer within {_long(timeout)}")

    return answer


def _facts(settings: Settings, sites: Collection[str], now: datetime) -> Facts:
    """Read what the database tells. Raise StoreError when it is not there or not ready."""
    url = database_url(settings)
    # Opening would make the file and its folder, and a look must not make anything.
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not file.is_file():
        raise StoreError(f"{file}: no such file; run `newsloom db upgrade`")
    store = Store(url)
    try:
        if schema_state(store).current is None:
            place = store.url.render_as_string(hide_password=True)
            raise StoreError(f"{place} is empty; run `newsloom db upgrade`")
        require_current(store)
        with store.read() as tx:
            return rows.facts(tx, sites, now=now)
    finally:
        store.close()


def _ping(url: str, timeout: timedelta) -> str:
    """Return where the broker is, once it answered. Raise what Redis's client raises if not."""
    from redis import Redis  # noqa: PLC0415 -- only what asks the broker pays for its client

    seconds = timeout.total_seconds()
    with Redis.from_url(url, socket_connect_timeout=seconds, socket_timeout=seconds) as client:
        client.ping()
    return place_of(url)


def place_of(url: str) -> str:
    """Return the host and port of a URL, without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _latest(settings: Settings, sites: Mapping[str, Site]) -> Mapping[str, datetime | None]:
    """Return when each site's latest.json was written."""
    return {site.name: _latest_of(settings, site) for site in sites.values()}


def _latest_of(settings: Settings, site: Site) -> datetime | None:
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
            written = _latest_of(settings, site)
        except (OSError, ValueError):
            continue
        if written is not None:
            found[site.name] = (now - written).total_seconds()
    return found


def judge(seen: Look, settings: Settings, only: Sequence[str] = NAMES) -> list[Check]:
    """Judge what was gathered, in the order of NAMES."""
    judges: Mapping[str, Callable[[Look, Settings], Check]] = {
        "database": _database,
        "broker": _broker,
        "progress": _progress,
        "beat": _beat,
        "output": _output,
    }
    return [judges[name](seen, settings) for name in NAMES if name in only]


def _check(name: str, told: str, *, ok: bool = True, age: timedelta | None = None) -> Check:
    return Check(name=name, ok=ok, age=None if age is None else age.total_seconds(), words=told)


def _database(seen: Look, settings: Settings) -> Check:  # noqa: ARG001 -- a judge's signature
    """Reachable, and at the revision of this version."""
    if seen.facts.value is None:
        return _check("database", seen.facts.error, ok=False)
    return _check("database", "answers, and its tables are those of this version")


def _broker(seen: Look, settings: Settings) -> Check:
    """Reachable, where workers ever ran."""
    if seen.broker.value is not None:
        return _check("broker", f"{seen.broker.value} answers")
    if seen.is_embedded:
        return _check("broker", _EMBEDDED)
    place = place_of(settings.broker_url.get_secret_value())
    told = f"{place}: {seen.broker.error}; start Redis, or mend broker_url"
    return _check("broker", told, ok=False)


_EMBEDDED = "skipped: no broker answers and no worker ever took a tick, so this is one process"
_UNKNOWN = "cannot be told: the database did not answer (see database)"


def ring_limit(settings: Settings) -> timedelta:
    """Return how old the last tick may be."""
    return settings.tick_every * _MISSED_TICKS + _GRACE


def _overdue(found: Facts, now: datetime, limit: timedelta) -> dict[str, timedelta]:
    """Return, by kind, for how long the oldest row waits that waits for longer than `limit`."""
    ages = {kind: now - line.since for kind, line in found.backlog.items() if line.since}
    return {kind: age for kind, age in ages.items() if age > limit}


def _progress(seen: Look, settings: Settings) -> Check:
    """Something ended lately, or nothing is overdue, or somebody is at it."""
    found = seen.facts.value
    if found is None:
        return _check("progress", _UNKNOWN, ok=False)
    age = seen.now - found.progressed_at if found.progressed_at else None
    if seen.is_embedded:
        return _check("progress", _EMBEDDED, age=age)
    limit = ring_limit(settings) + settings.lease
    overdue = _overdue(found, seen.now, limit)
    told = f"the last poll, page or tick ended {_ago(age)}"
    if not overdue or found.busy or (age is not None and age <= limit):
        return _check("progress", told, age=age)
    waits = ", ".join(f"{kind} for {_long(wait)}" for kind, wait in sorted(overdue.items()))
    told = f"{told}, and there wait {waits}; start workers for fetch, extract and cluster"
    return _check("progress", f"{told}, and read their logs", ok=False, age=age)


def _beat(seen: Look, settings: Settings) -> Check:
    """Ticks are taken: a worker had one lately, or nothing is overdue."""
    found = seen.facts.value
    if found is None:
        return _check("beat", _UNKNOWN, ok=False)
    if seen.is_embedded:
        return _check("beat", _EMBEDDED)
    limit = ring_limit(settings)
    age = seen.now - found.rung_at if found.rung_at else None
    overdue = _overdue(found, seen.now, limit)
    if (age is None and not overdue) or (age is not None and age <= limit):
        return _check("beat", f"the last tick was taken {_ago(age)}", age=age)
    told = f"the last tick was taken {_ago(age)}, and more than {_long(limit)} is too long"
    remedy = "start `celery -A workers.app beat`, or a worker on the queue control"
    return _check("beat", f"{told}; {remedy}", ok=False, age=age)


def _output(seen: Look, settings: Settings) -> Check:
    """Each site's latest.json is as new as its newest change, and no story waits for its file."""
    if seen.facts.value is None:
        return _check("output", _UNKNOWN, ok=False)
    if seen.latest.value is None:
        return _check("output", seen.latest.error, ok=False)
    limit = ring_limit(settings) + settings.lease
    faults = []
    written = seen.latest.value
    for name, site in seen.facts.value.sites.items():
        fault = _site_fault(site, written.get(name), seen.now, limit)
        if fault:
            faults.append(f"{name}: {fault}")
    times = [moment for moment in written.values() if moment is not None]
    age = seen.now - min(times) if times else None
    if faults:
        return _check("output", "; ".join(faults), ok=False, age=age)
    told = f"the oldest latest.json was written {_ago(age)}" if times else "nothing was written yet"
    return _check("output", told, age=age)


def _site_fault(site: SiteFacts, written: datetime | None, now: datetime, limit: timedelta) -> str:
    """Return what is wrong with a site's files, and what mends it; "" when nothing is."""
    changed = site.changed_at
    if changed is not None and (written is None or written < changed - _SAME_MOMENT):
        stands = "is missing" if written is None else f"is of {written:%F %T}Z"
        return f"latest.json {stands}, its newest story of {changed:%F %T}Z: run `newsloom write`"
    since = site.behind_since
    stale = written is None or now - written > limit
    if not stale or since is None or now - since <= limit:
        return ""
    told = f"{site.behind} stories wait for their files for {_long(now - since)}"
    if site.held_back:
        why = "; ".join(site.held_back)
        return f"{told}, held back by the gate ({why}): look, then `newsloom write --force REASON`"
    return f"{told}: `newsloom write` says why"


#: Shorter times are told in seconds.
_SECONDS_UNTIL = timedelta(minutes=2)


def _long(time: timedelta) -> str:
    """Say a length of time."""
    return f"{time.total_seconds():.0f} s" if time < _SECONDS_UNTIL else words(time)


def _ago(age: timedelta | None) -> str:
    """Say how long ago something was."""
    return "never" if age is None else f"{_long(age)} ago"
