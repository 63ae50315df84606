"""Whether an installation is healthy: five checks, each judged from what was gathered first.

Gathering asks the database, the broker and the disk, each for as long as it is given, and none
that the wanted checks do not need; judging is pure. Who monitors asks twice before waking
somebody: a story may wait for its file for a moment.
"""

from __future__ import annotations

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
from pipeline.io.freshness import (
    latest_of,
    long,
    overdue,
    site_fault,
    standstill,
    tick_limit,
    told,
    work_limit,
)
from pipeline.io.migrate import require_current, schema_state
from pipeline.io.store import Store
from pipeline.io.store import health as rows
from pipeline.io.store.health import Facts

NAMES = ("database", "broker", "progress", "beat", "output")
#: A heap of two thousand ticks is gone through in seconds, and rings some ten times.
_TICKS_APART = timedelta(seconds=1)
#: What each check needs beside the database: the broker tells whether there are workers at all.
_NEED_FACTS = frozenset(("progress", "beat", "output"))
_NEED_BROKER = frozenset(("broker", "progress", "beat"))

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
    only: Sequence[str]
    #: Where the database is, without its password.
    database: Found[str]
    facts: Found[Facts]
    #: The broker's address, without its password.
    broker: Found[str]
    #: By site: when its latest.json was written; None when there is none.
    latest: Found[Mapping[str, datetime | None]]

    @property
    def is_embedded(self) -> bool:
        """Say whether this is one process without workers: they never took a tick.

        That alone may be an installation whose beat was never started; so either rounds were done
        without it, or no broker answers.
        """
        found = self.facts.value
        if found is None or found.rung_at is not None:
            return False
        return found.has_run or self.broker.value is None

    @property
    def may_skip(self) -> bool:
        """Say whether the checks that one process does not need are left out.

        Who asks for some by name knows what he has, and gets no guess.
        """
        return self.is_embedded and tuple(self.only) == NAMES


def note_rung(ctx: Context) -> bool:
    """Note that a worker took a tick: what the check of beat goes by.

    Say whether it is worth a tick's work: of a heap that piled up one a second is enough.
    """
    apart = min(_TICKS_APART, ctx.settings.tick_every / 2)
    with ctx.store.write() as tx:
        return rows.note_rung(tx, now=ctx.clock(), apart=apart)


def look(
    settings: Settings,
    sites: Mapping[str, Site],
    *,
    now: datetime,
    timeout: timedelta,
    only: Sequence[str] = NAMES,
) -> Look:
    """Gather what the checks in `only` judge; nothing is waited for longer than `timeout`."""
    wanted, broker_url = set(only), settings.broker_url.get_secret_value()
    database = _start(lambda: _ready(settings))
    facts = _start(lambda: _facts(settings, sites, now), wanted=bool(wanted & _NEED_FACTS))
    broker = _start(lambda: _ping(broker_url, timeout), wanted=bool(wanted & _NEED_BROKER))
    latest = _start(lambda: _latest(settings, sites), wanted="output" in wanted)
    return Look(
        now=now,
        only=only,
        database=database(timeout),
        facts=facts(timeout),
        broker=broker(timeout),
        latest=latest(timeout),
    )


def _start(ask: Callable[[], T], *, wanted: bool = True) -> Callable[[timedelta], Found[T]]:
    """Ask in a thread that is left behind when it hangs; return what waits for its answer."""
    if not wanted:
        return lambda _timeout: Found(None, "not asked")
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
        return answers[0] if answers else Found(None, f"no answer within {long(timeout)}")

    return answer


def _facts(settings: Settings, sites: Collection[str], now: datetime) -> Facts:
    """Read what the database tells. Raise StoreError when it is not there or not ready."""
    store = _opened(settings)
    try:
        with store.read() as tx:
            return rows.facts(tx, sites, now=now)
    finally:
        store.close()


def _ready(settings: Settings) -> str:
    """Return where the database is. Raise StoreError when it is not there or not ready."""
    store = _opened(settings)
    store.close()
    return store.url.render_as_string(hide_password=True)


def _opened(settings: Settings) -> Store:
    """Open the database and look at its tables. Raise StoreError when they are not ours."""
    url = database_url(settings)
    # Opening would make the file and its folder, and a look must not make anything.
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not file.is_file():
        raise StoreError(f"{file}: no such file; run `newsloom db upgrade`")
    store = Store(url)
    try:
        _require_tables(store)
    except BaseException:
        store.close()
        raise
    return store


