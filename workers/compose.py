"""The process set as docker-compose.yml says it: what `newsloom dev up` runs is what is shipped."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

from config.durations import parse_duration
from pipeline.errors import UsageError

#: What compose gives a service that names no stop_grace_period.
_GRACE = timedelta(seconds=10)
#: What compose gives a service that names no cpu_shares.
_USUAL_SHARES = 1024
_NICE_STEP = 1.25
_NICEST = 19
#: How often a service that always comes back is started before it is given up.
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service of the file, as far as a process of it needs to be known."""

    name: str
    #: Whether it runs our image; the others are servers.
    is_ours: bool
    command: tuple[str, ...]
    environment: Mapping[str, str]
    #: Services that have to be at their end, without a fault, before it starts.
    waits_for: tuple[str, ...]
    #: Services that it needs in some way, those of `waits_for` included.
    needs: tuple[str, ...]
    #: Whether it is started again although it ended without a fault.
    is_lasting: bool
    #: How often it is started in vain before it counts as dead.
    tries: int
    #: Seconds from SIGTERM to SIGKILL.
    grace: float
    #: By how much it gives way to the others where cores are scarce, as nice(1) counts.
    niceness: int = 0

    @property
    def argv(self) -> tuple[str, ...]:
        """What is run as a process of this machine."""
        yields = ("nice", "-n", str(self.niceness)) if self.niceness else ()
        return (*yields, *self.command)


def read_services(path: Path) -> list[Service]:
    """Return the services of a compose file, each after those that it needs.

    Anchors and merges are resolved; nothing else of compose's own language is looked at. Raise
    UsageError for a file that cannot be read so.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: no compose file ({error})") from error
    tables = data.get("services") if isinstance(data, dict) else None
    if not isinstance(tables, dict) or not tables:
        raise UsageError(f"{path}: no compose file; it names no services")
    services = {name: _service(path, name, table) for name, table in tables.items()}
    needs = {service.name: service.needs for service in services.values()}
    try:
        return [services[name] for name in TopologicalSorter(needs).static_order()]
    except CycleError as error:
        raise UsageError(f"{path}: services need each other: {error.args[1]}") from error
    except KeyError as error:
        raise UsageError(f"{path}: depends_on names {error}, which is no service") from error


def _service(path: Path, name: str, table: Mapping[str, Any]) -> Service:
    """Return one service; raise UsageError for what cannot be run as a process."""
    is_ours = "build" in table
    command = table.get("command", [])
    if is_ours and not (command and isinstance(command, list)):
        raise UsageError(f"{path}: {name}: write `command` as a list of words")
    environment = table.get("environment", {})
    if not isinstance(environment, dict):
        raise UsageError(f"{path}: {name}: write `environment` as NAME: value")
    needs = table.get("depends_on", {})
    waits_for = [
        other for other, how in _conditions(needs) if how == "service_completed_successfully"
    ]
    policy, _, times = str(table.get("restart", "no")).partition(":")
    grace = parse_duration(str(table.get("stop_grace_period", ""))) or _GRACE
    if not isinstance(grace, timedelta):
        raise UsageError(f"{path}: {name}: write `stop_grace_period` as 30s")
    return Service(
        name=name,
        is_ours=is_ours,
        command=tuple(str(word) for word in command) if isinstance(command, list) else (),
        environment={key: str(value) for key, value in environment.items()},
        waits_for=tuple(waits_for),
        needs=tuple(needs),
        is_lasting=policy in ("always", "unless-stopped"),
        tries=1 if policy == "no" else int(times or _TRIES),
        grace=grace.total_seconds(),
        niceness=_niceness(table.get("cpu_shares", _USUAL_SHARES)),
    )


def _niceness(shares: Any) -> int:
    """Return what gives a process about the same share: each step is a quarter (sched(7))."""
    if not isinstance(shares, int) or not 0 < shares < _USUAL_SHARES:
        return 0
    return min(round(math.log(_USUAL_SHARES / shares, _NICE_STEP)), _NICEST)


def _conditions(needs: Mapping[str, Any] | Sequence[str]) -> list[tuple[str, str]]:
    """Return each needed service with the state it is needed in, for both ways to write it."""
    if isinstance(needs, Mapping):
        return [(name, how["condition"]) for name, how in needs.items()]
    return [(name, "service_started") for name in needs]
