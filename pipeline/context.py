"""The composition root: everything a stage needs, in one value.

A Context belongs to one thread of one process. Its parts are the seams of the tests: the web's
transport, the clock and the cipher can each be replaced by a plain value.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from config.catalogue import Catalogue
from config.settings import Settings
from pipeline.errors import UsageError
from pipeline.io.children import Children
from pipeline.io.embedder import Embedder, MiniLM
from pipeline.io.migrate import require_current
from pipeline.io.store import Store, pace
from pipeline.io.store.clock import ServerClock
from pipeline.io.web import LONGEST_TURN, Reserve, Resolver, Transport, Web, web_policy
from pipeline.outcomes import Tally
from pipeline.seedfile.secured import Cipher, parse_master_key
from pipeline.stories.similarity import PairModel, model_of, shipped_model
from pipeline.stories.window import Window


class FixedClock:
    """A clock that stands until somebody waits: rehearsals end in the same second every time."""

    def __init__(self, now: datetime) -> None:
        """Stop at `now`."""
        self.now = now

    def __call__(self) -> datetime:
        """Return the time it stands at."""
        return self.now

    def pause(self, seconds: float) -> None:
        """Move on instead of waiting."""
        self.now += timedelta(seconds=seconds)


def system_clock() -> datetime:
    """Return the time of day, whole microseconds, UTC."""
    return datetime.now(UTC)


#: A hundred thousand articles a day leave some 20 MB of words behind.
_WINDOW_LIVES = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LiveWindow:
    """The clusterer's window of one partition, kept from tick to tick."""

    window: Window
    #: The partition's version that it is as of (`pipeline.stages.turn`).
    version: tuple[int, ...]
    #: The tick's time when it was loaded.
    made_at: datetime
    #: Up to when articles were loaded; None where there are none later.
    until: datetime | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Say whether it may serve: words of articles long gone stay in it, so not for ever."""
        return timedelta(0) <= now - self.made_at <= _WINDOW_LIVES


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the stages work with."""

    settings: Settings
    catalogue: Catalogue
    store: Store
    web: Web
    children: Children
    clock: Callable[[], datetime]
    #: Waits for seconds; only the line waits, a stage never does.
    pause: Callable[[float], None]
    #: None without a master key: documents then carry no secured line.
    cipher: Cipher | None
    #: Tells how likely two articles tell one story.
    model: PairModel
    #: None where articles are compared by their words alone.
    embedder: Embedder | None = None
    tally: Tally = field(default_factory=Tally)
    #: By partition; only a cache, and only as of its version (`pipeline.io.store.partitions`).
    windows: dict[str, LiveWindow] = field(default_factory=dict)


@contextmanager
def open_context(
    settings: Settings,
    catalogue: Catalogue,
    *,
    transport: Transport | None = None,
    resolve: Resolver | None = None,
    clock: FixedClock | None = None,
    embedder: Embedder | None = None,
    tally: Tally | None = None,
) -> Iterator[Context]:
    """Open a Context and close all it holds at the end.

    `transport` and `resolve` replace the network, `clock` the time, `embedder` the language model.
    Raise UsageError when the database, the key, the weights or the model cannot be used.
    """
    if clock is None and settings.fixed_time is not None:
        clock = FixedClock(settings.fixed_time)
    if embedder is None and settings.embeddings != "off":
        embedder = MiniLM()
    model = pair_model(settings, dense=embedder is not None)
    store = Store(database_url(settings))
    try:
        require_current(store)
        now = clock or (system_clock if store.is_sqlite else ServerClock(store))
        store.clock = now
        web = Web(
            web_policy(settings),
            transport=transport,
            resolve=resolve,
            reserve=_reserving(store, settings.host_spacing, now),
        )
        children = Children(
            size=settings.children,
            cpu_seconds=settings.child_cpu_seconds,
            memory_mb=settings.child_memory_mb,
            wall_seconds=settings.child_cpu_seconds * _WALL_PER_CPU,
        )
        try:
            yield Context(
                settings=settings,
                catalogue=catalogue,
                store=store,
                web=web,
                children=children,
                clock=now,
                pause=clock.pause if clock else time.sleep,
                cipher=open_cipher(settings),
                model=model,
                embedder=embedder,
                tally=tally or Tally(),
            )
        finally:
            children.close()
            web.close()
    finally:
        store.close()


def _reserving(store: Store, spacing: timedelta, clock: Callable[[], datetime]) -> Reserve | None:
    """Return what keeps the pace of requests that no claim reserved; None where there is none."""
    if not spacing:
        return None

    longest = timedelta(seconds=LONGEST_TURN)

    def reserve(host: str) -> float:
        with store.write() as tx:
            wait = pace.take_turn(tx, host, now=clock(), spacing=spacing, longest=longest)
        return wait.total_seconds()

    return reserve


#: A child may wait for its turn on a busy machine; beyond this it hangs rather than works. A batch
#: of the slowest pages still ends within the lease.
_WALL_PER_CPU = 1.5


def database_url(settings: Settings) -> str:
    """Return the database's URL with a SQLite file placed below the installation's folder."""
    url = settings.database_url.get_secret_value()
    prefix = "sqlite:///"
    if url.startswith(prefix) and not url.startswith(prefix + "/"):
        return f"{prefix}{(settings.home / url.removeprefix(prefix)).resolve()}"
    return url


def pair_model(settings: Settings, *, dense: bool) -> PairModel:
    """Return the model of the pair score: the installation's, or the shipped one.

    Raise UsageError when the weights cannot be used.
    """
    if settings.story_weights is None:
        return shipped_model(dense=dense)
    path = settings.path(settings.story_weights)
    sparse = shipped_model() if dense else None
    try:
        return model_of(json.loads(path.read_text("utf-8")), sparse=sparse)
    except (OSError, ValueError, KeyError, TypeError) as error:
        kind = " --embeddings" if dense else ""
        remedy = f"make them with `newsloom stories train{kind} --out {path}`"
        raise UsageError(f"story_weights {path}: {error!r}; {remedy}") from error


def open_cipher(settings: Settings) -> Cipher | None:
    """Return the cipher of the installation's master key, None when it has none."""
    key = master_key(settings)
    return Cipher(key) if key is not None else None


def master_key(settings: Settings) -> bytes | None:
    """Return the master key, given by value or by file. Raise UsageError when it is unusable."""
    if settings.master_key is not None:
        return parse_master_key(settings.master_key.get_secret_value())
    if settings.master_key_file is None:
        return None
    path = settings.path(settings.master_key_file)
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        remedy = f"make one with `newsloom secured new-key --out {path}`"
        raise UsageError(f"master_key_file {path}: {error}; {remedy}") from error
    return parse_master_key(text)