def _require_tables(store: Store) -> None:
    """Raise StoreError when there are no tables, or not those of this version."""
    if schema_state(store).current is None:
        place = store.url.render_as_string(hide_password=True)
        raise StoreError(f"{place} is empty; run `newsloom db upgrade`")
    require_current(store)


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
    return {site.name: latest_of(settings, site) for site in sites.values()}


def judge(seen: Look, settings: Settings) -> list[Check]:
    """Judge what was gathered, in the order of NAMES."""
    judges: Mapping[str, Callable[[Look, Settings], Check]] = {
        "database": _database,
        "broker": _broker,
        "progress": _progress,
        "beat": _beat,
        "output": _output,
    }
    return [judges[name](seen, settings) for name in NAMES if name in seen.only]


def _check(name: str, said: str, *, ok: bool = True, age: timedelta | None = None) -> Check:
    return Check(name=name, ok=ok, age=None if age is None else age.total_seconds(), words=said)


def _database(seen: Look, settings: Settings) -> Check:  # noqa: ARG001 -- a judge's signature
    """Reachable, and at the revision of this version."""
    if seen.database.value is None:
        return _check("database", seen.database.error, ok=False)
    return _check("database", f"{seen.database.value} answers, its tables are of this version")


def _broker(seen: Look, settings: Settings) -> Check:
    """Reachable, where workers ever ran or somebody asks for it by name."""
    if seen.broker.value is not None:
        return _check("broker", f"{seen.broker.value} answers")
    if seen.may_skip:
        return _check("broker", _EMBEDDED)
    place = place_of(settings.broker_url.get_secret_value())
    said = f"{place}: {seen.broker.error}; start Redis, or mend broker_url"
    return _check("broker", said, ok=False)


_EMBEDDED = "skipped: no worker ever took a tick, so this is one process without them"
_UNKNOWN = "cannot be told: the database did not answer (see database)"


def _progress(seen: Look, settings: Settings) -> Check:
    """Something ended lately, or nothing is overdue, or somebody is at it."""
    found = seen.facts.value
    if found is None:
        return _check("progress", _UNKNOWN, ok=False)
    age = seen.now - found.progressed_at if found.progressed_at else None
    if seen.is_embedded:
        return _check("progress", _EMBEDDED, age=age)
    said = f"the last poll, page or tick ended {_ago(age)}"
    waits = standstill(found, seen.now, work_limit(settings))
    if not waits:
        return _check("progress", said, age=age)
    remedy = "start workers for fetch, extract and cluster, and read their logs"
    return _check("progress", f"{said}, and there wait {told(waits)}; {remedy}", ok=False, age=age)


def _beat(seen: Look, settings: Settings) -> Check:
    """Ticks are taken: a worker had one lately, or nothing is overdue."""
    found = seen.facts.value
    if found is None:
        return _check("beat", _UNKNOWN, ok=False)
    if seen.may_skip:
        return _check("beat", _EMBEDDED)
    limit = tick_limit(settings)
    age = seen.now - found.rung_at if found.rung_at else None
    late = overdue(found, seen.now, limit) if age is None else age > limit
    said = f"the last tick was taken {_ago(age)}"
    if not late:
        return _check("beat", said, age=age)
    remedy = "start `celery -A workers.app beat`, or a worker on the queue control"
    said = f"{said}, and more than {long(limit)} is too long"
    return _check("beat", f"{said}; {remedy}", ok=False, age=age)


def _output(seen: Look, settings: Settings) -> Check:
    """Each site's latest.json is as new as its newest change, and no story waits for its file."""
    if seen.facts.value is None:
        return _check("output", _UNKNOWN, ok=False)
    if seen.latest.value is None:
        return _check("output", seen.latest.error, ok=False)
    written = seen.latest.value
    faults = {
        name: site_fault(site, written.get(name), seen.now, work_limit(settings))
        for name, site in seen.facts.value.sites.items()
    }
    times = [moment for moment in written.values() if moment is not None]
    age = seen.now - min(times) if times else None
    if any(faults.values()):
        said = "; ".join(f"{name}: {fault}" for name, fault in faults.items() if fault)
        return _check("output", said, ok=False, age=age)
    said = f"the oldest latest.json was written {_ago(age)}" if times else "nothing was written yet"
    return _check("output", said, age=age)


def _ago(age: timedelta | None) -> str:
    """Say how long ago something was."""
    return "never" if age is None else f"{long(age)} ago"
